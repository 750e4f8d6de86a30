//! The service, from its configuration to its end.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum_server::Control;
use didshake::{Did, Origin, Origins};
use didshake_axum::{Didshake, Limits};
use didshake_did::{Clock as _, Resolver, SystemClock};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::access::Access;
use crate::applications::Applications;
use crate::audit::{Audit, AuditWriter, Observed};
use crate::config::{Config, MailboxOwners};
use crate::connections::Bounded;
use crate::data::DataDirectory;
use crate::error::ServerError;
use crate::front::Front;
use crate::identity::{Present, ServiceIdentity};
use crate::instances::Instances;
use crate::listener::Listener;
use crate::metrics::Metrics;
use crate::own_log::{self, OwnLog};
use crate::owner::OwnerInvite;
use crate::policy::LivePolicy;
use crate::proxies::Proxies;
use crate::recheck::look_again;
use crate::relay::{Relay, RelayOptions};
use crate::routes::{self, App, Parts};
use crate::store::{
    AccountBounds, Accounts, Bounds, Database, Entry, MAX_LOGS, SqlBurns, SqlCodes, SqlCookies, SqlLinks,
    SqlLogHistory, SqlLogins, SqlSessions, Sweeper, Undone,
};
use crate::tls::Tls;

/// Requests to our own routes have no body; those who sign one are heard out this far.
const MAX_REQUEST_BODY: usize = 64 * 1024;

/// A service that listens, and answers once it [runs](Self::run).
///
/// ```no_run
/// use didshake_server::{Config, Server, Settings};
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let settings = Settings { listen: Some("127.0.0.1:0".into()), data: Some("/tmp/x".into()), ..Settings::default() };
/// let server = Server::bind(Config::of(&settings)?).await?;
/// println!("{} is at {}", server.did(), server.local_addr());
/// server.run(async { /* until this ends */ }).await?;
/// # Ok(()) }
/// ```
pub struct Server {
    main: Listener,
    operations: Option<Listener>,
    app: App,
    didshake: Didshake,
    inner: Inner,
    audit: AuditWriter,
    _data: DataDirectory,
}

/// What the parts of the service are made of.
struct Inner {
    config: Config,
    origins: Origins,
    database: Database,
    identity: ServiceIdentity,
    present: Present,
    own_log: Option<Arc<OwnLog>>,
    resolver: Arc<dyn Resolver>,
    policy: LivePolicy,
    applications: Applications,
    relay: Option<Arc<Relay>>,
    metrics: Metrics,
    audit: Audit,
    tls: Option<Tls>,
}

/// Has a running service read its policy and its TLS certificate again. Clones are the same.
#[derive(Clone)]
pub struct Reloader {
    policy: LivePolicy,
    applications: Applications,
    mailboxes: Option<LivePolicy>,
    tls: Option<Tls>,
}

impl Reloader {
    /// Reads both again. What is refused stays as it was, and the log says so.
    pub async fn reload(&self) {
        self.policy.reload();
        let of_applications = self.applications.iter().filter_map(|application| application.policy.as_ref());
        of_applications.chain(&self.mailboxes).for_each(LivePolicy::reload);
        if let Some(tls) = &self.tls {
            tls.reload().await;
        }
    }
}

impl Server {
    /// Takes the data directory, opens the database, loads or makes the identity, and listens.
    ///
    /// # Errors
    /// [`ServerError`].
    pub async fn bind(config: Config) -> Result<Self, ServerError> {
        let (policy, tls) = (config.policy()?, Tls::load(&config).await?);
        let applications = Applications::load(&config.applications, &config)?;
        let relay = RelayOptions::load(&config)?;
        let data = DataDirectory::take(&config.data)?;
        let database = match &config.store {
            Some(url) => Database::connect(url).await?,
            None => Database::open(&data.database()).await?,
        };
        let history = SqlLogHistory::new(database.clone(), MAX_LOGS);
        let resolver = config.resolver(Arc::new(history))?;
        let identity = ServiceIdentity::of(&config, &data.identities())?;
        database.take_for(identity.did()).await?;
        let present = Present::new(identity.first().clone());
        let own_log = identity.log(&config)?.map(Arc::new);
        let (audit, writer) = AuditWriter::open(data.path(), present.clone())?;
        let main = Listener::bind(config.listen)?;
        let operations = config.metrics_listen.map(Listener::bind).transpose()?;
        let origins = origins(&config, main.address)?;
        let (policy, metrics) = (LivePolicy::new(policy), Metrics::new());
        let relay = relay.map(|options| Arc::new(Relay::start(options, &database, &metrics)));
        let inner = Inner {
            config,
            origins,
            database,
            identity,
            present,
            own_log,
            resolver,
            policy,
            applications,
            relay,
            metrics,
            audit,
            tls,
        };
        let didshake = inner.didshake()?;
        let app = inner.app(&didshake)?;
        Ok(Self { main, operations, app, didshake, inner, audit: writer, _data: data })
    }

