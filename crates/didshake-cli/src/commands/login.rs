//! `didshake login`.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clap::Args;
use didshake::{Binding, Did, Endpoint, Origin};
use didshake_did::{Clock, IdentityName, SystemClock};
use didshake_peer::http::{ClientSession, ClientSessionError, LOGIN_PROTOCOL, SessionRequest, WebClient};
use didshake_peer::{Agreed, InitiatorOptions, Timeouts};
use serde_json::Value;
use tokio::sync::Mutex;
use tracing::Instrument;

use crate::browser::BrowserLink;
use crate::cli::Global;
use crate::expected::{Expected, Place, Question};
use crate::failure::{Exit, Failure};
use crate::input::Lines;
use crate::invitation::{Claiming, Invitation};
use crate::login::{Confirmed, Steps, confirm, show};
use crate::meeting::runtime;
use crate::offer::Offer;
use crate::passphrase::{PassphraseSource, can_ask};
use crate::peer_failure::{Role, failure};
use crate::progress::Waiting;
use crate::resolver::{Documents, Resolution};
use crate::service::{ServiceUrl, ask, client, stored, within};
use crate::sessions::SessionStore;
use crate::web_failures::WebFailures;
use crate::{http_failure, peer_log, storage};

const AFTER_HELP: &str = "\
The service says at /.well-known/didshake where its endpoint is. Both sides prove their DIDs; then the session is kept,
sealed, for `didshake request`, until it ends or `didshake logout` ends it.

Whom we meet is never left open: --expect says it, or the service is a known peer (under host:port, or the host alone
for port 443), or (on a terminal) you are asked after the service has proved its DID and before it learns yours. A script
is refused instead: exit code 4. A service that has another DID than before is refused loudly: exit code 3.

Whoever was invited gives the link with --invite: the invite lets the DID in, and the new session accepts it, so that the
DID has an account, or is a further key of one. `--invite -` reads it from standard input; on the command line others on
this machine could see it. Whose further key that is you are asked before; a script says it with --join.

With --browser the key stays here, and a browser gets the session: it opens a page that says who is coming in, and asks
($BROWSER names another program than the system's that opens it).

Examples:
  didshake login https://example.com --as alice
  didshake login https://example.com --as alice --invite -
  didshake login https://example.com --as alice --browser
  didshake login https://example.com --as alice --expect did:web:example.com
  didshake login http://127.0.0.1:8400 --as alice        a service on this machine
  didshake login https://localhost:8443 --as alice --root-cert ./certs/root.pem";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Login {
    /// The service: its origin, or any URL on it
    #[arg(value_name = "URL")]
    url: String,
    /// Who we are: an identity of ours
    #[arg(long = "as", value_name = "NAME")]
    identity: IdentityName,
    #[command(flatten)]
    passphrase: PassphraseSource,
    /// Whom we mean: a DID, or the name of a known peer
    #[arg(long, value_name = "DID_OR_NAME")]
    expect: Option<String>,
    /// Use an invite of the service: its link, or `-` to read it from standard input, where nobody else sees it
    #[arg(long, value_name = "LINK|-")]
    invite: Option<String>,
    /// The account, by its first DID, that the invite may make us a further key of (asked on a terminal)
    #[arg(long, value_name = "DID", requires = "invite")]
    join: Option<Did>,
    /// Tell the service, blinded, which of its DIDs we mean (needed if it has several, and another one answers)
    #[arg(long)]
    recipient: bool,
    /// Hand the login on to a browser: a link, good once and for 30 seconds; the session is the browser's and is not kept here
    #[arg(long)]
    browser: bool,
    #[command(flatten)]
    documents: Documents,
    /// Seconds that the login may take
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

pub(crate) fn run(global: &Global, options: &Login) -> Result<(), Failure> {
    let origin = ServiceUrl::parse(&options.url)?.origin;
    let place = Place::of_service(&origin)?;
    let peers = storage::known_peers(global)?;
    let expected = Expected::find(global, &place, options.expect.as_deref(), &peers)?;
    let store = SessionStore::of(global)?;
    let limit = Duration::from_secs(options.timeout);
    let client = client(&options.documents.web, limit)?;
    let Resolution { resolver, failures } = options.documents.resolution()?;
    let invitation = options.invite.as_deref().map(|given| Invitation::read(given, &origin)).transpose()?;
    let identity = storage::load(global, &options.identity, &options.passphrase)?;
    let mut initiator = InitiatorOptions::new(identity, LOGIN_PROTOCOL, expected.rule());
    initiator.surroundings.resolver = resolver;
    initiator.surroundings.timeouts = Timeouts { attempt: limit, message: limit, ..Timeouts::default() };
    initiator.surroundings.observer = Some(Arc::new(Steps));
    initiator.recipient = options.recipient;
    let lines = OnceLock::new();
    let visit = Visit { global, options, origin, place, expected, client, store, failures, invitation, lines };
    let runtime = runtime()?;
    let outcome = runtime.block_on(visit.log_in(initiator));
    runtime.shutdown_background();
    outcome
}

/// One login.
struct Visit<'a> {
    global: &'a Global,
    options: &'a Login,
    origin: Origin,
    place: Place,
    expected: Expected,
    client: WebClient,
    store: SessionStore,
    failures: WebFailures,
    invitation: Option<Invitation>,
    lines: OnceLock<Arc<Mutex<Lines>>>,
}

