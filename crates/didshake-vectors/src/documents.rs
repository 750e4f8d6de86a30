//! The documents of a vector.

use std::collections::{BTreeMap, HashSet};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use didshake::{Claim, Did, Fault, Fragment};
use didshake_did::{MethodRegistry, Resolved, Resolver, StaticDocuments};

use crate::format::{Config, Document};
use crate::outcome::Failure;

/// Resolves as the vector says, without waiting for anything.
pub(crate) struct Documents {
    given: StaticDocuments,
    missing: HashSet<String>,
}

impl Documents {
    pub(crate) fn new(config: &Config) -> Result<Self, Failure> {
        Self::of(&config.documents)
    }

    pub(crate) fn of(documents: &BTreeMap<String, Document>) -> Result<Self, Failure> {
        let mut given = StaticDocuments::new().otherwise(Arc::new(MethodRegistry::offline()));
        let mut missing = HashSet::new();
        for (did, document) in documents {
            match document {
                Document::Missing { .. } => {
                    missing.insert(did.clone());
                }
                Document::Found { text, deactivated } => {
                    let did = Did::parse(did).map_err(|fault| Failure::refused("documents", fault))?;
                    given
                        .insert(did, text.as_bytes(), *deactivated)
                        .map_err(|fault| Failure::refused("documents", fault))?;
                }
            }
        }
        Ok(Self { given, missing })
    }

    pub(crate) fn resolve(&self, claim: &Claim) -> Result<Resolved, Fault> {
        self.resolve_method(claim.did(), claim.fragment())
    }

    pub(crate) fn resolve_method(&self, did: &Did, fragment: &Fragment) -> Result<Resolved, Fault> {
        if self.missing.contains(did.as_str()) {
            return Err(Fault::DidNotFound);
        }
        let mut resolving = pin!(self.given.resolve_method(did, fragment));
        match resolving.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(resolved) => resolved,
            Poll::Pending => Err(Fault::DidResolutionFailed),
        }
    }
}
