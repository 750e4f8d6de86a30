//! Requests that prove a session: what `didshake.login/1` adds to the handshake (specification, section 15.6; R-REQ).
//! No HTTP library: names, values and bytes in, header fields and verdicts out.
//!
//! ```text
//! client                                        service
//! RequestKey::of(exporter)                      RequestKey::of(exporter), kept with the session
//! RequestKey::sign ──── three header fields ───▶ ClaimedRequest::read, check_time
//!                                               ClaimedRequest::verify (the session's key, its origin)
//!                                               SignedHead::with_body
//!                                               ProvenRequest: burn its nonce, then use the session
//! ```
//!
//! Each request has a signature of RFC 9421 under a key that only the two sides of the handshake have, over method,
//! authority, path, query and a digest of the body: nothing that travels can be used for another request, or twice.

mod fault;
mod fields;

use alloc::string::String;
use alloc::vec::Vec;

use rand_core::TryCryptoRng;

use crate::crypto::{hash, hmac};
use crate::document::UnixTime;
use crate::error::{Error, Internal};
use crate::origin::Origin;
use crate::schedule::Exporter;
use crate::secret::Secret;

pub use fault::RequestFault;
use fields::Parameters;
pub use fields::{CONTENT_DIGEST, MAX_FIELD_BYTES, ReceivedFields, SIGNATURE, SIGNATURE_INPUT};

/// Seconds by which `created` may differ from the service's clock, either way (R-REQ-6).
pub const WINDOW_SECONDS: u64 = 60;

const LABEL: &[u8] = b"didshake.login/1 request";

/// The key that signs the requests of one session. Both sides get it from the exporter.
#[derive(PartialEq, Eq, Debug)]
pub struct RequestKey(Secret<32>);

impl RequestKey {
    /// `export("didshake.login/1 request", "", 32)` (R-REQ-1).
    ///
    /// # Errors
    /// [`Internal::Primitive`]: the backend failed.
    pub fn of(exporter: &Exporter) -> Result<Self, Error> {
        let exported = zeroize::Zeroizing::new(exporter.export(LABEL, b"", 32)?);
        let bytes = exported.as_slice().try_into().map_err(|_| Internal::Primitive)?;
        Ok(Self(Secret::new(bytes)))
    }

    /// A key that was kept.
    #[must_use]
    pub fn from_secret(secret: Secret<32>) -> Self {
        Self(secret)
    }

    /// The key itself, to be kept with its session.
    #[must_use]
    pub fn secret(&self) -> &Secret<32> {
        &self.0
    }

    /// Signs a request, with a nonce of its own. The fields go out as they are; a request that is sent again is signed
    /// again.
    ///
    /// ```
    /// use didshake::request::{RequestKey, Target};
    /// use didshake::{Origin, Secret, UnixTime};
    /// # struct Rng(u8);
    /// # impl rand_core::TryRng for Rng {
    /// #     type Error = core::convert::Infallible;
    /// #     fn try_next_u32(&mut self) -> Result<u32, Self::Error> { Ok(4) }
    /// #     fn try_next_u64(&mut self) -> Result<u64, Self::Error> { Ok(4) }
    /// #     fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> { out.fill(self.0); Ok(()) }
    /// # }
    /// # impl rand_core::TryCryptoRng for Rng {}
    /// # let mut rng = Rng(7);
    /// let key = RequestKey::from_secret(Secret::new([7; 32])); // of the exporter, in earnest
    /// let origin = Origin::parse("https://example.com")?;
    /// let target = Target { method: "GET", origin: &origin, path: "/v1/session", query: None };
    /// let fields = key.sign(&target, b"", &[1; 16], UnixTime(1_767_225_600), &mut rng)?;
    /// assert!(fields.headers().any(|(name, _)| name == "signature-input"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Internal::Randomness`], [`Internal::Primitive`].
    pub fn sign(
        &self,
        target: &Target<'_>,
        body: &[u8],
        session_id: &[u8; 16],
        now: UnixTime,
        rng: &mut impl TryCryptoRng,
    ) -> Result<SignatureFields, Error> {
        let mut nonce = [0; 16];
        rng.try_fill_bytes(&mut nonce).map_err(|_| Internal::Randomness)?;
        let parameters = Parameters { created: now, nonce, session_id: *session_id };
        let content_digest = fields::write_digest(&hash(&[body]));
        let base = signature_base(target, &content_digest, &parameters);
        let signature = fields::write_signature(hmac(&self.0, base.as_bytes()).expose());
        Ok(SignatureFields { content_digest, signature_input: parameters.write_field(), signature })
    }
}

/// What a signature covers of a request's head.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The method as it is sent; methods are case-sensitive.
    pub method: &'a str,
    /// The origin that is asked: for a client that of the URL, for a service the one at which the session was made.
    pub origin: &'a Origin,
    /// The path as it is sent, percent-encodings and all; an empty one is `/`.
    pub path: &'a str,
    /// The query as it is sent, without `?`; `None` where there is no `?`, which counts as an empty one.
    pub query: Option<&'a str>,
}

