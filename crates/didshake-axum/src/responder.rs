//! What an app holds, and what everything that answers has in common.

use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::routing::{any, get};
use didshake::http::Site;
use didshake::request::RequestKey;
use didshake::{Claim, Did, Error, Exporter, LocalIdentity, Origin, Origins, Session, SessionParts, VerifiedPeer};
use didshake_did::{Clock, ResolutionBudget, Resolver, SigningIdentity, Source, Wait};
use didshake_peer::BurnStore;
use tokio::sync::Semaphore;

use crate::answering::Answering;
use crate::attempt;
use crate::builder::{BuildError, DidshakeBuilder, Limits};
use crate::client;
use crate::keys::{RotatedKeys, SealingKeys};
use crate::layer::DidshakeLayer;
use crate::logins::LoginStore;
use crate::outcome::Observer;
use crate::policy::Policy;
use crate::rates::{RequestRates, SharedRates};
use crate::store::{SessionRecord, SessionStore};
use crate::{websocket, well_known};

/// didshake for one app: [`routes`](Self::routes) where clients log in, and a [`layer`](Self::layer) that proves their later
/// requests. Clones are the same thing; with the last of them the keys of the waiting states are wiped.
#[derive(Clone)]
pub struct Didshake(pub(crate) Arc<Responder>);

impl Didshake {
    /// Begins with what no service can do without. `origins` are the ones at which clients see it, from the configuration
    /// (R-BIND-7). `sessions` and `burned` stand apart (R-STATE-7), and every instance of the service shares them.
    #[must_use]
    pub fn builder(
        identity: SigningIdentity,
        origins: Origins,
        sessions: Arc<dyn SessionStore>,
        burned: Arc<dyn BurnStore>,
    ) -> DidshakeBuilder {
        DidshakeBuilder::new(identity, origins, sessions, burned)
    }

    /// The endpoint, and `/.well-known/didshake`, which says where it is and who answers. For `merge` at the root of the
    /// app: nested ones would not be at their paths.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        Router::new()
            .route(self.endpoint(), any(answer))
            .route(well_known::PATH, get(well_known::claim))
            .with_state(Arc::clone(&self.0))
    }

    /// The layer for everything whose requests may be signed. It lets unsigned requests pass: what needs a session asks for
    /// [`Authenticated`](crate::Authenticated).
    #[must_use]
    pub fn layer(&self) -> DidshakeLayer {
        DidshakeLayer::new(Arc::clone(&self.0))
    }

    /// Refuses new handshakes with 503 from now on, for a service that is about to stop. Those that have begun may end, and
    /// requests of sessions are served.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
    }

    /// The keys that seal what clients carry between Reply and Finish, where other instances are to have them too
    /// ([`instances`](DidshakeBuilder::instances)).
    #[must_use]
    pub fn sealing_keys(&self) -> Option<SealingKeys> {
        self.0.keys.shared().cloned()
    }

    /// What sources have spent of their rate, where other instances are to count it too
    /// ([`instances`](DidshakeBuilder::instances)).
    #[must_use]
    pub fn shared_rates(&self) -> Option<SharedRates> {
        self.0.requests.shared().cloned()
    }

    /// The origins, as configured.
    #[must_use]
    pub fn origins(&self) -> &Origins {
        &self.0.origins
    }

    /// The path of the endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.0.site.path()
    }

    /// Who answers as of now; the first does where a client does not say whom it means.
    #[must_use]
    pub fn identities(&self) -> Vec<SigningIdentity> {
        self.0.answering.now().active.clone()
    }

    /// Answers with these identities from now on, the first where a client does not say whom it means: for keys that were
    /// rotated. Handshakes that have begun go on with the identity that replied, if it is one of the last eight.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use didshake::{Algorithm, Did, Origin, Origins, Secret, SigningKey};
    /// # use didshake_axum::{Anyone, Didshake, MemorySessionStore};
    /// # use didshake_did::{LocalSigner, SigningIdentity};
    /// # use didshake_peer::MemoryBurnStore;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let signer = |seed| Ok::<_, didshake::Fault>(Arc::new(LocalSigner::new(
    ///     SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([seed; 32]))?,
    /// )));
    /// let did = Did::parse("did:web:example.com")?;
    /// let old = SigningIdentity::new(did.clone(), "key-1", signer(1)?)?;
    /// let new = SigningIdentity::new(did, "key-2", signer(2)?)?;
    /// # let origins = Origins::new(vec![Origin::parse("https://example.com")?])?;
    /// # let (sessions, burned) = (Arc::new(MemorySessionStore::default()), Arc::new(MemoryBurnStore::default()));
    /// let didshake = Didshake::builder(old, origins, sessions, burned).policy(Anyone).build()?;
    /// // Once the document lists both keys:
    /// didshake.replace_identities(vec![new])?;
    /// assert_eq!(didshake.identities()[0].fragment().as_str(), "key-2");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`BuildError`] where there is none, or one that cannot answer: those of before stay.
    pub fn replace_identities(&self, identities: Vec<SigningIdentity>) -> Result<(), BuildError> {
        Ok(self.0.answering.replace(identities, &self.0.origins)?)
    }

    /// From now on handshakes that another instance has begun with one of these end here too ([`instances`](DidshakeBuilder::instances)): while
    /// keys are rotated one instance has a key earlier than another one. At most 64, in place of those that were told before;
    /// none of them replies here.
    ///
    /// # Errors
    /// [`BuildError`] where one cannot answer: those of before stay.
    pub fn finish_also(&self, others: Vec<LocalIdentity>) -> Result<(), BuildError> {
        Ok(self.0.answering.finish_also(others, &self.0.origins)?)
    }

    /// Seconds for which a session counts.
    #[must_use]
    pub fn lifetime(&self) -> u32 {
        self.0.lifetime
    }

    /// The store of sessions.
    #[must_use]
    pub fn sessions(&self) -> &Arc<dyn SessionStore> {
        &self.0.sessions
    }
}

