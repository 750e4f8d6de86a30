//! Tier 1: pieces of an implementation by themselves, through `check`.

use serde_json::{Map, Value, json};

use super::attempt::{Try, ask, refusal};
use super::case::{Case, Outcome, Tier};
use super::replay::{member, member_if_given};
use super::shim::Shim;
use crate::bytes::Reader;
use crate::check::{Check, Checks, Step, Stop};
use crate::config::{Config, Document, Hex};
use crate::keys;
use crate::negative::Negative;
use crate::play::play;
use crate::positive::Positive;
use crate::request::RequestVector;
use crate::sender::{PublicKey, Sender};
use crate::vector::Vector;
use crate::wire::{Hello, ReplyPrefix, suites_of};

/// What an answer has to be.
pub(crate) enum Expected {
    /// These members; those of `if_given` only where they are there.
    Result {
        must: Map<String, Value>,
        if_given: Vec<(&'static str, Hex)>,
    },
    Refused(String),
    /// With this code, and for this cause.
    RefusedFor {
        error: String,
        cause: String,
    },
}

impl Expected {
    fn cause(&self) -> Option<Value> {
        if let Expected::RefusedFor { cause, .. } = self { Some(json!(cause)) } else { None }
    }
}

/// A question and the answer that it has to get.
pub(crate) struct Question {
    pub(crate) case: Case,
    pub(crate) features: Vec<&'static str>,
    pub(crate) question: Value,
    pub(crate) expected: Expected,
}

impl Question {
    pub(crate) fn run(&self, shim: &mut Shim) -> Outcome {
        self.put(shim).err().unwrap_or(Outcome::Passed)
    }

    fn put(&self, shim: &mut Shim) -> Try<()> {
        lacking(shim, &self.features)?;
        self.judge(ask(shim, &self.question)?)
    }

