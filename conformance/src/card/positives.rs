//! The catalogue of cards that are taken.

use std::collections::BTreeMap;

use super::case::Positive;
use super::file::{Contents, Owner, ReaderView};
use crate::check::{Step, Stop};
use crate::config::{Document, Hex, Identity};
use crate::fixed::{
    NOW, did_peer_4, jwk_identity, key_identity, multikey_document, peer_identity, secret, web_identity,
};
use crate::positives::peers::input;

const DAY: u64 = 86_400;

/// The names of the signing keys in the catalogue of fixed inputs.
const OWNER: [&str; 2] = ["card owner ed25519", "card owner p256"];

fn name(algorithm: u8) -> &'static str {
    let [ed25519, p256] = OWNER;
    if algorithm == 1 { ed25519 } else { p256 }
}

/// A card with everything in it, issued a day ago for a month and read now.
fn of(id: &'static str, about: &'static str, identity: Identity) -> Positive {
    let Identity { did, fragment, algorithm, secret_key } = identity;
    Positive {
        id,
        about,
        requirements: vec!["R-CARD-1", "R-CARD-2", "R-CARD-5"],
        view: ReaderView { now: NOW, means: Some(did.clone()), documents: BTreeMap::new() },
        owner: Owner { did, fragment, algorithm, signing_key: secret_key },
        contents: Contents {
            issued: NOW - DAY,
            ends: NOW + 29 * DAY,
            endpoints: ["tcp://owner.example:4000", "wss://owner.example/didshake"].map(str::to_owned).into(),
            name: "Zo\u{eb} & Co".to_owned(),
            mailbox: "https://relay.example/mailbox/4f2a".to_owned(),
            token: Hex(secret("card token")),
        },
    }
}

fn web(id: &'static str, about: &'static str, did: &str, fragment: &str, algorithm: u8) -> Step<Positive> {
    let identity = web_identity(did, fragment, algorithm, name(algorithm));
    let text = multikey_document(&identity, name(algorithm))?;
    let documents = BTreeMap::from([(identity.did.clone(), Document::Found { text, deactivated: false })]);
    let mut positive = of(id, about, identity);
    positive.view.documents = documents;
    Ok(positive)
}

impl Positive {
    fn edit(
        &self,
        id: &'static str,
        about: &'static str,
        requirement: &'static str,
        edit: impl FnOnce(&mut Contents, &mut ReaderView),
    ) -> Positive {
        let mut edited = Positive { id, about, requirements: vec![requirement], ..self.clone() };
        edit(&mut edited.contents, &mut edited.view);
        edited
    }
}

fn identities() -> Step<Vec<Positive>> {
    let longest = format!("did:web:owner.example:{}", "b".repeat(2048 - 22));
    let long = "f".repeat(255);
    Ok(vec![
        of("c-ed25519", "a card of a did:key with Ed25519", key_identity(1, name(1))?),
        of("c-p256", "a card of a did:key with P-256", key_identity(2, name(2))?),
        of("c-jwk", "a card of a did:jwk", jwk_identity(1, name(1), "")?),
        of("c-peer", "a card of a did:peer:4", peer_identity(did_peer_4(&input(1, name(1), "")?), "key-1", 1, name(1))),
        web("c-web", "a card of a did:web, Ed25519", "did:web:owner.example", "card", 1)?,
        web("c-web-p256", "a card of a did:web, P-256", "did:web:owner.example:agents:zoe", "key-1", 2)?,
        web(
            "c-did-characters",
            "percent-encoding in a DID, and every kind of character in a fragment",
            "did:web:localhost%3A8443:Users:alice_1.x-y",
            "key-1._~!$&'()*+,;=:@/?%2F",
            1,
        )?,
        web("c-longest", "every field as long as it can be: 4,792 bytes", &longest, &long, 1)?.longest(),
    ])
}

impl Positive {
    fn longest(mut self) -> Positive {
        let fill = |start: &str, to: usize| format!("{start}{}", "x".repeat(to - start.len()));
        self.contents.endpoints = vec![fill("wss://owner.example/", 255); 8];
        self.contents.name = fill("n", 64);
        self.contents.mailbox = fill("https://relay.example/", 255);
        self
    }
}

