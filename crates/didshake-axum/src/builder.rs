//! How a service is put together, and the limits that it keeps.

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use didshake::http::{Site, SiteError};
use didshake::{Admission, Did, Error, Extensions, Origins, ResponderConfig, Suite};
use didshake_did::{Clock, MethodRegistry, Rate, ResolutionBudget, Resolver, SigningIdentity, SystemClock};
use didshake_peer::BurnStore;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::answering::Answering;
use crate::keys::RotatedKeys;
use crate::logins::{InTurn, LoginStore};
use crate::outcome::{LogOutcomes, Observer};
use crate::policy::Policy;
use crate::rates::RequestRates;
use crate::responder::{Didshake, Responder};
use crate::store::SessionStore;
use crate::well_known;

/// The application protocol that the endpoint speaks.
pub(crate) const LOGIN: &[u8] = b"didshake.login/1";

/// How long things may take, and how much of them there may be.
///
/// ```
/// use std::time::Duration;
/// use didshake_axum::Limits;
/// let limits = Limits { denied_delay: Duration::from_millis(250), ..Limits::default() };
/// assert_eq!(limits.attempt, Duration::from_secs(30));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Answering one request of a handshake, resolution included (R-LIMIT-2); 30 s.
    pub attempt: Duration,
    /// Reading its body; 10 s.
    pub body: Duration,
    /// A resolution; 15 s.
    pub resolve: Duration,
    /// A signature of our own; 10 s.
    pub sign: Duration,
    /// `denied` leaves no earlier than this after the message that it answers came (R-CHECK-8); 100 ms. Above the usual
    /// time of a resolution it hides more.
    pub denied_delay: Duration,
    /// Messages of handshakes over HTTP that are being answered at one time; further ones get 503. 64.
    pub handshakes: usize,
    /// Bodies of handshakes that are being read at one time; 512.
    pub bodies: usize,
    /// WebSockets over which a handshake is in progress at one time; 256.
    pub sockets: usize,
    /// The body of a signed request, in bytes: it is kept in memory until its digest is checked. 1 MiB.
    pub request_body: usize,
    /// Bodies of signed requests that are being read at one time; further ones get 503. 256.
    pub request_bodies: usize,
    /// Reading the body of a signed request; 30 s.
    pub request_body_time: Duration,
    /// Sources, and targets of resolutions, that are told apart; 10,000.
    pub sources: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(30),
            body: Duration::from_secs(10),
            resolve: Duration::from_secs(15),
            sign: Duration::from_secs(10),
            denied_delay: Duration::from_millis(100),
            handshakes: 64,
            bodies: 512,
            sockets: 256,
            request_body: 1 << 20,
            request_bodies: 256,
            request_body_time: Duration::from_secs(30),
            sources: 10_000,
        }
    }
}

/// A service in the making; [`Didshake::builder`] begins one.
pub struct DidshakeBuilder {
    identities: Vec<SigningIdentity>,
    origins: Origins,
    sessions: Arc<dyn SessionStore>,
    burned: Arc<dyn BurnStore>,
    logins: Option<Arc<dyn LoginStore>>,
    policy: Option<Arc<dyn Policy>>,
    own_dids: Vec<Did>,
    resolver: Arc<dyn Resolver>,
    resolution_rates: (Rate, Rate),
    handshake_rate: Rate,
    lifetime: u32,
    endpoint: String,
    limits: Limits,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    instances: bool,
}

impl DidshakeBuilder {
    pub(crate) fn new(
        identity: SigningIdentity,
        origins: Origins,
        sessions: Arc<dyn SessionStore>,
        burned: Arc<dyn BurnStore>,
    ) -> Self {
        Self {
            identities: vec![identity],
            origins,
            sessions,
            burned,
            logins: None,
            policy: None,
            own_dids: Vec::new(),
            resolver: Arc::new(MethodRegistry::offline()),
            resolution_rates: (Rate::default(), Rate::default()),
            handshake_rate: Rate { burst: 30, per_minute: 60 },
            lifetime: 43_200,
            endpoint: "/didshake".to_owned(),
            limits: Limits::default(),
            clock: Arc::new(SystemClock),
            observer: Arc::new(LogOutcomes),
            instances: false,
        }
    }

    /// Whom the service lets in. Nobody does that by default.
    #[must_use]
    pub fn policy(self, policy: impl Policy + 'static) -> Self {
        Self { policy: Some(Arc::new(policy)), ..self }
    }

    /// Takes logins over HTTP in one step. **In place of** the policy's [`allows`](Policy::allows), which is then asked for WebSockets alone,
    /// and of what `sessions` and `burned` do one after the other: it must be over the same data.
    #[must_use]
    pub fn logins(self, logins: Arc<dyn LoginStore>) -> Self {
        Self { logins: Some(logins), ..self }
    }

    /// One more identity; it answers where a client says that it means this one.
    #[must_use]
    pub fn identity(mut self, identity: SigningIdentity) -> Self {
        self.identities.push(identity);
        self
    }

    /// One more DID of our own; a client that claims it is refused like our own reflection (R-CHECK-2).
    #[must_use]
    pub fn own_did(mut self, did: Did) -> Self {
        self.own_dids.push(did);
        self
    }

    /// Gives the documents of clients; did:key and did:jwk alone unless set.
    #[must_use]
    pub fn resolver(self, resolver: Arc<dyn Resolver>) -> Self {
        Self { resolver, ..self }
    }

