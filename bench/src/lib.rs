//! What didshake costs beside its primitives and beside what people use today: `cargo xtask bench`.
//!
//! Programs of the benchmark print [`figures::Part`]s as JSON, and progress on standard error; [`limits`] judges them and
//! [`report`] shows them.

pub mod backend;
pub mod channel;
pub mod figures;
pub mod floor;
pub mod handshake;
pub mod limits;
pub mod measure;
#[cfg(feature = "peers")]
pub mod peers;
pub mod random;
pub mod report;
