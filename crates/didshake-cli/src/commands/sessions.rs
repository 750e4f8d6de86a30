//! `didshake sessions`.

use std::time::Duration;

use clap::Args;
use didshake_did::{Clock, IdentityName, SystemClock};
use didshake_peer::http::SessionRequest;
use serde_json::{Value, json};

use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::meeting::runtime;
use crate::output::{self, printable};
use crate::service::{ServiceUrl, ask, client, json as json_of, session, session_name, within};
use crate::sessions::{Found, SessionStore, StoredSession, Wanted, choose};
use crate::time_words::until;
use crate::web_access::WebAccess;

const LIMIT: Duration = Duration::from_secs(30);
/// So many are shown of a service's list.
const SHOWN: usize = 10_000;

const AFTER_HELP: &str = "\
Lists the sessions that this machine holds. With --remote the service is asked instead for every session that the same
DID has there, from whatever machine; the one that asks is marked with *.

Examples:
  didshake sessions
  didshake sessions https://example.com --remote
  didshake request DELETE https://example.com/v1/sessions/SESSION    end one of them";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Sessions {
    /// Of this service alone
    #[arg(value_name = "URL")]
    url: Option<String>,
    /// Of this identity alone
    #[arg(long = "as", value_name = "NAME")]
    identity: Option<IdentityName>,
    /// Ask the service for all sessions of the same DID there
    #[arg(long)]
    remote: bool,
    #[command(flatten)]
    web: WebAccess,
}

pub(crate) fn run(global: &Global, options: &Sessions) -> Result<(), Failure> {
    let origin = options.url.as_deref().map(ServiceUrl::parse).transpose()?.map(|url| url.origin);
    let found = SessionStore::of(global)?.all(SystemClock.now())?;
    let wanted = Wanted { origin: origin.as_ref(), identity: options.identity.as_ref() };
    if options.remote {
        return remote(global, options, &choose(found, &wanted)?);
    }
    local(global, found, &wanted);
    Ok(())
}

fn local(global: &Global, found: Found, wanted: &Wanted<'_>) {
    found.unreadable.iter().for_each(|failure| output::warning(failure.message()));
    let fits = |kept: &&StoredSession| {
        wanted.origin.is_none_or(|origin| kept.origin == *origin)
            && wanted.identity.is_none_or(|name| kept.name == *name)
    };
    let sessions: Vec<&StoredSession> = found.sessions.iter().filter(fits).collect();
    if global.json {
        output::json(&sessions.iter().map(|kept| as_json(kept)).collect());
    } else if sessions.is_empty() {
        output::note("no sessions: `didshake login URL --as NAME`");
    }
    if !global.json {
        let now = SystemClock.now();
        for kept in sessions {
            let (origin, name, service) = (&kept.origin, &kept.name, &kept.service.did);
            output::line(&format!("{origin}  {name}  {service}  ends in {}", until(kept.expires(), now)));
        }
    }
}

fn as_json(kept: &StoredSession) -> Value {
    json!({
        "origin": kept.origin.as_str(),
        "as": kept.name.as_str(),
        "did": kept.me.did.as_str(),
        "service": {"did": kept.service.did.as_str()},
        "session_id": session_name(&kept.service.id),
        "created": kept.service.accepted.0,
        "expires": kept.expires().0,
    })
}

fn remote(global: &Global, options: &Sessions, kept: &StoredSession) -> Result<(), Failure> {
    let client = client(&options.web, LIMIT)?;
    let runtime = runtime()?;
    let asking = async {
        let response = ask(&client, &session(kept), &SessionRequest::get("/v1/sessions")).await?;
        let status = response.status();
        let list = if status == 200 { json_of(response).await } else { None };
        list.filter(|list| list.get("sessions").is_some_and(Value::is_array)).ok_or_else(|| no_list(kept, status))
    };
    let listed = runtime.block_on(within(LIMIT, &kept.origin, asking));
    runtime.shutdown_background();
    let listed = listed?;
    if global.json {
        output::json(&listed);
        return Ok(());
    }
    let sessions = listed.get("sessions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    sessions.iter().take(SHOWN).for_each(|listed| output::line(&remote_line(listed)));
    Ok(())
}

/// What the service says of a session, on one line.
fn remote_line(listed: &Value) -> String {
    let text = |member: &str| {
        let text = listed.get(member).and_then(Value::as_str).unwrap_or("-");
        printable(text).replace(['\n', '\t'], " ")
    };
    let mark = if listed.get("current") == Some(&Value::Bool(true)) { '*' } else { ' ' };
    let now = SystemClock.now();
    let expires = listed.get("expires").and_then(Value::as_u64);
    let ends = expires.map(|time| until(didshake::UnixTime(time), now)).unwrap_or_else(|| String::from("?"));
    format!("{mark} {}  from {}  ends in {ends}", text("session_id"), text("client"))
}

fn no_list(kept: &StoredSession, status: u16) -> Failure {
    let origin = &kept.origin;
    match status {
        401 => Failure::new(Exit::Policy, "session_over", format!("the session with {origin} is over"))
            .remedy(format!("log in again: `didshake login {origin} --as {}`", kept.name)),
        200 | 404 => Failure::new(Exit::Check, "no_list", format!("{origin} lists no sessions (/v1/sessions)")),
        status => Failure::new(Exit::Network, "no_list", format!("{origin} answers {status}")),
    }
}
