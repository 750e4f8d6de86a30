//! `didshake logout`.

use std::time::Duration;

use clap::Args;
use didshake_did::{Clock, IdentityName, SystemClock};
use didshake_peer::http::{SessionRequest, WebClient};
use serde_json::json;

use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::meeting::runtime;
use crate::output;
use crate::service::{ServiceUrl, ask, client, session, session_name};
use crate::sessions::{SessionStore, StoredSession, Wanted, choose};
use crate::web_access::WebAccess;

const LIMIT: Duration = Duration::from_secs(30);

const AFTER_HELP: &str = "\
The service is asked to end the session, then the session is forgotten here. Where the service cannot be asked, the
session stays (exit code 5); --forget forgets it here alone, and at the service it ends by itself.

Examples:
  didshake logout                                  where there is one session
  didshake logout https://example.com
  didshake logout --all";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Logout {
    /// The service; may be left out where there is one session
    #[arg(value_name = "URL", conflicts_with = "all")]
    url: Option<String>,
    /// The identity whose session it is, where there are several
    #[arg(long = "as", value_name = "NAME", conflicts_with = "all")]
    identity: Option<IdentityName>,
    /// End all sessions
    #[arg(long)]
    all: bool,
    /// Do not ask the service
    #[arg(long)]
    forget: bool,
    #[command(flatten)]
    web: WebAccess,
}

pub(crate) fn run(global: &Global, options: &Logout) -> Result<(), Failure> {
    let origin = options.url.as_deref().map(ServiceUrl::parse).transpose()?.map(|url| url.origin);
    let store = SessionStore::of(global)?;
    let found = store.all(SystemClock.now())?;
    let sessions = if options.all {
        found.unreadable.iter().for_each(|failure| output::warning(failure.message()));
        found.sessions
    } else {
        vec![choose(found, &Wanted { origin: origin.as_ref(), identity: options.identity.as_ref() })?]
    };
    let client = if options.forget { None } else { Some(client(&options.web, LIMIT)?) };
    let runtime = runtime()?;
    let outcome = runtime.block_on(end_all(global, &store, client.as_ref(), &sessions));
    runtime.shutdown_background();
    outcome
}

/// Each of them, also after one has failed; the first failure counts.
async fn end_all(
    global: &Global,
    store: &SessionStore,
    client: Option<&WebClient>,
    sessions: &[StoredSession],
) -> Result<(), Failure> {
    let (mut ended, mut first) = (Vec::new(), None);
    for kept in sessions {
        match end(store, client, kept).await {
            Ok(remark) => {
                if !global.json {
                    output::line(&format!("{}  {}  {remark}", kept.origin, kept.name));
                }
                ended.push(json!({
                    "origin": kept.origin.as_str(), "as": kept.name.as_str(), "did": kept.me.did.as_str(),
                    "session_id": session_name(&kept.service.id), "outcome": remark,
                }));
            }
            Err(failure) if first.is_none() => first = Some(failure),
            Err(failure) => output::warning(failure.message()),
        }
    }
    if let Some(failure) = first {
        return Err(failure);
    }
    if global.json {
        output::json(&json!(ended));
    } else if sessions.is_empty() {
        output::note("there are no sessions");
    }
    Ok(())
}

/// Ends one session and says what came of it.
async fn end(store: &SessionStore, client: Option<&WebClient>, kept: &StoredSession) -> Result<&'static str, Failure> {
    let remark = match client {
        None => "forgotten here",
        Some(client) => end_there(client, kept).await?,
    };
    store.forget(kept)?;
    Ok(remark)
}

async fn end_there(client: &WebClient, kept: &StoredSession) -> Result<&'static str, Failure> {
    let remedy = "try again, or forget it here alone with --forget";
    let response = ask(client, &session(kept), &SessionRequest::delete("/v1/session")).await;
    let response = response.map_err(|failure| failure.remedy(remedy))?;
    match response.status() {
        200..=299 => Ok("ended"),
        // Somebody else ended it, or its time was up there.
        401 => Ok("was over"),
        404 | 405 | 410 | 501 => {
            Ok("forgotten here; the service has no way to end sessions, so that it ends by itself")
        }
        status => {
            let message = format!("{} answers {status}: the session may go on there, and stays here", kept.origin);
            Err(Failure::new(Exit::Network, "logout", message).remedy(remedy))
        }
    }
}
