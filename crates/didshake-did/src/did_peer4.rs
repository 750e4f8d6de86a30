//! did:peer:4: the hash of a document, and in the long form the document itself (R-DID-16 to R-DID-20).

use std::collections::HashSet;

use didshake::{Did, Fault};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::verification_method::is_fragment_reference;
use crate::{base58, json};

const FAULT: Fault = Fault::DidPeerMalformed;

// Multihash sha2-256 of 32 bytes, and multicodec json (0x0200) as unsigned varints.
const SHA2_256: [u8; 2] = [0x12, 0x20];
const JSON: [u8; 2] = [0x80, 0x04];

const RELATIONSHIPS: [&str; 5] =
    ["authentication", "assertionMethod", "keyAgreement", "capabilityInvocation", "capabilityDelegation"];

/// The document of the long form, from what follows `did:peer:4`.
pub(crate) fn document(did: &Did, parts: &str) -> Result<String, Fault> {
    let (hash, document) = parts.split_once(':').map_or((parts, None), |(hash, document)| (hash, Some(document)));
    let hash = hash.strip_prefix('z').filter(|digits| digits.len() <= 64).and_then(base58::decode).ok_or(FAULT)?;
    let digest = hash.strip_prefix(&SHA2_256).filter(|digest| digest.len() == 32).ok_or(FAULT)?;
    let encoded = document.ok_or(Fault::DidNotFound)?;
    // First what costs little: whoever made the hash up has us decode nothing.
    if Sha256::digest(encoded.as_bytes()).as_slice() != digest {
        return Err(FAULT);
    }
    let bytes = encoded.strip_prefix('z').and_then(base58::decode).ok_or(FAULT)?;
    let text = bytes.strip_prefix(&JSON).ok_or(FAULT)?;
    json::read_object(text).map_err(|_| FAULT)?;
    match serde_json::from_slice(text).map_err(|_| FAULT)? {
        Value::Object(members) => in_context(did, members),
        _ => Err(FAULT),
    }
}

/// The text of the long form of a DID with this signing key, key agreement key and services.
pub(crate) fn encode(key: &str, key_agreement: Option<&str>, services: &[String]) -> String {
    let method = |id: &str, key: &str| format!(r#"{{"id":"{id}","type":"Multikey","publicKeyMultibase":"{key}"}}"#);
    let agreement = key_agreement.map(|key| format!(",{}", method("#key-2", key))).unwrap_or_default();
    let relationship = key_agreement.map(|_| r##","keyAgreement":["#key-2"]"##).unwrap_or_default();
    let services = if services.is_empty() { String::new() } else { format!(r#","service":[{}]"#, services.join(",")) };
    let text = format!(
        r##"{{"@context":["https://www.w3.org/ns/did/v1","https://w3id.org/security/multikey/v1"],"verificationMethod":[{}{agreement}],"authentication":["#key-1"],"assertionMethod":["#key-1"]{relationship}{services}}}"##,
        method("#key-1", key)
    );
    let encoded = format!("z{}", bs58::encode([&JSON, text.as_bytes()].concat()).into_string());
    let hash = [&SHA2_256, Sha256::digest(encoded.as_bytes()).as_slice()].concat();
    format!("did:peer:4z{}:{encoded}", bs58::encode(hash).into_string())
}

/// The document as the DID's holder means it: with the id, and the holder as the controller that is not named.
fn in_context(did: &Did, mut document: Map<String, Value>) -> Result<String, Fault> {
    if document.contains_key("id") {
        return Err(FAULT);
    }
    check_ids(&document)?;
    for name in ["verificationMethod"].iter().chain(&RELATIONSHIPS) {
        let Some(Value::Array(methods)) = document.get_mut(*name) else { continue };
        for method in methods.iter_mut().filter_map(Value::as_object_mut) {
            method.entry("controller").or_insert_with(|| did.as_str().into());
        }
    }
    let Value::Array(names) = document.entry("alsoKnownAs").or_insert_with(|| json!([])) else { return Err(FAULT) };
    names.push(did.short_form().into());
    document.insert("id".into(), did.as_str().into());
    Ok(Value::from(document).to_string())
}

/// Ids of methods and services are of this document, and no service has the id of another one or of a method.
fn check_ids(document: &Map<String, Value>) -> Result<(), Fault> {
    let ids = |name: &str| {
        let entries = document.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        entries.iter().filter_map(|entry| entry.as_object()?.get("id")?.as_str())
    };
    let mut of_methods: HashSet<&str> = ids("verificationMethod").chain(ids("authentication")).collect();
    if !of_methods.iter().copied().chain(ids("service")).all(is_fragment_reference) {
        return Err(FAULT);
    }
    if ids("service").all(|id| of_methods.insert(id)) { Ok(()) } else { Err(FAULT) }
}
