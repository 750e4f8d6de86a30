//! A failed handshake, told to its user.

use didshake::{AlertCode, Error, Fault};
use didshake_peer::{Cause, HandshakeError, HttpFailure};

use crate::failure::{Exit, Failure};
use crate::web_failures::WebFailures;

/// Which side we were; the same fault means different things.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Initiator,
    Responder,
    /// The initiator at a web service.
    Client,
}

/// The failure for a handshake that did not come about; `failures` knows why a did:web did not resolve.
pub(crate) fn failure(error: &HandshakeError, role: Role, failures: &WebFailures) -> Failure {
    if let Some(fault) = error.fault()
        && let Some(failure) = failures.failure(error.claimed.as_ref(), fault)
    {
        return failure;
    }
    let claimed = error.claimed.as_ref().map(|did| format!("; the peer claimed to be {did} (not verified)"));
    let claimed = claimed.unwrap_or_default();
    let exit = exit(&error.cause, role);
    match &error.cause {
        Cause::Protocol(Error::Peer(Fault::PeerAlert(alert))) => {
            let message = format!("the peer refused us with the alert `{}` ({})", alert.name(), *alert as u8);
            Failure::new(exit, error.code(), message).remedy(alert_remedy(*alert, role))
        }
        Cause::Protocol(Error::Peer(fault)) => {
            let message = format!("the peer was refused: {fault} ({}){claimed}", fault.code());
            let failure = Failure::new(exit, fault.code(), message);
            match remedy(*fault, role) {
                Some(remedy) => failure.remedy(remedy),
                None => failure,
            }
        }
        cause => {
            let failure =
                Failure::new(exit, error.code(), format!("the handshake failed: {cause} (at: {})", error.step));
            match again(cause) {
                Some(remedy) => failure.remedy(remedy),
                None => failure,
            }
        }
    }
}

/// What went wrong on the way may go right the next time.
fn again(cause: &Cause) -> Option<&'static str> {
    match cause {
        Cause::TimedOut(_) | Cause::Http(HttpFailure::TimedOut(_)) => Some("try again; --timeout SECONDS waits longer"),
        Cause::Network(_) | Cause::Closed | Cause::Http(HttpFailure::Broken) => Some("try again"),
        Cause::Http(HttpFailure::Answer { .. }) => Some("try again later; its operator's log has the cause"),
        _ => None,
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

fn alert_remedy(alert: AlertCode, role: Role) -> &'static str {
    match alert {
        AlertCode::Denied if role == Role::Client => {
            "it does not say why; its operator's log does. Perhaps its policy does not let this identity in, or it cannot \
             look anybody up at this time"
        }
        AlertCode::Denied => {
            "it does not say why; its operator's log does. Perhaps it does not allow this identity: `--allow DID`"
        }
        AlertCode::UnknownApplicationProtocol => "it serves another application than this one",
        AlertCode::BadRecord => changed(role),
        _ => "the peer's log has the precise cause",
    }
}

/// What it means that the two sides have not the same transcript.
fn changed(role: Role) -> &'static str {
    match role {
        Role::Client => {
            "the service believes to be at another URL than this one: its operator must configure this one as its public \
             URL, or someone passes the handshake on from another site"
        }
        _ => "both sides need the same --prologue, or someone changed a message on the way",
    }
}

fn remedy(fault: Fault, role: Role) -> Option<&'static str> {
    match fault {
        Fault::DidMethodUnsupported => Some("give its document with --documents FILE"),
        Fault::SealedPartNotOpened => Some(changed(role)),
        Fault::NotAdmitted if role != Role::Responder => {
            Some("it is not whom --expect or the known peer means: ask its owner by another way which DID is right")
        }
        Fault::OwnDid => Some("the peer uses the same identity as we do: choose another with --as"),
        _ => None,
    }
}
