//! The catalogue of letters that arrive.

use std::collections::BTreeMap;

use super::case::Positive;
use super::file::{Owner, RecipientView, Sender, SenderView};
use super::letter::LetterForm;
use crate::check::{Step, Stop};
use crate::config::{Document, Hex, Identity};
use crate::fixed::{
    NOW, did_peer_4, jwk_identity, key_identity, multikey_document, peer_identity, secret, web_identity,
};
use crate::positives::peers::{self, input};

const DAY: u64 = 86_400;

/// The names of the signing keys in the catalogue of fixed inputs.
const OWNER: [&str; 2] = ["mailbox owner ed25519", "mailbox owner p256"];
const SENDER: [&str; 2] = ["mailbox sender ed25519", "mailbox sender p256"];

fn name(names: [&'static str; 2], algorithm: u8) -> &'static str {
    let [ed25519, p256] = names;
    if algorithm == 1 { ed25519 } else { p256 }
}

fn owner_of(identity: Identity) -> Owner {
    let Identity { did, fragment, algorithm, secret_key } = identity;
    let mailbox_secret = Hex(secret("mailbox key"));
    Owner { did, fragment, algorithm, signing_key: secret_key, mailbox_secret, begins: NOW - DAY, ends: NOW + 29 * DAY }
}

fn sender_of(identity: Identity) -> Sender {
    let Identity { did, fragment, algorithm, secret_key } = identity;
    Sender {
        did,
        fragment,
        algorithm,
        signing_key: secret_key,
        ephemeral_ikm: Hex(secret("mailbox ephemeral")),
        message_id: Hex(secret("mailbox message").get(..16).unwrap_or_default().to_vec()),
        sent: NOW,
        expires: NOW + 7 * DAY,
        content_type: "text/plain".to_owned(),
        content: Hex(b"The key is under the mat.".to_vec()),
    }
}

/// A letter between two identities, written now and opened an hour later.
fn between(id: &'static str, about: &'static str, sender: Identity, owner: Identity) -> Positive {
    Positive {
        id,
        about,
        requirements: vec!["R-MBOX-1", "R-MBOX-2", "R-MBOX-3", "R-MBOX-5"],
        sender_view: SenderView { now: NOW, means: owner.did.clone(), documents: BTreeMap::new() },
        recipient_view: RecipientView { now: NOW + 3600, admits: None, documents: BTreeMap::new() },
        sender: sender_of(sender),
        owner: owner_of(owner),
    }
}

fn keys(sender: u8, owner: u8) -> Step<(Identity, Identity)> {
    Ok((key_identity(sender, name(SENDER, sender))?, key_identity(owner, name(OWNER, owner))?))
}

/// Both sides are did:web, so that each looks the other up.
fn webs(id: &'static str, about: &'static str, dids: [&str; 2], fragments: [&str; 2], of: [u8; 2]) -> Step<Positive> {
    let ([sender_did, owner_did], [sender_fragment, owner_fragment]) = (dids, fragments);
    let [sender_algorithm, owner_algorithm] = of;
    let sender = web_identity(sender_did, sender_fragment, sender_algorithm, name(SENDER, sender_algorithm));
    let owner = web_identity(owner_did, owner_fragment, owner_algorithm, name(OWNER, owner_algorithm));
    let document = |identity: &Identity, name| {
        let text = multikey_document(identity, name)?;
        Ok::<_, Stop>(BTreeMap::from([(identity.did.clone(), Document::Found { text, deactivated: false })]))
    };
    let of_sender = document(&sender, name(SENDER, sender_algorithm))?;
    let of_owner = document(&owner, name(OWNER, owner_algorithm))?;
    let mut positive = between(id, about, sender, owner);
    positive.recipient_view.documents = of_sender;
    positive.sender_view.documents = of_owner;
    Ok(positive)
}

impl Positive {
    fn named(&self, id: &'static str, about: &'static str, requirements: &[&'static str]) -> Positive {
        Positive { id, about, requirements: requirements.to_vec(), ..self.clone() }
    }

    fn edit(mut self, edit: impl FnOnce(&mut Positive)) -> Self {
        edit(&mut self);
        self
    }

    /// Content of this many bytes.
    fn content(self, length: usize) -> Self {
        let bytes = b"didshake ".iter().copied().cycle().take(length).collect();
        self.edit(|positive| positive.sender.content = Hex(bytes))
    }

    /// Content with which the letter has this many bytes before it is padded.
    fn letter_of(self, length: usize) -> Step<Self> {
        let empty = self.clone().content(0);
        let form = LetterForm::of(&empty.sender).map_err(|_| Stop::Broken("no letter"))?;
        let rest = form.encode(&[0; 64]).map_err(|_| Stop::Broken("no letter"))?.len();
        Ok(self.content(length.saturating_sub(rest)))
    }
}

fn identities() -> Step<Vec<Positive>> {
    let pair = |id, about, sender, owner| {
        let (sender, owner) = keys(sender, owner)?;
        Ok::<_, Stop>(between(id, about, sender, owner))
    };
    let jwks = (jwk_identity(2, name(SENDER, 2), "")?, jwk_identity(1, name(OWNER, 1), "")?);
    let (sender, owner) = (name(SENDER, 1), name(OWNER, 2));
    let peers = (
        peer_identity(did_peer_4(&input(1, sender, "")?), "key-1", 1, sender),
        peer_identity(format!("did:peer:2.V{}", peers::key(2, owner)?), "key-1", 2, owner),
    );
    let longest = [format!("did:web:sender.example:{}", "a".repeat(2048 - 23)), {
        format!("did:web:owner.example:{}", "b".repeat(2048 - 22))
    }];
    let [sender, owner] = &longest;
    let long = "f".repeat(255);
    let webs_of = ["did:web:sender.example:alice", "did:web:owner.example"];
    let strange = ["did:web:localhost%3A8443:Users:alice_1.x-y", "did:web:owner.example"];
    Ok(vec![
        pair("m-ed25519", "a letter of a did:key with Ed25519 to another", 1, 1)?,
        pair("m-p256", "a letter of a did:key with P-256 to another", 2, 2)?,
        pair("m-ed25519-to-p256", "an Ed25519 sender, an owner with P-256", 1, 2)?,
        pair("m-p256-to-ed25519", "a P-256 sender, an owner with Ed25519", 2, 1)?,
        between("m-jwk", "did:jwk on both sides: P-256 writes to Ed25519", jwks.0, jwks.1),
        between("m-peer", "did:peer on both sides: form 4 writes to form 2", peers.0, peers.1),
        webs("m-web", "did:web on both sides, Ed25519", webs_of, ["key-1", "mailbox"], [1, 1])?,
        webs("m-web-p256", "did:web on both sides, P-256", webs_of, ["key-1", "mailbox"], [2, 2])?,
        webs("m-did-longest", "DIDs of 2,048 bytes, fragments of 255", [sender, owner], [&long, &long], [1, 2])?,
        webs(
            "m-did-characters",
            "percent-encoding in a DID, and every kind of character in a fragment",
            strange,
            ["key-1._~!$&'()*+,;=:@/?%2F", "%c3%A4/?"],
            [2, 1],
        )?,
    ])
}

/// Documents whose methods are good for one second more, and a letter to oneself.
fn oddities(identities: &[Positive]) -> Step<Vec<Positive>> {
    let of = |id| identities.iter().find(|positive| positive.id == id).ok_or(Stop::Broken("no such letter"));
    let ending = |documents: &mut BTreeMap<String, Document>, time: &str| {
        for document in documents.values_mut() {
            if let Document::Found { text, .. } = document {
                let times = format!(r#""expires":"{time}","revoked":"{time}","publicKeyMultibase""#);
                *text = text.replace(r#""publicKeyMultibase""#, &times);
            }
        }
    };
    let times = of("m-web")?
        .named("m-web-last-second", "both methods are good for one second more", &["R-MBOX-2", "R-MBOX-5"])
        .edit(|positive| {
            ending(&mut positive.sender_view.documents, "2026-01-01T00:00:01Z");
            ending(&mut positive.recipient_view.documents, "2026-01-01T01:00:01Z");
        });
    let own = of("m-ed25519")?
        .named("m-to-oneself", "the sender is the owner: no check of a letter forbids it", &["R-MBOX-5"])
        .edit(|positive| {
            positive.sender.did.clone_from(&positive.owner.did);
            positive.sender.signing_key.clone_from(&positive.owner.signing_key);
        });
    Ok(vec![times, own])
}

fn contents(first: &Positive) -> Step<Vec<Positive>> {
    let with = |id, about| first.named(id, about, &["R-MBOX-3", "R-MBOX-5"]);
    let class = |id, about, length| first.named(id, about, &["R-MBOX-4"]).letter_of(length);
    let visible: String = ('!'..='~').collect();
    Ok(vec![
        with("m-content-empty", "empty content").content(0),
        with("m-content-binary", "content of all 256 bytes")
            .edit(|positive| positive.sender.content = Hex((0..=255).collect())),
        with("m-content-zeros", "content that ends in zeros, as the padding begins")
            .edit(|positive| positive.sender.content = Hex([vec![1], vec![0; 40]].concat())),
        with("m-content-longest", "content of 65,536 bytes, in the largest size class").content(65_536),
        class("m-class-512", "a letter of 512 bytes has no padding", 512)?,
        class("m-class-513", "a letter of 513 bytes has the class of 1,024", 513)?,
        class("m-class-2048", "a letter of 2,048 bytes has no padding", 2048)?,
        class("m-class-2049", "a letter of 2,049 bytes has the class of 4,096", 2049)?,
        class("m-class-8192", "a letter of 8,192 bytes has no padding", 8192)?,
        class("m-class-8193", "a letter of 8,193 bytes has the class of 16,384", 8193)?,
        class("m-class-32768", "a letter of 32,768 bytes has no padding", 32_768)?,
        class("m-class-32769", "a letter of 32,769 bytes has the class of 65,536", 32_769)?,
        with("m-content-type-longest", "a content type of 255 bytes")
            .edit(|positive| positive.sender.content_type = format!("text/{}", "x".repeat(250))),
        with("m-content-type-shortest", "a content type of one byte")
            .edit(|positive| positive.sender.content_type = "!".to_owned()),
        with("m-content-type-characters", "a content type with each visible character")
            .edit(|positive| positive.sender.content_type = visible),
        with("m-message-id-zero", "a message id of zeros, in an envelope of its own").edit(|positive| {
            positive.sender.message_id = Hex(vec![0; 16]);
            positive.sender.ephemeral_ikm = Hex(secret("other mailbox ephemeral"));
        }),
    ])
}

fn key_times(first: &Positive) -> Vec<Positive> {
    let with = |id, about| first.named(id, about, &["R-MBOX-2"]);
    vec![
        with("m-key-begins-ahead", "the mailbox key begins 60 s from the sender's clock")
            .edit(|positive| positive.owner.begins = NOW + 60),
        with("m-key-begins-now", "the mailbox key begins now").edit(|positive| positive.owner.begins = NOW),
        with("m-key-last-second", "the last second before the mailbox key ends")
            .edit(|positive| positive.owner.ends = NOW + 1),
        with("m-key-90-days", "a mailbox key for exactly 90 days")
            .edit(|positive| positive.owner.ends = positive.owner.begins + 90 * DAY),
        with("m-key-one-second", "a mailbox key for one second").edit(|positive| {
            (positive.owner.begins, positive.owner.ends) = (NOW, NOW + 1);
        }),
        with("m-key-over", "the mailbox key ended between sending and opening, which does not matter")
            .edit(|positive| positive.owner.ends = NOW + 1800),
        first
            .named(
                "m-key-grace",
                "the last second of the grace: the letter's `sent` is 120 s after the key's end, as of a clock that is ahead",
                &["R-MBOX-6"],
            )
            .edit(|positive| {
                positive.owner.ends = NOW + 1;
                positive.sender.sent = positive.owner.ends + 120;
                positive.sender.expires = positive.sender.sent + 30 * DAY;
                positive.recipient_view.now = positive.owner.ends + 2_592_059;
            }),
    ]
}

fn letter_times(first: &Positive) -> Vec<Positive> {
    let with = |id, about| first.named(id, about, &["R-MBOX-5"]);
    vec![
        with("m-letter-last-second", "the last second before the letter expires")
            .edit(|positive| positive.recipient_view.now = positive.sender.expires - 1),
        with("m-letter-30-days", "a letter for exactly 30 days")
            .edit(|positive| positive.sender.expires = NOW + 30 * DAY),
        with("m-letter-one-second", "a letter for one second").edit(|positive| {
            positive.sender.expires = NOW + 1;
            positive.recipient_view.now = NOW;
        }),
        with("m-letter-sent-ahead", "the recipient's clock is 60 s behind the sender's")
            .edit(|positive| positive.recipient_view.now = NOW - 60),
        with("m-time-zero", "everything at the beginning of time").edit(|positive| {
            (positive.owner.begins, positive.owner.ends) = (0, 1);
            (positive.sender.sent, positive.sender.expires) = (0, 1);
            (positive.sender_view.now, positive.recipient_view.now) = (0, 0);
        }),
        with("m-admitted", "the recipient takes letters of two DIDs only").edit(|positive| {
            let did = positive.sender.did.clone();
            positive.recipient_view.admits = Some(vec![positive.owner.did.clone(), did]);
        }),
    ]
}

/// All of them, in the order of the index.
pub(crate) fn all() -> Step<Vec<Positive>> {
    let identities = identities()?;
    let first = identities.first().cloned().ok_or(Stop::Broken("no letter"))?;
    let of_kinds = [oddities(&identities)?, contents(&first)?, key_times(&first), letter_times(&first)];
    Ok([identities, of_kinds.into_iter().flatten().collect()].concat())
}