fn times(first: &Positive) -> Vec<Positive> {
    let with = |id, about, edit: fn(&mut Contents, &mut ReaderView)| first.edit(id, about, "R-CARD-2", edit);
    vec![
        with("c-for-ever", "the card does not end, and is read in 285 million years", |card, view| {
            card.ends = 0;
            view.now = 9_007_199_254_740_991;
        }),
        with("c-issued-ahead", "the card was issued 60 s from the reader's clock", |card, _| card.issued = NOW + 60),
        with("c-last-second", "the last second before the card ends", |card, _| card.ends = NOW + 1),
        with("c-one-second", "a card for one second", |card, _| (card.issued, card.ends) = (NOW, NOW + 1)),
        with("c-time-zero", "everything at the beginning of time", |card, view| {
            (card.issued, card.ends, view.now) = (0, 1, 0);
        }),
        with("c-whoever", "the reader means whoever's card it is", |_, view| view.means = None),
    ]
}

fn addresses(first: &Positive) -> Vec<Positive> {
    let with = |id, about, edit: fn(&mut Contents, &mut ReaderView)| first.edit(id, about, "R-CARD-1", edit);
    vec![
        with("c-empty", "no endpoint, no name, no mailbox", |card, _| {
            card.endpoints.clear();
            card.name.clear();
            card.mailbox.clear();
            card.token.0.clear();
        }),
        with("c-no-token", "a mailbox that takes letters without a token", |card, _| card.token.0.clear()),
        with("c-no-mailbox", "endpoints and a name, no mailbox", |card, _| {
            card.mailbox.clear();
            card.token.0.clear();
        }),
        with("c-token-zeros", "a token of zeros is one", |card, _| card.token = Hex(vec![0; 32])),
        with("c-endpoints-eight", "eight endpoints of schemes that are known and unknown", |card, _| {
            let urls =
                ["tcp://[::1]:1", "ws://127.0.0.1/", "http://h/", "a:", "x+y-z.9://~", "unix:/run/a", "wss:", "b:!}"];
            card.endpoints = urls.map(str::to_owned).into();
        }),
        with("c-endpoint-twice", "one endpoint twice", |card, _| {
            card.endpoints = vec!["https://owner.example/".to_owned(); 2];
        }),
        with("c-mailbox-http", "a mailbox at http, with each character that a mailbox may have", |card, _| {
            card.mailbox = "http://[::1]:8080/AZaz09-._~!$&'()*+,;=:/%25".to_owned();
        }),
        with("c-mailbox-shortest", "the shortest mailbox", |card, _| card.mailbox = "http://a".to_owned()),
        with("c-name-64", "a name of 64 bytes in 16 letters", |card, _| card.name = "\u{1f600}".repeat(16)),
        with("c-name-spaces", "two spaces inside a name", |card, _| card.name = "a  b".to_owned()),
        with("c-name-beside", "letters just beside those that a name may not have", |card, _| {
            card.name = "!~\u{a1}\u{ac}\u{ae}\u{34e}\u{350}\u{2027}\u{2030}\u{2070}\u{3001}\u{fe10}\u{fffc}\u{e1000}"
                .to_owned();
        }),
        with("c-name-scripts", "a name of several scripts", |card, _| {
            card.name = "\u{65e5}\u{672c} \u{5d0}\u{5d1} \u{3a9}".to_owned();
        }),
    ]
}

/// A document whose method is good for one second more, and one that is looked up whoever's it is.
fn documents(identities: &[Positive]) -> Step<Vec<Positive>> {
    let web = identities.iter().find(|positive| positive.id == "c-web").ok_or(Stop::Broken("no such card"))?;
    let last = web.edit("c-web-last-second", "the method is good for one second more", "R-CARD-2", |_, view| {
        let times = r#""expires":"2026-01-01T00:00:01Z","revoked":"2026-01-01T00:00:01Z","publicKeyMultibase""#;
        for document in view.documents.values_mut() {
            if let Document::Found { text, .. } = document {
                *text = text.replace(r#""publicKeyMultibase""#, times);
            }
        }
    });
    let about = "the reader means whoever's card it is, and looks them up";
    Ok(vec![last, web.edit("c-web-whoever", about, "R-CARD-2", |_, view| view.means = None)])
}

/// All of them, in the order of the index.
pub(crate) fn all() -> Step<Vec<Positive>> {
    let identities = identities()?;
    let first = identities.first().cloned().ok_or(Stop::Broken("no card"))?;
    let documents = documents(&identities)?;
    Ok([identities, documents, times(&first), addresses(&first)].concat())
}
