//! `check`: the model's pieces by themselves.

use serde_json::{Value, json};

use super::stopped;
use crate::check::{Check, Checks, Step, Stop};
use crate::config::{Admission, Config, Document, Policy};
use crate::ed25519;
use crate::fixed;
use crate::identity::Verifier;
use crate::keys::base64url;
use crate::receive::Incoming;
use crate::request::{self, Halt};
use crate::responder::decode_hello;
use crate::runner::{fields_after, hello_fields};
use crate::schedule::{Inputs, keys};
use crate::sender::Sender;
use crate::wire::{self, HELLO_LIMIT, MESSAGE_LIMIT, ReplyPrefix};

/// 32 random bytes, as hex.
pub(super) fn draw() -> String {
    let mut bytes = [0u8; 32];
    // Without randomness there is nothing to test: zeros then fail the case for fresh keys.
    let _ = getrandom::fill(&mut bytes);
    hex::encode(bytes)
}

pub(super) fn check(checks: Checks, inputs: &Value) -> Value {
    let done = match inputs.get("kind").and_then(Value::as_str) {
        Some("decode") => decode(checks, inputs),
        Some("document") => document(checks, inputs),
        Some("schedule") => schedule(inputs),
        Some("ed25519") => signature(checks, inputs),
        Some("request") => return signed_request(inputs),
        _ => return json!({ "skip": "no check of this kind" }),
    };
    done.unwrap_or_else(stopped)
}

fn bytes(inputs: &Value, name: &str) -> Step<Vec<u8>> {
    let text = inputs.get(name).and_then(Value::as_str).unwrap_or_default();
    hex::decode(text).map_err(|_| Stop::Broken("a member that is no hexadecimal"))
}

fn text<'v>(inputs: &'v Value, name: &str) -> &'v str {
    inputs.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn decode(checks: Checks, inputs: &Value) -> Step<Value> {
    let (wire, nobody) = (bytes(inputs, "wire")?, Sender::default());
    let message = Incoming { wire: &wire, sender: &nobody, checks };
    let (limit, kind) = match text(inputs, "message") {
        "hello" => (HELLO_LIMIT, wire::HELLO),
        "retry" => (MESSAGE_LIMIT, wire::RETRY),
        "reply" => (MESSAGE_LIMIT, wire::REPLY),
        "finish" => (MESSAGE_LIMIT, wire::FINISH),
        _ => (MESSAGE_LIMIT, wire::ACCEPT),
    };
    message.kind(limit, &[kind])?;
    if kind == wire::HELLO {
        return Ok(hello_fields(&decode_hello(message)?.0));
    }
    let mut reader = message.reader();
    let fields = fields_after(text(inputs, "message"), &mut reader)?;
    checks.need(Check::TrailingBytes, reader.at_end())?;
    Ok(fields)
}

fn document(checks: Checks, inputs: &Value) -> Step<Value> {
    let did = text(inputs, "did");
    let mut config: Config = fixed::config()?;
    config.now = inputs.get("now").and_then(Value::as_u64).unwrap_or_default();
    config.documents.clear();
    if let Some(found) = inputs.get("text").and_then(Value::as_str) {
        let deactivated = inputs.get("deactivated") == Some(&Value::Bool(true));
        config.documents.insert(did.to_owned(), Document::Found { text: found.to_owned(), deactivated });
    }
    let (admission, policy, nobody) = (Admission::Any { any: true }, Policy::Allow { allow: true }, Sender::default());
    let verifier = Verifier {
        config: &config,
        checks,
        own_dids: Vec::new(),
        admission: &admission,
        policy: &policy,
        sender: &nobody,
    };
    let (algorithm, key) = verifier.key(did, text(inputs, "fragment"))?;
    Ok(json!({ "algorithm": algorithm, "public_key": hex::encode(key) }))
}

fn schedule(inputs: &Value) -> Step<Value> {
    let reply = bytes(inputs, "reply")?;
    let mut reader = crate::bytes::Reader::new(&reply, &[], Checks::all(), Check::MessageTruncated);
    ReplyPrefix::read(&mut reader)?;
    let seen = Inputs {
        binding: inputs.get("binding").and_then(Value::as_u64).and_then(|it| u8::try_from(it).ok()).unwrap_or_default(),
        prologue: bytes(inputs, "prologue")?,
        hello: bytes(inputs, "hello")?,
        reply_prefix: reply.get(..reader.at()).unwrap_or_default().to_vec(),
        reply_identity: bytes(inputs, "reply_identity")?,
        finish_identity: bytes(inputs, "finish_identity")?,
        accept_plain: bytes(inputs, "accept_plain")?,
        dh: bytes(inputs, "dh")?,
        ..Inputs::default()
    };
    let made = keys(&seen)?;
    let hex = hex::encode;
    Ok(json!({
        "th0": hex(made.th0), "th2": hex(made.th2), "th3": hex(made.th3), "th4": hex(made.th4), "hs": hex(made.hs),
        "k_reply": hex(made.k_reply), "k_finish": hex(made.k_finish), "derived": hex(made.derived), "ms": hex(made.ms),
        "k_accept": hex(made.k_accept), "i2r_0": hex(made.i2r_0), "r2i_0": hex(made.r2i_0),
        "exporter": hex(made.exporter), "session_id": hex(made.session_id), "resume": hex(made.resume),
    }))
}

fn signature(checks: Checks, inputs: &Value) -> Step<Value> {
    let (key, message, signature) =
        (bytes(inputs, "public_key")?, bytes(inputs, "message")?, bytes(inputs, "signature")?);
    let judged = ed25519::check_key(checks, &key).and_then(|point| {
        let point = point.ok_or(Stop::Broken("a key that is no point"))?;
        ed25519::verify(checks, &key, &point, &message, &signature)
    });
    match judged {
        Ok(()) => Ok(json!({ "valid": true })),
        Err(Stop::Refused(_)) => Ok(json!({ "valid": false })),
        Err(broken) => Err(broken),
    }
}

fn signed_request(inputs: &Value) -> Value {
    let member = |name: &str| inputs.get(name).cloned().unwrap_or_default();
    let (service, asked) = (serde_json::from_value(member("service")), serde_json::from_value(member("request")));
    let (Ok(service), Ok(asked)) = (service, asked) else { return json!({ "crash": "a request that is none" }) };
    match request::judge_alone(&service, &asked) {
        Ok(burns) => json!({ "keyid": base64url(&burns.session_id.0), "nonce": base64url(&burns.nonce.0) }),
        Err(Halt::Refused(check) | Halt::SecondFault(check)) => json!({ "error": check.code() }),
        Err(Halt::Broken(what)) => json!({ "crash": what }),
    }
}
