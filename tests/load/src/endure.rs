//! A long conversation while everything is killed at random: several senders, one relay, one recipient with its application, each
//! a process of its own.

mod plan;
mod roles;
mod run;

pub use roles::{receive, send};
pub use run::{Outcome, Trial, run};
