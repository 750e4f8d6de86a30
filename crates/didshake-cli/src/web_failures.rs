//! Why did:web and did:webvh did not resolve, told to the user with what can be done about it. The handshake itself knows one fault
//! for most of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use didshake::{Did, Fault};
use didshake_did::web::{Location, LocationFault, WebFailure, WebOptionFault, WebvhFailure};
use didshake_did::webvh::LogFault;

use crate::failure::{Exit, Failure};

/// So many DIDs are remembered; a listener meets more.
const REMEMBERED: usize = 64;

/// What the resolver said last about a DID.
#[derive(Clone, Default)]
pub(crate) struct WebFailures(Arc<Mutex<VecDeque<(Did, WebCause)>>>);

/// Why a did:web or a did:webvh did not resolve.
#[derive(Clone, Debug)]
pub(crate) enum WebCause {
    /// A did:web was asked for.
    Asked(WebFailure),
    /// A did:webvh was.
    Logged(WebvhFailure),
    /// Nothing can be asked at all.
    Client(WebOptionFault),
}

impl WebFailures {
    pub(crate) fn note(&self, did: &Did, cause: WebCause) {
        if matches!(&cause, WebCause::Logged(failure) if failure.is_alarming()) {
            tracing::error!(%did, ?cause, "the history of a did:webvh was gone back on");
        } else {
            tracing::info!(%did, ?cause, "a DID is not resolved");
        }
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.retain(|(earlier, _)| earlier != did);
        if noted.len() >= REMEMBERED {
            noted.pop_front();
        }
        noted.push_back((did.clone(), cause));
    }

    /// The failure of this DID, where `fault` is what came of it; of the last one where it is not known whose it is.
    pub(crate) fn failure(&self, did: Option<&Did>, fault: Fault) -> Option<Failure> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = noted.iter().rev().find(|(failed, _)| did.is_none_or(|did| did == failed));
        let (did, cause) = found.filter(|(_, cause)| cause.fault() == fault)?;
        Some(cause.failure(did))
    }
}

impl WebCause {
    fn fault(&self) -> Fault {
        match self {
            Self::Asked(failure) => failure.fault(),
            Self::Logged(failure) => failure.fault(),
            Self::Client(_) => Fault::DidResolutionFailed,
        }
    }

    fn failure(&self, did: &Did) -> Failure {
        let code = match self {
            Self::Logged(WebvhFailure::Log(refusal)) => refusal.fault.code(),
            _ => self.fault().code(),
        };
        let location = Location::of(did).or_else(|_| Location::of_log(did)).ok();
        let at = location.as_ref().map(|location| format!(" (at {location})")).unwrap_or_default();
        let failure = |why: String| Failure::new(Exit::Resolution, code, format!("{did} does not resolve: {why}{at}"));
        match self {
            Self::Client(fault) => failure(fault.to_string()).remedy(
                "install the system's root certificates (Debian: ca-certificates), or give one with --root-cert FILE",
            ),
            Self::Asked(web) => failure(web.to_string()).remedy(remedy(*web, location.as_ref())),
            Self::Logged(webvh) => failure(webvh.to_string()).remedy(log_remedy(webvh, location.as_ref())),
        }
    }
}

fn remedy(failure: WebFailure, location: Option<&Location>) -> String {
    let place = location.map(|at| format!("{}:{}", at.host(), at.port())).unwrap_or_else(|| "HOST:PORT".to_owned());
    let fixed = match failure {
        WebFailure::Location(LocationFault::Literal | LocationFault::LocalName) => return local(&place),
        WebFailure::Address(kind) if kind.is_local() => return local(&place),
        WebFailure::Location(_) => "the DID leads nowhere as it is written: ask its owner for the right one",
        WebFailure::Name => "is the name spelled right? this machine's DNS does not know it",
        WebFailure::Address(_) => "such an address is never asked: the name's DNS entry is wrong, or hostile",
        WebFailure::Connect => "is the host up, and reachable from here?",
        WebFailure::Tls => {
            "its certificate must be of a root that this machine trusts, of that name, and valid now (is this clock \
             right?); trust another root with --root-cert FILE"
        }
        WebFailure::Deadline => "try again; if that does not help, its owner has to look after the host",
        WebFailure::Redirect(_) => "redirects are never followed: its owner must serve the document there itself",
        WebFailure::NotFound => "its owner must publish the document there",
        WebFailure::Status(_) => "try again later; if that does not help, its owner has to look after the host",
        WebFailure::ContentType => "its owner must serve it as application/did+json or application/json",
        WebFailure::ContentEncoding => "its owner must serve it without compression",
        WebFailure::TooLong => "its owner must make the document shorter",
        WebFailure::Body => "try again: the connection broke",
        WebFailure::Document(_) => {
            "its owner must correct the document: `didshake did resolve DID --document FILE` checks one"
        }
    };
    fixed.to_owned()
}