impl Visit<'_> {
    async fn log_in(&self, initiator: InitiatorOptions) -> Result<(), Failure> {
        let waiting = Arc::new(Waiting::on(format!("asking {} for its endpoint", self.origin), self.global.json));
        let limit = Duration::from_secs(self.options.timeout);
        let endpoint = within(limit, &self.origin, self.find_endpoint()).await?;
        waiting.at(format!("logging in to {}", self.origin));
        let resolver = initiator.surroundings.resolver.clone();
        let (agreed, offer) = self.meet(&endpoint, initiator, &waiting).await?;
        let session =
            ClientSession::new(&agreed, &self.origin, SystemClock.now()).map_err(|error| no_session(&error))?;
        let confirmed = within(limit, &self.origin, confirm(&self.client, &session)).await?;
        waiting.pause();
        peer_log::met(self.global, &agreed.peer, &*resolver).await;
        let joined = self.join(offer.as_ref(), &session).await;
        if joined.is_err() {
            // Nobody keeps it: the service need not either.
            let end = SessionRequest::delete("/v1/session");
            let _ = within(limit, &self.origin, ask(&self.client, &session, &end)).await;
        }
        let account = joined?;
        if self.options.browser {
            let link = within(limit, &self.origin, BrowserLink::make(&self.client, &session)).await?;
            tracing::info!(origin = %self.origin, "the session is the browser's");
            link.hand_on(self.global);
            return Ok(());
        }
        let kept = stored(&self.options.identity, &session);
        self.store.keep(&kept)?;
        tracing::info!(origin = %self.origin, "the session is kept");
        if confirmed == Confirmed::Unanswered {
            tracing::info!("the service has no /v1/session: what is shown is what the handshake gave");
        }
        show(self.global, &agreed, &kept, &confirmed, account.as_ref());
        Ok(())
    }

    /// Accepts the invite; gives the account that the service tells of.
    async fn join(&self, offer: Option<&Offer>, session: &ClientSession) -> Result<Option<Value>, Failure> {
        let Some(invitation) = &self.invitation else { return Ok(None) };
        self.consent(offer, &session.identity().did).await?;
        let limit = Duration::from_secs(self.options.timeout);
        within(limit, &self.origin, invitation.accept(&self.client, session)).await
    }

    /// Nobody becomes a further key of an account that is not meant.
    async fn consent(&self, offer: Option<&Offer>, me: &Did) -> Result<(), Failure> {
        match (offer, &self.options.join) {
            (Some(offer), Some(said)) => offer.is_said(said),
            (Some(offer), None) if can_ask(self.global) => offer.ask(me, self.lines()).await,
            (Some(offer), None) => Err(offer.unasked()),
            (None, Some(said)) => Err(Offer::is_new(said)),
            (None, None) => Ok(()),
        }
    }

    /// Standard input, for questions.
    fn lines(&self) -> &Arc<Mutex<Lines>> {
        self.lines.get_or_init(|| Arc::new(Mutex::new(Lines::of_stdin())))
    }

    async fn find_endpoint(&self) -> Result<Endpoint, Failure> {
        let claim = self.client.discover(&self.origin).await;
        let claim = claim.map_err(|error| http_failure::of_discovery(&self.origin, &error))?;
        tracing::info!(did = %claim.unverified_did(), "the service says where its endpoint is, and who it is (unverified)");
        let elsewhere = |_| {
            Failure::new(
                Exit::Check,
                "endpoint_elsewhere",
                format!("the endpoint of {} is at another site", self.origin),
            )
            .remedy("a session counts for one site only: log in at that site itself, if you mean it")
        };
        let endpoint = claim.endpoint_on_origin().map_err(elsewhere)?;
        if endpoint.binding() != Binding::Http {
            let message = format!("{} takes handshakes over WebSocket only ({endpoint})", self.origin);
            return Err(Failure::new(Exit::Check, "endpoint_binding", message)
                .remedy("a login needs an http or https endpoint: its operator has to name one"));
        }
        Ok(endpoint.clone())
    }

    async fn meet(
        &self,
        endpoint: &Endpoint,
        mut initiator: InitiatorOptions,
        waiting: &Arc<Waiting>,
    ) -> Result<(Agreed, Option<Offer>), Failure> {
        let question = matches!(self.expected, Expected::Ask).then(|| {
            Question::of(
                &self.place,
                &initiator.surroundings,
                &self.options.documents.web,
                (self.lines().clone(), waiting.clone()),
            )
        });
        let question = question.transpose()?;
        if let Some(question) = &question {
            initiator.surroundings.policy = Some(question.clone());
        }
        let claiming = self.invitation.as_ref().map(|invitation| {
            let before = initiator.surroundings.policy.take();
            let did = initiator.identity.did().clone();
            Arc::new(Claiming::new(invitation.clone(), self.client.clone(), self.origin.clone(), did, before))
        });
        if let Some(claiming) = &claiming {
            initiator.surroundings.policy = Some(claiming.clone());
        }
        let attempt = self.client.login(endpoint, &initiator);
        let outcome = attempt.instrument(tracing::error_span!("attempt", to = %self.origin)).await;
        let claimed = claiming.as_ref().and_then(|claiming| claiming.outcome()).transpose();
        let (offer, not_claimed) = match claimed {
            Ok(offer) => (offer.flatten(), None),
            Err(failure) => (None, Some(failure)),
        };
        let agreed = outcome.map_err(|error| {
            waiting.pause();
            let refused = question.as_ref().and_then(|question| question.refusal());
            refused
                .or(not_claimed)
                .or_else(|| self.expected.failure(&self.place, &error))
                .unwrap_or_else(|| failure(&error, Role::Client, &self.failures))
        })?;
        if let Some(question) = &question {
            question.remember(self.global).await?;
        }
        Ok((agreed, offer))
    }
}

fn no_session(error: &ClientSessionError) -> Failure {
    match error {
        ClientSessionError::NothingOutlives => {
            Failure::new(Exit::Check, "no_lifetime", "both sides are proved, but the service gives no session")
                .remedy("its operator has set the lifetime of sessions to 0")
        }
        ClientSessionError::Protocol(cause) => Failure::new(Exit::Check, cause.code(), error.to_string()),
        ClientSessionError::ApplicationProtocol => Failure::new(Exit::Check, "internal", error.to_string()),
    }
}