    /// Where it listens; the port is the real one.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.main.address
    }

    /// Where metrics and health are served by themselves.
    #[must_use]
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.operations.as_ref().map(|listener| listener.address)
    }

    /// The DID that answers whoever does not say whom it means.
    #[must_use]
    pub fn did(&self) -> &Did {
        self.inner.identity.did()
    }

    /// The did:web, if it has one.
    #[must_use]
    pub fn web_did(&self) -> Option<&Did> {
        self.inner.identity.web_did()
    }

    /// The origins that handshakes count for.
    pub fn origins(&self) -> impl Iterator<Item = &Origin> {
        self.inner.origins.iter()
    }

    /// What has the running service read its policy and certificate again.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        Reloader {
            policy: self.inner.policy.clone(),
            applications: self.inner.applications.clone(),
            mailboxes: self.inner.mailbox_policy().map(|(policy, _)| policy.clone()),
            tls: self.inner.tls.clone(),
        }
    }

    /// Makes an invite to an account that may administer, where there is no such account yet, for 24 hours; the one before
    /// counts no more.
    ///
    /// # Errors
    /// [`ServerError::Store`].
    pub async fn owner_invite(&self) -> Result<Option<OwnerInvite>, ServerError> {
        let made = match self.app.0.access.accounts.invite_owner(SystemClock.now()).await {
            Ok(made) => made,
            Err(Undone::Store(error)) => return Err(error.into()),
            Err(_) => None,
        };
        Ok(made
            .map(|made| OwnerInvite { link: Zeroizing::new(self.app.0.invite_link(&made.secret)), expires: made.ends }))
    }

    /// Answers until `shutdown` ends. Then nothing new begins: no connection is taken, no handshake started, health says
    /// that it ends; what is under way has the configured time.
    ///
    /// # Errors
    /// [`ServerError::Serve`].
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), ServerError> {
        let Self { main, operations, app, didshake, inner, audit, _data } = self;
        let (end_audit, ended) = oneshot::channel();
        let audit = tokio::spawn(audit.run(ended));
        let front = inner.front();
        let (main_control, operations_control) = (Control::new(), Control::new());
        let _sweeper = Sweeper::start(inner.database.clone());
        let shared = didshake.sealing_keys().zip(didshake.shared_rates());
        let mut instances = shared.map(|(keys, rates)| Instances::new(&inner.database, keys, rates));
        if let Some(instances) = &mut instances {
            instances.join().await;
        }
        let operations = operations.map(|listener| {
            let routes = routes::operations(&app, front.clone());
            tokio::spawn(listener.serve(routes, None, &app, operations_control.clone()))
        });
        let routes = routes::main(&app, &didshake, front);
        let serving = main.serve(routes, inner.tls.clone(), &app, main_control.clone());
        let ending = async {
            shutdown.await;
            app.0.draining.store(true, Ordering::Release);
            if let Some(relay) = &inner.relay {
                relay.stop();
            }
            didshake.drain();
            main_control.graceful_shutdown(Some(inner.config.drain));
            std::future::pending::<()>().await;
        };
        let served = tokio::select! {
            served = serving => served,
            () = ending => Ok(()),
            () = inner.follow_policy() => Ok(()),
            () = own_log::follow(inner.own_log.as_ref(), &inner.config, &inner.present, &didshake) => Ok(()),
            () = inner.metrics.keep_up() => Ok(()),
            () = share(instances) => Ok(()),
            () = inner.hear_other_relays() => Ok(()),
            () = inner.look_again() => Ok(()),
        };
        if let Some(relay) = &inner.relay {
            // They were told to end; upgraded connections are nobody else's to wait for.
            relay.sockets.ended(inner.config.drain).await;
        }
        operations_control.shutdown();
        if let Some(operations) = operations {
            // Nothing is left to answer there.
            let _ = operations.await;
        }
        // What is under way has ended; what it noted is written and signed.
        let _ = end_audit.send(());
        let _ = audit.await;
        inner.database.close().await;
        served.map_err(ServerError::Serve)
    }
}

