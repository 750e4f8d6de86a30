//! An invite that a login uses: read so that nobody else on this machine sees it, claimed before the handshake, and
//! accepted in the session.

use std::io::{BufRead as _, IsTerminal as _, Read as _};
use std::sync::{Arc, Mutex, PoisonError};

use didshake::{Did, Origin, VerifiedPeer};
use didshake_did::BoxFuture;
use didshake_peer::PeerPolicy;
use didshake_peer::http::{ClientSession, SessionRequest, WebClient};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::failure::{Exit, Failure};
use crate::http_failure;
use crate::offer::Offer;
use crate::output;
use crate::service::{ask, json as json_of};

/// So long is no link.
const MAX_LINK: u64 = 4096;
const MARK: &str = "#invite=";

/// The secret of an invite. Clones are the same.
#[derive(Clone)]
pub(crate) struct Invitation(Arc<Zeroizing<String>>);

/// Claims an invite once the service is proved, and before it learns who we are: nobody else learns the secret.
pub(crate) struct Claiming {
    invitation: Invitation,
    client: WebClient,
    origin: Origin,
    did: Did,
    /// Whoever decides over the service first.
    before: Option<Arc<dyn PeerPolicy>>,
    outcome: Mutex<Option<Result<Option<Offer>, Failure>>>,
}

impl Claiming {
    pub(crate) fn new(
        invitation: Invitation,
        client: WebClient,
        origin: Origin,
        did: Did,
        before: Option<Arc<dyn PeerPolicy>>,
    ) -> Self {
        Self { invitation, client, origin, did, before, outcome: Mutex::new(None) }
    }

    /// What the invite leads to beside a new account, or why it was not claimed; `None` where nobody came to claim it.
    pub(crate) fn outcome(&self) -> Option<Result<Option<Offer>, Failure>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl PeerPolicy for Claiming {
    fn allows<'a>(&'a self, peer: &'a VerifiedPeer) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            if let Some(before) = &self.before
                && !before.allows(peer).await
            {
                return false;
            }
            let claimed = self.invitation.claim(&self.client, &self.origin, &self.did).await;
            let is_claimed = claimed.is_ok();
            *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(claimed);
            is_claimed
        })
    }
}

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
        if secret.is_empty() || !plain { Err(no_link()) } else { Ok(Self(Arc::new(Zeroizing::new(secret.to_owned())))) }
    }

    /// Has the service admit this DID.
    async fn claim(&self, client: &WebClient, origin: &Origin, did: &Did) -> Result<Option<Offer>, Failure> {
        let body = Zeroizing::new(json!({"secret": self.0.as_str(), "did": did.as_str()}).to_string());
        let response = client.request_unsigned(origin, &post("/v1/invites/claim", &body)).await;
        let response = response.map_err(|error| http_failure::of_request(origin, &error))?;
        match response.status() {
            200 => Ok(Offer::of(&json_of(response).await.unwrap_or_default())),
            status => Err(refused(origin, did, status)),
        }
    }

    /// Joins the account that it leads to; gives that account, where the service says something of it.
    pub(crate) async fn accept(&self, client: &WebClient, session: &ClientSession) -> Result<Option<Value>, Failure> {
        let (origin, did) = (session.origin(), &session.identity().did);
        let body = Zeroizing::new(json!({"secret": self.0.as_str()}).to_string());
        let accepted = match ask(client, session, &post("/v1/invites/accept", &body)).await {
            Ok(response) if response.status() == 200 => Ok(json_of(response).await),
            Ok(response) => Err(refused(origin, did, response.status())),
            Err(failure) => Err(failure),
        };
        let before = "the service took the login, but the invite is not accepted, and the session is not kept";
        let who = accepted.map_err(|failure| failure.after(before))?;
        Ok(who.and_then(|who| who.get("account").cloned()))
    }
}

fn post<'a>(path: &'a str, body: &'a str) -> SessionRequest<'a> {
    let body = body.as_bytes();
    SessionRequest { method: "POST", path_and_query: path, headers: &[("content-type", b"application/json")], body }
}

fn refused(origin: &Origin, did: &Did, status: u16) -> Failure {
    let policy = |code, text: String| Failure::new(Exit::Policy, code, text);
    match status {
        404 => policy("invite_unknown", format!("{origin} knows no such invite"))
            .remedy("is the link whole? if it was taken back, ask for another one"),
        // The session of a claim ends with it.
        401 | 410 => policy("invite_over", "the invite is used up, or its time is over".into())
            .remedy("ask for another one; if it was you who used it, log in without --invite"),
        409 => policy(
            "invite_conflict",
            format!("{did} cannot use it: it has an account, or is revoked, or another DID uses it"),
        )
        .remedy("log in without --invite, or use another identity: --as NAME"),
        status => Failure::new(Exit::Network, "invite", format!("{origin} answers {status}"))
            .remedy("try again later; its operator's log has the cause"),
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
