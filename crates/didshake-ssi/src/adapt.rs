//! From what ssi returns to what didshake reads (R-DOC): three forms that no other method has.

use std::collections::HashSet;

use didshake::{Did, Fault};
use didshake_did::{DidDocument, MAX_DOCUMENT_BYTES, Resolved};
use serde_json::{Map, Value};

use crate::tezos::TezosKey;

const RELATIONSHIPS: [&str; 5] =
    ["authentication", "assertionMethod", "keyAgreement", "capabilityInvocation", "capabilityDelegation"];

/// The document of `did` in the bytes of a document or of a resolution result.
pub(crate) fn resolved(bytes: &[u8], did: &Did) -> Result<Resolved, Fault> {
    if bytes.len() > MAX_DOCUMENT_BYTES {
        return Err(Fault::DocumentLimits);
    }
    let Ok(Value::Object(mut answer)) = serde_json::from_slice(bytes) else { return Err(Fault::DocumentJson) };
    let is_deactivated = answer.get("didDocumentMetadata").and_then(|data| data.get("deactivated"));
    let is_deactivated = is_deactivated.is_some_and(|value| *value != Value::Bool(false));
    let document = match answer.remove("didDocument") {
        Some(Value::Object(document)) => document,
        Some(_) => return Err(Fault::DocumentShape),
        None => answer,
    };
    let text = Value::Object(adapted(document)).to_string();
    let resolved = Resolved::fetched(DidDocument::parse(text.as_bytes(), did)?);
    Ok(if is_deactivated { resolved.deactivated() } else { resolved })
}

fn adapted(mut document: Map<String, Value>) -> Map<String, Value> {
    let mut embedded = HashSet::new();
    for name in RELATIONSHIPS {
        for method in entries(&mut document, name).filter_map(Value::as_object_mut) {
            adapt_method(method);
            embedded.extend(method.get("id").and_then(Value::as_str).map(str::to_owned));
        }
    }
    if let Some(methods) = document.get_mut("verificationMethod").and_then(Value::as_array_mut) {
        // ssi gives a did:tz its method twice: without a key here, with it under `authentication`.
        methods.retain(|method| method.get("id").and_then(Value::as_str).is_none_or(|id| !embedded.contains(id)));
        methods.iter_mut().filter_map(Value::as_object_mut).for_each(adapt_method);
    }
    document
}

fn entries<'a>(document: &'a mut Map<String, Value>, name: &str) -> impl Iterator<Item = &'a mut Value> {
    document.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten()
}

fn adapt_method(method: &mut Map<String, Value>) {
    // Beside a key the account number says nothing more: it is the DID.
    if method.contains_key("publicKeyBase58") || method.contains_key("publicKeyJwk") {
        method.remove("blockchainAccountId");
    }
    if let Some(key) = method.get("publicKeyBase58").and_then(Value::as_str).and_then(TezosKey::parse) {
        method.remove("publicKeyBase58");
        method.insert("type".into(), "Multikey".into());
        method.insert("publicKeyMultibase".into(), key.multibase().into());
    }
}
