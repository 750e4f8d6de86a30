//! Mailbox keys, letters and cards: read (tier 1), and made byte for byte (tier 2).

use serde_json::{Map, Value, json};

use super::attempt::{Try, ask};
use super::case::{Case, Outcome, Tier};
use super::shim::Shim;
use super::statics::{Expected, Question, lacking, result};
use crate::card::CardVector;
use crate::mailbox::check::Judged;
use crate::mailbox::{MailboxVector, Stage, alone};

const MAILBOX: &str = "mailbox";
const CARD: &str = "card";
/// Type, version, key id; then `enc`.
const ENC: std::ops::Range<usize> = 36..100;

/// What a question is about: the vector, its tier, the last part of its id, the kind.
struct Asked<'v> {
    id: String,
    about: &'v str,
    requirements: Vec<String>,
    feature: &'static str,
    kind: &'static str,
}

impl Asked<'_> {
    fn read(self, inputs: Value, expected: Expected) -> Question {
        let case = Case::new(
            format!("static/{}/{}", self.kind, self.id),
            Tier::Static,
            self.requirements,
            self.about.to_owned(),
        );
        Question { case, features: vec![self.feature], question: request("check", self.kind, inputs), expected }
    }

    fn made(self, by: &str, inputs: Value, expected: Expected) -> Question {
        let id = format!("replay/{}/{by}", self.id);
        let case = Case::new(id, Tier::Replay, self.requirements, self.about.to_owned());
        let features = vec![self.feature, "random"];
        Question { case, features, question: request("make", self.kind, inputs), expected }
    }
}

fn request(op: &str, kind: &str, inputs: Value) -> Value {
    let mut members = Map::from_iter([("op".to_owned(), json!(op)), ("kind".to_owned(), json!(kind))]);
    if let Value::Object(inputs) = inputs {
        members.extend(inputs);
    }
    Value::Object(members)
}

/// Those of a vector's requirements that this part of it shows; of a negative all.
fn shown(requirements: &[String], positive: bool, part: &[&str]) -> Vec<String> {
    let shown = requirements.iter().filter(|id| !positive || part.contains(&id.as_str()));
    shown.cloned().collect()
}

fn of_mailbox<'v>(vector: &'v MailboxVector, kind: &'static str, part: &[&str]) -> Asked<'v> {
    let requirements = shown(&vector.requirements, vector.fails.is_none(), part);
    Asked { id: vector.id.clone(), about: &vector.about, requirements, feature: MAILBOX, kind }
}

fn of_card<'v>(vector: &'v CardVector, kind: &'static str, part: &[&str]) -> Asked<'v> {
    let requirements = shown(&vector.requirements, vector.fails.is_none(), part);
    Asked { id: vector.id.clone(), about: &vector.about, requirements, feature: CARD, kind }
}

/// A mailbox key and a letter as they are read: both of a positive, the bad one of a negative.
pub(crate) fn mailbox_read(vector: &MailboxVector) -> Vec<Question> {
    let mut questions = Vec::new();
    let refused = |stage| match &vector.fails {
        Some(fails) if fails.step == stage => Some(Expected::Refused(fails.error.clone())),
        _ => None,
    };
    let key = refused(Stage::MailboxKey).or_else(|| {
        let intermediates = vector.intermediates.as_ref()?;
        Some(result(json!({
            "did": vector.owner.did, "public_key": hex::encode(vector.mailbox_key.0.get(2..34)?),
            "key_id": intermediates.key_id, "ends": vector.owner.ends,
        })))
    });
    if let Some(expected) = key {
        let inputs = json!({ "mailbox_key": vector.mailbox_key, "view": vector.sender_view });
        questions.push(of_mailbox(vector, "mailbox_key", &["R-MBOX-2"]).read(inputs, expected));
    }
    let letter = refused(Stage::Letter).or_else(|| {
        let sender = vector.sender.as_ref()?;
        Some(result(json!({
            "did": sender.did, "fragment": sender.fragment, "algorithm": sender.algorithm,
            "message_id": sender.message_id, "sent": sender.sent, "expires": sender.expires,
            "content_type": sender.content_type, "content": sender.content,
        })))
    });
    if let Some(expected) = letter {
        let inputs = json!({
            "envelope": vector.envelope, "mailbox_key": vector.mailbox_key, "owner": vector.owner,
            "view": vector.recipient_view,
        });
        questions.push(of_mailbox(vector, "letter", &["R-MBOX-5", "R-MBOX-6"]).read(inputs, expected));
    }
    questions
}

