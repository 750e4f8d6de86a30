//! `didshake serve`.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::Args;
use didshake::Origin;
use didshake_did::private_file;
use didshake_server::{Config, OwnerInvite, Reloader, Server, ServerError, Settings, StoreUrl, unknown_variables};
use serde_json::{Map, Value, json};

use crate::cli::Global;
use crate::failure::{Exit, Failure, chain};
use crate::meeting::runtime;
use crate::more_methods::MoreMethods;
use crate::output;
use crate::passphrase::PassphraseSource;
use crate::{stderr, storage};

const AFTER_HELP: &str = "\
Every option is also a key of the TOML file of --config, with `_` for `-`, and a variable of the environment:
DIDSHAKE_LISTEN and so on. Options win over the environment, the environment over the file.

SIGHUP reads the policy and the TLS certificate again (the policy also when its file changes). SIGTERM and SIGINT end
the service in order: it takes nothing new and waits for what is under way.

While no account may administer, each start prints a link that makes one, for a day; the link before counts no more
(of several instances each has its own, until one is used).

Examples:
  didshake serve                                    on 127.0.0.1:8400, with an identity of its own
  didshake serve --listen 0.0.0.0:443 --public-url https://example.com --tls-cert chain.pem --tls-key key.pem
  didshake serve --config /etc/didshake.toml --check-config

Exit codes: 0 ended in order, 2 configuration, 5 cannot listen, 7 storage or identity.";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Serve {
    /// A TOML file with settings
    #[arg(long, env = "DIDSHAKE_CONFIG", hide_env = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Flags,
    #[command(flatten)]
    more: MoreMethods,
    #[command(flatten)]
    passphrase: PassphraseSource,
    /// Check the settings and the files that they name, and end
    #[arg(long)]
    check_config: bool,
}

/// The settings, as flags; `didshake_server` reads the values, wherever they were given.
#[derive(Args)]
pub(crate) struct Flags {
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:8400]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// An origin that clients use (repeatable) [default: that of a loopback --listen]
    #[arg(long, value_name = "URL")]
    public_url: Vec<String>,
    /// Where the database and the identity are kept [default: $XDG_STATE_HOME/didshake/server]
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// PostgreSQL in place of SQLite, for several instances: best in the environment, as DIDSHAKE_STORE
    #[arg(long, value_name = "postgres://…")]
    store: Option<String>,
    /// Who the service is: an identity of ours [default: one of its own]
    #[arg(long = "as", value_name = "NAME")]
    identity: Option<String>,
    /// A did:web that stands for the same key; its document is served
    #[arg(long, value_name = "DID")]
    did_web: Option<String>,
    /// Where the log of its did:webvh is (--as NAME), to be served; a new version or key is followed without a restart
    #[arg(long, value_name = "DIR", requires = "identity")]
    did_log: Option<String>,
    /// Which DID answers clients that do not say whom they mean: key or web
    #[arg(long, value_name = "KEY_OR_WEB")]
    default_did: Option<String>,
    /// The TLS certificate chain, in PEM
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,
    /// Its key, in PEM
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// A proxy whose X-Forwarded-For counts (repeatable)
    #[arg(long, value_name = "CIDR")]
    trusted_proxy: Vec<String>,
    /// Who may come in: a TOML file [default: everyone who proves a DID]
    #[arg(long, value_name = "FILE")]
    policy: Option<String>,
    /// An application that people log in to through this service, and who may (repeatable)
    #[arg(long, value_name = "URL[=POLICY]")]
    application: Vec<String>,
    /// Seconds that a session lasts [default: 43200]
    #[arg(long, value_name = "SECONDS")]
    lifetime: Option<u64>,
    /// A local host that did:web may lead to (repeatable)
    #[arg(long, value_name = "HOST:PORT")]
    allow_local: Vec<String>,
    /// A root certificate that is trusted for did:web, in PEM (repeatable)
    #[arg(long, value_name = "FILE")]
    root_cert: Vec<String>,
    /// DID documents: a JSON file, or a directory of them (repeatable)
    #[arg(long, value_name = "PATH")]
    documents: Vec<String>,
    /// Be a relay too, for whom: anyone, a DID (repeatable), or a policy file; see `didshake relay --help`
    #[arg(long, value_name = "WHO")]
    mailboxes: Vec<String>,
    /// Handshakes that one address may make; each of their two messages counts by half [default: 60/min]
    #[arg(long, value_name = "N/min")]
    rate_handshakes: Option<String>,
    /// Serve metrics and health by themselves there
    #[arg(long, value_name = "ADDRESS:PORT")]
    metrics_listen: Option<String>,
    /// Seconds after which the DID documents of those who are logged in are looked at again; 0: never [default: 300]
    #[arg(long, value_name = "SECONDS")]
    recheck_seconds: Option<u64>,
    /// Seconds for which such a document may be out of reach, until its sessions end [default: 900]
    #[arg(long, value_name = "SECONDS")]
    recheck_bound_seconds: Option<u64>,
    /// Seconds that the end waits for what is under way [default: 10]
    #[arg(long, value_name = "SECONDS")]
    drain_seconds: Option<u64>,
}