impl fmt::Debug for Didshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Responder { answering, origins, site, limits, lifetime, .. } = &*self.0;
        f.debug_struct("Didshake")
            .field("identities", &answering.now().active)
            .field("origins", origins)
            .field("endpoint", &site.path())
            .field("lifetime", lifetime)
            .field("limits", limits)
            .finish_non_exhaustive()
    }
}

async fn answer(State(responder): State<Arc<Responder>>, request: Request) -> axum::response::Response {
    if websocket::is_opening(&request) {
        websocket::open(responder, request).await
    } else {
        attempt::answer(responder, request).await
    }
}

/// What every answer is made with.
pub(crate) struct Responder {
    pub(crate) answering: Answering,
    pub(crate) origins: Origins,
    pub(crate) site: Site,
    pub(crate) keys: RotatedKeys,
    pub(crate) sessions: Arc<dyn SessionStore>,
    /// Of WebSockets, as the sessions; over HTTP it is [`Self::logins`].
    pub(crate) burned: Arc<dyn BurnStore>,
    pub(crate) logins: Arc<dyn LoginStore>,
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) policy: Arc<dyn Policy>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) limits: Limits,
    pub(crate) lifetime: u32,
    pub(crate) resolutions: Mutex<ResolutionBudget>,
    pub(crate) requests: RequestRates,
    pub(crate) bodies: Semaphore,
    pub(crate) handshakes: Semaphore,
    pub(crate) sockets: Arc<Semaphore>,
    pub(crate) request_bodies: Semaphore,
    pub(crate) draining: AtomicBool,
}

impl Responder {
    /// Takes what one request of a handshake costs its source, before anything is done for it.
    pub(crate) fn spend_request(&self, client: Option<IpAddr>) -> Result<(), Wait> {
        self.requests.spend(client::source(client))
    }

    /// Check 3 (R-CHECK-3): first the policy, then the rates, so that who is not admitted spends nothing.
    pub(crate) fn admits(&self, source: Source, claim: &Claim) -> bool {
        self.policy.admits(claim) && self.may_resolve(source, claim.did())
    }

    /// The provisional session of a handshake whose Accept is about to go out.
    pub(crate) fn session(
        &self,
        id: &[u8; 16],
        peer: &VerifiedPeer,
        exporter: &Exporter,
        origin: &Origin,
        client: Option<IpAddr>,
    ) -> Result<SessionRecord, Error> {
        let session = Session::from_parts(SessionParts {
            id: *id,
            did: peer.did().clone(),
            fragment: peer.fragment().clone(),
            algorithm: peer.key().algorithm(),
            key: peer.key().as_bytes().to_vec(),
            accepted: self.clock.now(),
            lifetime: self.lifetime,
            used: false,
        });
        let request_key = RequestKey::of(exporter)?;
        Ok(SessionRecord { session, origin: origin.clone(), request_key, client, last_used: None })
    }

    /// Takes what one resolution costs source and target.
    fn may_resolve(&self, source: Source, did: &Did) -> bool {
        let now = self.clock.now();
        let spent = self.resolutions.lock().unwrap_or_else(PoisonError::into_inner).spend(source, did, now);
        spent.inspect_err(|spent| tracing::debug!(%did, "not resolved: {spent}")).is_ok()
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }
}
