//! `check`: pieces by themselves.

use didshake::schedule::{HandshakeSecret, Transcript};
use didshake::wire::{Hello, Reply, Retry, Sealed};
use didshake::{Binding, Context, Did, Document, Error, Fault, Fragment, PublicKey, Secret, Signature, UnixTime};
use serde_json::{Map, Value, json};

use super::{Step, Stop, bytes, number, text};
use crate::documents::Documents;
use crate::outcome::Failure;

pub(super) fn check(request: &Value) -> Step<Value> {
    match text(request, "kind") {
        "decode" => decode(text(request, "message"), &bytes(request, "wire")?),
        "document" => document(request),
        "schedule" => schedule(request),
        "ed25519" => ed25519(request),
        "request" => {
            let part = |name| request.get(name).unwrap_or(&Value::Null);
            Ok(crate::request::judged(part("service"), part("request"))?)
        }
        "webvh" => super::logs::check(request),
        kind => super::kept::check(kind, request),
    }
}

fn decode(name: &str, wire: &[u8]) -> Step<Value> {
    Ok(match name {
        "hello" => {
            let hello = Hello::decode(wire)?;
            json!({
                "suites": hello.suites, "group": hello.group, "key_share": hex::encode(hello.key_share),
                "nonce": hex::encode(hello.nonce), "application_protocol": hex::encode(hello.application_protocol),
            })
        }
        "retry" => json!({ "suite": Retry::decode(wire)?.suite }),
        "reply" => {
            let reply = Reply::decode(wire)?;
            json!({
                "suite": reply.suite, "key_share": hex::encode(reply.key_share), "nonce": hex::encode(reply.nonce),
                "sealed": hex::encode(reply.sealed),
            })
        }
        "finish" => json!({ "sealed": hex::encode(Sealed::decode_finish(wire)?.0) }),
        "accept" => json!({ "sealed": hex::encode(Sealed::decode_accept(wire)?.0) }),
        _ => return Err(Stop::Skip("no such message")),
    })
}

/// Checks 4 and 5 of section 11.
fn document(request: &Value) -> Step<Value> {
    let did = Did::parse(text(request, "did"))?;
    let fragment = Fragment::of(&did, text(request, "fragment"))?;
    let mut documents = Map::new();
    if let Some(found) = request.get("text") {
        let deactivated = request.get("deactivated").cloned().unwrap_or(json!(false));
        documents.insert(did.as_str().to_owned(), json!({ "text": found, "deactivated": deactivated }));
    }
    let documents = Documents::of(&serde_json::from_value(Value::Object(documents))?)?;
    let resolved = documents.resolve_method(&did, &fragment)?;
    let now = UnixTime(number(request, "now").unwrap_or(0));
    let key = resolved.authentication_key(&did, &fragment, now)?;
    Ok(json!({ "algorithm": key.algorithm() as u8, "public_key": hex::encode(key.as_bytes()) }))
}

fn schedule(request: &Value) -> Step<Value> {
    let binding = match number(request, "binding") {
        Some(1) => Binding::Stream,
        Some(2) => Binding::WebSocket,
        Some(3) => Binding::Http,
        Some(4) => Binding::Relay,
        _ => return Err(Failure::format("an unknown binding").into()),
    };
    let context = Context::new(binding, bytes(request, "prologue")?).map_err(Error::from)?;
    let (hello, reply) = (bytes(request, "hello")?, bytes(request, "reply")?);
    let dh: [u8; 32] =
        bytes(request, "dh")?.try_into().map_err(|_| Failure::format("a DH result of another length"))?;
    let plain = |name| bytes(request, name);
    let misuse = |misuse| Stop::from(Error::from(misuse));
    let internal = |internal| Stop::from(Error::from(internal));
    let th0 = Transcript::start(&context).map_err(misuse)?;
    let th2 = th0.with_message(&hello).with_message(Reply::decode(&reply)?.clear);
    let th3 = th2.with_identity(&plain("reply_identity")?).map_err(misuse)?;
    let th4 = th3.with_identity(&plain("finish_identity")?).map_err(misuse)?;
    let hs = HandshakeSecret::extract(th2, &Secret::new(dh));
    let ms = hs.master(th4).map_err(internal)?;
    let exporter = ms.exporter().map_err(internal)?;
    let hash = |th: &Transcript| hex::encode(th.as_bytes());
    let shown = |secret: &Secret<32>| hex::encode(secret.expose());
    Ok(json!({
        "th0": hash(&th0), "th2": hash(&th2), "th3": hash(&th3), "th4": hash(&th4), "hs": shown(hs.secret()),
        "k_reply": shown(&hs.reply_key().map_err(internal)?), "k_finish": shown(&hs.finish_key().map_err(internal)?),
        "ms": shown(ms.secret()), "k_accept": shown(&ms.accept_key().map_err(internal)?),
        "i2r_0": shown(ms.initiator_to_responder().map_err(internal)?.secret()),
        "r2i_0": shown(ms.responder_to_initiator().map_err(internal)?.secret()),
        "exporter": shown(exporter.secret()), "session_id": hex::encode(ms.session_id().map_err(internal)?),
        "resume": shown(&ms.resumption(&plain("accept_plain")?).map_err(internal)?),
    }))
}

/// An invalid key is an invalid signature here.
fn ed25519(request: &Value) -> Step<Value> {
    let key = bytes(request, "public_key")?.try_into().map_err(|_| Fault::KeyInvalid);
    let signature: Result<Signature, _> = bytes(request, "signature")?.try_into();
    let (Ok(key), Ok(signature)) = (key.and_then(|key| PublicKey::ed25519(&key)), signature) else {
        return Ok(json!({ "valid": false }));
    };
    Ok(json!({ "valid": key.verify(&bytes(request, "message")?, &signature) }))
}