impl Flags {
    fn settings(&self) -> Settings {
        let list = |values: &Vec<String>| (!values.is_empty()).then(|| values.clone());
        Settings {
            listen: self.listen.clone(),
            public_url: list(&self.public_url),
            data: self.data.clone(),
            store: self.store.clone().map(StoreUrl),
            identity: self.identity.clone(),
            did_web: self.did_web.clone(),
            did_log: self.did_log.clone(),
            default_did: self.default_did.clone(),
            tls_cert: self.tls_cert.clone(),
            tls_key: self.tls_key.clone(),
            trusted_proxy: list(&self.trusted_proxy),
            policy: self.policy.clone(),
            application: list(&self.application),
            lifetime: self.lifetime,
            allow_local: list(&self.allow_local),
            root_cert: list(&self.root_cert),
            documents: list(&self.documents),
            mailboxes: list(&self.mailboxes),
            rate_handshakes: self.rate_handshakes.clone(),
            metrics_listen: self.metrics_listen.clone(),
            recheck_seconds: self.recheck_seconds,
            recheck_bound_seconds: self.recheck_bound_seconds,
            drain_seconds: self.drain_seconds,
            ..Settings::default()
        }
    }
}

pub(crate) fn run(global: &Global, options: &Serve) -> Result<(), Failure> {
    Start {
        settings: options.settings.settings(),
        config: options.config.as_deref(),
        more: &options.more,
        passphrase: &options.passphrase,
        check_config: options.check_config,
        invites_owner: true,
    }
    .run(global)
}

/// A service that is about to start.
pub(crate) struct Start<'a> {
    pub(crate) settings: Settings,
    pub(crate) config: Option<&'a Path>,
    pub(crate) more: &'a MoreMethods,
    pub(crate) passphrase: &'a PassphraseSource,
    /// Only look whether it would.
    pub(crate) check_config: bool,
    /// Whether it offers to make an account that may administer.
    pub(crate) invites_owner: bool,
}

impl Start<'_> {
    /// Runs it until it is told to end.
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        for name in unknown_variables() {
            output::warning(&format!("{name} is no setting"));
        }
        let config = Config::load(&self.settings, self.config);
        let mut config = config.map_err(|error| failure(&error.into()))?;
        config.methods = self.more.register(config.methods)?;
        let runtime = runtime()?;
        if let Some(name) = &config.identity_name {
            config.identity = Some(storage::load(global, name, self.passphrase)?);
        }
        if self.check_config {
            runtime.block_on(config.check_files()).map_err(|error| failure(&error.into()))?;
            output::note("the configuration is good");
            return Ok(());
        }
        stderr::never_wait();
        let outcome = runtime.block_on(serve(global, config, self.invites_owner));
        runtime.shutdown_background();
        outcome
    }
}