impl Inner {
    fn didshake(&self) -> Result<Didshake, ServerError> {
        let Self { config, origins, identity, metrics, .. } = self;
        let sessions = Arc::new(self.sessions());
        let burns = Arc::new(SqlBurns::new(self.database.clone(), self.bounds()));
        let mut builder = Didshake::builder(identity.first().clone(), origins.clone(), sessions, burns)
            .policy(self.access())
            .logins(Arc::new(SqlLogins::new(self.sessions())))
            .resolver(Arc::clone(&self.resolver))
            .handshake_rate(config.rate_handshakes)
            .lifetime(config.lifetime)
            .endpoint(routes::ENDPOINT)
            .limits(Limits { request_body: MAX_REQUEST_BODY, ..Limits::default() })
            .observer(Arc::new(Observed { metrics: metrics.clone(), audit: self.audit.clone() }));
        if self.database.is_shared() {
            builder = builder.instances();
        }
        if let Some(second) = identity.second() {
            builder = builder.identity(second.clone());
        }
        Ok(builder.build()?)
    }

    fn app(&self, didshake: &Didshake) -> Result<App, ServerError> {
        let origins: Vec<Origin> = self.origins.iter().cloned().collect();
        let metrics_allow = self.config.metrics_listen.is_none().then(|| self.config.metrics_allow.clone());
        Ok(App(Arc::new(Parts {
            did: self.identity.did().clone(),
            web_document: self.identity.web_document(&origins)?,
            own_log: self.own_log.clone(),
            did_configuration: self.identity.did_configuration(&self.config, &origins),
            didshake: didshake.clone(),
            sessions: Arc::new(self.sessions()),
            cookies: SqlCookies::new(self.database.clone()),
            codes: SqlCodes::new(self.database.clone()),
            links: SqlLinks::new(self.database.clone()),
            applications: self.applications.clone(),
            access: self.access(),
            database: self.database.clone(),
            metrics: self.metrics.clone(),
            audit: self.audit.clone(),
            connections: Bounded::new(self.config.max_connections, self.proxies()),
            draining: AtomicBool::new(false),
            relay: self.relay.clone(),
            metrics_allow,
        })))
    }

    fn front(&self) -> Front {
        let https_only = self.origins.iter().all(Origin::is_secure);
        Front { proxies: self.proxies(), metrics: self.metrics.clone(), https_only }
    }

    fn proxies(&self) -> Proxies {
        Proxies::new(self.config.trusted_proxies.clone())
    }

    fn bounds(&self) -> Bounds {
        Bounds::with_sessions(self.config.max_sessions)
    }

    fn sessions(&self) -> SqlSessions {
        let entry = Entry { policy: self.policy.clone() };
        let sessions = SqlSessions::new(self.database.clone(), self.bounds(), entry);
        sessions.looked_at_every(self.config.recheck.map(|watch| watch.every.as_secs()))
    }

    fn accounts(&self) -> Accounts {
        Accounts::new(self.database.clone(), AccountBounds::default())
    }

    fn access(&self) -> Access {
        Access { policy: self.policy.clone(), accounts: self.accounts() }
    }

    async fn look_again(&self) {
        let Self { config, database, resolver, metrics, audit, .. } = self;
        look_again(config.recheck, database, resolver, metrics, audit).await;
    }

    /// The policy of those who may open a mailbox, and where it is.
    fn mailbox_policy(&self) -> Option<(&LivePolicy, &PathBuf)> {
        let MailboxOwners::Policy(path) = &self.config.relay.as_ref()?.owners else { return None };
        Some((self.relay.as_ref()?.admission.policy()?, path))
    }

    async fn hear_other_relays(&self) {
        match &self.relay {
            Some(relay) => relay.hear_others(self.config.store.as_ref()).await,
            None => std::future::pending().await,
        }
    }

    async fn follow_policy(&self) {
        let own = self.config.policy.as_ref().map(|path| (&self.policy, path));
        let of_applications = self
            .applications
            .iter()
            .filter_map(|application| application.policy.as_ref().zip(application.settings.policy.as_ref()));
        let following = own
            .into_iter()
            .chain(of_applications)
            .chain(self.mailbox_policy())
            .map(|(policy, path)| policy.follow(path.clone(), |reload| self.metrics.reloaded(reload)));
        futures_util::future::join_all(following).await;
        std::future::pending().await
    }
}

/// The configured origins, or that of the loopback address that is listened on.
fn origins(config: &Config, address: SocketAddr) -> Result<Origins, ServerError> {
    let mut origins = config.public_urls.clone();
    if origins.is_empty() {
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        origins.extend(Origin::parse(&format!("{scheme}://{address}")));
    }
    Origins::new(origins).map_err(ServerError::Origins)
}

async fn share(instances: Option<Instances>) {
    match instances {
        Some(instances) => instances.run().await,
        None => std::future::pending().await,
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Server");
        shown.field("address", &self.main.address).field("did", self.inner.identity.did()).finish_non_exhaustive()
    }
}
