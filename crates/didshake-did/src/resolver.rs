//! From a DID to its document.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use didshake::{Did, Document, Fault, Fragment, PublicKey, UnixTime};

use crate::document::DidDocument;
use crate::{did_jwk, did_key, did_peer};

/// A future in a box, so that traits with asynchronous functions can be objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Gives the documents of DIDs: of one method, of many, from a network, a file or a cache.
///
/// ```
/// use didshake::{Did, Fault};
/// use didshake_did::{BoxFuture, DidDocument, Resolved, Resolver};
///
/// /// Asks a directory of this company.
/// struct Directory;
///
/// impl Resolver for Directory {
///     fn resolve<'a>(&'a self, did: &'a Did) -> BoxFuture<'a, Result<Resolved, Fault>> {
///         Box::pin(async move {
///             let text = format!(r#"{{"id":"{did}"}}"#); // whatever the directory answers
///             Ok(Resolved::fetched(DidDocument::parse(text.as_bytes(), did)?))
///         })
///     }
/// }
/// ```
pub trait Resolver: Send + Sync {
    /// The document of `did`. Dropping the future abandons the attempt.
    ///
    /// # Errors
    /// [`Fault::DidMethodUnsupported`], [`Fault::DidNotFound`], [`Fault::DidResolutionFailed`], and those of
    /// [`DidDocument::parse`], [`did_key::resolve`], [`did_jwk::resolve`] and [`did_peer::resolve`].
    fn resolve<'a>(&'a self, did: &'a Did) -> BoxFuture<'a, Result<Resolved, Fault>>;

    /// The document of `did` for a handshake that names the method `fragment`. A resolver that keeps documents fetches
    /// once more where the kept one lacks the method (R-DOC-18); whether it is there then is for the caller to check.
    ///
    /// # Errors
    /// Those of [`Resolver::resolve`].
    fn resolve_method<'a>(&'a self, did: &'a Did, fragment: &'a Fragment) -> BoxFuture<'a, Result<Resolved, Fault>> {
        let _ = fragment;
        self.resolve(did)
    }

    /// The document of `did` as its source had it at `oldest` or later: for looking again at a key that was verified
    /// before (R-CONT-2). A resolver that keeps documents gives none that is older, and fetches instead.
    ///
    /// # Errors
    /// Those of [`Resolver::resolve`].
    fn resolve_since<'a>(&'a self, did: &'a Did, oldest: UnixTime) -> BoxFuture<'a, Result<Resolved, Fault>> {
        let _ = oldest;
        self.resolve(did)
    }
}

impl<R: Resolver + ?Sized> Resolver for Arc<R> {
    fn resolve<'a>(&'a self, did: &'a Did) -> BoxFuture<'a, Result<Resolved, Fault>> {
        (**self).resolve(did)
    }

    fn resolve_method<'a>(&'a self, did: &'a Did, fragment: &'a Fragment) -> BoxFuture<'a, Result<Resolved, Fault>> {
        (**self).resolve_method(did, fragment)
    }

    fn resolve_since<'a>(&'a self, did: &'a Did, oldest: UnixTime) -> BoxFuture<'a, Result<Resolved, Fault>> {
        (**self).resolve_since(did, oldest)
    }
}

/// A document with what resolution says about it. It is a [`Document`] itself, and that is the one to verify with: it
/// refuses a deactivated DID.
#[derive(Clone, Debug)]
pub struct Resolved {
    document: Arc<DidDocument>,
    deactivated: bool,
    freshness: Freshness,
    max_life_seconds: Option<u64>,
    version: Option<Arc<str>>,
}

/// Where a document came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Freshness {
    /// From the DID itself, from a file or from its source, just now.
    Fetched,
    /// From a cache, which got it at that time.
    Cached {
        /// When the cache began to fetch it.
        since: UnixTime,
    },
}

impl Resolved {
    /// A document just fetched or computed.
    #[must_use]
    pub fn fetched(document: DidDocument) -> Self {
        let document = Arc::new(document);
        Self { document, deactivated: false, freshness: Freshness::Fetched, max_life_seconds: None, version: None }
    }

    /// The same, of a DID that its method says is deactivated.
    #[must_use]
    pub fn deactivated(self) -> Self {
        Self { deactivated: true, ..self }
    }

    /// The same, to be kept by no cache for longer than this, as its source asked.
    #[must_use]
    pub fn with_max_life(self, seconds: u64) -> Self {
        Self { max_life_seconds: Some(seconds), ..self }
    }

    /// The same, as this version, of a method that names versions.
    #[must_use]
    pub fn with_version(self, version: &str) -> Self {
        Self { version: Some(version.into()), ..self }
    }

