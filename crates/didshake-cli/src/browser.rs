//! Handing a login on to a browser: a link that is good once and for half a minute, and whatever opens links here.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use didshake_did::private_file;
use didshake_peer::http::{ClientSession, SessionRequest, WebClient};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::service::{ask, json as json_of};
use crate::sessions::SessionStore;

/// What opens links: the one that the user names, or the system's.
const OPENERS: [&str; 2] = ["xdg-open", "open"];

/// A link that was made.
pub(crate) struct BrowserLink {
    link: Zeroizing<String>,
    expires: u64,
}

impl BrowserLink {
    /// Asks the service for one to the session.
    pub(crate) async fn make(client: &WebClient, session: &ClientSession) -> Result<Self, Failure> {
        let request = SessionRequest { method: "POST", path_and_query: "/v1/session/link", headers: &[], body: b"" };
        let response = ask(client, session, &request).await?;
        let status = response.status();
        let told = if status == 201 { json_of(response).await } else { None };
        let link = told.as_ref().and_then(|told| told.get("link")).and_then(Value::as_str);
        let expires = told.as_ref().and_then(|told| told.get("expires")).and_then(Value::as_u64);
        // It must lead to where we are logged in, whatever the service says.
        let leads_there = |link: &&str| link.strip_prefix(session.origin().as_str()).is_some_and(is_page);
        match link.filter(leads_there).zip(expires) {
            Some((link, expires)) => Ok(Self { link: Zeroizing::new(link.to_owned()), expires }),
            None => Err(Failure::new(
                Exit::Network,
                "no_browser_link",
                format!("{} took the login, but gives no link for a browser (status {status})", session.origin()),
            )
            .remedy("the session is not kept; is it a service of didshake, and a version that has links?")),
        }
    }

    /// Opens it where somebody sits, and says it anyway.
    pub(crate) fn hand_on(&self, global: &Global) {
        if global.json {
            output::json(&json!({"link": *self.link, "expires": self.expires}));
            return;
        }
        let opened = !global.batch && self.page(global).is_some_and(|page| open(&page));
        let note = if opened { "A browser opens; if none does, open" } else { "Open" };
        output::note(&format!("{note} this link within 30 seconds. It is good once, for whoever opens it first:"));
        output::line(&self.link);
    }
}

impl BrowserLink {
    /// A page that leads to the link, for this user's eyes: what is an argument of a program everybody on this machine sees.
    /// It is written over the next time; by then the link is long over.
    fn page(&self, global: &Global) -> Option<PathBuf> {
        let path = SessionStore::of(global).ok()?.private_directory().ok()?.join("browser.html");
        let link = &*self.link;
        let text = Zeroizing::new(format!("<!doctype html><meta http-equiv=\"refresh\" content=\"0;url={link}\">\n"));
        private_file::replace(&path, text.as_bytes()).ok()?;
        Some(path)
    }
}

/// A path with a fragment, in letters that no shell and no opener makes anything of.
fn is_page(rest: &str) -> bool {
    rest.starts_with('/') && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/#=-_".contains(&byte))
}

fn open(page: &Path) -> bool {
    let named = std::env::var("BROWSER").ok().filter(|named| !named.is_empty());
    let openers: Vec<&str> = match &named {
        Some(named) => vec![named],
        None => OPENERS.to_vec(),
    };
    let start = |opener: &&str| {
        let quiet = Stdio::null;
        Command::new(opener).arg(page).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn().is_ok()
    };
    openers.iter().any(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_page_of_the_service_and_nothing_else() {
        assert!(is_page("/login#link=aB0_-"));
        for rest in ["", "login", ".evil.example/", "@evil.example/", "/a b", "/a?b", "/a\"", "/a;b", "/%41", ":80/"] {
            assert!(!is_page(rest), "{rest}");
        }
    }
}
