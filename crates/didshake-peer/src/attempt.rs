//! What both roles and all bindings share of an attempt: its course, and messages with time-outs; how an attempt fails.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use didshake::wire::MAX_MESSAGE_BYTES;
use didshake::{AlertCode, Channel, Claim, Did, Fault, Signature, VerifiedPeer};
use didshake_did::{Resolved, Resolver as _, SigningIdentity};
use tokio::time::{Instant, sleep_until, timeout};

use crate::agreed::Agreed;
use crate::connection::{PeerConnection, Role};
use crate::error::{Cause, HandshakeError, Step};
use crate::failure::WebSocketFailure;
use crate::observer::{Event, Message};
use crate::options::Surroundings;
use crate::stream::Frame;
use crate::transport::sealed::Split;
use crate::transport::{MessageReader, MessageWriter, ReadError, Transport};

// Telling the peer why it is refused may take this long, and no longer.
const FAREWELL: Duration = Duration::from_secs(2);
// What a refused peer had sent already is read away up to here: closing with unread bytes would reset the connection,
// and the alert might be lost with it.
const DRAIN_BYTES: usize = 4 * MAX_MESSAGE_BYTES;
const DRAIN: Duration = Duration::from_millis(500);

/// The last claim that admission looked at.
#[derive(Clone, Default)]
pub(crate) struct Claimed(Arc<Mutex<Option<Did>>>);

impl Claimed {
    pub(crate) fn note(&self, claim: &Claim) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(claim.did().clone());
    }

    fn take(&self) -> Option<Did> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The course of an attempt over any binding: what is being done, and what is told to whoever watches.
pub(crate) struct Progress<'a> {
    surroundings: &'a Surroundings,
    claimed: Claimed,
    step: Step,
    received_at: Instant,
    identity_opened: bool,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(surroundings: &'a Surroundings, claimed: Claimed, step: Step) -> Self {
        Self { surroundings, claimed, step, received_at: Instant::now(), identity_opened: false }
    }

    pub(crate) fn surroundings(&self) -> &'a Surroundings {
        self.surroundings
    }

    /// From here on the attempt is doing this.
    pub(crate) fn at(&mut self, step: Step) {
        self.step = step;
    }

    /// An Identity was opened and is well formed: what fails from now on is `denied`.
    pub(crate) fn claims(&mut self, claim: &Claim) {
        self.identity_opened = true;
        tracing::debug!(did = %claim.did(), fragment = claim.fragment().as_str(), "the peer claims an identity");
        self.observe(&Event::Claimed(claim));
    }

    /// A message came.
    pub(crate) fn received(&self, message: &[u8]) {
        tracing::debug!(kind = %Message::of(message), bytes = message.len(), "received");
        self.observe(&Event::Received { message: Message::of(message), wire: message });
    }

    /// A message is about to go out.
    pub(crate) fn sending(&self, message: &[u8]) {
        self.observe(&Event::Sent { message: Message::of(message), wire: message });
    }

    pub(crate) async fn resolve(&mut self, claim: &Claim) -> Result<Resolved, Cause> {
        self.at(Step::Resolve);
        let limit = self.surroundings.timeouts.resolve;
        let resolving = self.surroundings.resolver.resolve_method(claim.did(), claim.fragment());
        let resolved = timeout(limit, resolving).await.map_err(|_| Fault::DidResolutionFailed)??;
        self.observe(&Event::Resolved(claim));
        self.at(Step::Verify);
        Ok(resolved)
    }

    pub(crate) async fn sign(&self, identity: &SigningIdentity, input: &[u8]) -> Result<Signature, Cause> {
        let limit = self.surroundings.timeouts.sign;
        timeout(limit, identity.sign(input)).await.map_err(|_| Cause::TimedOut(limit))?.map_err(Cause::Signer)
    }

    /// Check 7: the application's policy over the verified peer.
    pub(crate) async fn ask_policy(&mut self, peer: &VerifiedPeer) -> Result<(), Cause> {
        self.at(Step::Policy);
        tracing::debug!(method = peer.verification_method(), "the peer is verified");
        self.observe(&Event::Verified(peer));
        if let Some(policy) = &self.surroundings.policy
            && !policy.allows(peer).await
        {
            return Err(Fault::PolicyRefused.into());
        }
        self.observe(&Event::Allowed(peer));
        Ok(())
    }

    pub(crate) fn observe(&self, event: &Event<'_>) {
        if let Some(observer) = &self.surroundings.observer {
            observer.observe(event);
        }
    }

    /// The end of the attempt, for the caller and the operator's log.
    pub(crate) fn fail(self, cause: Cause, sent: Option<AlertCode>) -> HandshakeError {
        let error = HandshakeError { step: self.step, cause, claimed: self.claimed.take(), sent };
        log(&error);
        error
    }

    /// What the peer is told. Where admission has looked, the Identity is open, though the state that holds it is gone.
    fn alert(&self, cause: &Cause) -> Option<AlertCode> {
        cause.alert(self.identity_opened || self.claimed.0.lock().unwrap_or_else(PoisonError::into_inner).is_some())
    }
}

