//! The runner: puts cases to implementations.

pub mod case;