    /// How often a source may make us resolve, and how often a target may be hit by that.
    #[must_use]
    pub fn resolution_rates(self, by_source: Rate, by_target: Rate) -> Self {
        Self { resolution_rates: (by_source, by_target), ..self }
    }

    /// How many handshakes a source may begin, of two requests each; 30 at once, 60 a minute. Instances that share count
    /// together.
    #[must_use]
    pub fn handshake_rate(self, rate: Rate) -> Self {
        Self { handshake_rate: rate, ..self }
    }

    /// Seconds for which a session counts; 43,200.
    #[must_use]
    pub fn lifetime(self, seconds: u32) -> Self {
        Self { lifetime: seconds, ..self }
    }

    /// The path of the endpoint at each origin; `/didshake`.
    #[must_use]
    pub fn endpoint(self, path: &str) -> Self {
        Self { endpoint: path.to_owned(), ..self }
    }

    /// How long things may take, and how much of them there may be.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The time; the system's unless set.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Who is told how things end; the log unless set.
    #[must_use]
    pub fn observer(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer, ..self }
    }

    /// This is one of several instances of the service, behind a proxy that sends a client's Hello to one and its Finish to
    /// another. Then each has to have the others' keys, and to know what sources have spent there: see
    /// [`Didshake::sealing_keys`] and [`Didshake::shared_rates`].
    #[must_use]
    pub fn instances(self) -> Self {
        Self { instances: true, ..self }
    }

    /// Puts it together, and starts the task that replaces the keys of the waiting states.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn build(self) -> Result<Didshake, BuildError> {
        let config = self.config();
        let policy = self.policy.ok_or(BuildError::NoPolicy)?;
        if self.lifetime == 0 {
            return Err(BuildError::Lifetime);
        }
        if self.endpoint.contains(['{', '}', '*', ':']) {
            return Err(BuildError::EndpointPattern);
        }
        if self.endpoint == well_known::PATH {
            return Err(BuildError::EndpointTaken);
        }
        let site = Site::new(self.origins.clone(), &self.endpoint)?;
        let answering = Answering::new(self.identities, config, &self.origins)?;
        let runtime = Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        let (limits, (by_source, by_target)) = (self.limits, self.resolution_rates);
        let rate = of_two_requests(self.handshake_rate);
        let requests = RequestRates::new(rate, limits.sources, self.instances, &self.clock);
        let (sessions, burned) = (self.sessions, self.burned);
        let logins = self.logins.unwrap_or_else(|| {
            Arc::new(InTurn {
                policy: Arc::clone(&policy),
                burned: Arc::clone(&burned),
                sessions: Arc::clone(&sessions),
            })
        });
        let places = |count: usize| Semaphore::new(count.clamp(1, Semaphore::MAX_PERMITS));
        Ok(Didshake(Arc::new(Responder {
            answering,
            origins: self.origins,
            site,
            keys: RotatedKeys::start(&self.clock, self.instances, &runtime)?,
            sessions,
            burned,
            logins,
            resolver: self.resolver,
            policy,
            clock: self.clock,
            observer: self.observer,
            limits,
            lifetime: self.lifetime,
            resolutions: Mutex::new(ResolutionBudget::new(by_source, by_target, limits.sources)),
            requests,
            bodies: places(limits.bodies),
            handshakes: places(limits.handshakes),
            sockets: Arc::new(places(limits.sockets)),
            request_bodies: places(limits.request_bodies),
            draining: AtomicBool::new(false),
        })))
    }

    fn config(&self) -> ResponderConfig {
        ResponderConfig {
            // Filled in with those of each moment.
            identities: Vec::new(),
            default_identity: 0,
            other_own_dids: self.own_dids.clone(),
            suites: Suite::ALL.to_vec(),
            known_suites: Vec::new(),
            application_protocols: vec![LOGIN.to_vec()],
            // Each Finish is read with an admission of its own, which knows where it came from.
            admission: Admission::policy(|_| false),
            reply_extensions: Extensions::default(),
        }
    }
}

fn of_two_requests(rate: Rate) -> Rate {
    Rate { burst: rate.burst.saturating_mul(2), per_minute: rate.per_minute.saturating_mul(2) }
}

impl fmt::Debug for DidshakeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { identities, origins, endpoint, lifetime, limits, .. } = self;
        f.debug_struct("DidshakeBuilder")
            .field("identities", identities)
            .field("origins", origins)
            .field("endpoint", endpoint)
            .field("lifetime", lifetime)
            .field("limits", limits)
            .finish_non_exhaustive()
    }
}

/// What is wrong with a service in the making: the caller's fault, or at the end ours.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Nobody said whom it lets in.
    #[error("no policy: say whom the service lets in")]
    NoPolicy,
    /// A session that never counts.
    #[error("the lifetime of sessions is 0")]
    Lifetime,
    /// The path of the endpoint is none.
    #[error(transparent)]
    Endpoint(#[from] SiteError),
    /// The path of the endpoint has a character that axum takes for a pattern.
    #[error("the path of the endpoint must not have any of {{ }} * :")]
    EndpointPattern,
    /// The path of the endpoint is that of the claim.
    #[error("the path of the endpoint is that of /.well-known/didshake, which says where the endpoint is")]
    EndpointTaken,
    /// There is no tokio runtime that could replace the keys.
    #[error("there is no tokio runtime: build it inside of one")]
    NoRuntime,
    /// The protocol refuses the configuration, or there is no randomness.
    #[error(transparent)]
    Protocol(#[from] Error),
}
