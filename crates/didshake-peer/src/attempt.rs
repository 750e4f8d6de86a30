//! What both roles share of an attempt: frames with time-outs, resolution, policy, and how an attempt fails.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use didshake::wire::MAX_MESSAGE_BYTES;
use didshake::{AlertCode, Claim, Did, Established, Fault, Signature, VerifiedPeer};
use didshake_did::{Resolved, Resolver as _, SigningIdentity};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::{Instant, sleep_until, timeout};

use crate::connection::PeerConnection;
use crate::error::{Cause, HandshakeError, Step};
use crate::observer::{Event, Message};
use crate::options::Surroundings;
use crate::stream::{Frame, FrameError, FrameReader, frame};

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

/// One attempt over one stream.
pub(crate) struct Attempt<'a, S> {
    frames: FrameReader<ReadHalf<S>>,
    writer: WriteHalf<S>,
    surroundings: &'a Surroundings,
    claimed: Claimed,
    step: Step,
    received_at: Instant,
    identity_opened: bool,
    farewell: Option<Vec<u8>>,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Attempt<'a, S> {
    pub(crate) fn new(stream: S, surroundings: &'a Surroundings, claimed: Claimed, step: Step) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self {
            frames: FrameReader::new(reader),
            writer,
            surroundings,
            claimed,
            step,
            received_at: Instant::now(),
            identity_opened: false,
            farewell: None,
        }
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

    /// Sends these bytes instead of a clear alert where the attempt fails.
    pub(crate) fn say_farewell_with(&mut self, record: Option<Vec<u8>>) {
        self.farewell = record;
    }

    pub(crate) async fn receive(&mut self, expected: Frame, step: Step, limit: Duration) -> Result<Vec<u8>, Cause> {
        self.at(step);
        let frame = timeout(limit, self.frames.next(expected)).await.map_err(|_| Cause::TimedOut(limit))?;
        self.received_at = Instant::now();
        let message = match frame {
            Ok(Some(message)) => message,
            Ok(None) | Err(FrameError::Cut) => return Err(Cause::Closed),
            Err(FrameError::TooLong { length, limit }) => {
                tracing::debug!(length, limit, "a frame over the limit");
                return Err(Fault::MessageTooLong.into());
            }
            Err(FrameError::Io(error)) => return Err(Cause::Network(error)),
        };
        tracing::debug!(kind = %Message::of(&message), bytes = message.len(), "received");
        self.observe(&Event::Received { message: Message::of(&message), wire: &message });
        Ok(message)
    }

    pub(crate) async fn send(&mut self, message: &[u8]) -> Result<(), Cause> {
        let limit = self.surroundings.timeouts.message;
        let framed = frame(message);
        self.observe(&Event::Sent { message: Message::of(message), wire: message });
        let sending = async {
            self.writer.write_all(&framed).await?;
            self.writer.flush().await
        };
        timeout(limit, sending).await.map_err(|_| Cause::TimedOut(limit))?.map_err(Cause::Network)?;
        tracing::debug!(kind = %Message::of(message), bytes = message.len(), "sent");
        Ok(())
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

    /// What the attempt came to: the channel, or its end.
    pub(crate) async fn conclude(
        self,
        outcome: Result<Established, Cause>,
    ) -> Result<PeerConnection<S>, HandshakeError> {
        match outcome {
            Ok(established) => Ok(PeerConnection::new((self.frames, self.writer), established)),
            Err(cause) => Err(self.fail(cause).await),
        }
    }

    /// Ends the attempt: the peer learns one alert at most, the log the cause; then the connection is closed.
    async fn fail(mut self, cause: Cause) -> HandshakeError {
        let claimed = self.claimed.take();
        // Admission has looked: the Identity is open, though the state that holds it is gone.
        let alert = cause.alert(self.identity_opened || claimed.is_some());
        if alert == Some(AlertCode::Denied) {
            sleep_until(self.received_at + self.surroundings.timeouts.denied_delay).await;
        }
        let last = self.farewell.take().or_else(|| alert.map(AlertCode::message));
        let told = match last {
            Some(last) => timeout(FAREWELL, self.farewell(&last)).await.is_ok_and(|sent| sent.is_ok()),
            None => false,
        };
        let sent = alert.filter(|_| told);
        let error = HandshakeError { step: self.step, cause, claimed, sent };
        log(&error);
        error
    }

    async fn farewell(&mut self, last: &[u8]) -> std::io::Result<()> {
        self.observe(&Event::Sent { message: Message::of(last), wire: last });
        self.writer.write_all(&frame(last)).await?;
        self.writer.flush().await?;
        self.writer.shutdown().await?;
        let _ = timeout(DRAIN, self.frames.drain(DRAIN_BYTES)).await;
        Ok(())
    }
}

/// The operator's log has the precise cause; it holds no secret, and of the peer only a DID that passed the grammar.
fn log(error: &HandshakeError) {
    let claimed = error.claimed.as_ref().map(Did::as_str);
    let alert = error.sent.map(AlertCode::name);
    tracing::warn!(code = error.code(), step = %error.step, claimed, alert, "handshake failed: {}", error.cause);
}
