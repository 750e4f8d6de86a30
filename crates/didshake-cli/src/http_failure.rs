//! What goes wrong between a web service and us, told to the user.

use didshake::Origin;
use didshake_did::discovery::ClaimError;
use didshake_peer::HttpFailure;
use didshake_peer::http::{DiscoverError, RequestError};

use crate::failure::{Exit, Failure};

/// Nothing, or nothing usable, came from the service.
pub(crate) fn of_http(origin: &Origin, failure: &HttpFailure) -> Failure {
    let exit = if failure.is_callers() { Exit::Usage } else { Exit::Network };
    let told = Failure::new(exit, failure.code(), format!("{origin}: {failure}"));
    match failure {
        HttpFailure::PlainHttp => told.remedy("use https, or a loopback address such as http://127.0.0.1:8400"),
        HttpFailure::Connect => told.remedy("is the service running there, and reachable from here?"),
        HttpFailure::Tls => told.remedy(
            "its certificate must be of a root that this machine trusts, of that name, and valid now (is this clock \
             right?); trust another root with --root-cert FILE",
        ),
        HttpFailure::Answer { retry_after: Some(seconds), .. } => told.remedy(format!("try again in {seconds} s")),
        HttpFailure::Answer { .. } => told.remedy("try again later; its operator's log has the cause"),
        HttpFailure::AcceptLost(_) => told.remedy("try again: whether the service took the login is not known"),
        HttpFailure::TimedOut(_) | HttpFailure::Broken => told.remedy("try again; --timeout SECONDS waits longer"),
        HttpFailure::Url => told.remedy("percent-encode what is special, and leave out `.` and `..`"),
        HttpFailure::TooLong => told,
    }
}

/// The origin did not say where its endpoint is.
pub(crate) fn of_discovery(origin: &Origin, error: &DiscoverError) -> Failure {
    match error {
        DiscoverError::Http(failure) => of_http(origin, failure),
        DiscoverError::Status(status) => {
            let message = format!("{origin} does not offer didshake: /.well-known/didshake answers {status}");
            Failure::new(Exit::Network, "no_discovery", message)
                .remedy("is this the URL of the service? its operator can say where to log in")
        }
        DiscoverError::Claim(ClaimError::NotHttps) => {
            Failure::new(Exit::Usage, "plain_http", format!("{origin}: {}", ClaimError::NotHttps))
                .remedy("use https, or a loopback address such as http://127.0.0.1:8400")
        }
        DiscoverError::Claim(claim) => {
            Failure::new(Exit::Check, "discovery", format!("{origin} says something unusable of itself: {claim}"))
                .remedy("its operator has to correct /.well-known/didshake")
        }
    }
}

/// A request of a session was not answered.
pub(crate) fn of_request(origin: &Origin, error: &RequestError) -> Failure {
    match error {
        RequestError::Over => Failure::new(Exit::Policy, "session_over", format!("the session with {origin} is over"))
            .remedy(format!("log in again: `didshake login {origin} --as NAME`")),
        RequestError::Target => Failure::new(Exit::Usage, "target", error.to_string())
            .remedy("methods are words such as GET; write the URL as it is to be sent, percent-encoded"),
        RequestError::Header => Failure::new(Exit::Usage, "header", error.to_string()),
        RequestError::Protocol(cause) => Failure::new(Exit::Check, cause.code(), error.to_string()),
        RequestError::Http(failure) => of_http(origin, failure),
    }
}
