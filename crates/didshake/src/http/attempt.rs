//! The initiator's attempt: two requests, each state consumes itself.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use rand_core::TryCryptoRng;

use super::{CONTENT_TYPE, DIDSHAKE_STATE, MEDIA_TYPE, METHOD, StateError, StateToken, is_media_type};
use crate::crypto::Signature;
use crate::endpoint::Endpoint;
use crate::error::{Error, Fault, Misuse};
use crate::established::Established;
use crate::initiator::{AwaitingAccept, AwaitingReply, ClaimedResponder, InitiatorConfig, ReplyRead, UnsignedFinish};
use crate::transcript::Binding;
use crate::wire::{MAX_MESSAGE_BYTES, REPLY};

/// A request, ready to be sent. It holds Hello or Finish and nothing else: there is no way to post an Alert (R-BIND-13).
///
/// Redirects are not followed, and no cookie or other credential is added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    url: String,
    state: Option<StateToken>,
    body: Vec<u8>,
}

impl Request {
    /// The URL: the one that the origin of the handshake was taken from (R-BIND-6).
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The method, always `POST`.
    #[must_use]
    pub fn method(&self) -> &'static str {
        METHOD
    }

    /// The header fields: names in lower case, values of visible ASCII.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let state = self.state.as_ref().map(|state| (DIDSHAKE_STATE, state.as_str()));
        [(CONTENT_TYPE, MEDIA_TYPE)].into_iter().chain(state)
    }

    /// The body: one message.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// What the protocol looks at of a response. Each list has the values of all fields of that name.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// The status; it matters only whether it is a redirect.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: &'a [&'a [u8]],
    /// `DIDShake-State`.
    pub state: &'a [&'a [u8]],
    /// The body, read through a [`ResponseBody`].
    pub body: &'a [u8],
}

impl<'a> Response<'a> {
    /// The body, where it is to be judged at all (R-BIND-10).
    fn message(&self) -> Result<&'a [u8], GaveUp> {
        if (300..400).contains(&self.status) {
            return Err(GaveUp::Redirect);
        }
        if is_media_type(self.content_type, MEDIA_TYPE) { Ok(self.body) } else { Err(GaveUp::MediaType) }
    }
}

/// The body of a response as it arrives: at most 65,535 bytes are kept.
///
/// ```
/// use didshake::{Fault, http::ResponseBody};
/// let mut body = ResponseBody::default();
/// body.push(&[0; 65_535])?;
/// assert_eq!(body.push(&[0]), Err(Fault::MessageTooLong));
/// # Ok::<(), Fault>(())
/// ```
#[derive(Clone, Default, Debug)]
pub struct ResponseBody(Vec<u8>);

impl ResponseBody {
    /// Takes the next bytes, or none of them where the body gets too long.
    ///
    /// # Errors
    /// [`Fault::MessageTooLong`]: the peer's fault; the attempt is over.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Fault> {
        if self.0.len().saturating_add(chunk.len()) > MAX_MESSAGE_BYTES {
            return Err(Fault::MessageTooLong);
        }
        self.0.extend_from_slice(chunk);
        Ok(())
    }

    /// What has arrived.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Hello is under way; a Reply or one Retry is awaited.
///
/// ```
/// use std::sync::Arc;
/// use didshake::http::{AttemptError, GaveUp, HelloSent, Response};
/// use didshake::{Admission, Algorithm, Did, Endpoint, Fragment, InitiatorConfig, LocalIdentity};
/// # struct Rng(u8);
/// # impl rand_core::TryRng for Rng {
/// #     type Error = core::convert::Infallible;
/// #     fn try_next_u32(&mut self) -> Result<u32, Self::Error> { Ok(4) }
/// #     fn try_next_u64(&mut self) -> Result<u64, Self::Error> { Ok(4) }
/// #     fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> { out.fill(self.0); Ok(()) }
/// # }
/// # impl rand_core::TryCryptoRng for Rng {}
/// # let mut rng = Rng(7);
/// let did = Did::parse("did:web:alice.example")?;
/// let identity = LocalIdentity { fragment: Fragment::of(&did, "key-1")?, did, algorithm: Algorithm::Ed25519 };
/// let expected = Admission::only(Did::parse("did:web:login.example")?);
/// let config = Arc::new(InitiatorConfig::new(identity, b"didshake.login/1", expected));
/// let endpoint = Endpoint::parse("https://login.example/didshake")?;
///
/// let (request, sent) = HelloSent::start(config, &endpoint, &mut rng)?;
/// assert_eq!((request.method(), request.url()), ("POST", "https://login.example/didshake"));
/// // … the driver sends the request, and gets a redirect:
/// let response = Response { status: 307, content_type: &[], state: &[], body: &[] };
/// assert_eq!(sent.read(&response, &mut rng).err(), Some(AttemptError::GaveUp(GaveUp::Redirect)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct HelloSent {
    url: String,
    awaiting: AwaitingReply,
}

/// What the response to Hello led to.
pub enum HelloAnswer {
    /// Send `request`, the second Hello, and go on with `next`.
    Retry {
        /// The request with the second Hello.
        request: Request,
        /// The state that awaits its Reply.
        next: HelloSent,
    },
    /// The responder claims an identity: resolve it and verify. `finish` keeps what Finish's request needs.
    Claimed {
        /// The state that awaits the document.
        responder: ClaimedResponder,
        /// The place for the Finish.
        finish: FinishSlot,
    },
}

