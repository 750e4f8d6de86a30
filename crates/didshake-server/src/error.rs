//! Why a service does not start, or ends.

use std::io;
use std::net::SocketAddr;

use didshake::OriginsError;
use didshake_axum::{BuildError, StoreError};

use crate::config::ConfigError;
use crate::identity::IdentityError;
use crate::store::StorageError;

/// Why a service does not start, or ends before it should.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The configuration, or a file that it names, is refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data directory or the database cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// There is no identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    #[allow(missing_docs, reason = "the fields say themselves what they are")]
    Listen { address: SocketAddr, source: io::Error },
    /// The origins cannot be told apart.
    #[error(transparent)]
    Origins(OriginsError),
    /// The parts do not go together.
    #[error("the service cannot be put together")]
    Build(#[from] BuildError),
    /// The store failed after it was opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The listener failed.
    #[error("the listener failed")]
    Serve(#[source] io::Error),
}

impl ServerError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Config(error) => error.remedy(),
            Self::Storage(error) => error.remedy(),
            Self::Identity(_) => "see `didshake id list`, or give the service another identity: --as NAME".into(),
            Self::Listen { .. } => "end what listens there, or take a free port: --listen 127.0.0.1:0".into(),
            Self::Origins(_) => "give other public URLs".into(),
            Self::Build(_) | Self::Store(_) | Self::Serve(_) => "see the cause".into(),
        }
    }
}
