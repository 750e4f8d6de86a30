//! did:peer, forms 2 and 4 (8.5): from the DID to the document that it carries.

use crate::check::{Check, Checks, Step};
use crate::did::{is_fragment, specific};
use crate::json::{self, Json};
use crate::keys::{from_base64url, from_multibase};
use crate::primitives::sha256;

const PURPOSES: &[(char, &str)] = &[
    ('A', "assertionMethod"),
    ('D', "capabilityDelegation"),
    ('E', "keyAgreement"),
    ('I', "capabilityInvocation"),
    ('V', "authentication"),
];
const ABBREVIATIONS: &[(&str, &str)] =
    &[("t", "type"), ("s", "serviceEndpoint"), ("r", "routingKeys"), ("a", "accept")];

/// Multihash sha2-256 with the length of its digest.
pub(crate) const SHA2_256: [u8; 2] = [0x12, 0x20];
/// Multicodec prefix of JSON.
pub(crate) const JSON_CODEC: [u8; 2] = [0x80, 0x04];

/// The document of a did:peer, or None where a check that is off leaves none.
pub(crate) fn document(checks: Checks, did: &str) -> Step<Option<Json>> {
    let form = specific(did);
    if let Some(elements) = form.strip_prefix('2') {
        return form_2(checks, did, elements);
    }
    if let Some(parts) = form.strip_prefix('4') {
        return form_4(checks, did, parts);
    }
    checks.need(Check::MethodSupported, false)?;
    Ok(None)
}

fn text(value: &str) -> Json {
    Json::Text(value.to_owned())
}

fn form_2(checks: Checks, did: &str, elements: &str) -> Step<Option<Json>> {
    let mut parts = elements.split('.');
    if parts.next() != Some("") || elements.is_empty() {
        checks.need(Check::DidPeerElements, false)?;
        return Ok(None);
    }
    let (mut methods, mut services) = (Vec::new(), Vec::new());
    let mut under: Vec<(&str, Vec<Json>)> = PURPOSES.iter().map(|(_, name)| (*name, Vec::new())).collect();
    for part in parts {
        let mut rest = part.chars();
        let letter = rest.next().unwrap_or(' ');
        if letter == 'S' {
            services.push(service(checks, rest.as_str())?);
            continue;
        }
        let place = PURPOSES.iter().position(|(purpose, _)| *purpose == letter);
        let is_key = rest.as_str().len() > 1 && from_multibase(rest.as_str()).is_some();
        if place.is_none() || !is_key {
            checks.need(Check::DidPeerElements, false)?;
            return Ok(None);
        }
        let id = format!("#key-{}", methods.len() + 1);
        if let Some((_, references)) = place.and_then(|place| under.get_mut(place)) {
            references.push(text(&id));
        }
        let members =
            [("id", id.as_str()), ("type", "Multikey"), ("controller", did), ("publicKeyMultibase", rest.as_str())];
        methods.push(Json::Object(members.map(|(name, value)| (name.to_owned(), text(value))).to_vec()));
    }
    let Some(mut services) = services.into_iter().collect::<Option<Vec<Json>>>() else { return Ok(None) };
    name(&mut services);
    let mut document = vec![("id".to_owned(), text(did)), ("verificationMethod".to_owned(), Json::List(methods))];
    document.extend(under.into_iter().map(|(name, references)| (name.to_owned(), Json::List(references))));
    document.push(("service".to_owned(), Json::List(services)));
    let document = Json::Object(document);
    checks.need(Check::DidPeerServiceId, ids_fit(&document))?;
    Ok(Some(document))
}

fn object(bytes: &[u8]) -> Option<Json> {
    let parsed = std::str::from_utf8(bytes).ok().and_then(json::parse)?;
    (matches!(parsed, Json::Object(_)) && parsed.depth() <= 16).then_some(parsed)
}

fn service(checks: Checks, encoded: &str) -> Step<Option<Json>> {
    let Some(bytes) = from_base64url(encoded) else {
        checks.need(Check::DidPeerServiceEncoding, false)?;
        return Ok(None);
    };
    let Some(service) = object(&bytes) else {
        checks.need(Check::DidPeerServiceJson, false)?;
        return Ok(None);
    };
    checks.need(Check::DidPeerServiceDuplicate, !service.has_duplicates())?;
    let service = written_out(&service);
    checks.need(Check::DidPeerServiceDuplicate, !service.has_duplicates())?;
    Ok(Some(without_duplicates(service)))
}

/// Abbreviations at every depth.
fn written_out(value: &Json) -> Json {
    match value {
        Json::List(items) => Json::List(items.iter().map(written_out).collect()),
        Json::Object(members) => Json::Object(members.iter().map(|(name, value)| member(name, value)).collect()),
        other => other.clone(),
    }
}