    /// Whether an answer is the one that it has to be.
    pub(crate) fn judge(&self, answer: Map<String, Value>) -> Try<()> {
        match (&self.expected, refusal(&answer)?) {
            (Expected::Refused(code) | Expected::RefusedFor { error: code, .. }, Some(refusal)) => {
                if refusal.error.as_ref() != Some(code) {
                    return Err(Outcome::differs("`error`", code, refusal.error.unwrap_or_default()));
                }
                self.expected.cause().map_or(Ok(()), |cause| member(&answer, "cause", &cause))
            }
            (Expected::Refused(code) | Expected::RefusedFor { error: code, .. }, None) => {
                Err(Outcome::differs("`error`", code, Value::Object(answer).to_string()))
            }
            (Expected::Result { .. }, Some(refusal)) => Err(Outcome::differs("`error`", "none", refusal.to_string())),
            (Expected::Result { must, if_given }, None) => {
                must.iter().try_for_each(|(name, value)| member(&answer, name, value))?;
                if_given.iter().try_for_each(|(name, value)| member_if_given(&answer, name, value))
            }
        }
    }
}

/// Skips where the shim lacks one of these.
pub(crate) fn lacking(shim: &Shim, features: &[&str]) -> Try<()> {
    match features.iter().find(|feature| !shim.has(feature)) {
        Some(feature) => Err(Outcome::skipped(format!("it lacks the feature `{feature}`"))),
        None => Ok(()),
    }
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(object) = value { object } else { Map::new() }
}

pub(crate) fn result(must: Value) -> Expected {
    Expected::Result { must: object(must), if_given: Vec::new() }
}

pub(crate) fn check(
    id: String,
    requirements: Vec<String>,
    about: &str,
    kind: &'static str,
    inputs: Value,
    expected: Expected,
) -> Question {
    let mut question = object(inputs);
    question.insert("op".to_owned(), json!("check"));
    question.insert("kind".to_owned(), json!(kind));
    let case = Case::new(format!("static/{id}"), Tier::Static, requirements, about.to_owned());
    Question { case, features: vec![kind], question: Value::Object(question), expected }
}

fn of(requirements: &[&str]) -> Vec<String> {
    requirements.iter().map(|id| (*id).to_owned()).collect()
}

/// What the vectors of handshakes show without a handshake: messages, schedules, keys, good signatures.
pub(crate) fn of_vector(vector: &Vector) -> Step<Vec<Question>> {
    let Some(handshake) = &vector.handshake else { return Ok(bad_message(vector).into_iter().collect()) };
    let mut checks = Vec::new();
    for message in vector.messages.iter().filter(|message| message.message != "alert") {
        let name = if message.message == "hello2" { "hello" } else { message.message.as_str() };
        let id = format!("decode/{}/{}", vector.id, message.message);
        let inputs = json!({ "message": name, "wire": message.wire });
        checks.push(check(
            id,
            of(&["R-WIRE-1"]),
            &vector.about,
            "decode",
            inputs,
            result(fields(name, &message.wire.0)?),
        ));
    }
    let wire = |names: [&str; 2]| {
        let found = vector.messages.iter().find(|message| message.message == names[0]);
        found.or_else(|| vector.messages.iter().find(|message| message.message == names[1])).map(|m| m.wire.clone())
    };
    let reply = wire(["reply", "reply"]).unwrap_or_default();
    let suite = reply.0.get(1..3).map(|suite| suite.iter().fold(0u16, |sum, byte| sum * 256 + u16::from(*byte)));
    let inputs = json!({
        "suite": suite, "binding": vector.config.binding, "prologue": vector.config.prologue,
        "hello": wire(["hello2", "hello"]), "reply": reply, "dh": handshake.dh,
        "reply_identity": handshake.reply_identity, "finish_identity": handshake.finish_identity,
        "accept_plain": handshake.accept_plain,
    });
    let must = json!({
        "th2": handshake.th2, "th3": handshake.th3, "th4": handshake.th4, "hs": handshake.hs, "ms": handshake.ms,
        "exporter": handshake.exporter, "session_id": handshake.session_id,
    });
    let if_given = vec![
        ("th0", handshake.th0.clone()),
        ("k_reply", handshake.k_reply.clone()),
        ("k_finish", handshake.k_finish.clone()),
        ("derived", handshake.derived.clone()),
        ("k_accept", handshake.k_accept.clone()),
        ("i2r_0", handshake.i2r_0.clone()),
        ("r2i_0", handshake.r2i_0.clone()),
        ("resume", handshake.resume.clone()),
    ];
    let expected = Expected::Result { must: object(must), if_given };
    let id = format!("schedule/{}", vector.id);
    checks.push(check(id, of(&["R-SCHED-1", "R-SCHED-2", "R-SCHED-7"]), &vector.about, "schedule", inputs, expected));
    checks.extend(good_keys(vector));
    Ok(checks)
}

/// The two sides of a positive: their documents and their signatures.
fn good_keys(vector: &Vector) -> Vec<Question> {
    let Some(handshake) = &vector.handshake else { return Vec::new() };
    let config = &vector.config;
    let responder = claimed(&handshake.reply_identity.0);
    let sides = [
        (
            "responder",
            responder,
            &handshake.responder_public_key,
            &handshake.reply_signature_input,
            &handshake.reply_signature,
        ),
        (
            "initiator",
            claimed(&handshake.finish_identity.0),
            &handshake.initiator_public_key,
            &handshake.finish_signature_input,
            &handshake.finish_signature,
        ),
    ];
    let mut checks = Vec::new();
    for (name, claim, key, input, signature) in sides {
        let Some((did, fragment, algorithm)) = claim else { continue };
        let expected = result(json!({ "algorithm": algorithm, "public_key": key }));
        let id = format!("document/{}/{name}", vector.id);
        let inputs = question(config, &did, &fragment);
        checks.push(check(id, vector.requirements.clone(), &vector.about, "document", inputs, expected));
        if algorithm == 1 {
            let inputs = json!({ "public_key": key, "message": input, "signature": signature });
            let id = format!("ed25519/{}/{name}", vector.id);
            checks.push(check(
                id,
                of(&["R-SIG-7"]),
                &vector.about,
                "ed25519",
                inputs,
                result(json!({ "valid": true })),
            ));
        }
    }
    checks
}

/// DID, fragment and algorithm of an Identity.
fn claimed(identity: &[u8]) -> Option<(String, String, u8)> {
    let mut reader = Reader::new(identity, &[], Checks::all(), Check::IdentityTruncated);
    let (did, fragment, algorithm) = (reader.vec16().ok()?, reader.vec8().ok()?, reader.u8().ok()?);
    Some((String::from_utf8(did).ok()?, String::from_utf8(fragment).ok()?, algorithm))
}

fn question(config: &Config, did: &str, fragment: &str) -> Value {
    let mut inputs = json!({ "did": did, "fragment": fragment, "now": config.now });
    if let (Some(Document::Found { text, deactivated }), Value::Object(inputs)) =
        (config.documents.get(did), &mut inputs)
    {
        inputs.insert("text".to_owned(), json!(text));
        inputs.insert("deactivated".to_owned(), json!(deactivated));
    }
    inputs
}

/// A document that has to be refused with this code.
pub(crate) fn document_question(name: &str, requirement: &str, about: &str, inputs: Value, code: &str) -> Question {
    let id = format!("document/{name}");
    check(id, of(&[requirement]), about, "document", inputs, Expected::Refused(code.to_owned()))
}

/// The fields that `decode` gives of a message that is well formed.
fn fields(name: &str, wire: &[u8]) -> Step<Value> {
    if name == "hello" {
        return Ok(hello_fields(&Hello::split(wire)?));
    }
    fields_after(name, &mut Reader::new(wire, &[], Checks::all(), Check::MessageTruncated))
}

pub(crate) fn hello_fields(hello: &Hello) -> Value {
    json!({
        "suites": suites_of(&hello.suites), "group": hello.group, "key_share": hex::encode(&hello.share),
        "nonce": hex::encode(&hello.nonce), "application_protocol": hex::encode(&hello.protocol),
    })
}

/// Those of any other message, from its first byte on.
pub(crate) fn fields_after(name: &str, reader: &mut Reader<'_>) -> Step<Value> {
    if name == "reply" {
        let prefix = ReplyPrefix::read(reader)?;
        let (share, nonce) = (hex::encode(prefix.share), hex::encode(prefix.nonce));
        let sealed = hex::encode(reader.vec16()?);
        return Ok(json!({ "suite": prefix.suite, "key_share": share, "nonce": nonce, "sealed": sealed }));
    }
    reader.u8()?;
    Ok(if name == "retry" {
        json!({ "suite": reader.u16()? })
    } else {
        json!({ "sealed": hex::encode(reader.vec16()?) })
    })
}

/// Codes that a decoder gives by itself, without state.
const DECODING: [&str; 8] = [
    "message_too_long",
    "message_truncated",
    "trailing_bytes",
    "unsupported_version",
    "suite_list_malformed",
    "application_protocol_empty",
    "extension_order",
    "extension_critical_byte",
];

/// A negative whose last message does not decode.
fn bad_message(vector: &Vector) -> Option<Question> {
    let (fails, bad) = (vector.fails.as_ref()?, vector.messages.last()?);
    let code = DECODING.into_iter().find(|code| *code == fails.error)?;
    let name = match fails.at.as_str() {
        name @ ("retry" | "reply" | "finish" | "accept") => name,
        "hello" | "hello2" => "hello",
        _ => return None,
    };
    let inputs = json!({ "message": name, "wire": bad.wire });
    let id = format!("decode/{}", vector.id);
    Some(check(id, vector.requirements.clone(), &vector.about, "decode", inputs, Expected::Refused(code.to_owned())))
}

/// What a negative shows without a handshake: a DID, document or key that is refused, or a signature that is invalid.
pub(crate) fn of_negative(negative: &Negative, base: &Positive) -> Step<Vec<Question>> {
    let code = negative.check.code().name();
    let of_key = code.starts_with("did_") || code.starts_with("document_") || code.starts_with("method_");
    if !(of_key && code != "did_syntax" || code == "key_invalid" || is_ed25519(negative)) {
        return Ok(Vec::new());
    }
    let config = negative.configured(&base.config);
    let played = play(&config, Some(negative.bad()), Checks::all())?;
    let sender = played.last.ok_or(Stop::Broken("nothing was played"))?.sender;
    let requirements: Vec<String> = negative.requirements.iter().map(|id| (*id).to_owned()).collect();
    let mut checks = Vec::new();
    if is_ed25519(negative) {
        checks.extend(bad_signature(negative, &sender, requirements.clone())?);
    }
    if let Some((did, fragment, _)) = claimed(&sender.plain).filter(|_| of_key || code == "key_invalid") {
        let known = !matches!(config.documents.get(&did), None | Some(Document::Missing { .. }))
            || !did.starts_with("did:web:");
        if known && code != "did_method_unsupported" && code != "did_not_found" {
            let inputs = question(&config, &did, &fragment);
            let id = format!("document/{}", negative.id);
            checks.push(check(
                id,
                requirements,
                &negative.change,
                "document",
                inputs,
                Expected::Refused(code.to_owned()),
            ));
        }
    }
    Ok(checks)
}

fn is_ed25519(negative: &Negative) -> bool {
    matches!(
        negative.check,
        Check::Ed25519KeyCanonical
            | Check::Ed25519KeyPoint
            | Check::Ed25519KeyOrder
            | Check::Ed25519SRange
            | Check::Ed25519ROrder
            | Check::Ed25519REncoding
            | Check::Ed25519Cofactorless
    ) || negative.id.contains("ed25519") && negative.check == Check::Signature
}

fn bad_signature(negative: &Negative, sender: &Sender, requirements: Vec<String>) -> Step<Option<Question>> {
    let of_key = negative.check.code().name() == "key_invalid";
    let key = match (did_key_bytes(&sender.plain), &sender.key) {
        (Some(key), _) => key,
        (None, Some(PublicKey::Ed25519(key))) if !of_key => key.clone(),
        _ => return Ok(None),
    };
    let mut reader = Reader::new(&sender.plain, &[], Checks::all(), Check::IdentityTruncated);
    let signature = reader.vec16().and(reader.vec8()).and(reader.u8()).and(reader.take(64))?;
    let inputs = json!({
        "public_key": hex::encode(key), "message": hex::encode(sender.signed.bytes()?), "signature": hex::encode(signature),
    });
    let id = format!("ed25519/{}", negative.id);
    Ok(Some(check(id, requirements, &negative.change, "ed25519", inputs, result(json!({ "valid": false })))))
}

/// The key bytes that a claimed did:key of Ed25519 holds, valid or not.
fn did_key_bytes(identity: &[u8]) -> Option<Vec<u8>> {
    let (did, ..) = claimed(identity)?;
    let bytes = keys::from_multibase(did.strip_prefix("did:key:")?)?;
    bytes.strip_prefix(&keys::ED25519_CODEC).map(<[u8]>::to_vec)
}

/// A signed request at the service.
pub(crate) fn of_request(vector: &RequestVector) -> Question {
    let inputs = json!({ "service": vector.service, "request": vector.request });
    let expected = match (&vector.fails, &vector.burns) {
        (None, Some(burns)) => {
            let text = |bytes: &Hex| keys::base64url(&bytes.0);
            result(json!({ "keyid": text(&burns.session_id), "nonce": text(&burns.nonce) }))
        }
        (fails, _) => Expected::Refused(fails.as_ref().map(|fails| fails.error.clone()).unwrap_or_default()),
    };
    let id = format!("request/{}", vector.id);
    check(id, vector.requirements.clone(), &vector.about, "request", inputs, expected)
}
