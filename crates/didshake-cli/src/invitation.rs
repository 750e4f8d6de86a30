//! An invite that a login uses: read so that nobody else on this machine sees it, and claimed before the handshake.

use std::io::{BufRead as _, IsTerminal as _, Read as _};

use didshake::{Did, Origin};
use didshake_peer::http::{SessionRequest, WebClient};
use serde_json::json;
use zeroize::Zeroizing;

use crate::failure::{Exit, Failure};
use crate::http_failure;
use crate::output;

/// So long is no link.
const MAX_LINK: u64 = 4096;
const MARK: &str = "#invite=";

/// The secret of an invite.
pub(crate) struct Invitation(Zeroizing<String>);

impl Invitation {
    /// Reads what was given: a link, or `-` for one on standard input. It must be of the service that is meant.
    pub(crate) fn read(given: &str, origin: &Origin) -> Result<Self, Failure> {
        let text = if given == "-" { from_stdin()? } else { Zeroizing::new(given.to_owned()) };
        let (page, secret) = text.split_once(MARK).ok_or_else(no_link)?;
        let meant = Origin::parse(page).map_err(|_| no_link())?;
        if meant != *origin {
            let message = format!("the invite is one of {meant}, and not of {origin}");
            return Err(Failure::new(Exit::Usage, "invite_elsewhere", message)
                .remedy(format!("log in there, if you mean it: `didshake login {meant} …`")));
        }
        let plain = secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if secret.is_empty() || !plain { Err(no_link()) } else { Ok(Self(Zeroizing::new(secret.to_owned()))) }
    }

    /// Says at the service that this DID will use it.
    pub(crate) async fn claim(&self, client: &WebClient, origin: &Origin, did: &Did) -> Result<(), Failure> {
        let body = Zeroizing::new(json!({"secret": *self.0, "did": did.as_str()}).to_string());
        let headers = [("content-type", &b"application/json"[..])];
        let request = SessionRequest {
            method: "POST",
            path_and_query: "/v1/invites/claim",
            headers: &headers,
            body: body.as_bytes(),
        };
        let response = client.request_unsigned(origin, &request).await;
        let response = response.map_err(|error| http_failure::of_request(origin, &error))?;
        let policy = |code, text: String| Failure::new(Exit::Policy, code, text);
        match response.status() {
            200 => Ok(()),
            404 => Err(policy("invite_unknown", format!("{origin} knows no such invite"))
                .remedy("is the link whole? if it was taken back, ask for another one")),
            410 => Err(policy("invite_over", "the invite is used up, or its time is over".into())
                .remedy("ask for another one; if it was you who used it, log in without --invite")),
            409 => Err(policy("invite_conflict", format!("{did} cannot use it: it has an account, or is revoked"))
                .remedy("log in without --invite, or use another identity: --as NAME")),
            status => Err(Failure::new(Exit::Network, "invite", format!("{origin} answers {status}"))
                .remedy("try again later; its operator's log has the cause")),
        }
    }
}

fn from_stdin() -> Result<Zeroizing<String>, Failure> {
    if std::io::stdin().is_terminal() {
        output::note("Paste the link of the invite:");
    }
    let mut line = Zeroizing::new(String::new());
    let read = std::io::stdin().lock().take(MAX_LINK).read_line(&mut line);
    read.map_err(|error| Failure::new(Exit::Usage, "invite", format!("cannot read the invite: {error}")))?;
    Ok(Zeroizing::new(line.trim().to_owned()))
}

fn no_link() -> Failure {
    Failure::new(Exit::Usage, "invite", "that is no link of an invite")
        .remedy("it looks like https://example.com/login#invite=…; quote it, since `#` begins a comment in a shell")
}
