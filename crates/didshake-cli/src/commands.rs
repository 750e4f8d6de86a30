//! One file a command.

pub(crate) mod admin;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod certs;
pub(crate) mod connect;
pub(crate) mod demo;
pub(crate) mod did;
pub(crate) mod doctor;
pub(crate) mod generate;
pub(crate) mod id;
pub(crate) mod inbox;
pub(crate) mod inspect;
pub(crate) mod listen;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod mailbox;
pub(crate) mod outbox;
pub(crate) mod peer;
pub(crate) mod pipe;
pub(crate) mod relay;
pub(crate) mod request;
pub(crate) mod send;
pub(crate) mod serve;
pub(crate) mod sessions;
pub(crate) mod share;
pub(crate) mod vectors;
