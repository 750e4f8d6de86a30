//! Mailbox keys, letters and cards: `check` of what is read, and `make`.

use didshake::card::{CardBytes, CardFault};
use didshake::mailbox::MailboxFault;
use didshake::{Error, Internal};
use getrandom::SysRng;
use getrandom::rand_core::TryRng;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Step, Stop, bytes, text};
use crate::{card, mailbox};

impl From<MailboxFault> for Stop {
    fn from(fault: MailboxFault) -> Self {
        Self::Kept(fault.code())
    }
}

impl From<CardFault> for Stop {
    fn from(fault: CardFault) -> Self {
        Self::Kept(fault.code())
    }
}

pub(super) fn check(kind: &str, request: &Value) -> Step<Value> {
    match kind {
        "mailbox_key" => {
            let key = mailbox::read_key(&member(request, "view")?, &bytes(request, "mailbox_key")?)??;
            Ok(json!({
                "did": key.owner().did().as_str(), "public_key": hex::encode(key.public_key()),
                "key_id": hex::encode(key.id()), "ends": key.ends().0,
            }))
        }
        "letter" => letter(request),
        "card_link" => Ok(json!({ "card": hex::encode(CardBytes::from_link(text(request, "link"))?.as_bytes()) })),
        "card" => a_card(request),
        _ => Err(Stop::Skip("no check of this kind")),
    }
}

pub(super) fn make(request: &Value) -> Step<Value> {
    match text(request, "kind") {
        "mailbox_key" => {
            let (_, key) = mailbox::make_key(&member(request, "owner")?)?;
            Ok(json!({ "mailbox_key": hex::encode(key) }))
        }
        "letter" => {
            let to = mailbox::read_key(&member(request, "view")?, &bytes(request, "mailbox_key")?)??;
            let (_, envelope) = mailbox::make_envelope(&sender(request)?, &to)??;
            Ok(json!({ "envelope": hex::encode(envelope) }))
        }
        "card" => {
            let (_, card) = card::make(&member(request, "owner")?, &member(request, "contents")?)?;
            Ok(json!({ "card": hex::encode(card.as_bytes()), "link": *card.link() }))
        }
        _ => Err(Stop::Skip("nothing of this kind is made")),
    }
}

fn letter(request: &Value) -> Step<Value> {
    let (view, owner) = (member(request, "view")?, member(request, "owner")?);
    let taken = mailbox::read_letter(&view, &owner, &bytes(request, "envelope")?)??;
    let (sender, letter) = (taken.sender(), taken.letter());
    Ok(json!({
        "did": sender.did().as_str(), "fragment": sender.fragment().as_str(), "algorithm": sender.key().algorithm() as u8,
        "message_id": hex::encode(letter.id()), "sent": letter.sent().0, "expires": letter.expires().0,
        "content_type": letter.content_type(), "content": hex::encode(letter.content()),
    }))
}

fn a_card(request: &Value) -> Step<Value> {
    let card = card::read(&member(request, "view")?, &bytes(request, "card")?)??;
    let (owner, says) = (card.owner(), card.contents());
    let mailbox = says.mailbox.as_ref();
    let token = mailbox.and_then(|mailbox| mailbox.token.as_ref());
    Ok(json!({
        "did": owner.did().as_str(), "fragment": owner.fragment().as_str(), "algorithm": owner.key().algorithm() as u8,
        "issued": says.issued.0, "ends": says.ends.map_or(0, |ends| ends.0),
        "endpoints": says.endpoints.iter().map(|url| url.as_str()).collect::<Vec<_>>(),
        "name": says.name.as_ref().map_or("", |name| name.as_str()),
        "mailbox": mailbox.map_or("", |mailbox| mailbox.url.as_str()),
        "token": token.map_or_else(String::new, |token| hex::encode(token.secret().expose())),
    }))
}

/// The sender, with randomness of our own where none is given.
fn sender(request: &Value) -> Step<crate::mailbox_format::Sender> {
    let mut sender = request.get("sender").cloned().unwrap_or_default();
    if let Value::Object(sender) = &mut sender {
        for (name, length) in [("ephemeral_ikm", 32), ("message_id", 16)] {
            let mut drawn = [0; 32];
            SysRng.try_fill_bytes(&mut drawn).map_err(|_| Error::from(Internal::Randomness))?;
            let drawn = hex::encode(drawn.get(..length).unwrap_or_default());
            sender.entry(name).or_insert_with(|| json!(drawn));
        }
    }
    Ok(serde_json::from_value(sender)?)
}

fn member<T: DeserializeOwned>(request: &Value, name: &str) -> Step<T> {
    Ok(serde_json::from_value(request.get(name).cloned().unwrap_or_default())?)
}