fn member(name: &str, value: &Json) -> (String, Json) {
    let long = ABBREVIATIONS.iter().find(|(short, _)| *short == name).map_or(name, |(_, long)| long);
    let value =
        if long == "type" && value.text() == Some("dm") { text("DIDCommMessaging") } else { written_out(value) };
    (long.to_owned(), value)
}

/// At every depth the last member of a name alone.
fn without_duplicates(value: Json) -> Json {
    match value {
        Json::List(items) => Json::List(items.into_iter().map(without_duplicates).collect()),
        Json::Object(members) => {
            let mut kept: Vec<(String, Json)> = Vec::new();
            for (name, value) in members {
                kept.retain(|(other, _)| *other != name);
                kept.push((name, without_duplicates(value)));
            }
            Json::Object(kept)
        }
        other => other,
    }
}

/// A service without an id gets one.
fn name(services: &mut [Json]) {
    let mut unnamed = 0;
    for service in services {
        if let Json::Object(members) = service
            && members.iter().all(|(name, _)| name != "id")
        {
            let id = if unnamed == 0 { "#service".to_owned() } else { format!("#service-{unnamed}") };
            members.push(("id".to_owned(), text(&id)));
            unnamed += 1;
        }
    }
}

fn list<'a>(document: &'a Json, name: &str) -> &'a [Json] {
    match document.member(name) {
        Some(Json::List(items)) => items,
        _ => &[],
    }
}

/// The rule for ids of 8.5. In form 2 an id that is no string breaks it too: every service has an id there.
fn ids_fit(document: &Json) -> bool {
    let form_2 = document.member("id").is_some();
    let relative = |id: &str| id.strip_prefix('#').is_some_and(|fragment| is_fragment(fragment.as_bytes()));
    let ids = |name: &str| -> Vec<String> {
        list(document, name).iter().filter_map(|entry| Some(entry.member("id")?.text()?.to_owned())).collect()
    };
    let methods = [ids("verificationMethod"), ids("authentication")].concat();
    let services = ids("service");
    let distinct = services
        .iter()
        .enumerate()
        .all(|(i, id)| !methods.contains(id) && services.iter().skip(i + 1).all(|other| other != id));
    let complete = !form_2 || services.len() == list(document, "service").len();
    distinct && complete && methods.iter().chain(&services).all(|id| relative(id))
}

fn form_4(checks: Checks, did: &str, parts: &str) -> Step<Option<Json>> {
    let (hash, encoded) = parts.split_once(':').map_or((parts, None), |(hash, encoded)| (hash, Some(encoded)));
    let digest = from_multibase(hash).and_then(|bytes| bytes.strip_prefix(&SHA2_256).map(<[u8]>::to_vec));
    checks.need(Check::DidPeerHash, digest.as_ref().is_some_and(|digest| digest.len() == 32))?;
    let Some(encoded) = encoded else {
        checks.need(Check::DidPeerLong, false)?;
        return Ok(None);
    };
    checks.need(Check::DidPeerHash, digest == Some(sha256(&[encoded.as_bytes()])))?;
    let bytes = from_multibase(encoded).and_then(|bytes| bytes.strip_prefix(&JSON_CODEC).map(<[u8]>::to_vec));
    let Some(bytes) = bytes else {
        checks.need(Check::DidPeerEncoding, false)?;
        return Ok(None);
    };
    let Some(document) = object(&bytes) else {
        checks.need(Check::DidPeerJson, false)?;
        return Ok(None);
    };
    checks.need(Check::DidPeerDuplicate, !document.has_duplicates())?;
    in_context(checks, did, without_duplicates(document))
}

fn in_context(checks: Checks, did: &str, document: Json) -> Step<Option<Json>> {
    checks.need(Check::DidPeerMembers, document.member("id").is_none())?;
    checks.need(Check::DidPeerMembers, matches!(document.member("alsoKnownAs"), None | Some(Json::List(_))))?;
    let Json::Object(mut members) = document else { return Ok(None) };
    members.retain(|(name, _)| name != "id");
    let document = Json::Object(members);
    checks.need(Check::DidPeerIds, ids_fit(&document))?;
    let Json::Object(mut members) = document else { return Ok(None) };
    members.push(("id".to_owned(), text(did)));
    for (name, value) in &mut members {
        if let Json::List(entries) = value
            && (name == "verificationMethod" || name == "authentication")
        {
            entries.iter_mut().for_each(|method| control(method, did));
        }
    }
    Ok(Some(Json::Object(members)))
}

/// The DID controls a method that names nobody.
fn control(method: &mut Json, did: &str) {
    if let Json::Object(members) = method
        && members.iter().all(|(name, _)| name != "controller")
    {
        members.push(("controller".to_owned(), text(did)));
    }
}