impl HelloSent {
    /// Starts an attempt at an endpoint of the HTTP binding. The origin is that of the endpoint, which is where the
    /// request goes: there is no other way to say it (R-BIND-6).
    ///
    /// # Errors
    /// [`AttemptError::NotHttp`] for a ws or wss URL; those of [`AwaitingReply::start`].
    pub fn start(
        config: Arc<InitiatorConfig>,
        endpoint: &Endpoint,
        rng: &mut impl TryCryptoRng,
    ) -> Result<(Request, Self), AttemptError> {
        if endpoint.binding() != Binding::Http {
            return Err(AttemptError::NotHttp);
        }
        let (hello, awaiting) = AwaitingReply::start(config, endpoint.context()?, rng)?;
        Ok(Self::sent(String::from(endpoint.as_str()), hello, awaiting))
    }

    /// Reads the response to Hello.
    ///
    /// # Errors
    /// [`GaveUp`] for a redirect, another media type, or a Reply without exactly one well-formed `DIDShake-State`; those
    /// of [`AwaitingReply::read`]. Nothing is sent for any of them.
    pub fn read(self, response: &Response<'_>, rng: &mut impl TryCryptoRng) -> Result<HelloAnswer, AttemptError> {
        let message = response.message()?;
        // Only Reply's state is looked at; in any other response the field is ignored.
        let state = if message.first() == Some(&REPLY) { Some(StateToken::read(response.state)?) } else { None };
        match (self.awaiting.read(message, rng)?, state) {
            (ReplyRead::Retry { hello, next }, _) => {
                let (request, next) = Self::sent(self.url, hello, next);
                Ok(HelloAnswer::Retry { request, next })
            }
            (ReplyRead::Claimed(responder), Some(state)) => {
                Ok(HelloAnswer::Claimed { responder, finish: FinishSlot { url: self.url, state } })
            }
            (ReplyRead::Claimed(_), None) => Err(StateError::Missing.into()),
        }
    }

    fn sent(url: String, hello: Vec<u8>, awaiting: AwaitingReply) -> (Request, Self) {
        (Request { url: url.clone(), state: None, body: hello }, Self { url, awaiting })
    }
}

/// The URL and the `DIDShake-State` for Finish's request. Where the attempt ends before Finish, it is dropped: the
/// responder is told nothing (R-BIND-13).
#[derive(Debug)]
pub struct FinishSlot {
    url: String,
    state: StateToken,
}

impl FinishSlot {
    /// Gives the request with the Finish and the state that awaits Accept. `unsigned` is what became of the responder
    /// that came with this slot.
    ///
    /// # Errors
    /// Those of [`UnsignedFinish::sign`].
    pub fn sign(self, unsigned: UnsignedFinish, signature: Signature) -> Result<(Request, FinishSent), Error> {
        let (finish, awaiting) = unsigned.sign(signature)?;
        Ok((Request { url: self.url, state: Some(self.state), body: finish }, FinishSent { awaiting }))
    }
}

/// Finish is under way. Where no response comes, the attempt is lost, though the responder may have a session: the only
/// way on is a new attempt (R-BIND-14).
///
/// A state is read once:
///
/// ```compile_fail,E0382
/// # use didshake::http::{FinishSent, Response};
/// fn twice(sent: FinishSent, response: &Response<'_>) {
///     let _ = sent.read(response);
///     let _ = sent.read(response);
/// }
/// ```
pub struct FinishSent {
    awaiting: AwaitingAccept,
}

impl FinishSent {
    /// Reads the response to Finish. Records are not carried over HTTP: what the attempt was for is the exporter.
    ///
    /// # Errors
    /// [`GaveUp`] for a redirect or another media type; those of [`AwaitingAccept::read`]. Nothing is sent for any of
    /// them, and the attempt is over.
    pub fn read(self, response: &Response<'_>) -> Result<Established, AttemptError> {
        let message = response.message()?;
        self.awaiting.read(message).map_err(|refused| refused.error.into())
    }

    /// No response came. There is no session and no channel, and `denied` to a request that was sent again would say
    /// nothing about the first (R-ALERT-6).
    #[must_use]
    pub fn lost(self) -> AttemptError {
        GaveUp::AcceptLost.into()
    }
}

/// Why an attempt ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AttemptError {
    /// The protocol refused; whose fault it is, the error says.
    #[error(transparent)]
    Protocol(#[from] Error),
    /// The endpoint is not one of the HTTP binding: the caller's fault.
    #[error("the endpoint is not an http or https URL")]
    NotHttp,
    /// The HTTP layer failed: the fault of the responder or of something between.
    #[error(transparent)]
    GaveUp(#[from] GaveUp),
}

/// A failure of the transport. The specification has no code for it, and it says nothing about the responder's identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
pub enum GaveUp {
    /// A status of 300 to 399; no redirect is followed.
    #[error("the endpoint redirects")]
    Redirect,
    /// The response is not of the media type `application/didshake`, or does not say exactly one.
    #[error("the response is not application/didshake")]
    MediaType,
    /// Reply came without exactly one `DIDShake-State` of the right form.
    #[error("the response to Hello: {0}")]
    State(#[from] StateError),
    /// The response to Finish did not come.
    #[error("the response to Finish was lost; the attempt has to be made anew")]
    AcceptLost,
}

impl From<Misuse> for AttemptError {
    fn from(misuse: Misuse) -> Self {
        Self::Protocol(misuse.into())
    }
}

impl From<Fault> for AttemptError {
    fn from(fault: Fault) -> Self {
        Self::Protocol(fault.into())
    }
}

impl From<StateError> for AttemptError {
    fn from(error: StateError) -> Self {
        Self::GaveUp(error.into())
    }
}
