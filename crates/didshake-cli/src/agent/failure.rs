//! What goes wrong with contacts, letters and relays, told to the user.

use didshake::Fault;
use didshake::mailbox::MailboxFault;
use didshake::relay::RelayCode;
use didshake_did::discovery::ClaimError;
use didshake_peer::HttpFailure;
use didshake_peer::http::{DiscoverError, RequestError};
use didshake_peer::mailbox::relay::RelayError;
use didshake_peer::mailbox::{AgentError, StoreError};

use crate::failure::{Exit, Failure, chain};
use crate::peer_failure::{self, Role};
use crate::web_failures::WebFailures;

/// The file of contacts and letters cannot be used.
pub(crate) fn of_store(error: &StoreError) -> Failure {
    let failure = Failure::new(Exit::Storage, error.code(), chain(error));
    match error {
        StoreError::Full => {
            failure.remedy("`didshake inbox --forget NUMBER` removes letters; what comes waits at the relay")
        }
        StoreError::Failed(_) => {
            failure.remedy("is there room on the disk? another program may hold the file: try again")
        }
        _ => failure,
    }
}

/// An agent did not do what it was asked for.
pub(crate) fn of_agent(error: &AgentError, failures: &WebFailures) -> Failure {
    let failure = |exit| Failure::new(exit, error.code(), chain(error));
    match error {
        AgentError::Store(error) => of_store(error),
        AgentError::Relay(error) => of_relay(error, failures),
        AgentError::TooLong { .. } | AgentError::Letter(_) | AgentError::Client(_) => failure(Exit::Usage),
        AgentError::NoMailbox(origin) => {
            failure(Exit::Policy).remedy(format!("open one: `didshake mailbox open {origin}`"))
        }
        AgentError::Signer(_) => failure(Exit::Storage),
        AgentError::Key(MailboxFault::Identity(
            Fault::DidMethodUnsupported | Fault::DidNotFound | Fault::DidResolutionFailed,
        )) => failure(Exit::Resolution),
        AgentError::Key(_) => failure(Exit::NotAuthenticated)
            .remedy("its relay shows a key that is not theirs, or an old one: tell them, nothing was sent to it"),
        AgentError::NoAddress(_) => failure(Exit::Policy),
        AgentError::Handshake(error) => peer_failure::failure(error, Role::Initiator, failures),
        AgentError::Channel(_) => failure(Exit::Network),
        AgentError::Letters => failure(Exit::NotAuthenticated),
        AgentError::OtherStore | AgentError::Protocol(_) => failure(Exit::Check),
    }
}

/// A relay failed, or refuses.
pub(crate) fn of_relay(error: &RelayError, failures: &WebFailures) -> Failure {
    let exit = match error {
        RelayError::Login(error) => return peer_failure::failure(error, Role::Client, failures).after("the relay"),
        RelayError::Claim(ClaimError::OtherDid) => Exit::NotAuthenticated,
        RelayError::Refused { code: RelayCode::Token | RelayCode::NotAdmitted | RelayCode::NoMailbox, .. } => {
            Exit::Policy
        }
        RelayError::Refused { .. } | RelayError::SessionOver | RelayError::Socket(_) => Exit::Network,
        RelayError::Discover(DiscoverError::Http(failure)) | RelayError::Request(RequestError::Http(failure))
            if failure.is_callers() =>
        {
            Exit::Usage
        }
        RelayError::Discover(_) | RelayError::Request(_) => Exit::Network,
        RelayError::Claim(_) | RelayError::Session(_) | RelayError::Status(_) | RelayError::Answer(_) => Exit::Check,
    };
    let failure = Failure::new(exit, error.code(), chain(error));
    match error {
        RelayError::Discover(DiscoverError::Http(HttpFailure::Connect))
        | RelayError::Request(RequestError::Http(HttpFailure::Connect)) => {
            failure.remedy("is the relay running, and reachable from here? nothing is lost: try again")
        }
        RelayError::Discover(_) => failure.remedy("is this the URL of a relay? it runs `didshake relay`"),
        RelayError::Status(404) => failure.remedy("this service is no relay: ask its operator, or use another"),
        RelayError::Request(_) | RelayError::Socket(_) => failure.remedy("nothing is lost: try again"),
        RelayError::Refused { retry_after: Some(wait), .. } => {
            failure.remedy(format!("try again in {} s", wait.as_secs()))
        }
        RelayError::Refused { code: RelayCode::NotAdmitted, .. } => {
            failure.remedy("ask its operator to let this DID open a mailbox, or use another relay")
        }
        RelayError::Refused { code: RelayCode::Away, .. } => failure.remedy(
            "does `didshake listen --relay` run on their side? Try again then, or leave a letter: `didshake send`",
        ),
        RelayError::Claim(ClaimError::OtherDid) => {
            failure.remedy("it says that it is another one than you mean: ask its operator which DID is right")
        }
        _ => failure,
    }
}

/// With which code a program ends where this keeps a letter from going.
pub(crate) fn trouble_exit(code: &str) -> Exit {
    let of_key = code.starts_with("mailbox_key_") || code.starts_with("method_") || code.starts_with("document_");
    match code {
        "token" | "no_address" => Exit::Policy,
        "not_admitted" | "signature_invalid" | "algorithm_mismatch" | "key_invalid" | "did_deactivated" => {
            Exit::NotAuthenticated
        }
        "did_resolution_failed" | "did_not_found" | "did_method_unsupported" => Exit::Resolution,
        _ if of_key => Exit::NotAuthenticated,
        _ => Exit::Network,
    }
}

/// In words, what keeps a letter from going; `code` is what the outbox says.
pub(crate) fn trouble(code: &str) -> &str {
    match code {
        "no_address" => "we have no card of theirs that takes letters, or it is over: ask for a new one",
        "token" => "their relay takes our token no more: it was revoked, or the mailbox is closed; ask for a new card",
        "no_key" => "they have published no mailbox key yet, or it is over: it goes when they come by",
        "full" => "their mailbox is full, or our part of it: it goes when they have fetched some",
        "rate" => "the relay has too many requests: it goes later",
        "unavailable" => "their relay takes nothing just now: it goes later",
        "http_connect" => "nobody answers at their relay, or it is not reached from here: it goes later",
        "http_timed_out" => "their relay does not answer in time: it goes later",
        "http_tls" => "the certificate of their relay is not good: nothing was sent to it",
        "relay_answer" | "relay_status" => "what their relay answers is none of a relay: tell them, or wait",
        "did_resolution_failed" => "their DID document cannot be had just now: it goes later",
        "mailbox_key_time" => "the mailbox key at their relay is over: it goes when they come by; is this clock right?",
        "signature_invalid" | "not_admitted" => {
            "their relay shows a mailbox key that is not theirs: nothing was sent to it"
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_not_theirs_is_no_failure_of_the_network() {
        for (code, exit) in [
            ("token", Exit::Policy),
            ("not_admitted", Exit::NotAuthenticated),
            ("signature_invalid", Exit::NotAuthenticated),
            ("mailbox_key_time", Exit::NotAuthenticated),
            ("method_revoked", Exit::NotAuthenticated),
            ("did_resolution_failed", Exit::Resolution),
            ("unavailable", Exit::Network),
            ("http_connect", Exit::Network),
        ] {
            assert_eq!(trouble_exit(code), exit, "{code}");
            assert!(code == "method_revoked" || trouble(code).contains(' '), "{code} is told in words");
        }
    }
}
