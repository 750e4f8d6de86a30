//! Mailbox keys, letters and cards: `check` of what is read, and `make`.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Broken, pieces::draw};
use crate::card::{self, alone as cards};
use crate::mailbox::check::{Checks, Halt, Judged};
use crate::mailbox::{Misbehaviour, Owner, RecipientView, Sender, SenderView, alone as mailbox};
use crate::wrong::Wrong;

/// The answer to a `check`. None: another kind.
pub(crate) fn check(checks: Checks, inputs: &Value) -> Option<Value> {
    let done = match inputs.get("kind").and_then(Value::as_str) {
        Some("mailbox_key") => mailbox_key(checks, inputs),
        Some("letter") => letter(checks, inputs),
        Some("card") => a_card(checks, inputs),
        Some("card_link") => cards::read_link(checks, text(inputs, "link")).map(|card| json!({ "card": shown(&card) })),
        _ => return None,
    };
    Some(done.unwrap_or_else(halted))
}

pub(super) fn make(broken: Broken, inputs: &Value) -> Value {
    let done = match inputs.get("kind").and_then(Value::as_str) {
        Some("mailbox_key") => make_key(broken, inputs),
        Some("letter") => make_letter(broken, inputs),
        Some("card") => make_card(broken, inputs),
        _ => return json!({ "skip": "nothing of this kind is made" }),
    };
    done.unwrap_or_else(halted)
}

fn mailbox_key(checks: Checks, inputs: &Value) -> Judged<Value> {
    let view: SenderView = member(inputs, "view")?;
    let key = mailbox::read_key(checks, &view, &bytes(inputs, "mailbox_key")?)?;
    Ok(json!({
        "did": String::from_utf8_lossy(&key.did), "public_key": shown(&key.public_key), "key_id": shown(&key.key_id),
        "ends": key.ends,
    }))
}

fn letter(checks: Checks, inputs: &Value) -> Judged<Value> {
    let (view, owner): (RecipientView, Owner) = (member(inputs, "view")?, member(inputs, "owner")?);
    let letter = mailbox::read_letter(checks, &view, &owner, &bytes(inputs, "envelope")?)?;
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(json!({
        "did": words(&letter.did), "fragment": words(&letter.fragment), "algorithm": letter.algorithm,
        "message_id": shown(&letter.message_id), "sent": letter.sent, "expires": letter.expires,
        "content_type": words(&letter.content_type), "content": shown(&letter.content),
    }))
}

fn a_card(checks: Checks, inputs: &Value) -> Judged<Value> {
    let view: card::ReaderView = member(inputs, "view")?;
    let card = cards::read(checks, &view, &bytes(inputs, "card")?)?;
    let words = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    Ok(json!({
        "did": words(&card.did), "fragment": words(&card.fragment), "algorithm": card.algorithm,
        "issued": card.issued, "ends": card.ends, "endpoints": card.endpoints.iter().map(words).collect::<Vec<_>>(),
        "name": words(&card.name), "mailbox": words(&card.mailbox), "token": shown(&card.token),
    }))
}

fn make_key(broken: Broken, inputs: &Value) -> Judged<Value> {
    let wrong = broken.wrong == Some(Wrong::MailboxKeyLabel);
    let made = mailbox::make_key(&member(inputs, "owner")?, |signed| {
        if wrong {
            signed.label = b"didshake/1 envelope".to_vec();
        }
    });
    Ok(json!({ "mailbox_key": shown(&made?) }))
}

fn make_letter(broken: Broken, inputs: &Value) -> Judged<Value> {
    let is = |wrong: Wrong| broken.wrong == Some(wrong);
    let mut sender = inputs.get("sender").cloned().unwrap_or_default();
    if let Value::Object(sender) = &mut sender {
        let same = is(Wrong::LetterEnc).then(|| "07".repeat(32));
        sender.entry("ephemeral_ikm").or_insert_with(|| json!(same.unwrap_or_else(draw)));
        sender.entry("message_id").or_insert_with(|| json!(draw().split_off(32)));
    }
    let (sender, view): (Sender, SenderView) = (parsed(sender)?, member(inputs, "view")?);
    let misbehave = Misbehaviour {
        sealing: &|sealing| {
            if is(Wrong::LetterAssociatedData) {
                sealing.associated_data = Some(Vec::new());
            }
        },
        signed: &|signed| {
            if is(Wrong::LetterRecipient) {
                signed.recipient.clear();
            }
        },
        plain: &|plain| {
            if is(Wrong::LetterPadding) {
                plain.resize(2 * plain.len(), 0);
            }
        },
        ..Misbehaviour::none()
    };
    let key = bytes(inputs, "mailbox_key")?;
    let made = mailbox::make_envelope(&sender, &view, &key, is(Wrong::LetterZeros), &misbehave)?;
    Ok(json!({ "envelope": shown(&made) }))
}

fn make_card(broken: Broken, inputs: &Value) -> Judged<Value> {
    let (owner, contents): (card::Owner, card::Contents) = (member(inputs, "owner")?, member(inputs, "contents")?);
    let wrong = broken.wrong == Some(Wrong::CardToken);
    let card = cards::make_card(&owner, &contents, |signed| {
        if wrong {
            signed.form.token.clear();
        }
    })?;
    Ok(json!({ "card": shown(&card), "link": cards::link(&card) }))
}

fn shown(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

fn text<'v>(inputs: &'v Value, name: &str) -> &'v str {
    inputs.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn bytes(inputs: &Value, name: &str) -> Judged<Vec<u8>> {
    hex::decode(text(inputs, name)).map_err(|_| Halt::Broken("a member that is no hexadecimal"))
}

fn member<T: DeserializeOwned>(inputs: &Value, name: &str) -> Judged<T> {
    parsed(inputs.get(name).cloned().unwrap_or_default())
}

fn parsed<T: DeserializeOwned>(value: Value) -> Judged<T> {
    serde_json::from_value(value).map_err(|_| Halt::Broken("a member of another form"))
}

fn halted(halt: Halt) -> Value {
    match halt {
        Halt::Refused(check) | Halt::SecondFault(check) => json!({ "error": check.code(), "alert": null }),
        Halt::Broken(what) => json!({ "crash": what }),
    }
}