/// The three header fields of a signed request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignatureFields {
    content_digest: String,
    signature_input: String,
    signature: String,
}

impl SignatureFields {
    /// Names in lower case, values of visible ASCII and spaces.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            (CONTENT_DIGEST, self.content_digest.as_str()),
            (SIGNATURE_INPUT, self.signature_input.as_str()),
            (SIGNATURE, self.signature.as_str()),
        ]
        .into_iter()
    }
}

/// A request that says of itself that it belongs to a session. Nothing of it is proved yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClaimedRequest {
    parameters: Parameters,
    digest: [u8; 32],
    signature: [u8; 32],
}

impl ClaimedRequest {
    /// Reads the fields, which have exactly one form (R-REQ-3 to R-REQ-5).
    ///
    /// # Errors
    /// [`RequestFault::Unsigned`] where there is none of them; [`RequestFault::Malformed`].
    pub fn read(fields: &ReceivedFields<'_>) -> Result<Self, RequestFault> {
        let (input, signature, digest) = fields.each_once()?;
        Ok(Self {
            parameters: Parameters::read_field(input)?,
            digest: fields::read_digest(digest)?,
            signature: fields::read_signature(signature)?,
        })
    }

    /// The fields that it was read from: nothing that is read has another form.
    #[must_use]
    pub fn fields(&self) -> SignatureFields {
        SignatureFields {
            content_digest: fields::write_digest(&self.digest),
            signature_input: self.parameters.write_field(),
            signature: fields::write_signature(&self.signature),
        }
    }

    /// The text that its signature is over, if it was made for this target (RFC 9421 §2.5): for whoever looks for the
    /// difference between two implementations.
    #[must_use]
    pub fn signature_base(&self, target: &Target<'_>) -> String {
        signature_base(target, &fields::write_digest(&self.digest), &self.parameters)
    }

    /// The session that the request names.
    #[must_use]
    pub fn session_id(&self) -> &[u8; 16] {
        &self.parameters.session_id
    }

    /// Whether it was made now, as far as clocks agree; the first check, since it costs nothing.
    ///
    /// # Errors
    /// [`RequestFault::Time`] where `created` is more than [`WINDOW_SECONDS`] away from `now`.
    pub fn check_time(&self, now: UnixTime) -> Result<(), RequestFault> {
        let apart = now.0.abs_diff(self.parameters.created.0);
        if apart <= WINDOW_SECONDS { Ok(()) } else { Err(RequestFault::Time) }
    }

    /// Checks the signature with the key of the session that the request names. `target` has the origin at which that
    /// session was made, whatever the request's `Host` says.
    ///
    /// # Errors
    /// [`RequestFault::Signature`].
    pub fn verify(self, key: &RequestKey, target: &Target<'_>) -> Result<SignedHead, RequestFault> {
        let base = self.signature_base(target);
        // Secrets are compared in constant time.
        if hmac(&key.0, base.as_bytes()) == Secret::new(self.signature) {
            Ok(SignedHead { parameters: self.parameters, digest: self.digest })
        } else {
            Err(RequestFault::Signature)
        }
    }
}

/// A request whose head is signed; its body is still to be compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedHead {
    parameters: Parameters,
    digest: [u8; 32],
}

impl SignedHead {
    /// Compares the body as it came, before any content coding is undone.
    ///
    /// # Errors
    /// [`RequestFault::Digest`].
    pub fn with_body(self, body: &[u8]) -> Result<ProvenRequest, RequestFault> {
        if hash(&[body]) == self.digest { Ok(ProvenRequest(self.parameters)) } else { Err(RequestFault::Digest) }
    }
}

/// A request that a party of the session made. Before anything is done for it its nonce is burned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProvenRequest(Parameters);

impl ProvenRequest {
    /// The session.
    #[must_use]
    pub fn session_id(&self) -> &[u8; 16] {
        &self.0.session_id
    }

    /// What is burned together with the session id, atomically; a second request with it is
    /// [`RequestFault::Replayed`] (R-REQ-8).
    #[must_use]
    pub fn nonce(&self) -> &[u8; 16] {
        &self.0.nonce
    }

    /// Until when the nonce stays burned: no earlier is `created` out of the window.
    #[must_use]
    pub fn burned_until(&self) -> UnixTime {
        self.0.created.plus(WINDOW_SECONDS.saturating_add(1))
    }
}

/// RFC 9421 §2.5, for the one list of components that there is.
fn signature_base(target: &Target<'_>, content_digest: &str, parameters: &Parameters) -> String {
    let path = if target.path.is_empty() { "/" } else { target.path };
    let lines: Vec<String> = [
        ("@method", target.method),
        ("@authority", target.origin.authority()),
        ("@path", path),
        ("@query", &alloc::format!("?{}", target.query.unwrap_or_default())),
        (CONTENT_DIGEST, content_digest),
        ("@signature-params", &parameters.write()),
    ]
    .map(|(name, value)| alloc::format!("\"{name}\": {value}"))
    .into();
    lines.join("\n")
}
