//! Runs the real `didshake` program: in a home of its own, with a time limit, stopped when the test ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

mod capture;
mod cut;
mod document_host;
mod home;
mod listener;
mod namespaces;
mod nginx;
mod program;
mod recorded;
mod search;
mod service;
mod sites;

pub use capture::{Capture, Captured, Stream};
pub use cut::{Cut, go_on, until_stopped};
pub use document_host::{DocumentHost, LogHost, eventually};
pub use home::Home;
pub use listener::Listener;
pub use namespaces::{Namespace, Star};
pub use nginx::{Nginx, Site as NginxSite, free_port};
pub use program::{Output, finish};
pub use recorded::{Client, Login, Outcome, Posted};
pub use search::{Needle, files_below, memory_of, position};
pub use service::Service;
pub use sites::{Ports, Proxy, Sites};
