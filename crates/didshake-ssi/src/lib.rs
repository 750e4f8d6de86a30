//! The DID methods of the [ssi](https://github.com/spruceid/ssi) crates behind didshake's [`Resolver`]: did:pkh and
//! did:ethr, which need no network, did:tz through a TzKT indexer, did:ion through a Sidetree node.
//!
//! What ssi returns passes didshake's own strict reader. Only three forms are translated before, because no other DID
//! method has them: a key beside its own account number, a Tezos key, and a resolution result around a document.
//!
//! A did:pkh:solana can log in (method `#controller`), a did:tz where its key is given ([`SsiMethods::with_tezos_key`]), a
//! did:ion where its document has an Ed25519 or P-256 key. An Ethereum account resolves and is then refused: its key is
//! secp256k1, which didshake does not sign with.
//!
//! Never call ssi's `dereference` (a DID URL of a peer makes it panic), its did:web (it follows redirects, accepts
//! documents of another DID, has no limits), nor its did:key and did:jwk (they accept more than one text for a key): the
//! registry's own cannot be replaced.
//!
//! ```
//! use didshake::Did;
//! use didshake_did::{MethodRegistry, Resolver};
//! use didshake_ssi::SsiMethods;
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let registry = SsiMethods::default().register(MethodRegistry::offline());
//! let did = Did::parse("did:pkh:solana:4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ:CKg5d12Jhpej1JqtmxLJgaFqqeYjxgPqToJ4LBdvG9Ev")?;
//! let resolved = registry.resolve(&did).await?;
//! assert!(resolved.document().authentication_methods().contains(&format!("{did}#controller")));
//! # Ok::<(), didshake::Fault>(())
//! # }).unwrap();
//! ```

mod adapt;
mod failure;
mod method;
mod options;
mod tezos;

pub use failure::SsiFailure;
pub use options::{SsiMethods, SsiOptionFault};

#[cfg(doc)]
use didshake_did::Resolver;