    pub(crate) fn with_freshness(self, freshness: Freshness) -> Self {
        Self { freshness, ..self }
    }

    /// The document, for display and for its services; verify with the `Resolved` itself.
    #[must_use]
    pub fn document(&self) -> &Arc<DidDocument> {
        &self.document
    }

    /// Whether the DID is deactivated.
    #[must_use]
    pub fn is_deactivated(&self) -> bool {
        self.deactivated
    }

    /// Whether it was fetched for this call.
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// Which version of the document this is, where its method names versions: the versionId of did:webvh.
    ///
    /// ```
    /// use didshake::Did;
    /// use didshake_did::{DidDocument, Resolved};
    /// let did = Did::parse("did:web:example.com")?;
    /// let resolved = Resolved::fetched(DidDocument::parse(br#"{"id": "did:web:example.com"}"#, &did)?);
    /// assert_eq!(resolved.version(), None);
    /// assert_eq!(resolved.with_version("2-Qm").version(), Some("2-Qm"));
    /// # Ok::<(), didshake::Fault>(())
    /// ```
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// How long its source lets it be kept, in seconds.
    #[must_use]
    pub fn max_life_seconds(&self) -> Option<u64> {
        self.max_life_seconds
    }
}

impl Document for Resolved {
    fn authentication_key(&self, did: &Did, fragment: &Fragment, now: UnixTime) -> Result<PublicKey, Fault> {
        if did != self.document.did() {
            return Err(Fault::DocumentIdMismatch);
        }
        if self.deactivated {
            return Err(Fault::DidDeactivated);
        }
        self.document.authentication_key(did, fragment, now)
    }
}

/// Sends each DID to the resolver of its method. did:key, did:jwk and did:peer are always there and cannot be replaced.
///
/// ```
/// use didshake::{Did, Fault};
/// use didshake_did::{MethodRegistry, Resolver};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let web = Did::parse("did:web:example.com")?;
/// let refused = MethodRegistry::offline().resolve(&web).await;
/// assert_eq!(refused.err(), Some(Fault::DidMethodUnsupported));
/// # Ok::<(), Fault>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct MethodRegistry {
    methods: HashMap<String, Arc<dyn Resolver>>,
}

impl MethodRegistry {
    /// What needs no network: did:key, did:jwk and did:peer (R-DID-1, R-DID-11).
    #[must_use]
    pub fn offline() -> Self {
        Self::default()
    }

    /// The same with a resolver for one more method, named as in a DID: `web`. One for `key`, `jwk` or `peer` is
    /// never asked.
    #[must_use]
    pub fn with(mut self, method: &str, resolver: Arc<dyn Resolver>) -> Self {
        self.methods.insert(method.to_owned(), resolver);
        self
    }

    /// The methods that it resolves, in alphabetical order.
    #[must_use]
    pub fn methods(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.methods.keys().map(String::as_str).chain(["jwk", "key", "peer"]).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn of(&self, did: &Did) -> Result<&Arc<dyn Resolver>, Fault> {
        self.methods.get(did.method()).ok_or(Fault::DidMethodUnsupported)
    }
}

impl Resolver for MethodRegistry {
    fn resolve<'a>(&'a self, did: &'a Did) -> BoxFuture<'a, Result<Resolved, Fault>> {
        Box::pin(async move {
            match did.method() {
                "key" => did_key::resolve(did).map(Resolved::fetched),
                "jwk" => did_jwk::resolve(did).map(Resolved::fetched),
                "peer" => did_peer::resolve(did).map(Resolved::fetched),
                _ => self.of(did)?.resolve(did).await,
            }
        })
    }

    fn resolve_method<'a>(&'a self, did: &'a Did, fragment: &'a Fragment) -> BoxFuture<'a, Result<Resolved, Fault>> {
        Box::pin(async move {
            if carries_document(did) {
                return self.resolve(did).await;
            }
            self.of(did)?.resolve_method(did, fragment).await
        })
    }

    fn resolve_since<'a>(&'a self, did: &'a Did, oldest: UnixTime) -> BoxFuture<'a, Result<Resolved, Fault>> {
        Box::pin(async move {
            if carries_document(did) {
                return self.resolve(did).await;
            }
            self.of(did)?.resolve_since(did, oldest).await
        })
    }
}

/// Whether the DID carries its document, so that there is nothing to fetch, to keep, to replace or to pay for.
pub(crate) fn carries_document(did: &Did) -> bool {
    matches!(did.method(), "key" | "jwk" | "peer")
}

impl fmt::Debug for MethodRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MethodRegistry").field(&self.methods()).finish()
    }
}
