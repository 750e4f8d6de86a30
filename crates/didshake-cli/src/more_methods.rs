//! DID methods beyond did:key, did:jwk and did:web: those of the ssi crates, in a program built with `--features ssi`.

use clap::Args;
use didshake_did::MethodRegistry;

use crate::failure::Failure;

/// Whom to ask about them.
#[cfg(feature = "ssi")]
#[derive(Args)]
pub(crate) struct MoreMethods {
    /// Resolve did:tz too, through this TzKT indexer; it is trusted
    #[arg(long, env = "DIDSHAKE_TEZOS_INDEXER", hide_env = true, value_name = "URL")]
    tezos_indexer: Option<String>,
    /// The public key of a Tezos account, edpk… or p2pk…; a did:tz says only its hash (repeatable)
    #[arg(long, value_name = "KEY", requires = "tezos_indexer")]
    tezos_key: Vec<String>,
    /// Resolve did:ion too, through this Sidetree node; it is trusted
    #[arg(long, env = "DIDSHAKE_ION_NODE", hide_env = true, value_name = "URL")]
    ion_node: Option<String>,
}

#[cfg(feature = "ssi")]
impl MoreMethods {
    /// The registry with did:pkh, did:ethr, and what the options add.
    pub(crate) fn register(&self, registry: MethodRegistry) -> Result<MethodRegistry, Failure> {
        use didshake_ssi::{SsiMethods, SsiOptionFault};

        use crate::failure::Exit;

        let refused = |option: &'static str| {
            move |fault: SsiOptionFault| Failure::new(Exit::Usage, "option", format!("--{option}: {fault}"))
        };
        let mut methods = SsiMethods::default().on_failure(|did, cause| {
            let cause: &dyn std::error::Error = cause;
            tracing::warn!(%did, cause, "a DID was not resolved");
        });
        if let Some(url) = &self.tezos_indexer {
            methods = methods.with_tezos_indexer(url).map_err(refused("tezos-indexer"))?;
        }
        for key in &self.tezos_key {
            methods = methods.with_tezos_key(key).map_err(refused("tezos-key"))?;
        }
        if let Some(url) = &self.ion_node {
            methods = methods.with_ion_node(url).map_err(refused("ion-node"))?;
        }
        Ok(methods.register(registry))
    }
}

/// Nobody: there are none.
#[cfg(not(feature = "ssi"))]
#[derive(Args)]
pub(crate) struct MoreMethods {}

#[cfg(not(feature = "ssi"))]
impl MoreMethods {
    /// The registry as it is.
    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "as with the feature `ssi`")]
    pub(crate) fn register(&self, registry: MethodRegistry) -> Result<MethodRegistry, Failure> {
        Ok(registry)
    }
}
