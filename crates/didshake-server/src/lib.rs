//! The didshake service: who holds a DID signs in, and proves each later request. [`Config`] is what an operator decides,
//! [`Server`] what runs; everything that it keeps is in one database, SQLite or PostgreSQL, and every failure of it refuses.
//!
//! ```no_run
//! use didshake_server::{Config, Server, Settings};
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! let config = Config::load(&Settings::default(), Some("didshake.toml".as_ref()))?;
//! let server = Server::bind(config).await?;
//! let reloader = server.reloader(); // on SIGHUP: reloader.reload().await
//! server.run(async { /* SIGTERM */ }).await?;
//! # Ok(()) }
//! ```

mod access;
mod applications;
mod audit;
mod backup;
mod config;
mod connections;
mod cookie;
mod data;
mod did_configuration;
mod doctor;
mod error;
mod front;
mod id;
mod identity;
mod instances;
mod listener;
mod metrics;
mod own_log;
mod owner;
mod policy;
mod posted;
mod prepared;
mod problem;
mod proxies;
mod recheck;
mod relay;
mod routes;
mod server;
mod store;
mod tls;
mod visitor;

pub use audit::{AuditError, AuditFault, AuditReport, CheckpointKey, verify_audit};
pub use backup::{backup, restore};
pub use config::{
    ApplicationSettings, Config, ConfigError, DEFAULT_LISTEN, DefaultDid, FileFault, Given, MailboxOwners, PostgresUrl,
    RelaySettings, Settings, Source, StoreUrl, TlsFiles, ValueFault, unknown_variables,
};
pub use data::default_directory;
pub use doctor::{Finding, Verdict, examine, examine_url};
pub use error::ServerError;
pub use identity::IdentityError;
pub use own_log::OwnLogError;
pub use owner::OwnerInvite;
pub use policy::{LivePolicy, MAX_POLICY_BYTES, Policy, PolicyError};
pub use server::{Reloader, Server};
pub use store::{Place, StorageError};
