//! `schema.json` against every vector, with just enough of JSON Schema 2020-12 for it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::card::CardVector;
use crate::mailbox::MailboxVector;
use crate::request::{RequestCheck, RequestVector};
use crate::vector::Vector;
use crate::vectors_test::all;
use crate::webvh::{WebvhCheck, WebvhVector};

/// The patterns of the schema; a new one has to be added here.
fn matches(pattern: &str, text: &str) -> bool {
    let hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let of = |bytes: usize| hex(text) && text.len() == 2 * bytes;
    let name = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'-'));
    match pattern {
        "^([0-9a-f]{2})*$" => hex(text) && text.len().is_multiple_of(2),
        "^[0-9a-f]{24}$" => of(12),
        "^[0-9a-f]{32}$" => of(16),
        "^[0-9a-f]{64}$" => of(32),
        "^[0-9a-f]{128}$" => of(64),
        "^([0-9a-f]{64}|0[23][0-9a-f]{64})$" => {
            of(32) || (of(33) && (text.starts_with("02") || text.starts_with("03")))
        }
        "^[pn]-[a-z0-9-]+$" => (text.starts_with("p-") || text.starts_with("n-")) && text.len() > 2 && name(text),
        "^c-[a-z0-9-]+$" => text.starts_with("c-") && text.len() > 2 && name(text),
        "^w-[a-z0-9-]+$" => text.starts_with("w-") && text.len() > 2 && name(text),
        "^m-[a-z0-9-]+$" => text.starts_with("m-") && text.len() > 2 && name(text),
        "^r-[a-z0-9-]+$" => text.starts_with("r-") && text.len() > 2 && name(text),
        "^p-[a-z0-9-]+$" => text.starts_with("p-") && text.len() > 2 && name(text),
        "^[a-z0-9_]+$" => !text.is_empty() && name(&text.replace('_', "-")) && !text.contains('-'),
        "^R-[A-Z]+-[0-9]+$" => {
            let parts: Vec<&str> = text.split('-').collect();
            matches!(parts.as_slice(), ["R", word, number]
                if !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase())
                    && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
        }
        other => panic!("a pattern that this test does not know: {other}"),
    }
}

fn is_of_type(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_u64() || value.is_i64(),
        other => panic!("a type that this test does not know: {other}"),
    }
}

fn size(value: &Value) -> u64 {
    let size = match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        _ => return value.as_u64().unwrap(),
    };
    size as u64
}

/// Every keyword of the schema is either handled or makes the test fail.
fn holds(root: &Value, schema: &Value, value: &Value) -> bool {
    schema.as_object().unwrap().iter().all(|(keyword, rule)| match keyword.as_str() {
        "$schema" | "$id" | "title" | "$defs" => true,
        "$ref" => holds(root, root.pointer(rule.as_str().unwrap().strip_prefix('#').unwrap()).unwrap(), value),
        "type" => is_of_type(rule.as_str().unwrap(), value),
        "const" => rule == value,
        "enum" => rule.as_array().unwrap().contains(value),
        "pattern" => value.as_str().is_none_or(|text| matches(rule.as_str().unwrap(), text)),
        "minimum" | "minLength" | "minItems" | "minProperties" => size(value) >= rule.as_u64().unwrap(),
        "maximum" | "maxLength" | "maxItems" | "maxProperties" => size(value) <= rule.as_u64().unwrap(),
        "required" => rule.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
        "items" => value.as_array().is_none_or(|items| items.iter().all(|item| holds(root, rule, item))),
        "properties" => {
            members(value).all(|(name, member)| rule.get(name).is_none_or(|rule| holds(root, rule, member)))
        }
        "additionalProperties" => {
            let named = |name: &str| schema.get("properties").is_some_and(|properties| properties.get(name).is_some());
            members(value)
                .all(|(name, member)| named(name) || (*rule != Value::Bool(false) && holds(root, rule, member)))
        }
        "oneOf" => rule.as_array().unwrap().iter().filter(|rule| holds(root, rule, value)).count() == 1,
        "anyOf" => rule.as_array().unwrap().iter().any(|rule| holds(root, rule, value)),
        "not" => !holds(root, rule, value),
        other => panic!("a keyword that this test does not know: {other}"),
    })
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().unwrap().iter()
}

fn schema() -> Value {
    serde_json::from_str(include_str!("../schema.json")).unwrap()
}

fn request_schema() -> Value {
    serde_json::from_str(include_str!("../request-schema.json")).unwrap()
}

#[test]
fn every_request_follows_its_schema_and_reads_back() {
    let schema = request_schema();
    for vector in &all().requests {
        let text = serde_json::to_string(vector).unwrap();
        assert!(holds(&schema, &schema, &serde_json::from_str(&text).unwrap()), "{}", vector.id);
        assert_eq!(serde_json::from_str::<RequestVector>(&text).unwrap(), *vector);
    }
}

