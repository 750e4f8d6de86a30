//! Every file of the vectors, by its path: the vectors themselves, and what says what they are.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::card::CardVector;
use crate::generate::{GenerateError, Result, Vectors};
use crate::mailbox::MailboxVector;
use crate::readme;
use crate::request::RequestVector;
use crate::vector::{FORMAT, Kind, Vector};
use crate::webvh::WebvhVector;

/// The folders whose every file is generated.
pub(crate) const FOLDERS: [&str; 6] = ["positive", "negative", REQUEST, MAILBOX, CARD, WEBVH];

const REQUEST: &str = "request";
const MAILBOX: &str = "mailbox";
const CARD: &str = "card";
const WEBVH: &str = "webvh";

/// Every file by its path below the directory of the vectors.
pub(crate) fn files(vectors: &Vectors) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for vector in &vectors.handshakes {
        files.insert(path(folder(vector.kind), &vector.id), pretty(vector)?);
    }
    for vector in &vectors.requests {
        files.insert(path(REQUEST, &vector.id), pretty(vector)?);
    }
    for vector in &vectors.mailboxes {
        files.insert(path(MAILBOX, &vector.id), pretty(vector)?);
    }
    for vector in &vectors.cards {
        files.insert(path(CARD, &vector.id), pretty(vector)?);
    }
    for vector in &vectors.logs {
        files.insert(path(WEBVH, &vector.id), pretty(vector)?);
    }
    files.insert("index.json".to_owned(), pretty(&index(vectors))?);
    files.insert("schema.json".to_owned(), include_str!("../schema.json").to_owned());
    files.insert("request-schema.json".to_owned(), include_str!("../request-schema.json").to_owned());
    files.insert("mailbox-schema.json".to_owned(), include_str!("../mailbox-schema.json").to_owned());
    files.insert("card-schema.json".to_owned(), include_str!("../card-schema.json").to_owned());
    files.insert("webvh-schema.json".to_owned(), include_str!("../webvh-schema.json").to_owned());
    files.insert("README.md".to_owned(), readme::text(vectors));
    Ok(files)
}

fn folder(kind: Kind) -> &'static str {
    match kind {
        Kind::Positive => "positive",
        Kind::Negative => "negative",
    }
}

fn path(folder: &str, id: &str) -> String {
    format!("{folder}/{id}.json")
}

fn pretty(value: &impl Serialize) -> Result<String> {
    let mut text = serde_json::to_string_pretty(value).map_err(GenerateError::Json)?;
    text.push('\n');
    Ok(text)
}

#[derive(Serialize)]
struct Index<'a> {
    format: &'static str,
    positives: usize,
    negatives: usize,
    request_positives: usize,
    request_negatives: usize,
    mailbox_positives: usize,
    mailbox_negatives: usize,
    card_positives: usize,
    card_negatives: usize,
    webvh_positives: usize,
    webvh_negatives: usize,
    vectors: Vec<Entry<'a>>,
    requirements: BTreeMap<&'a str, Vec<&'a str>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    file: String,
    area: &'a str,
    about: &'a str,
    requirements: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

fn index(vectors: &Vectors) -> Index<'_> {
    let handshakes = vectors.handshakes.iter().map(handshake_entry);
    let requests = vectors.requests.iter().map(request_entry);
    let mailboxes = vectors.mailboxes.iter().map(mailbox_entry);
    let cards = vectors.cards.iter().map(card_entry);
    let logs = vectors.logs.iter().map(log_entry);
    let entries: Vec<Entry<'_>> = handshakes.chain(requests).chain(mailboxes).chain(cards).chain(logs).collect();
    let mut requirements: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in &entries {
        for id in entry.requirements {
            requirements.entry(id).or_default().push(entry.id);
        }
    }
    let counts = vectors.counts();
    Index {
        format: FORMAT,
        positives: counts.positives,
        negatives: counts.negatives,
        request_positives: counts.request_positives,
        request_negatives: counts.request_negatives,
        mailbox_positives: counts.mailbox_positives,
        mailbox_negatives: counts.mailbox_negatives,
        card_positives: counts.card_positives,
        card_negatives: counts.card_negatives,
        webvh_positives: counts.webvh_positives,
        webvh_negatives: counts.webvh_negatives,
        vectors: entries,
        requirements,
    }
}

fn handshake_entry(vector: &Vector) -> Entry<'_> {
    Entry {
        id: &vector.id,
        file: path(folder(vector.kind), &vector.id),
        area: &vector.area,
        about: &vector.about,
        requirements: &vector.requirements,
        base: vector.base.as_deref(),
        error: vector.fails.as_ref().map(|fails| fails.error.as_str()),
    }
}

fn request_entry(vector: &RequestVector) -> Entry<'_> {
    Entry {
        id: &vector.id,
        file: path(REQUEST, &vector.id),
        area: &vector.area,
        about: &vector.about,
        requirements: &vector.requirements,
        base: vector.base.as_deref(),
        error: vector.fails.as_ref().map(|fails| fails.error.as_str()),
    }
}

fn mailbox_entry(vector: &MailboxVector) -> Entry<'_> {
    Entry {
        id: &vector.id,
        file: path(MAILBOX, &vector.id),
        area: &vector.area,
        about: &vector.about,
        requirements: &vector.requirements,
        base: vector.base.as_deref(),
        error: vector.fails.as_ref().map(|fails| fails.error.as_str()),
    }
}

fn card_entry(vector: &CardVector) -> Entry<'_> {
    Entry {
        id: &vector.id,
        file: path(CARD, &vector.id),
        area: &vector.area,
        about: &vector.about,
        requirements: &vector.requirements,
        base: vector.base.as_deref(),
        error: vector.fails.as_ref().map(|fails| fails.error.as_str()),
    }
}

fn log_entry(vector: &WebvhVector) -> Entry<'_> {
    Entry {
        id: &vector.id,
        file: path(WEBVH, &vector.id),
        area: &vector.area,
        about: &vector.about,
        requirements: &vector.requirements,
        base: vector.base.as_deref(),
        error: vector.fails.as_ref().map(|fails| fails.error.as_str()),
    }
}
