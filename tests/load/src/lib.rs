//! Services and relays under load. `cargo xtask bench relay` runs `relay-bench`, its other parts at a service `login-bench`;
//! `cargo xtask endure` runs `endure`.
//!
//! Owners and depositors of the benchmark are what `spec/relay-1.md` says and no more, so that it is the relay that is measured.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step is a failed measurement"
)]

mod application;
mod channels;
mod depositor;
mod endure;
mod figures;
mod nats;
mod owner;
mod relay;

pub use application::{Application, Handed, Verdict};
pub use channels::{Idle, idle_channels};
pub use depositor::{Depositor, batch, envelopes};
pub use endure::{Outcome, Trial, receive, run, send};
pub use figures::{Latencies, median, resident};
pub use nats::{Nats, Publisher, Subscriber};
pub use owner::{Frame, Owner, Socket};
pub use relay::relay;
