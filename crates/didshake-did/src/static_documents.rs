//! Documents that are given beforehand.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use didshake::{Did, Fault, Fragment, UnixTime};

use crate::document::DidDocument;
use crate::resolver::{BoxFuture, Resolved, Resolver, carries_document};

/// Documents given by file, pinned by the user, or taken from a vector. A DID that has none goes to the resolver behind,
/// if there is one.
///
/// ```
/// use std::sync::Arc;
/// use didshake::Did;
/// use didshake_did::{MethodRegistry, Resolver, StaticDocuments};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut documents = StaticDocuments::new().otherwise(Arc::new(MethodRegistry::offline()));
/// let did = documents.add(br#"{"id": "did:web:example.com"}"#)?;
/// assert_eq!(did.as_str(), "did:web:example.com");
/// assert!(documents.resolve(&did).await.is_ok());
/// # Ok::<(), didshake::Fault>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct StaticDocuments {
    documents: HashMap<Did, Given>,
    otherwise: Option<Arc<dyn Resolver>>,
}

#[derive(Clone)]
struct Given {
    text: Vec<u8>,
    deactivated: bool,
}

impl StaticDocuments {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, with a resolver for every other DID.
    #[must_use]
    pub fn otherwise(self, resolver: Arc<dyn Resolver>) -> Self {
        Self { otherwise: Some(resolver), ..self }
    }

    /// Adds a document under the DID that it names, checked at once; replaces an earlier one.
    ///
    /// # Errors
    /// Those of [`DidDocument::parse`] and [`DidDocument::claimed_did`]; [`Fault::DidMethodUnsupported`] for a
    /// did:key, did:jwk or did:peer, which carry their own.
    pub fn add(&mut self, text: &[u8]) -> Result<Did, Fault> {
        let did = DidDocument::claimed_did(text)?;
        DidDocument::parse(text, &did)?;
        self.insert(did.clone(), text, false)?;
        Ok(did)
    }

    /// Adds a document under a DID, to be checked whenever it is resolved; replaces an earlier one.
    ///
    /// # Errors
    /// [`Fault::DidMethodUnsupported`] for a did:key, did:jwk or did:peer, which carry their own.
    pub fn insert(&mut self, did: Did, text: &[u8], deactivated: bool) -> Result<(), Fault> {
        if carries_document(&did) {
            return Err(Fault::DidMethodUnsupported);
        }
        self.documents.insert(did, Given { text: text.to_vec(), deactivated });
        Ok(())
    }

    fn given(&self, did: &Did) -> Option<Result<Resolved, Fault>> {
        let given = self.documents.get(did)?;
        let resolved = DidDocument::parse(&given.text, did).map(Resolved::fetched);
        Some(resolved.map(|resolved| if given.deactivated { resolved.deactivated() } else { resolved }))
    }
}

impl Resolver for StaticDocuments {
    fn resolve<'a>(&'a self, did: &'a Did) -> BoxFuture<'a, Result<Resolved, Fault>> {
        Box::pin(async move {
            match (self.given(did), &self.otherwise) {
                (Some(given), _) => given,
                (None, Some(resolver)) => resolver.resolve(did).await,
                (None, None) => Err(Fault::DidNotFound),
            }
        })
    }

    fn resolve_method<'a>(&'a self, did: &'a Did, fragment: &'a Fragment) -> BoxFuture<'a, Result<Resolved, Fault>> {
        Box::pin(async move {
            match (self.given(did), &self.otherwise) {
                (Some(given), _) => given,
                (None, Some(resolver)) => resolver.resolve_method(did, fragment).await,
                (None, None) => Err(Fault::DidNotFound),
            }
        })
    }

    fn resolve_since<'a>(&'a self, did: &'a Did, oldest: UnixTime) -> BoxFuture<'a, Result<Resolved, Fault>> {
        Box::pin(async move {
            match (self.given(did), &self.otherwise) {
                (Some(given), _) => given,
                (None, Some(resolver)) => resolver.resolve_since(did, oldest).await,
                (None, None) => Err(Fault::DidNotFound),
            }
        })
    }
}

impl fmt::Debug for StaticDocuments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticDocuments").field("dids", &self.documents.keys()).finish_non_exhaustive()
    }
}
