//! What follows the handshake of a login: the first request, which makes the session last, and what is shown of it.

use didshake::Did;
use didshake_did::{Clock, SystemClock};
use didshake_peer::http::{ClientSession, SessionRequest, WebClient};
use didshake_peer::{Agreed, Event, Observer};
use serde_json::{Value, json};

use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::output::{self, one_line};
use crate::service::{ask, json as json_of, session_name};
use crate::sessions::StoredSession;
use crate::time_words::until;

/// The steps of the handshake, for `-v`.
pub(crate) struct Steps;

impl Observer for Steps {
    fn observe(&self, event: &Event<'_>) {
        match event {
            Event::Sent { message, .. } => tracing::info!("{message} sent"),
            Event::Received { message, .. } => tracing::info!("{message} received"),
            Event::Claimed(claim) => tracing::info!(did = %claim.did(), "the service claims to be this"),
            Event::Resolved(_) => tracing::info!("its DID is resolved"),
            Event::Verified(_) => tracing::info!("it has proved it"),
            Event::Allowed(_) | Event::Burned => {}
        }
    }
}

/// What the service answered to the first request.
#[derive(PartialEq, Debug)]
pub(crate) enum Confirmed {
    /// What it says of the session.
    Told(Value),
    /// It took the request, and has nothing to say of sessions.
    Unanswered,
}

/// Uses the session for the first time, within its provisional minute.
pub(crate) async fn confirm(client: &WebClient, session: &ClientSession) -> Result<Confirmed, Failure> {
    let response = ask(client, session, &SessionRequest::get("/v1/session")).await.map_err(not_kept)?;
    let status = response.status();
    match status {
        401 | 403 | 429 | 500.. => Err(not_honoured(session, status)),
        200 => {
            let told = json_of(response).await.filter(|told| is_about(told, session));
            Ok(told.map_or(Confirmed::Unanswered, Confirmed::Told))
        }
        _ => Ok(Confirmed::Unanswered),
    }
}

/// Another application may have something else at the same path.
fn is_about(told: &Value, session: &ClientSession) -> bool {
    let text = |member: &str| told.get(member).and_then(Value::as_str).unwrap_or_default();
    text("session_id") == session_name(session.id()) && text("did") == session.identity().did.as_str()
}

fn not_kept(failure: Failure) -> Failure {
    let message =
        format!("the service took the login, but not the first request of the session: {}", failure.message());
    Failure::new(failure.exit(), failure.code(), message).remedy("the session is not kept; log in again")
}

fn not_honoured(session: &ClientSession, status: u16) -> Failure {
    let origin = session.origin();
    let message = format!("{origin} took the login, but answers the first request of the session with {status}");
    let (exit, remedy) = match status {
        401 => (Exit::NotAuthenticated, "the session is not kept. Is the clock of this machine right, to the minute?"),
        403 => (Exit::NotAuthenticated, "the session is not kept; the service's operator can say why"),
        _ => (Exit::Network, "the session is not kept; log in again later"),
    };
    Failure::new(exit, "session_not_honoured", message).remedy(remedy)
}

/// Shows both identities and the session, and the account of an invite that was used.
pub(crate) fn show(
    global: &Global,
    agreed: &Agreed,
    kept: &StoredSession,
    confirmed: &Confirmed,
    account: Option<&Value>,
) {
    let (peer, me) = (&agreed.peer, &kept.me);
    let my_method = method(&me.did, me.fragment.as_str());
    if global.json {
        let mut told = json!({
            "origin": kept.origin.as_str(),
            "service": {
                "did": peer.did().as_str(),
                "verificationMethod": peer.verification_method(),
                "algorithm": peer.key().algorithm().name(),
                "publicKey": hex::encode(peer.key().as_bytes()),
            },
            "me": {
                "name": kept.name.as_str(),
                "did": me.did.as_str(),
                "verificationMethod": my_method,
                "algorithm": me.algorithm.name(),
            },
            "session": session_json(kept, confirmed),
        });
        if let (Some(told), Some(account)) = (told.as_object_mut(), account) {
            told.insert("account".into(), account.clone());
        }
        output::json(&told);
        return;
    }
    let key = format!("{} {}", peer.key().algorithm().name(), hex::encode(peer.key().as_bytes()));
    output::note(&format!("Logged in to {}", kept.origin));
    for (label, value) in [
        ("service", peer.did().as_str()),
        ("  verified with", &peer.verification_method()),
        ("  key", &key),
        ("me", &format!("{} ({})", me.did, kept.name)),
        ("  verified with", &my_method),
        ("session", &session_name(&kept.service.id)),
        ("  ends in", &until(kept.expires(), SystemClock.now())),
    ] {
        output::line(&format!("{label:<17}{value}"));
    }
    if let Some(account) = account {
        let text = |member: &str| account.get(member).and_then(Value::as_str).map(one_line).unwrap_or_default();
        output::line(&format!("{:<17}{} ({})", "account", text("name"), text("subject")));
    }
}

/// What the service says of the session, or what the handshake gave.
fn session_json(kept: &StoredSession, confirmed: &Confirmed) -> Value {
    match confirmed {
        Confirmed::Told(told) => told.clone(),
        Confirmed::Unanswered => json!({
            "session_id": session_name(&kept.service.id),
            "did": kept.me.did.as_str(),
            "origin": kept.origin.as_str(),
            "created": kept.service.accepted.0,
            "expires": kept.expires().0,
            "current": true,
        }),
    }
}

/// A verification method as a DID URL; of did:key and did:jwk the DID alone.
pub(crate) fn method(did: &Did, fragment: &str) -> String {
    if fragment.is_empty() { did.as_str().to_owned() } else { format!("{did}#{fragment}") }
}
