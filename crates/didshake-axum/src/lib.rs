//! didshake in an axum app: login by handshake at one endpoint, a layer that proves each later request, an extractor.
//!
//! ```
//! use std::sync::Arc;
//! use axum::{Router, routing::get};
//! use didshake::{Algorithm, Origin, Origins, Secret, SigningKey};
//! use didshake_axum::{Anyone, Authenticated, Didshake, MemorySessionStore};
//! use didshake_did::{LocalSigner, SigningIdentity};
//! use didshake_peer::MemoryBurnStore;
//!
//! async fn me(session: Authenticated) -> String {
//!     session.did().to_string()
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! # let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([7; 32]))?;
//! let identity = SigningIdentity::of_did_key(LocalSigner::new(key))?;
//! let origins = Origins::new(vec![Origin::parse("https://login.example")?])?;
//! let sessions = Arc::new(MemorySessionStore::default());
//! let didshake = Didshake::builder(identity, origins, sessions, Arc::new(MemoryBurnStore::default()))
//!     .policy(Anyone)
//!     .build()?;
//! let app: Router = Router::new().route("/me", get(me)).layer(didshake.layer()).merge(didshake.routes());
//! # let _ = app;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! What it knows of its origins comes from the configuration; of a request it looks at `Host`, and at no forwarded header,
//! cookie or `Authorization` (R-BIND-7). Nothing that it sends is a credential (R-BIND-15): a request counts for a session
//! because it is signed with a key that never travels.
//!
//! Serve the app with `into_make_service_with_connect_info::<SocketAddr>()`, or set [`ClientAddress`]: clients whose
//! address is unknown share one rate.

mod answering;
mod attempt;
mod builder;
mod client;
mod extract;
mod failure;
mod handshake;
mod keys;
mod layer;
mod logins;
mod memory;
mod names;
mod outcome;
mod policy;
mod problem;
mod proof;
mod rates;
mod request_failure;
mod responder;
mod store;
mod target;
mod websocket;
mod well_known;

pub use builder::{BuildError, DidshakeBuilder, Limits};
pub use client::ClientAddress;
pub use extract::{Authenticated, Unauthenticated};
pub use keys::SealingKeys;
pub use layer::{DidshakeLayer, DidshakeService};
pub use logins::{Login, LoginError, LoginStore};
pub use memory::{DEFAULT_SESSIONS, MemorySessionStore};
pub use names::{parse_session_name, session_name};
pub use outcome::{Doing, LogOutcomes, Observer, Outcome};
pub use policy::{Anyone, Policy};
pub use rates::SharedRates;
pub use responder::Didshake;
pub use store::{SessionRecord, SessionStore, StoreError, Use};
pub use target::requested_origin;

/// The README's Rust compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
