//! Why a channel ended, in words.

use didshake::{AlertCode, Error, Fault};
use didshake_peer::{ChannelError, KeyGone};

use crate::failure::{Exit, Failure};

/// What is told of it, and what the user can do.
pub(crate) fn channel_failure(error: &ChannelError) -> Failure {
    match error {
        ChannelError::Protocol(Error::Peer(Fault::PeerAlert(AlertCode::Denied))) => {
            let message = "the peer ended the channel: it does not take our key for ours any more (`denied`)";
            Failure::new(Exit::NotAuthenticated, error.code(), message)
                .remedy("is our key in our DID document as it was? `didshake did resolve DID` shows it; the peer's log has the cause")
        }
        ChannelError::Protocol(Error::Peer(Fault::PeerAlert(alert))) => {
            let message =
                format!("the peer ended the channel with the alert `{}`; its log has the cause", alert.name());
            Failure::new(Exit::Network, error.code(), message)
        }
        ChannelError::KeyGone(gone) => {
            let message = format!("the channel was ended: {gone}");
            Failure::new(Exit::NotAuthenticated, gone.code(), message).remedy(remedy(*gone))
        }
        error if error.is_truncation() => {
            let message = format!("the connection ended without a close: what came may be cut short ({error})");
            Failure::new(Exit::Network, error.code(), message)
        }
        error => Failure::new(Exit::NotAuthenticated, error.code(), format!("the channel was ended: {error}")),
    }
}

fn remedy(gone: KeyGone) -> &'static str {
    match gone {
        KeyGone::Removed | KeyGone::Replaced | KeyGone::NotForAuthentication | KeyGone::Expired => {
            "who has changed its key meets us again with the new one; a change that the peer knows nothing of is an alarm: ask it \
             by other means"
        }
        KeyGone::Revoked => "whoever has the old key is not the peer: ask it by other means what has happened",
        KeyGone::Deactivated | KeyGone::NoDocument => {
            "the peer has given up this DID: ask it by other means for its new one"
        }
        KeyGone::Unusable(_) => {
            "tell the peer: its DID document is not as it must be (`didshake did resolve DID` shows it)"
        }
        KeyGone::Unseen(_) => {
            "can the host of the peer's DID document be reached? `didshake did resolve DID` says more; `--recheck 0` looks at no \
             document again"
        }
    }
}