#[test]
fn the_schema_of_requests_refuses_what_is_none() {
    let schema = request_schema();
    let good = serde_json::to_value(all().requests.first().unwrap()).unwrap();
    assert!(holds(&schema, &schema, &good));
    let spoilers: [fn(&mut Value); 8] = [
        |vector| vector["extra"] = Value::Null,
        |vector| vector["id"] = "p-get".into(),
        |vector| vector["kind"] = "negative".into(),
        |vector| vector["fails"] = serde_json::json!({"error": "request_time"}),
        |vector| vector["client"]["nonce"] = "00".into(),
        |vector| vector["service"]["now"] = "0".into(),
        |vector| vector["request"]["signature"][0] = 1.into(),
        |vector| drop(vector["signed"].as_object_mut().unwrap().remove("mac")),
    ];
    for (number, spoil) in spoilers.iter().enumerate() {
        let mut bad = good.clone();
        spoil(&mut bad);
        assert!(!holds(&schema, &schema, &bad), "spoiler {number}");
    }
}

#[test]
fn the_schema_of_requests_lists_the_codes() {
    let schema = request_schema();
    let listed = schema.pointer("/properties/fails/properties/error/enum").unwrap().as_array().unwrap();
    let mut codes: Vec<Value> = RequestCheck::ALL.iter().map(|check| check.code().into()).collect();
    codes.dedup();
    assert_eq!(*listed, codes);
}

fn mailbox_schema() -> Value {
    serde_json::from_str(include_str!("../mailbox-schema.json")).unwrap()
}

#[test]
fn every_mailbox_follows_its_schema_and_reads_back() {
    let schema = mailbox_schema();
    for vector in &all().mailboxes {
        let text = serde_json::to_string(vector).unwrap();
        assert!(holds(&schema, &schema, &serde_json::from_str(&text).unwrap()), "{}", vector.id);
        assert_eq!(serde_json::from_str::<MailboxVector>(&text).unwrap(), *vector);
    }
}

#[test]
fn the_schema_of_mailboxes_refuses_what_is_none() {
    let schema = mailbox_schema();
    let good = serde_json::to_value(all().mailboxes.first().unwrap()).unwrap();
    assert!(holds(&schema, &schema, &good));
    let spoilers: [fn(&mut Value); 9] = [
        |vector| vector["extra"] = Value::Null,
        |vector| vector["id"] = "p-key".into(),
        |vector| vector["kind"] = "negative".into(),
        |vector| vector["fails"] = serde_json::json!({"step": "letter", "error": "letter_time"}),
        |vector| vector["owner"]["mailbox_secret"] = "00".into(),
        |vector| vector["sender_view"]["now"] = "0".into(),
        |vector| vector["recipient_view"]["admits"] = "did:web:a".into(),
        |vector| vector["envelope"] = "0".into(),
        |vector| drop(vector["intermediates"].as_object_mut().unwrap().remove("enc")),
    ];
    for (number, spoil) in spoilers.iter().enumerate() {
        let mut bad = good.clone();
        spoil(&mut bad);
        assert!(!holds(&schema, &schema, &bad), "spoiler {number}");
    }
}

#[test]
fn the_schema_of_mailboxes_lists_the_codes() {
    let schema = mailbox_schema();
    let listed = schema.pointer("/properties/fails/properties/error/enum").unwrap().as_array().unwrap();
    let listed: Vec<&str> = listed.iter().filter_map(Value::as_str).collect();
    let shown: BTreeSet<&str> =
        all().mailboxes.iter().filter_map(|vector| Some(vector.fails.as_ref()?.error.as_str())).collect();
    assert_eq!(BTreeSet::from_iter(listed.iter().copied()), shown);
    assert_eq!(listed.len(), shown.len());
}

fn card_schema() -> Value {
    serde_json::from_str(include_str!("../card-schema.json")).unwrap()
}

#[test]
fn every_card_follows_its_schema_and_reads_back() {
    let schema = card_schema();
    for vector in &all().cards {
        let text = serde_json::to_string(vector).unwrap();
        assert!(holds(&schema, &schema, &serde_json::from_str(&text).unwrap()), "{}", vector.id);
        assert_eq!(serde_json::from_str::<CardVector>(&text).unwrap(), *vector);
    }
}

