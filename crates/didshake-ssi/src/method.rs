//! One method of ssi as a resolver: within a deadline, in a task of its own.

use std::sync::Arc;
use std::time::Duration;

use did_ethr::DIDEthr;
use did_pkh::DIDPKH;
use did_tz::DIDTz;
use didshake::{Did, Fault};
use didshake_did::{BoxFuture, Resolved, Resolver};
use ssi_dids_core::DIDBuf;
use ssi_dids_core::document::representation::MediaType;
use ssi_dids_core::resolution::{DIDMethodResolver, DIDResolver, Error, HTTPDIDResolver, Options, Parameter};
use tokio::task::JoinHandle;

use crate::adapt;
use crate::failure::SsiFailure;
use crate::options::Told;
use crate::tezos::TezosKey;

pub(crate) enum Method {
    Pkh,
    Ethr,
    Tz {
        indexer: DIDTz,
        keys: Vec<TezosKey>,
    },
    /// Not did-ion's resolver: it asks for `identifiersdid:ion:…`, without the slash.
    Ion(HTTPDIDResolver),
}

impl Method {
    /// What ssi answers for the part of the DID behind its method.
    async fn answer(&self, id: &str) -> Result<Vec<u8>, Error> {
        let mut options = Options { accept: Some(MediaType::Json), ..Options::default() };
        let output = match self {
            Self::Pkh => DIDPKH.resolve_method_representation(id, options).await,
            Self::Ethr => DIDEthr.resolve_method_representation(id, options).await,
            Self::Tz { indexer, keys } => {
                let address = id.rsplit(':').next().unwrap_or(id);
                if let Some(key) = keys.iter().find(|key| key.address() == address) {
                    options.parameters.additional.insert("public_key".into(), Parameter::String(key.text()));
                }
                indexer.resolve_method_representation(id, options).await
            }
            // Nodes answer with a resolution result, whose media type is none of a document.
            Self::Ion(node) => {
                let did = DIDBuf::from_string(format!("did:ion:{id}")).map_err(Error::internal)?;
                node.resolve_representation(&did, Options::default()).await
            }
        };
        Ok(output?.document)
    }
}

pub(crate) struct MethodResolver {
    pub(crate) method: Arc<Method>,
    pub(crate) deadline: Duration,
    pub(crate) told: Arc<Told>,
}

impl MethodResolver {
    async fn document(&self, did: &Did) -> Result<Resolved, SsiFailure> {
        let (method, id) = (Arc::clone(&self.method), did.method_specific_id().to_owned());
        // A panic of ssi ends this task alone; so does the end of whoever waits for it.
        let mut task = Ended(tokio::spawn(async move { method.answer(&id).await }));
        let joined = tokio::time::timeout(self.deadline, &mut task.0).await.map_err(|_| SsiFailure::Deadline)?;
        let bytes = joined.map_err(|_| SsiFailure::Panicked)??;
        adapt::resolved(&bytes, did).map_err(SsiFailure::Document)
    }
}

impl Resolver for MethodResolver {
    fn resolve<'a>(&'a self, did: &'a Did) -> BoxFuture<'a, Result<Resolved, Fault>> {
        Box::pin(async move {
            self.document(did).await.map_err(|failure| {
                let fault = failure.fault();
                (self.told)(did, &failure);
                fault
            })
        })
    }
}

/// A task that ends with its owner.
struct Ended<T>(JoinHandle<T>);

impl<T> Drop for Ended<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
