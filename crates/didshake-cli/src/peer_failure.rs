//! A failed handshake, told to its user.

use didshake::{Error, Fault};
use didshake_peer::{Cause, HandshakeError};

use crate::failure::{Exit, Failure};

/// Which side we were; the same fault means different things.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Initiator,
    Responder,
}

/// The failure for a handshake that did not come about.
pub(crate) fn failure(error: &HandshakeError, role: Role) -> Failure {
    let claimed = error.claimed.as_ref().map(|did| format!("; the peer claimed to be {did} (not verified)"));
    let claimed = claimed.unwrap_or_default();
    let exit = exit(&error.cause, role);
    match &error.cause {
        Cause::Protocol(Error::Peer(Fault::PeerAlert(alert))) => {
            let message = format!("the peer refused us with the alert `{}` ({})", alert.name(), *alert as u8);
            Failure::new(exit, error.code(), message).remedy(alert_remedy(*alert))
        }
        Cause::Protocol(Error::Peer(fault)) => {
            let message = format!("the peer was refused: {fault} ({}){claimed}", fault.code());
            let failure = Failure::new(exit, fault.code(), message);
            match remedy(*fault) {
                Some(remedy) => failure.remedy(remedy),
                None => failure,
            }
        }
        cause => Failure::new(exit, error.code(), format!("the handshake failed: {cause} (at: {})", error.step)),
    }
}

fn exit(cause: &Cause, role: Role) -> Exit {
    match cause {
        Cause::Protocol(Error::Peer(fault)) => match fault {
            Fault::DidMethodUnsupported | Fault::DidNotFound | Fault::DidResolutionFailed => Exit::Resolution,
            Fault::PolicyRefused => Exit::Policy,
            Fault::NotAdmitted if role == Role::Responder => Exit::Policy,
            _ => Exit::NotAuthenticated,
        },
        Cause::Protocol(Error::Caller(_)) => Exit::Usage,
        Cause::Protocol(Error::Ours(_)) | Cause::Burn(_) | Cause::Keep(_) => Exit::Check,
        Cause::Signer(_) => Exit::Storage,
        Cause::Http(failure) if failure.is_callers() => Exit::Usage,
        Cause::Network(_) | Cause::Closed | Cause::TimedOut(_) | Cause::Http(_) | Cause::WebSocket(_) => Exit::Network,
    }
}

fn alert_remedy(alert: didshake::AlertCode) -> &'static str {
    match alert {
        didshake::AlertCode::Denied => {
            "it does not say why; its operator's log does. Perhaps it does not allow this identity: `--allow DID`"
        }
        didshake::AlertCode::UnknownApplicationProtocol => "it serves another application than this one",
        didshake::AlertCode::BadRecord => {
            "both sides need the same --prologue, or someone changed a message on the way"
        }
        _ => "the peer's log has the precise cause",
    }
}

fn remedy(fault: Fault) -> Option<&'static str> {
    match fault {
        Fault::DidMethodUnsupported => Some("give its document with --documents FILE"),
        Fault::SealedPartNotOpened => {
            Some("both sides need the same --prologue, or someone changed a message on the way")
        }
        Fault::OwnDid => Some("the peer uses the same identity as we do: choose another with --as"),
        _ => None,
    }
}
