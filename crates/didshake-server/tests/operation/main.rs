//! The service as an operator meets it.

mod backups;
mod configuration;
mod endings;
mod http;
mod policies;
mod routes;
mod service;