#[test]
fn the_schema_of_cards_refuses_what_is_none() {
    let schema = card_schema();
    let good = serde_json::to_value(all().cards.first().unwrap()).unwrap();
    assert!(holds(&schema, &schema, &good));
    let spoilers: [fn(&mut Value); 8] = [
        |vector| vector["extra"] = Value::Null,
        |vector| vector["id"] = "m-key".into(),
        |vector| vector["kind"] = "negative".into(),
        |vector| vector["fails"] = serde_json::json!({"step": "card", "error": "card_time"}),
        |vector| vector["contents"]["token"] = "00".into(),
        |vector| vector["reader_view"]["means"] = 1.into(),
        |vector| vector["card"] = "0".into(),
        |vector| drop(vector.as_object_mut().unwrap().remove("link")),
    ];
    for (number, spoil) in spoilers.iter().enumerate() {
        let mut bad = good.clone();
        spoil(&mut bad);
        assert!(!holds(&schema, &schema, &bad), "spoiler {number}");
    }
}

#[test]
fn the_schema_of_cards_lists_the_codes() {
    let schema = card_schema();
    let listed = schema.pointer("/properties/fails/properties/error/enum").unwrap().as_array().unwrap();
    let listed: Vec<&str> = listed.iter().filter_map(Value::as_str).collect();
    let shown: BTreeSet<&str> =
        all().cards.iter().filter_map(|vector| Some(vector.fails.as_ref()?.error.as_str())).collect();
    assert_eq!(BTreeSet::from_iter(listed.iter().copied()), shown);
    assert_eq!(listed.len(), shown.len());
}

#[test]
fn every_vector_follows_the_schema_and_reads_back() {
    let schema = schema();
    for vector in &all().handshakes {
        let text = serde_json::to_string(vector).unwrap();
        assert!(holds(&schema, &schema, &serde_json::from_str(&text).unwrap()), "{}", vector.id);
        assert_eq!(serde_json::from_str::<Vector>(&text).unwrap(), *vector);
    }
}

#[test]
fn the_schema_refuses_what_is_no_vector() {
    let schema = schema();
    let good = serde_json::to_value(crate::positives::all().unwrap().first().unwrap().vector().unwrap()).unwrap();
    assert!(holds(&schema, &schema, &good));
    let spoilers: [fn(&mut Value); 8] = [
        |vector| vector["extra"] = Value::Null,
        |vector| vector["id"] = "P-upper".into(),
        |vector| vector["kind"] = "negative".into(),
        |vector| vector["base"] = "p-key-ed25519".into(),
        |vector| vector["config"]["now"] = "0".into(),
        |vector| vector["handshake"]["th0"] = "00".into(),
        |vector| vector["messages"][0]["wire"] = "0G".into(),
        |vector| drop(vector["config"]["responder"].as_object_mut().unwrap().remove("nonce")),
    ];
    for (number, spoil) in spoilers.iter().enumerate() {
        let mut bad = good.clone();
        spoil(&mut bad);
        assert!(!holds(&schema, &schema, &bad), "spoiler {number}");
    }
}

#[test]
fn the_schema_lists_the_registry() {
    let schema = schema();
    let listed = schema.pointer("/properties/fails/properties/error/enum").unwrap().as_array().unwrap();
    let names: Vec<Value> = crate::Code::ALL.iter().map(|code| code.name().into()).collect();
    assert_eq!(*listed, names);
}

fn webvh_schema() -> Value {
    serde_json::from_str(include_str!("../webvh-schema.json")).unwrap()
}

#[test]
fn every_log_follows_its_schema_and_reads_back() {
    let schema = webvh_schema();
    for vector in &all().logs {
        let text = serde_json::to_string(vector).unwrap();
        assert!(holds(&schema, &schema, &serde_json::from_str(&text).unwrap()), "{}", vector.id);
        assert_eq!(serde_json::from_str::<WebvhVector>(&text).unwrap(), *vector);
    }
}

#[test]
fn the_schema_of_logs_refuses_what_is_none_and_lists_the_causes() {
    let schema = webvh_schema();
    let good = serde_json::to_value(all().logs.first().unwrap()).unwrap();
    assert!(holds(&schema, &schema, &good));
    let spoilers: [fn(&mut Value); 6] = [
        |vector| vector["extra"] = Value::Null,
        |vector| vector["id"] = "p-one".into(),
        |vector| vector["kind"] = "negative".into(),
        |vector| vector["view"]["seen"] = "1".into(),
        |vector| vector["line_spaces"] = "0".into(),
        |vector| drop(vector.as_object_mut().unwrap().remove("resolution")),
    ];
    for (number, spoil) in spoilers.iter().enumerate() {
        let mut bad = good.clone();
        spoil(&mut bad);
        assert!(!holds(&schema, &schema, &bad), "spoiler {number}");
    }
    let listed = schema.pointer("/properties/fails/properties/cause/enum").unwrap().as_array().unwrap();
    let listed: BTreeSet<&str> = listed.iter().map(|cause| cause.as_str().unwrap()).collect();
    assert_eq!(listed, WebvhCheck::ALL.iter().map(|check| check.code()).collect());
}
