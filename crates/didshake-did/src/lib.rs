//! What didshake knows about DIDs: `did:key`, `did:jwk` and `did:peer`, strict DID documents, resolvers with a bounded cache, signers and
//! key files; and `did:web` behind the feature `web`.
//!
//! The protocol (`didshake`) hands out a claimed DID and takes back a document. This crate stands between: a
//! [`Resolver`] gives the document of a DID, a [`Signer`] signs for an [`SigningIdentity`], an [`IdentityStore`] keeps the keys
//! of local identities in files.
//!
//! ```
//! use didshake::{Algorithm, Document, Secret, SigningKey, UnixTime};
//! use didshake_did::{LocalSigner, MethodRegistry, Resolver, SigningIdentity, did_key};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([7; 32]))?;
//! let alice = SigningIdentity::of_did_key(LocalSigner::new(key))?;
//!
//! let resolved = MethodRegistry::offline().resolve(alice.did()).await?;
//! let key = resolved.authentication_key(alice.did(), alice.fragment(), UnixTime(0))?;
//! assert_eq!(key, *alice.public_key());
//! assert_eq!(did_key::encode(&key)?, *alice.did());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod base58;
mod budget;
mod cache;
mod clock;
pub mod did_jwk;
pub mod did_key;
pub mod did_peer;
mod did_peer2;
mod did_peer4;
pub mod discovery;
mod document;
mod identity_store;
mod json;
mod jwk;
mod key_agreement;
pub mod key_file;
pub mod linkage;
mod multikey;
mod passphrase;
pub mod private_file;
mod recovery_code;
mod resolver;
pub mod rfc3339;
mod secret_key;
mod signer;
mod static_documents;
mod store;
mod verification_method;
#[cfg(feature = "web")]
pub mod web;
pub mod webvh;

pub use budget::{Rate, ResolutionBudget, Source, SourceBudget, Spent, Wait};
pub use cache::{CacheLimits, CachedResolver, Lifetimes};
pub use clock::{Clock, SystemClock};
pub use document::{DidDocument, MAX_DOCUMENT_BYTES, Service};
pub use identity_store::{IdentityName, IdentityStore, NameError};
pub use json::{JsonFault, check_json_object};
pub use key_agreement::{KeyAgreement, KeyAgreementKey};
pub use key_file::KeyFileError;
pub use passphrase::{MAX_PASSPHRASE_BYTES, Passphrase, PassphraseError};
pub use recovery_code::{RecoveryCode, RecoveryCodeError};
pub use resolver::{BoxFuture, Freshness, MethodRegistry, Resolved, Resolver};
pub use secret_key::SecretKey;
pub use signer::{LocalSigner, Signer, SignerError, SigningIdentity};
pub use static_documents::StaticDocuments;
