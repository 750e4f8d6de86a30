//! Requests of an admin, and what they fail with.

use std::time::Duration;

use didshake_did::{Clock as _, SystemClock};
use didshake_peer::http::{SessionRequest, WebClient, WebResponse};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::At;
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::meeting::runtime;
use crate::service::{ServiceUrl, ask, client, json as json_of, session, within};
use crate::sessions::{SessionStore, StoredSession, Wanted, choose};

const LIMIT: Duration = Duration::from_secs(30);
/// A service that never comes to an end is asked no more.
const MAX_PAGES: usize = 20_000;

/// The session that asks.
pub(super) struct Asking {
    kept: StoredSession,
    client: WebClient,
    runtime: Runtime,
}

impl Asking {
    pub(super) fn new(global: &Global, at: &At) -> Result<Self, Failure> {
        let origin = at.url.as_deref().map(ServiceUrl::parse).transpose()?.map(|url| url.origin);
        let found = SessionStore::of(global)?.all(SystemClock.now())?;
        let kept = choose(found, &Wanted { origin: origin.as_ref(), identity: at.identity.as_ref() })?;
        Ok(Self { kept, client: client(&at.web, LIMIT)?, runtime: runtime()? })
    }

    /// The JSON of an answer that says that it was done.
    pub(super) fn json(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        self.asked(async {
            let json = json_of(self.send(method, path, body).await?).await;
            json.ok_or_else(|| Failure::new(Exit::Check, "no_json", format!("{} answers no JSON", self.kept.origin)))
        })
    }

    /// The same where nothing comes back.
    pub(super) fn done(&self, method: &str, path: &str, body: Option<&Value>) -> Result<(), Failure> {
        self.asked(async { self.send(method, path, body).await.map(|_| ()) })
    }

    /// All pages of a list, as one.
    pub(super) fn pages(&self, path: &str, member: &str) -> Result<Value, Failure> {
        let mut all = self.json("GET", path, None)?;
        let mut next = all.get_mut("next").map(Value::take);
        for _ in 0..MAX_PAGES {
            let Some(after) = next.as_ref().and_then(Value::as_str) else { break };
            let after = after.replace('%', "%25");
            let mut page = self.json("GET", &format!("{path}?after={after}"), None)?;
            next = page.get_mut("next").map(Value::take);
            if let (Some(all), Some(page)) = (list(&mut all, member), list(&mut page, member)) {
                all.append(page);
            }
        }
        Ok(all)
    }

    fn asked<T>(&self, asking: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        self.runtime.block_on(within(LIMIT, &self.kept.origin, asking))
    }

    async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<WebResponse, Failure> {
        let text = body.map(Value::to_string).unwrap_or_default();
        let headers = [("content-type", &b"application/json"[..])];
        let headers = if body.is_some() { &headers[..] } else { &[] };
        let request = SessionRequest { method, path_and_query: path, headers, body: text.as_bytes() };
        let response = ask(&self.client, &session(&self.kept), &request).await?;
        match response.status() {
            200..=299 => Ok(response),
            status => Err(self.refused(status)),
        }
    }

    fn refused(&self, status: u16) -> Failure {
        let (origin, name) = (&self.kept.origin, &self.kept.name);
        let check = |code, text: &str| Failure::new(Exit::Check, code, text);
        match status {
            401 => Failure::new(Exit::Policy, "session_over", format!("the session with {origin} is over"))
                .remedy(format!("log in again: `didshake login {origin} --as {name}`")),
            403 => Failure::new(Exit::Policy, "no_admin", format!("{name} may not do that at {origin}"))
                .remedy("its account must be in the group admin; an account that gets a key must not be disabled"),
            400 | 413 => Failure::new(Exit::Usage, "value", format!("{origin} refuses a value"))
                .remedy("names have 1 to 64 visible characters, groups letters, digits, `-`, `_` and `.`"),
            404 => check("unknown", "there is no such thing at the service").remedy("the lists show the ids"),
            409 => check("conflict", "that does not go together with what there is")
                .remedy("somebody has to be left who can administer; an account has 20 keys and 5 invites at most"),
            405 | 501 => check("no_accounts", "the service has no accounts"),
            status => Failure::new(Exit::Network, "answer", format!("{origin} answers {status}"))
                .remedy("try again later; its operator's log has the cause"),
        }
    }
}

fn list<'a>(page: &'a mut Value, member: &str) -> Option<&'a mut Vec<Value>> {
    page.get_mut(member).and_then(Value::as_array_mut)
}
