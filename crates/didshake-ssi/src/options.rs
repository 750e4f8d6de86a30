//! Which methods, and where what they need from a network is asked.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use did_tz::DIDTz;
use didshake::Did;
use didshake_did::{CacheLimits, CachedResolver, Lifetimes, MethodRegistry, SystemClock};
use iref::UriBuf;
use ssi_dids_core::resolution::HTTPDIDResolver;

use crate::failure::SsiFailure;
use crate::method::{Method, MethodResolver};
use crate::tezos::TezosKey;

const DEADLINE: Duration = Duration::from_secs(5);

pub(crate) type Told = dyn Fn(&Did, &SsiFailure) + Send + Sync;

/// The methods of ssi that a program resolves: did:pkh and did:ethr always, did:tz and did:ion where it is said whom to
/// ask. It needs a tokio runtime when it resolves.
///
/// The indexer and the node are trusted: for what they say of a DID, and to answer with no more than this machine's
/// memory holds (ssi's client has no limit, follows redirects, and uses the proxy of the environment).
///
/// ```
/// use didshake_did::MethodRegistry;
/// use didshake_ssi::SsiMethods;
/// let methods = SsiMethods::default()
///     .with_tezos_indexer("https://tezos.example.com")?
///     .with_tezos_key("edpkvGfYw3LyB1UcCahKQk4rF2tvbMUk8GFiTuMjL75uGXrpvKXhjn")?
///     .with_ion_node("https://ion.example.com/")?
///     .on_failure(|did, why| eprintln!("{did}: {why}"));
/// let registry = methods.register(MethodRegistry::offline());
/// assert_eq!(registry.methods(), ["ethr", "ion", "jwk", "key", "peer", "pkh", "tz"]);
/// # Ok::<(), didshake_ssi::SsiOptionFault>(())
/// ```
#[derive(Clone)]
pub struct SsiMethods {
    tezos_indexer: Option<UriBuf>,
    tezos_keys: Vec<TezosKey>,
    ion_node: Option<UriBuf>,
    deadline: Duration,
    told: Arc<Told>,
}

/// Why an option is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SsiOptionFault {
    /// Not an `http://` or `https://` URL with a host.
    #[error("not an http or https URL")]
    Url,
    /// Not a Tezos public key that begins with `edpk` or `p2pk`.
    #[error("not a Tezos public key (edpk… or p2pk…)")]
    TezosKey,
}

impl Default for SsiMethods {
    fn default() -> Self {
        Self {
            tezos_indexer: None,
            tezos_keys: Vec::new(),
            ion_node: None,
            deadline: DEADLINE,
            told: Arc::new(|_, _| {}),
        }
    }
}

impl SsiMethods {
    /// Also did:tz, through the TzKT indexer at `url`.
    ///
    /// # Errors
    /// [`SsiOptionFault::Url`].
    pub fn with_tezos_indexer(self, url: &str) -> Result<Self, SsiOptionFault> {
        Ok(Self { tezos_indexer: Some(http_url(url)?), ..self })
    }

    /// The public key of a Tezos account. A did:tz holds only its hash, so that the owner of one whose key is not given
    /// cannot be verified.
    ///
    /// # Errors
    /// [`SsiOptionFault::TezosKey`].
    pub fn with_tezos_key(mut self, key: &str) -> Result<Self, SsiOptionFault> {
        self.tezos_keys.push(TezosKey::parse(key).ok_or(SsiOptionFault::TezosKey)?);
        Ok(self)
    }

    /// Also did:ion, through the Sidetree node at `url`; DIDs are looked up below its `identifiers/`.
    ///
    /// # Errors
    /// [`SsiOptionFault::Url`].
    pub fn with_ion_node(self, url: &str) -> Result<Self, SsiOptionFault> {
        let identifiers = format!("{}/identifiers/", url.trim_end_matches('/'));
        Ok(Self { ion_node: Some(http_url(&identifiers)?), ..self })
    }

    /// How long one resolution may take; 5 seconds otherwise.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// The same, with somebody who is told why a resolution failed: the operator's log.
    #[must_use]
    pub fn on_failure(self, told: impl Fn(&Did, &SsiFailure) + Send + Sync + 'static) -> Self {
        Self { told: Arc::new(told), ..self }
    }

    /// The registry with these methods too; did:tz and did:ion behind a cache of their own.
    #[must_use]
    pub fn register(&self, registry: MethodRegistry) -> MethodRegistry {
        let resolver =
            |method| MethodResolver { method: Arc::new(method), deadline: self.deadline, told: Arc::clone(&self.told) };
        let cached = |method| {
            let limits = CacheLimits::default();
            Arc::new(CachedResolver::new(resolver(method), SystemClock, Lifetimes::default(), limits))
        };
        let mut registry = registry.with("pkh", Arc::new(resolver(Method::Pkh)));
        registry = registry.with("ethr", Arc::new(resolver(Method::Ethr)));
        if let Some(url) = &self.tezos_indexer {
            let (indexer, keys) = (DIDTz::new(Some(url.clone())), self.tezos_keys.clone());
            registry = registry.with("tz", cached(Method::Tz { indexer, keys }));
        }
        if let Some(url) = &self.ion_node {
            registry = registry.with("ion", cached(Method::Ion(HTTPDIDResolver::new(url))));
        }
        registry
    }
}

impl fmt::Debug for SsiMethods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SsiMethods")
            .field("tezos_indexer", &self.tezos_indexer)
            .field("tezos_keys", &self.tezos_keys)
            .field("ion_node", &self.ion_node)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

fn http_url(url: &str) -> Result<UriBuf, SsiOptionFault> {
    let parsed = UriBuf::new(url.as_bytes().to_vec()).map_err(|_| SsiOptionFault::Url)?;
    let is_http = matches!(parsed.scheme().as_str(), "http" | "https");
    let has_host = parsed.authority().is_some_and(|authority| !authority.host().is_empty());
    if is_http && has_host { Ok(parsed) } else { Err(SsiOptionFault::Url) }
}
