//! From a name to its addresses.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::resolver::BoxFuture;

/// Looks up the addresses of a name: the operating system's way, or over another protocol. What it says is not trusted.
///
/// ```
/// use std::{io, net::IpAddr};
/// use didshake_did::{BoxFuture, web::Lookup};
///
/// /// Knows one name.
/// struct Hosts;
///
/// impl Lookup for Hosts {
///     fn lookup<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
///         let known = name == "one.example";
///         Box::pin(async move { Ok(if known { vec![IpAddr::from([192, 0, 2, 1])] } else { Vec::new() }) })
///     }
/// }
/// ```
pub trait Lookup: Send + Sync {
    /// The addresses of `name`, which is in lower case and no address itself. Dropping the future abandons the attempt.
    ///
    /// # Errors
    /// Any; it counts as a name without addresses.
    fn lookup<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The operating system's resolver, on tokio's threads for blocking work, 32 names at a time: a lookup that was
/// abandoned keeps its place until the system answers, so that slow name servers cannot take every thread.
#[derive(Clone, Debug)]
pub struct SystemLookup {
    places: Arc<Semaphore>,
}

impl Default for SystemLookup {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(32)) }
    }
}

impl Lookup for SystemLookup {
    fn lookup<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let name = name.to_owned();
        Box::pin(async move {
            let place = Arc::clone(&self.places).acquire_owned().await.map_err(io::Error::other)?;
            let blocking = move || {
                let _place = place;
                (name.as_str(), 0).to_socket_addrs().map(|found| found.map(|address| address.ip()).collect())
            };
            tokio::task::spawn_blocking(blocking).await.map_err(io::Error::other)?
        })
    }
}
