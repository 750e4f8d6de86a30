//! did:peer:2: keys and services one after the other, each behind a dot and a letter (R-DID-12 to R-DID-15).

use std::collections::HashSet;

use base64ct::{Base64UrlUnpadded, Encoding};
use didshake::{Did, Fault};
use serde_json::{Map, Value, json};

use crate::document::MAX_ENTRIES;
use crate::verification_method::is_fragment_reference;
use crate::{base58, json, jwk};

const FAULT: Fault = Fault::DidPeerMalformed;

/// The document of the DID, from what follows `did:peer:2`.
pub(crate) fn document(did: &Did, elements: &str) -> Result<String, Fault> {
    let elements = elements.strip_prefix('.').ok_or(FAULT)?.split('.').map(element).collect::<Result<Vec<_>, _>>()?;
    let (keys, services): (Vec<_>, Vec<_>) = elements.into_iter().partition(|element| !element.is_service());
    if keys.len() > MAX_ENTRIES || services.len() > MAX_ENTRIES {
        return Err(Fault::DocumentLimits);
    }
    let mut document = Map::new();
    document
        .insert("@context".into(), json!(["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"]));
    document.insert("id".into(), did.as_str().into());
    let mut ids = HashSet::new();
    for (number, element) in (1..).zip(keys) {
        let Element::Key(relationship, multikey) = element else { return Err(FAULT) };
        let id = format!("#key-{number}");
        let method = json!({"id": id, "type": "Multikey", "controller": did.as_str(), "publicKeyMultibase": multikey});
        push(&mut document, "verificationMethod", method);
        push(&mut document, relationship, Value::from(id.as_str()));
        ids.insert(id);
    }
    let mut unnamed = 0;
    for element in services {
        let Element::Service(mut service) = element else { return Err(FAULT) };
        let id = named(&mut service, &mut unnamed)?;
        if !ids.insert(id) {
            return Err(FAULT);
        }
        push(&mut document, "service", service.into());
    }
    Ok(Value::from(document).to_string())
}

/// The text of a DID with this signing key, key agreement key and services.
pub(crate) fn encode(key: &str, key_agreement: Option<&str>, services: &[String]) -> Result<String, Fault> {
    let mut did = format!("did:peer:2.V{key}");
    if let Some(key) = key_agreement {
        did.push_str(".E");
        did.push_str(key);
    }
    for service in services {
        json::read_object(service.as_bytes()).map_err(|_| FAULT)?;
        let service: Value = serde_json::from_str(service).map_err(|_| FAULT)?;
        did.push_str(".S");
        did.push_str(&Base64UrlUnpadded::encode_string(abbreviated(service).to_string().as_bytes()));
    }
    Ok(did)
}

enum Element<'a> {
    /// The relationship that the key stands under, and its text.
    Key(&'static str, &'a str),
    Service(Map<String, Value>),
}

impl Element<'_> {
    fn is_service(&self) -> bool {
        matches!(self, Self::Service(_))
    }
}

fn element(text: &str) -> Result<Element<'_>, Fault> {
    let (letter, rest) = text.split_at_checked(1).ok_or(FAULT)?;
    let relationship = match letter {
        "A" => "assertionMethod",
        "D" => "capabilityDelegation",
        "E" => "keyAgreement",
        "I" => "capabilityInvocation",
        "V" => "authentication",
        "S" => return service(rest).map(Element::Service),
        _ => return Err(FAULT),
    };
    // Which key it is matters where a handshake names it, as in any document.
    let digits = rest.strip_prefix('z').ok_or(FAULT)?;
    if digits.is_empty() || !base58::is_text(digits) {
        return Err(FAULT);
    }
    Ok(Element::Key(relationship, rest))
}

fn service(text: &str) -> Result<Map<String, Value>, Fault> {
    let bytes = jwk::base64url(text).ok_or(FAULT)?;
    json::read_object(&bytes).map_err(|_| FAULT)?;
    match serde_json::from_slice(&bytes).map_err(|_| FAULT)? {
        Value::Object(members) => expanded(members),
        _ => Err(FAULT),
    }
}

// At every depth; the reader has bounded it.
fn expanded(members: Map<String, Value>) -> Result<Map<String, Value>, Fault> {
    let mut all = Map::new();
    for (name, value) in members {
        let name = match name.as_str() {
            "t" => "type".to_owned(),
            "s" => "serviceEndpoint".to_owned(),
            "r" => "routingKeys".to_owned(),
            "a" => "accept".to_owned(),
            _ => name,
        };
        let value = match value {
            Value::String(text) if name == "type" && text == "dm" => "DIDCommMessaging".into(),
            other => expanded_value(other)?,
        };
        if all.insert(name, value).is_some() {
            return Err(FAULT);
        }
    }
    Ok(all)
}

fn expanded_value(value: Value) -> Result<Value, Fault> {
    Ok(match value {
        Value::Object(members) => expanded(members)?.into(),
        Value::Array(items) => items.into_iter().map(expanded_value).collect::<Result<Vec<_>, _>>()?.into(),
        other => other,
    })
}

fn abbreviated(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| match (name.as_str(), value) {
                ("type", Value::String(text)) if text == "DIDCommMessaging" => ("t".to_owned(), "dm".into()),
                ("type", value) => ("t".to_owned(), abbreviated(value)),
                ("serviceEndpoint", value) => ("s".to_owned(), abbreviated(value)),
                ("routingKeys", value) => ("r".to_owned(), abbreviated(value)),
                ("accept", value) => ("a".to_owned(), abbreviated(value)),
                (_, value) => (name, abbreviated(value)),
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(abbreviated).collect(),
        other => other,
    }
}

/// The id of a service; one that has none gets the next of `#service`, `#service-1`, `#service-2` …
fn named(service: &mut Map<String, Value>, unnamed: &mut usize) -> Result<String, Fault> {
    match service.get("id") {
        Some(Value::String(id)) if is_fragment_reference(id) => Ok(id.clone()),
        Some(_) => Err(FAULT),
        None => {
            let id = if *unnamed == 0 { "#service".to_owned() } else { format!("#service-{unnamed}") };
            *unnamed += 1;
            service.insert("id".into(), id.as_str().into());
            Ok(id)
        }
    }
}

fn push(document: &mut Map<String, Value>, name: &str, entry: Value) {
    let list = document.entry(name).or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(items) = list {
        items.push(entry);
    }
}
