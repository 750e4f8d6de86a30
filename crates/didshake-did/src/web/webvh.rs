//! did:webvh: the log of a DID is behind HTTPS, and vouches for itself. What is fetched is bounded like everything that
//! `did:web` fetches; what it is worth is for [`webvh`](crate::webvh) to say.

use std::fmt;
use std::sync::Arc;

use didshake::{Did, Fault};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::failure::WebFailure;
use super::fetch::Wanted;
use super::fetcher::Fetcher;
use super::location::Location;
use super::lookup::{Lookup, SystemLookup};
use super::options::{WebOptionFault, WebOptions};
use crate::clock::Clock;
use crate::resolver::{BoxFuture, Resolved, Resolver};
use crate::webvh::{HistoryUnavailable, Log, LogFault, LogHistory, LogRefusal, UnwitnessedLog, keep_up};

/// Why a did:webvh did not resolve.
///
/// ```
/// use didshake::Fault;
/// use didshake_did::web::{WebFailure, WebvhFailure};
/// use didshake_did::webvh::LogFault;
/// let forked = WebvhFailure::Log(LogFault::Forked.into());
/// assert_eq!((forked.code(), forked.fault()), ("forked", Fault::DidResolutionFailed));
/// assert_eq!(WebvhFailure::Fetch(WebFailure::NotFound).fault(), Fault::DidNotFound);
/// ```
#[derive(Clone, Debug, thiserror::Error)]
pub enum WebvhFailure {
    /// The log was not fetched.
    #[error("the log: {0}")]
    Fetch(WebFailure),
    /// The witness proofs, which the log needs, were not fetched; a host that has none is no such failure.
    #[error("the witness proofs: {0}")]
    WitnessFetch(WebFailure),
    /// The log, its witness proofs, or what was seen of it before.
    #[error("{0}")]
    Log(#[from] LogRefusal),
    /// What was seen before cannot be looked up, so that nothing is resolved.
    #[error("{0}")]
    History(#[from] HistoryUnavailable),
}

impl WebvhFailure {
    /// What the handshake fails with (section 9.8 of the specification).
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Fetch(failure) => failure.fault(),
            Self::Log(refusal) => refusal.fault.fault(),
            Self::WitnessFetch(_) | Self::History(_) => Fault::DidResolutionFailed,
        }
    }

    /// A fixed word for logs and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fetch(failure) => failure.code(),
            Self::WitnessFetch(_) => "witness_fetch",
            Self::Log(refusal) => refusal.fault.code(),
            Self::History(_) => "history",
        }
    }

    /// Whether somebody hides the newer history of the DID, or made two of them: what an operator has to hear about.
    #[must_use]
    pub fn is_alarming(&self) -> bool {
        matches!(self, Self::Log(refusal) if refusal.fault.is_alarming())
    }
}

/// Fetches and verifies the logs of did:webvh, and refuses one that is older than what `history` has, or another. Put it
/// behind a [`CachedResolver`](crate::CachedResolver), and ask a [`ResolutionBudget`](crate::ResolutionBudget) before. It
/// needs a tokio runtime.
///
/// ```
/// use std::sync::Arc;
/// use didshake::{Did, Fault};
/// use didshake_did::web::{WebOptions, WebvhResolver};
/// use didshake_did::webvh::MemoryLogHistory;
/// use didshake_did::{CacheLimits, CachedResolver, Lifetimes, MethodRegistry, Resolver, SystemClock};
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let history = Arc::new(MemoryLogHistory::default());
/// let webvh = WebvhResolver::new(&WebOptions::default(), history, SystemClock)?;
/// let webvh = webvh.on_failure(|did, why| eprintln!("{did}: {why}"));
/// let webvh = CachedResolver::new(webvh, SystemClock, Lifetimes::default(), CacheLimits::default());
/// let registry = MethodRegistry::offline().with("webvh", Arc::new(webvh));
///
/// let did = Did::parse("did:webvh:QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE:127.0.0.1%3A8400")?;
/// assert_eq!(registry.resolve(&did).await.err(), Some(Fault::DidResolutionFailed));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct WebvhResolver {
    fetcher: Fetcher,
    history: Arc<dyn LogHistory>,
    clock: Arc<dyn Clock>,
    on_failure: Arc<Told>,
}

type Told = dyn Fn(&Did, &WebvhFailure) + Send + Sync;