pub(crate) fn log_remedy(failure: &WebvhFailure, location: Option<&Location>) -> String {
    match failure {
        WebvhFailure::Fetch(web) | WebvhFailure::WitnessFetch(web) => remedy(*web, location),
        WebvhFailure::Log(refusal) => log_fault_remedy(refusal.fault).to_owned(),
        WebvhFailure::History(_) => "without what was seen before nothing is resolved: mend that first".to_owned(),
    }
}

/// What to do about a log that is refused.
pub(crate) fn log_fault_remedy(fault: LogFault) -> &'static str {
    match fault {
        LogFault::RolledBack | LogFault::Forked => {
            "trust nothing of this DID before its owner has told you, by another way, what happened: the host, or a key \
             that may update the DID, can be in wrong hands"
        }
        LogFault::Moved => "ask its owner for the DID that it has now",
        LogFault::OtherDid | LogFault::OtherScid | LogFault::ScidForm | LogFault::Scid => {
            "compare the DID with the one that its owner gave you, letter by letter"
        }
        LogFault::TimeFuture => "is this clock right? otherwise its owner's was wrong",
        LogFault::WitnessMissing
        | LogFault::WitnessThreshold
        | LogFault::WitnessUnknown
        | LogFault::WitnessProof
        | LogFault::WitnessFile
        | LogFault::WitnessTooLong => "its owner must publish did-witness.json, with enough proofs, beside the log",
        _ => "its owner must mend the log: `didshake did resolve --log FILE` checks one",
    }
}

fn local(place: &str) -> String {
    format!("if you mean a host of this machine or network: --allow-local {place} (plain HTTP), or https://{place}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use didshake_did::web::AddressKind;

    fn did(text: &str) -> Did {
        Did::parse(text).unwrap()
    }

    #[test]
    fn a_failure_belongs_to_its_did_and_its_fault() {
        let failures = WebFailures::default();
        failures.note(&did("did:web:a.example"), WebCause::Asked(WebFailure::NotFound));
        failures.note(&did("did:web:b.example"), WebCause::Asked(WebFailure::Redirect(302)));
        let found = |text: &str, fault| failures.failure(Some(&did(text)), fault).map(|failure| failure.code());
        assert_eq!(found("did:web:a.example", Fault::DidNotFound), Some("did_not_found"));
        // Another cause came first: that is what the user has to hear.
        assert_eq!(found("did:web:a.example", Fault::SignatureInvalid), None);
        assert_eq!(found("did:web:c.example", Fault::DidNotFound), None);
        let last = failures.failure(None, Fault::DidResolutionFailed).unwrap();
        assert!(last.message().contains("did:web:b.example") && last.message().contains("redirects (302)"));
        assert_eq!(last.exit(), Exit::Resolution);
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_last_word_counts() {
        let failures = WebFailures::default();
        for at in 0..200 {
            failures.note(&did(&format!("did:web:{at}.example")), WebCause::Asked(WebFailure::Connect));
            failures.note(&did("did:web:one.example"), WebCause::Asked(WebFailure::Status(500 + at)));
        }
        assert_eq!(failures.0.lock().unwrap().len(), REMEMBERED);
        let one = failures.failure(Some(&did("did:web:one.example")), Fault::DidResolutionFailed).unwrap();
        assert!(one.message().contains("answered 699"), "{}", one.message());
    }

    #[test]
    fn local_hosts_are_told_how_to_be_allowed() {
        for failure in [
            WebFailure::Location(LocationFault::Literal),
            WebFailure::Location(LocationFault::LocalName),
            WebFailure::Address(AddressKind::Loopback),
        ] {
            let location = Location::of(&did("did:web:127.0.0.1%3A8400")).unwrap();
            assert!(remedy(failure, Some(&location)).contains("--allow-local 127.0.0.1:8400"), "{failure}");
        }
        assert!(!remedy(WebFailure::Address(AddressKind::LinkLocal), None).contains("--allow-local"));
    }
}
