//! did:web: the document of a DID is behind HTTPS, at a host that the DID names; and did:webvh, whose log is there. Whoever sends a DID chooses what this
//! machine fetches, so that every step has a limit and most addresses are out of reach; `spec/resolution.md` has the
//! rules and the attacks.
//!
//! did:web rests on DNS and on the certificate authorities that this machine trusts: it is not CA-free.

mod address;
mod confined;
mod failure;
mod fetch;
mod fetcher;
mod guard;
mod location;
mod lookup;
mod options;
mod webvh;

use std::fmt;
use std::sync::Arc;

use didshake::{Did, Fault, Origin, UnixTime};

pub use address::AddressKind;
pub use failure::{LinkageFailure, WebFailure};
pub use location::{Location, LocationFault};
pub use lookup::{Lookup, SystemLookup};
pub use options::{LocalHost, WebOptionFault, WebOptions};
pub use webvh::{WebvhFailure, WebvhResolver};

pub use crate::budget::{Rate, ResolutionBudget, Source, Spent};
use crate::document::DidDocument;
use crate::linkage::{self, LinkageFault};
use crate::resolver::{BoxFuture, Resolved, Resolver};
use fetch::Wanted;
use fetcher::Fetcher;

/// Fetches the documents of did:web. It keeps nothing between two fetches and bounds one of them; put it behind a
/// [`CachedResolver`](crate::CachedResolver), which bounds how many there are at one time, and ask a
/// [`ResolutionBudget`] before. It needs a tokio runtime.
///
/// ```
/// use std::sync::Arc;
/// use didshake::{Did, Fault};
/// use didshake_did::{CacheLimits, CachedResolver, Lifetimes, MethodRegistry, Resolver, SystemClock};
/// use didshake_did::web::{WebOptions, WebResolver};
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let web = WebResolver::new(&WebOptions::default())?.on_failure(|did, why| eprintln!("{did}: {why}"));
/// let web = CachedResolver::new(web, SystemClock, Lifetimes::default(), CacheLimits::default());
/// let registry = MethodRegistry::offline().with("web", Arc::new(web));
///
/// let refused = registry.resolve(&Did::parse("did:web:127.0.0.1%3A8400")?).await;
/// assert_eq!(refused.err(), Some(Fault::DidResolutionFailed));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct WebResolver {
    fetcher: Fetcher,
    on_failure: Arc<Told>,
}

type Told = dyn Fn(&Did, WebFailure) + Send + Sync;

impl WebResolver {
    /// With the operating system's lookup of names. Reads the trusted root certificates, once.
    ///
    /// # Errors
    /// [`WebOptionFault::Tls`] where there are none, or one of the options is malformed.
    pub fn new(options: &WebOptions) -> Result<Self, WebOptionFault> {
        Self::with_lookup(options, Arc::new(SystemLookup::default()))
    }

    /// With another lookup of names. Its answers pass the same guard.
    ///
    /// # Errors
    /// Those of [`WebResolver::new`].
    pub fn with_lookup(options: &WebOptions, lookup: Arc<dyn Lookup>) -> Result<Self, WebOptionFault> {
        Ok(Self { fetcher: Fetcher::new(options, lookup)?, on_failure: Arc::new(|_, _| {}) })
    }

    /// The same, with somebody who is told why a resolution failed: the operator's log.
    #[must_use]
    pub fn on_failure(self, told: impl Fn(&Did, WebFailure) + Send + Sync + 'static) -> Self {
        Self { on_failure: Arc::new(told), ..self }
    }

    /// Fetches the document of a did:web, and says exactly why not.
    ///
    /// # Errors
    /// [`WebFailure`].
    pub async fn fetch(&self, did: &Did) -> Result<DidDocument, WebFailure> {
        let bytes = self.bytes(&Location::of(did)?).await?;
        DidDocument::parse(&bytes, did).map_err(WebFailure::Document)
    }

    /// Whether `origin` and the DID of `resolved` vouch for each other at `now`: asks the origin for its DID configuration,
    /// once, under the same guard and limits as for a document.
    ///
    /// ```
    /// use didshake::{Did, Origin, UnixTime};
    /// use didshake_did::linkage::{self, LinkageFault};
    /// use didshake_did::web::{LinkageFailure, WebOptions, WebResolver};
    /// use didshake_did::{DidDocument, Resolved};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let web = WebResolver::new(&WebOptions::default())?;
    /// let did = Did::parse("did:web:example.com")?;
    /// let resolved = Resolved::fetched(DidDocument::parse(br#"{"id": "did:web:example.com"}"#, &did)?);
    /// // Nothing is fetched for an origin that the document does not list.
    /// let refused = web.linkage(&Origin::parse("https://example.com")?, &resolved, UnixTime(1_767_225_600)).await;
    /// assert_eq!(refused, Err(LinkageFailure::Fault(LinkageFault::NotClaimed)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`LinkageFailure`].
    pub async fn linkage(&self, origin: &Origin, resolved: &Resolved, now: UnixTime) -> Result<(), LinkageFailure> {
        if !linkage::claimed_origins(resolved.document()).contains(origin) {
            return Err(LinkageFault::NotClaimed.into());
        }
        let location = Location::of_origin(origin, linkage::PATH).map_err(WebFailure::from)?;
        let body = self.bytes(&location).await?;
        Ok(linkage::check(origin, &body, resolved, now)?)
    }

    async fn bytes(&self, location: &Location) -> Result<Vec<u8>, WebFailure> {
        self.fetcher.fetch(location, Wanted::Document).await
    }
}

impl Resolver for WebResolver {
    fn resolve<'a>(&'a self, did: &'a Did) -> BoxFuture<'a, Result<Resolved, Fault>> {
        Box::pin(async move {
            let fetched = self.fetch(did).await;
            fetched.map(Resolved::fetched).map_err(|failure| {
                (self.on_failure)(did, failure);
                failure.fault()
            })
        })
    }
}

impl fmt::Debug for WebResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebResolver").field("options", &self.fetcher.options).finish_non_exhaustive()
    }
}