async fn serve(global: &Global, config: Config, invites_owner: bool) -> Result<(), Failure> {
    // Before anything is told, so that a signal that comes at once ends it in order.
    let mut signals = Signals::catch()?;
    let data = config.data.clone();
    let server = Server::bind(config).await.map_err(|error| failure(&error))?;
    let invite = if invites_owner { server.owner_invite().await.map_err(|error| failure(&error))? } else { None };
    tell_listening(global, &server, &data, invite.as_ref());
    output::check()?;
    let reloader = server.reloader();
    let ended = server.run(async {
        signals.until_end(&reloader).await;
        tell(global, "draining", "Ending: nothing new is taken");
    });
    ended.await.map_err(|error| failure(&error))?;
    tell(global, "stopped", "Ended");
    output::check()
}

/// The owner's invite is for whoever sits there. Where nobody does, standard output is a log: whoever reads that must not
/// become an admin.
fn tell_owner(data: &Path, link: &str) {
    if std::io::stdout().is_terminal() {
        output::note("Nobody administers this service yet. Whoever opens this link within a day does, once:");
        output::line(link);
        return;
    }
    let path = data.join("owner-invite");
    match private_file::replace(&path, format!("{link}\n").as_bytes()) {
        Ok(()) => output::note(&format!(
            "Nobody administers this service yet. Whoever opens the link in {} within a day does, once",
            path.display()
        )),
        Err(error) => output::warning(&format!("the owner's invite cannot be written to {}: {error}", path.display())),
    }
}

fn tell_listening(global: &Global, server: &Server, data: &Path, invite: Option<&OwnerInvite>) {
    let address = server.local_addr().to_string();
    let origins: Vec<&str> = server.origins().map(Origin::as_str).collect();
    if !global.json {
        output::note(&format!("Listening on {address} as {}", server.did()));
        output::note(&format!("Clients use {}", origins.join(", ")));
        if let Some(invite) = invite {
            tell_owner(data, &invite.link);
        }
        return;
    }
    let mut event = Map::new();
    event.insert("event".into(), "listening".into());
    event.insert("address".into(), address.into());
    event.insert("origins".into(), json!(origins));
    event.insert("did".into(), server.did().as_str().into());
    if let Some(did) = server.web_did() {
        event.insert("didWeb".into(), did.as_str().into());
    }
    if let Some(address) = server.metrics_addr() {
        event.insert("metricsAddress".into(), address.to_string().into());
    }
    if let Some(invite) = invite {
        event.insert("ownerInvite".into(), json!({"link": *invite.link, "expires": invite.expires.0}));
    }
    output::json(&Value::Object(event));
}

fn tell(global: &Global, event: &str, note: &str) {
    if global.json {
        output::json(&json!({"event": event}));
    } else {
        output::note(note);
    }
}

/// A failure of the service, with the exit code that the help names.
fn failure(error: &ServerError) -> Failure {
    let (exit, code) = match error {
        ServerError::Config(_) | ServerError::Origins(_) => (Exit::Usage, "config"),
        ServerError::Storage(_) | ServerError::Store(_) => (Exit::Storage, "storage"),
        ServerError::Identity(_) => (Exit::Storage, "identity"),
        ServerError::Listen { .. } | ServerError::Serve(_) => (Exit::Network, "listen"),
        ServerError::Build(_) => (Exit::Usage, "config"),
    };
    Failure::new(exit, code, chain(error)).remedy(error.remedy())
}

/// What the operating system asks of a service.
#[cfg(unix)]
struct Signals {
    end: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    reload: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn catch() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            end: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            reload: signal(SignalKind::hangup())?,
        })
    }

    async fn until_end(&mut self, reloader: &Reloader) {
        loop {
            tokio::select! {
                _ = self.end.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.reload.recv() => reloader.reload().await,
            }
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn catch() -> Result<Self, Failure> {
        Ok(Self)
    }

    async fn until_end(&mut self, _: &Reloader) {
        // Without a handler Ctrl-C ends the process anyway.
        let _ = tokio::signal::ctrl_c().await;
    }
}
