//! The app under test: two origins, a clock that the test sets, stores and a resolver that it looks into.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::routing::get;
use axum::{Router, body::Bytes};
use didshake::{Did, Fault, Fragment, Origin, Origins, UnixTime};
use didshake_axum::{
    Anyone, Authenticated, Didshake, DidshakeBuilder, Doing, MemorySessionStore, Observer, Outcome, SessionStore,
};
use didshake_did::{BoxFuture, MethodRegistry, Rate, Resolved, Resolver, SigningIdentity};
use didshake_peer::{BurnStore, MemoryBurnStore};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::client::identity;

pub(crate) const START: u64 = 1_800_000_000;

pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    pub(crate) didshake: Didshake,
    pub(crate) identity: SigningIdentity,
    pub(crate) sessions: Arc<dyn SessionStore>,
    pub(crate) resolver: Arc<Counting>,
    pub(crate) outcomes: Arc<Outcomes>,
    pub(crate) time: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Service {
    pub(crate) async fn start() -> Self {
        Self::with(|builder| builder).await
    }

    pub(crate) async fn with(configure: impl FnOnce(DidshakeBuilder) -> DidshakeBuilder) -> Self {
        let burned = Arc::new(MemoryBurnStore::default());
        Self::on(Arc::new(MemorySessionStore::default()), burned, Counting::default(), configure).await
    }

    pub(crate) async fn on(
        sessions: Arc<dyn SessionStore>,
        burned: Arc<dyn BurnStore>,
        resolver: Counting,
        configure: impl FnOnce(DidshakeBuilder) -> DidshakeBuilder,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (identity, resolver) = (identity(200), Arc::new(resolver));
        let (outcomes, time) = (Arc::new(Outcomes::default()), Arc::new(AtomicU64::new(START)));
        let origins = Origins::new(origins(address).to_vec()).unwrap();
        let clock = Arc::clone(&time);
        let builder = Didshake::builder(identity.clone(), origins, Arc::clone(&sessions), burned)
            .policy(Anyone)
            .handshake_rate(Rate { burst: 1000, per_minute: 1 })
            .resolver(resolver.clone())
            .observer(outcomes.clone())
            .clock(Arc::new(move || UnixTime(clock.load(Ordering::SeqCst))));
        let didshake = configure(builder).build().unwrap();
        let app = app(&didshake).into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, didshake, identity, sessions, resolver, outcomes, time, task }
    }

    pub(crate) fn origin(&self) -> Origin {
        origins(self.address)[0].clone()
    }

    pub(crate) fn other_origin(&self) -> Origin {
        origins(self.address)[1].clone()
    }

    pub(crate) fn now(&self) -> UnixTime {
        UnixTime(self.time.load(Ordering::SeqCst))
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.time.fetch_add(seconds, Ordering::SeqCst);
    }

    /// The codes since the last call.
    pub(crate) fn codes(&self) -> Vec<&'static str> {
        self.outcomes.take().into_iter().map(|told| told.code).collect()
    }

    /// The same, for what is told only after the answer has gone out.
    pub(crate) async fn codes_soon(&self) -> Vec<&'static str> {
        for _ in 0..6000 {
            let codes = self.codes();
            if !codes.is_empty() {
                return codes;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("nothing is told");
    }

    pub(crate) async fn sessions_of(&self, did: &Did) -> usize {
        self.sessions.of(did, self.now()).await.unwrap().len()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn origins(address: SocketAddr) -> [Origin; 2] {
    let port = address.port();
    [format!("http://127.0.0.1:{port}"), format!("http://127.0.0.2:{port}")].map(|url| Origin::parse(&url).unwrap())
}

fn app(didshake: &Didshake) -> Router {
    let nested = Router::new().route("/me", get(me)).layer(didshake.layer());
    Router::new()
        .route("/me", get(me).post(echo))
        .route("/you", get(me).post(echo))
        .route("/files/{name}", get(me))
        .route("/optional", get(optional))
        .layer(didshake.layer())
        .nest("/nested", nested)
        .route("/outside", get(me))
        .merge(didshake.routes())
}

async fn me(session: Authenticated) -> String {
    session.did().to_string()
}

async fn echo(session: Authenticated, body: Bytes) -> String {
    format!("{} says {}", session.did(), String::from_utf8_lossy(&body))
}

async fn optional(session: Option<Authenticated>) -> &'static str {
    if session.is_some() { "somebody" } else { "nobody" }
}

/// What was told of one thing.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) doing: Doing,
    pub(crate) code: &'static str,
    pub(crate) status: u16,
    pub(crate) did: Option<Did>,
    pub(crate) duration: Duration,
}

#[derive(Default)]
pub(crate) struct Outcomes(Mutex<Vec<Told>>);

impl Outcomes {
    pub(crate) fn take(&self) -> Vec<Told> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Outcomes {
    fn finished(&self, outcome: &Outcome<'_>) {
        let Outcome { doing, code, status, did, duration, .. } = *outcome;
        self.0.lock().unwrap().push(Told { doing, code, status, did: did.cloned(), duration });
    }
}

/// Resolves offline, or what it was given, and counts how often it is asked.
pub(crate) struct Counting {
    pub(crate) asked: AtomicUsize,
    registry: MethodRegistry,
    delay: Duration,
}

impl Default for Counting {
    fn default() -> Self {
        Self::of(MethodRegistry::offline())
    }
}

impl Counting {
    pub(crate) fn of(registry: MethodRegistry) -> Self {
        Self { asked: AtomicUsize::new(0), registry, delay: Duration::ZERO }
    }

    pub(crate) fn slow(delay: Duration) -> Self {
        Self { delay, ..Self::default() }
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolver for Counting {
    fn resolve<'a>(&'a self, did: &'a Did) -> BoxFuture<'a, Result<Resolved, Fault>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(self.delay).await;
            self.registry.resolve(did).await
        })
    }

    fn resolve_method<'a>(&'a self, did: &'a Did, _: &'a Fragment) -> BoxFuture<'a, Result<Resolved, Fault>> {
        self.resolve(did)
    }
}
