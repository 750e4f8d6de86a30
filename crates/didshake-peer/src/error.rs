//! Why an attempt or a channel ended.

use std::fmt;
use std::io;
use std::time::Duration;

use didshake::{AlertCode, Did, Error, Fault, Misuse};
use didshake_did::SignerError;

use crate::agreed::KeepError;
use crate::burn::BurnError;
use crate::failure::{HttpFailure, WebSocketFailure};
use crate::key_gone::KeyGone;

/// An attempt that failed: where, why, and who was claimed. There is no channel.
#[derive(Debug, thiserror::Error)]
#[error("{cause} (at: {step})")]
pub struct HandshakeError {
    /// What was being done.
    pub step: Step,
    /// Why it failed.
    #[source]
    pub cause: Cause,
    /// The DID that the peer claimed, where it came so far. **Not verified**: good for a log and a message, nothing else.
    pub claimed: Option<Did>,
    /// The alert that went out to the peer.
    pub sent: Option<AlertCode>,
}

impl HandshakeError {
    /// The name of the cause for logs: for faults of the peer the code of the specification's registry.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.cause.code()
    }

    /// The fault of the peer, if it was one.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        match self.cause {
            Cause::Protocol(Error::Peer(fault)) => Some(fault),
            _ => None,
        }
    }
}

/// Why an attempt failed.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The protocol refused: the peer's fault, the caller's, or an internal one.
    #[error(transparent)]
    Protocol(#[from] Error),
    /// Our own identity could not sign.
    #[error("we could not sign: {0}")]
    Signer(#[source] SignerError),
    /// th3 could not be burned.
    #[error("{0}")]
    Burn(#[source] BurnError),
    /// What was agreed on could not be kept.
    #[error("{0}")]
    Keep(#[source] KeepError),
    /// The connection failed.
    #[error("the connection failed: {0}")]
    Network(#[source] io::Error),
    /// The peer closed the connection without a word.
    #[error("the peer closed the connection in the middle of the handshake")]
    Closed,
    /// The step or the whole attempt took too long.
    #[error("no answer within {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    /// HTTP gave no message of the handshake.
    #[error(transparent)]
    Http(#[from] HttpFailure),
    /// The WebSocket gave none.
    #[error(transparent)]
    WebSocket(#[from] WebSocketFailure),
}

impl Cause {
    /// The name of the cause for logs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Protocol(error) => error.code(),
            Self::Signer(_) => "signer",
            Self::Burn(_) => "burn_store",
            Self::Keep(_) => "keep",
            Self::Network(_) => "network",
            Self::Closed => "closed",
            Self::TimedOut(_) => "timed_out",
            Self::Http(failure) => failure.code(),
            Self::WebSocket(failure) => failure.code(),
        }
    }

    /// What the peer is told. From check 1 on everything of ours is `denied` too (specification, section 11).
    pub(crate) fn alert(&self, identity_opened: bool) -> Option<AlertCode> {
        let ours = if identity_opened { AlertCode::Denied } else { AlertCode::Internal };
        match self {
            Self::Protocol(Error::Peer(fault)) => fault.alert(),
            Self::Protocol(_) | Self::Signer(_) | Self::Burn(_) | Self::Keep(_) => Some(ours),
            Self::Network(_) | Self::Closed | Self::TimedOut(_) | Self::Http(_) | Self::WebSocket(_) => None,
        }
    }
}

impl From<Fault> for Cause {
    fn from(fault: Fault) -> Self {
        Self::Protocol(fault.into())
    }
}

impl From<Misuse> for Cause {
    fn from(misuse: Misuse) -> Self {
        Self::Protocol(misuse.into())
    }
}

/// What an attempt was doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Step {
    /// Making or sending Hello.
    SendHello,
    /// Waiting for Hello, or reading it.
    ReadHello,
    /// Signing and sending Reply (or sending Retry).
    SendReply,
    /// Waiting for Reply or Retry, or reading it.
    ReadReply,
    /// Resolving the claimed DID.
    Resolve,
    /// Checking document, key and signature.
    Verify,
    /// Asking the application's policy.
    Policy,
    /// Signing and sending Finish.
    SendFinish,
    /// Waiting for Finish, or reading it.
    ReadFinish,
    /// Burning th3.
    Burn,
    /// Keeping what was agreed on (responder, before Accept).
    Keep,
    /// Sending Accept.
    SendAccept,
    /// Waiting for Accept, or reading it.
    ReadAccept,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SendHello => "sending Hello",
            Self::ReadHello => "waiting for Hello",
            Self::SendReply => "sending Reply",
            Self::ReadReply => "waiting for Reply",
            Self::Resolve => "resolving the peer's DID",
            Self::Verify => "verifying the peer",
            Self::Policy => "asking the policy",
            Self::SendFinish => "sending Finish",
            Self::ReadFinish => "waiting for Finish",
            Self::Burn => "burning the handshake",
            Self::Keep => "keeping what was agreed on",
            Self::SendAccept => "sending Accept",
            Self::ReadAccept => "waiting for Accept",
        })
    }
}

/// Why a channel ended other than in order, or refused to send.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The protocol refused. `truncated` and `not_a_record` mean that what came may be cut short; `peer_alert` that the
    /// peer ended the channel; a misuse that nothing was sent.
    #[error(transparent)]
    Protocol(#[from] Error),
    /// The connection failed.
    #[error("the connection failed: {0}")]
    Network(#[source] io::Error),
    /// The key that proved the peer is not good any more; the peer was told `denied`.
    #[error(transparent)]
    KeyGone(#[from] KeyGone),
}

impl ChannelError {
    /// The name of the cause for logs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Protocol(error) => error.code(),
            Self::Network(_) => "network",
            Self::KeyGone(gone) => gone.code(),
        }
    }

    /// Whether what came before may be only a part of what the peer meant to send.
    #[must_use]
    pub fn is_truncation(&self) -> bool {
        matches!(self, Self::Protocol(Error::Peer(Fault::Truncated | Fault::NotARecord)) | Self::Network(_))
    }
}

impl From<Fault> for ChannelError {
    fn from(fault: Fault) -> Self {
        Self::Protocol(fault.into())
    }
}
