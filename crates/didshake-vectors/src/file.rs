//! A vector of any format.

use crate::card_format::CardVector;
use crate::format::Vector;
use crate::mailbox_format::MailboxVector;
use crate::outcome::Failure;
use crate::request_format::RequestVector;
use crate::webvh::WebvhVector;
use crate::{card, mailbox, run, show, show_request};

/// What a vector file holds.
#[derive(Clone, PartialEq, Debug)]
pub enum VectorFile {
    /// A handshake and its channel.
    Handshake(Box<Vector>),
    /// A signed request of a session.
    Request(Box<RequestVector>),
    /// A mailbox key and an envelope.
    Mailbox(Box<MailboxVector>),
    /// A contact card, or a link to one.
    Card(Box<CardVector>),
    /// A log of did:webvh.
    Log(Box<WebvhVector>),
}

impl VectorFile {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Handshake(vector) => vector.id(),
            Self::Request(vector) => vector.id(),
            Self::Mailbox(vector) => vector.id(),
            Self::Card(vector) => vector.id(),
            Self::Log(vector) => vector.id(),
        }
    }

    /// What it is about.
    #[must_use]
    pub fn area(&self) -> &str {
        match self {
            Self::Handshake(vector) => vector.area(),
            Self::Request(vector) => vector.area(),
            Self::Mailbox(vector) => vector.area(),
            Self::Card(vector) => vector.area(),
            Self::Log(vector) => vector.area(),
        }
    }

    /// Runs it through the real crates.
    ///
    /// # Errors
    /// The first [`Failure`].
    pub fn verify(&self) -> Result<(), Failure> {
        match self {
            Self::Handshake(vector) => run::verify(vector),
            Self::Request(vector) => vector.verify(),
            Self::Mailbox(vector) => vector.verify(),
            Self::Card(vector) => vector.verify(),
            Self::Log(vector) => vector.verify(),
        }
    }

    /// A positive as a worked example in markdown, computed anew.
    ///
    /// # Errors
    /// [`Failure`] where the vector is no positive, or cannot be run.
    pub fn markdown(&self) -> Result<String, Failure> {
        match self {
            Self::Handshake(vector) => show::markdown(vector),
            Self::Request(vector) => show_request::markdown(vector),
            Self::Mailbox(vector) => mailbox::markdown(vector),
            Self::Card(vector) => card::markdown(vector),
            Self::Log(vector) => vector.text().map(|text| format!("```\n{text}```\n")),
        }
    }

    /// The same for a terminal.
    ///
    /// # Errors
    /// As for [`VectorFile::markdown`].
    pub fn text(&self) -> Result<String, Failure> {
        match self {
            Self::Handshake(vector) => show::text(vector),
            Self::Request(vector) => show_request::text(vector),
            Self::Mailbox(vector) => mailbox::text(vector),
            Self::Card(vector) => card::text(vector),
            Self::Log(vector) => vector.text(),
        }
    }
}