/// One attempt over one transport of whole messages.
pub(crate) struct Attempt<'a, T: Transport> {
    reader: T::Reader,
    writer: T::Writer,
    pub(crate) progress: Progress<'a>,
    farewell: Option<Vec<u8>>,
}

impl<'a, T: Transport> Attempt<'a, T> {
    pub(crate) fn new(transport: T, progress: Progress<'a>) -> Self {
        let (reader, writer) = Split::split(transport);
        Self { reader, writer, progress, farewell: None }
    }

    /// Sends these bytes instead of a clear alert where the attempt fails.
    pub(crate) fn say_farewell_with(&mut self, record: Option<Vec<u8>>) {
        self.farewell = record;
    }

    pub(crate) async fn receive(&mut self, expected: Frame, step: Step, limit: Duration) -> Result<Vec<u8>, Cause> {
        self.progress.at(step);
        let message = timeout(limit, self.reader.next(expected)).await.map_err(|_| Cause::TimedOut(limit))?;
        self.progress.received_at = Instant::now();
        let message = message.map_err(Cause::from)?.ok_or(Cause::Closed)?;
        self.progress.received(&message);
        Ok(message)
    }

    pub(crate) async fn send(&mut self, message: &[u8]) -> Result<(), Cause> {
        let limit = self.progress.surroundings.timeouts.message;
        self.progress.sending(message);
        self.writer.put(message);
        timeout(limit, self.writer.flush()).await.map_err(|_| Cause::TimedOut(limit))?.map_err(Cause::Network)?;
        tracing::debug!(kind = %Message::of(message), bytes = message.len(), "sent");
        Ok(())
    }

    /// What the attempt came to: the channel, or its end.
    pub(crate) async fn conclude(
        self,
        outcome: Result<(Agreed, Channel), Cause>,
        role: Role,
    ) -> Result<PeerConnection<T>, HandshakeError> {
        match outcome {
            Ok((agreed, channel)) => Ok(PeerConnection::new((self.reader, self.writer), agreed, channel, role)),
            Err(cause) => Err(self.fail(cause).await),
        }
    }

    /// Ends the attempt: the peer learns one alert at most, the log the cause; then the connection is closed.
    async fn fail(mut self, cause: Cause) -> HandshakeError {
        let alert = self.progress.alert(&cause);
        if alert == Some(AlertCode::Denied) {
            sleep_until(self.progress.received_at + self.progress.surroundings.timeouts.denied_delay).await;
        }
        let last = self.farewell.take().or_else(|| alert.map(AlertCode::message));
        let told = match last {
            Some(last) => timeout(FAREWELL, self.farewell(&last)).await.is_ok_and(|sent| sent.is_ok()),
            None => false,
        };
        self.progress.fail(cause, alert.filter(|_| told))
    }

    async fn farewell(&mut self, last: &[u8]) -> std::io::Result<()> {
        self.progress.sending(last);
        self.writer.put(last);
        self.writer.flush().await?;
        self.writer.close().await?;
        let _ = timeout(DRAIN, self.reader.drain(DRAIN_BYTES)).await;
        Ok(())
    }
}

impl From<ReadError> for Cause {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooLong => Fault::MessageTooLong.into(),
            ReadError::Cut => Self::Closed,
            ReadError::Text => Self::WebSocket(WebSocketFailure::Text),
            ReadError::Malformed => Self::WebSocket(WebSocketFailure::Malformed),
            ReadError::Io(error) => Self::Network(error),
        }
    }
}

/// The operator's log has the precise cause; it holds no secret, and of the peer only a DID that passed the grammar.
fn log(error: &HandshakeError) {
    let claimed = error.claimed.as_ref().map(Did::as_str);
    let alert = error.sent.map(AlertCode::name);
    tracing::warn!(code = error.code(), step = %error.step, claimed, alert, "handshake failed: {}", error.cause);
}
