//! Stores, and what goes into them.

use std::path::Path;

use didshake::mailbox::MessageId;
use didshake::{Did, UnixTime};
use didshake_peer::mailbox::{Arrived, Body, Contact, MailboxAddress, NewLetter, SqliteStore};
use zeroize::Zeroizing;

pub(crate) const NOW: UnixTime = UnixTime(1_767_225_600);
pub(crate) const WEEK: u64 = 604_800;

pub(crate) fn did(name: &str) -> Did {
    Did::parse(&format!("did:web:{name}.example")).unwrap()
}

pub(crate) async fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, did("alice")).await.unwrap()
}

pub(crate) fn id(number: u32) -> MessageId {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    id
}

/// A letter of ours to Bob.
pub(crate) fn to_bob(number: u32) -> NewLetter {
    NewLetter {
        recipient: did("bob"),
        id: id(number),
        content_type: "text/plain".into(),
        content: Zeroizing::new(format!("letter {number}").into_bytes()),
        written: NOW,
        expires: NOW.plus(WEEK),
    }
}

/// A letter of Bob's to us.
pub(crate) fn of_bob(number: u32) -> Arrived {
    of(&did("bob"), number, text(number))
}

pub(crate) fn of(sender: &Did, number: u32, body: Body) -> Arrived {
    let method = format!("{sender}#key-1");
    Arrived { sender: sender.clone(), method, id: id(number), sent: NOW, expires: NOW.plus(WEEK), body }
}

pub(crate) fn text(number: u32) -> Body {
    let content = Zeroizing::new(format!("letter {number}").into_bytes());
    Body::Letter { content_type: "text/plain".into(), content }
}

pub(crate) fn address(token: u8) -> MailboxAddress {
    use didshake::Secret;
    use didshake::relay::{DepositToken, MailboxUrl};
    let url = MailboxUrl::parse("https://relay.example/m/AAAAAAAAAAAAAAAAAAAAAA").unwrap();
    MailboxAddress { url, token: DepositToken::from_secret(Secret::new([token; 32])) }
}

pub(crate) fn contact(name: &str, address: Option<MailboxAddress>) -> Contact {
    Contact { did: did(name), address, card: None, added: NOW }
}
