//! What people use today for the same task, in memory.

pub mod noise;
pub mod tls;