/// A card and its link as they are read.
pub(crate) fn card_read(vector: &CardVector) -> Vec<Question> {
    let refused = vector.fails.as_ref().map(|fails| Expected::Refused(fails.error.clone()));
    let (owner, mut questions) = (&vector.owner, Vec::new());
    if let (Some(link), expected) = (&vector.link, (&vector.card, &vector.fails)) {
        let expected = match expected {
            (_, Some(fails)) => Expected::Refused(fails.error.clone()),
            (card, None) => result(json!({ "card": card })),
        };
        questions.push(of_card(vector, "card_link", &["R-CARD-5"]).read(json!({ "link": link }), expected));
    }
    if let Some(card) = &vector.card {
        let expected = refused.unwrap_or_else(|| {
            let mut said = json!({ "did": owner.did, "fragment": owner.fragment, "algorithm": owner.algorithm });
            if let (Value::Object(said), Ok(Value::Object(contents))) =
                (&mut said, serde_json::to_value(&vector.contents))
            {
                said.extend(contents);
            }
            result(said)
        });
        let inputs = json!({ "card": card, "view": vector.reader_view });
        questions.push(of_card(vector, "card", &["R-CARD-2"]).read(inputs, expected));
    }
    questions
}

/// The mailbox key and the envelope of a positive, made.
pub(crate) fn mailbox_made(vector: &MailboxVector) -> Vec<Question> {
    let Some(sender) = &vector.sender else { return Vec::new() };
    let key = of_mailbox(vector, "mailbox_key", &["R-MBOX-1"]).made(
        "owner",
        json!({ "owner": vector.owner }),
        result(json!({ "mailbox_key": vector.mailbox_key })),
    );
    let inputs = json!({ "sender": sender, "mailbox_key": vector.mailbox_key, "view": vector.sender_view });
    let asked = of_mailbox(vector, "letter", &["R-MBOX-3", "R-MBOX-4"]);
    vec![key, asked.made("sender", inputs, result(json!({ "envelope": vector.envelope })))]
}

/// The card and link of a positive, made.
pub(crate) fn card_made(vector: &CardVector) -> Option<Question> {
    let contents = vector.contents.as_ref()?;
    let expected = result(json!({ "card": vector.card, "link": vector.link }));
    let inputs = json!({ "owner": vector.owner, "contents": contents });
    Some(of_card(vector, "card", &["R-CARD-1"]).made("owner", inputs, expected))
}

/// A good mailbox key with which every Diffie-Hellman result is zeros. None: the vector is no positive.
pub(crate) fn low_order(vector: &MailboxVector) -> Judged<Option<Question>> {
    let Some(sender) = &vector.sender else { return Ok(None) };
    let key = hex::encode(alone::key_of_low_order(&vector.owner)?);
    let question =
        request("make", "letter", json!({ "sender": sender, "mailbox_key": key, "view": vector.sender_view }));
    let about = "the sender seals nothing to a key of low order".to_owned();
    let case = Case::new("replay/letter-low-order".to_owned(), Tier::Replay, vec!["R-MBOX-2".to_owned()], about);
    let expected = Expected::Refused("key_invalid".to_owned());
    Ok(Some(Question { case, features: vec![MAILBOX, "random"], question, expected }))
}

/// One letter twice, with the shim's own randomness: the envelopes have nothing in common behind the key id.
pub(crate) struct Fresh {
    pub(crate) case: Case,
    question: Value,
}

impl Fresh {
    /// None: the vector is no positive.
    pub(crate) fn of(vector: &MailboxVector) -> Option<Self> {
        let Ok(Value::Object(mut sender)) = serde_json::to_value(vector.sender.as_ref()?) else { return None };
        for drawn in ["ephemeral_ikm", "message_id"] {
            sender.remove(drawn);
        }
        let inputs = json!({ "sender": sender, "mailbox_key": vector.mailbox_key, "view": vector.sender_view });
        let about = "one letter twice: each envelope has an encapsulation of its own".to_owned();
        let case = Case::new("replay/letter-fresh".to_owned(), Tier::Replay, vec!["R-MBOX-3".to_owned()], about);
        Some(Self { case, question: request("make", "letter", inputs) })
    }

    pub(crate) fn run(&self, shim: &mut Shim) -> Outcome {
        self.put(shim).err().unwrap_or(Outcome::Passed)
    }

    fn put(&self, shim: &mut Shim) -> Try<()> {
        lacking(shim, &[MAILBOX])?;
        let mut envelope = || -> Try<String> {
            let answer = ask(shim, &self.question)?;
            let envelope = answer.get("envelope").and_then(Value::as_str).map(str::to_owned);
            envelope.ok_or_else(|| Outcome::differs("`envelope`", "an envelope", Value::Object(answer).to_string()))
        };
        let (first, second) = (envelope()?, envelope()?);
        let enc = |envelope: &str| envelope.get(ENC).unwrap_or_default().to_owned();
        if enc(&first).is_empty() || enc(&first) == enc(&second) {
            return Err(Outcome::differs("`enc` of the second envelope", "another", enc(&second)));
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "kept_test.rs"]
mod tests;
