//! The service, from its configuration to its end.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum_server::accept::Accept;
use axum_server::tls_rustls::RustlsAcceptor;
use axum_server::{Control, Handle};
use didshake::{Did, Origin, Origins};
use didshake_axum::{Didshake, Limits};
use didshake_did::Clock;

use crate::config::Config;
use crate::connections::Bounded;
use crate::data::DataDirectory;
use crate::error::ServerError;
use crate::front::Front;
use crate::identity::ServiceIdentity;
use crate::metrics::Metrics;
use crate::policy::LivePolicy;
use crate::proxies::Proxies;
use crate::routes::{self, App, Parts};
use crate::store::{Bounds, Database, SqliteBurns, SqliteSessions, Sweeper};
use crate::tls::Tls;

/// A client that has not sent the head of a request by then is dropped, so that slow ones hold nothing for long.
const HEAD: Duration = Duration::from_secs(10);
const MAX_HEAD_BYTES: usize = 32 * 1024;
const MAX_STREAMS: u32 = 64;
const PING: Duration = Duration::from_secs(20);
/// Requests to our own routes have no body; those who sign one are heard out this far.
const MAX_REQUEST_BODY: usize = 64 * 1024;
const UPKEEP: Duration = Duration::from_secs(5);

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
    main: TcpListener,
    operations: Option<TcpListener>,
    main_routes: Router,
    operations_routes: Router,
    address: SocketAddr,
    operations_address: Option<SocketAddr>,
    app: App,
    didshake: Didshake,
    identity: ServiceIdentity,
    policy: LivePolicy,
    tls: Option<Tls>,
    config: Config,
    _data: DataDirectory,
}

/// Has a running service read its policy and its TLS certificate again. Clones are the same.
#[derive(Clone)]
pub struct Reloader {
    policy: LivePolicy,
    tls: Option<Tls>,
}

impl Reloader {
    /// Reads both again. What is refused stays as it was, and the log says so.
    pub async fn reload(&self) {
        self.policy.reload();
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
        let (policy, resolver, tls) = (config.policy()?, config.resolver()?, Tls::load(&config).await?);
        let data = DataDirectory::take(&config.data)?;
        let database = Database::open(&data.database()).await?;
        let identity = ServiceIdentity::of(&config, &data.identities())?;
        let (main, address) = listen(config.listen)?;
        let operations = config.metrics_listen.map(listen).transpose()?;
        let (operations, operations_address) = operations.unzip();
        let origins = origins(&config, address)?;
        let policy = LivePolicy::new(policy);
        let metrics = Metrics::new();
        let bounds = Bounds::with_sessions(config.max_sessions);
        let sessions = Arc::new(SqliteSessions::new(database.clone(), bounds));
        let burns = Arc::new(SqliteBurns::new(database.clone(), bounds));
        let asked = policy.clone();
        let mut builder = Didshake::builder(identity.first().clone(), origins.clone(), sessions.clone(), burns)
            .policy(move |did: &Did| asked.allows(did))
            .resolver(resolver)
            .handshake_rate(config.rate_handshakes)
            .lifetime(config.lifetime)
            .endpoint(routes::ENDPOINT)
            .limits(Limits { request_body: MAX_REQUEST_BODY, ..Limits::default() })
            .observer(Arc::new(metrics.clone()));
        if let Some(second) = identity.second() {
            builder = builder.identity(second.clone());
        }
        let didshake = builder.build()?;
        let proxies = Proxies::new(config.trusted_proxies.clone());
        let listed: Vec<Origin> = origins.iter().cloned().collect();
        let app = App(Arc::new(Parts {
            did: identity.did().clone(),
            web_document: identity.web_document(&listed)?,
            origins,
            sessions,
            database,
            metrics: metrics.clone(),
            connections: Bounded::new(config.max_connections, proxies.clone()),
            draining: AtomicBool::new(false),
            metrics_allow: config.metrics_listen.is_none().then(|| config.metrics_allow.clone()),
        }));
        let front = Front { proxies, metrics, https_only: listed.iter().all(Origin::is_secure) };
        Ok(Self {
            main_routes: routes::main(&app, &didshake, front.clone()),
            operations_routes: routes::operations(&app, front),
            main,
            operations,
            address,
            operations_address,
            app,
            didshake,
            identity,
            policy,
            tls,
            config,
            _data: data,
        })
    }
}
