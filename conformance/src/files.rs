//! Every file of the vectors, by its path: the vectors themselves, and what says what they are.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::generate::{GenerateError, Result, Vectors};
use crate::readme;
use crate::vector::{FORMAT, Kind};

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

/// The entry of a vector in one of the folders. The kinds have these members in common, and no type: a flattened one would let
/// unknown members pass.
macro_rules! entry {
    ($folder:expr) => {
        |vector| Entry {
            id: &vector.id,
            file: path($folder(vector.kind), &vector.id),
            area: &vector.area,
            about: &vector.about,
            requirements: &vector.requirements,
            base: vector.base.as_deref(),
            error: vector.fails.as_ref().map(|fails| fails.error.as_str()),
        }
    };
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
    let handshakes = vectors.handshakes.iter().map(entry!(folder));
    let requests = vectors.requests.iter().map(entry!(|_| REQUEST));
    let mailboxes = vectors.mailboxes.iter().map(entry!(|_| MAILBOX));
    let cards = vectors.cards.iter().map(entry!(|_| CARD));
    let logs = vectors.logs.iter().map(entry!(|_| WEBVH));
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