impl WebvhResolver {
    /// With the operating system's lookup of names. Reads the trusted root certificates, once.
    ///
    /// # Errors
    /// Those of [`WebResolver::new`](super::WebResolver::new).
    pub fn new(
        options: &WebOptions,
        history: Arc<dyn LogHistory>,
        clock: impl Clock + 'static,
    ) -> Result<Self, WebOptionFault> {
        Self::with_lookup(options, history, clock, Arc::new(SystemLookup::default()))
    }

    /// With another lookup of names. Its answers pass the same guard.
    ///
    /// # Errors
    /// Those of [`WebvhResolver::new`].
    pub fn with_lookup(
        options: &WebOptions,
        history: Arc<dyn LogHistory>,
        clock: impl Clock + 'static,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, WebOptionFault> {
        let fetcher = Fetcher::new(options, lookup)?;
        Ok(Self { fetcher, history, clock: Arc::new(clock), on_failure: Arc::new(|_, _| {}) })
    }

    /// The same, with somebody who is told why a resolution failed: the operator's log.
    #[must_use]
    pub fn on_failure(self, told: impl Fn(&Did, &WebvhFailure) + Send + Sync + 'static) -> Self {
        Self { on_failure: Arc::new(told), ..self }
    }

    /// Fetches, verifies and remembers the log of a did:webvh, and says exactly why not. The whole takes no longer than
    /// the deadline of the options.
    ///
    /// # Errors
    /// [`WebvhFailure`].
    pub async fn fetch(&self, did: &Did) -> Result<Log, WebvhFailure> {
        let log = timeout(self.fetcher.options.deadline, self.fetch_verified(did)).await;
        let log = log.unwrap_or(Err(WebvhFailure::Fetch(WebFailure::Deadline)))?;
        keep_up::<WebvhFailure>(&log, &*self.history, self.clock.now()).await?;
        Ok(log)
    }

    async fn fetch_verified(&self, did: &Did) -> Result<Log, WebvhFailure> {
        let location = Location::of_log(did).map_err(|fault| WebvhFailure::Fetch(fault.into()))?;
        UnwitnessedLog::check_did(did)?;
        let bytes = self.fetcher.fetch(&location, Wanted::Log).await.map_err(|failure| match failure {
            WebFailure::TooLong => LogFault::TooLong.into(),
            failure => WebvhFailure::Fetch(failure),
        })?;
        let (did, now) = (did.clone(), self.clock.now());
        let log = apart(move || UnwitnessedLog::read(&bytes, Some(&did), now)).await?;
        if !log.needs_witnesses() {
            return Ok(log.witnessed(None)?);
        }
        let proofs = self.fetcher.fetch(&location.beside("did-witness.json"), Wanted::WitnessProofs).await;
        let proofs = match proofs {
            Ok(proofs) => Some(proofs),
            Err(WebFailure::NotFound) => None,
            // Whichever of the two deadlines is first.
            Err(WebFailure::Deadline) => return Err(WebvhFailure::Fetch(WebFailure::Deadline)),
            Err(WebFailure::TooLong) => return Err(LogFault::WitnessTooLong.into()),
            Err(failure) => return Err(WebvhFailure::WitnessFetch(failure)),
        };
        apart(move || log.witnessed(proofs.as_deref())).await
    }
}

/// Verifies on a thread for it: a log of a thousand entries keeps nobody else waiting.
async fn apart<T: Send + 'static>(
    verify: impl FnOnce() -> Result<T, LogRefusal> + Send + 'static,
) -> Result<T, WebvhFailure> {
    let verified = spawn_blocking(verify).await;
    // It ends without an outcome only where the program ends.
    verified.map_err(|_| WebvhFailure::Fetch(WebFailure::Deadline))?.map_err(WebvhFailure::Log)
}

impl From<LogFault> for WebvhFailure {
    fn from(fault: LogFault) -> Self {
        Self::Log(fault.into())
    }
}

impl Resolver for WebvhResolver {
    fn resolve<'a>(&'a self, did: &'a Did) -> BoxFuture<'a, Result<Resolved, Fault>> {
        Box::pin(async move {
            let resolved = self.fetch(did).await.and_then(|log| Ok(log.resolved(did)?));
            resolved.map_err(|failure| {
                (self.on_failure)(did, &failure);
                failure.fault()
            })
        })
    }
}

impl fmt::Debug for WebvhResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebvhResolver").field("options", &self.fetcher.options).finish_non_exhaustive()
    }
}
