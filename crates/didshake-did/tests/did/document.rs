//! Whole documents: JSON, limits, shape, ids (R-DOC-1 to R-DOC-6).

use didshake::{Did, Fault};
use didshake_did::{DidDocument, MAX_DOCUMENT_BYTES};
use serde_json::{Value, json};

pub(crate) const KEY: &str = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";

pub(crate) fn did() -> Did {
    Did::parse("did:web:example.com").unwrap()
}

pub(crate) fn method(id: &str) -> Value {
    json!({"id": id, "type": "Multikey", "controller": "did:web:example.com", "publicKeyMultibase": KEY})
}

/// A good document: one method by reference, one embedded.
pub(crate) fn good() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": "did:web:example.com",
        "verificationMethod": [method("#key-1")],
        "authentication": ["#key-1", method("did:web:example.com#key-2")],
        "service": [{"id": "#shake", "type": "DIDShake", "serviceEndpoint": "https://example.com/didshake"}],
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut document = good();
    document[name] = value;
    document
}

fn parse(document: &Value) -> Result<DidDocument, Fault> {
    DidDocument::parse(document.to_string().as_bytes(), &did())
}

fn fault(document: &Value) -> Option<Fault> {
    parse(document).err()
}

#[test]
fn a_good_document() {
    let text = good().to_string();
    let document = DidDocument::parse(text.as_bytes(), &did()).unwrap();
    assert_eq!(document.did(), &did());
    assert_eq!(document.text(), text);
    assert_eq!(document.authentication_methods(), ["did:web:example.com#key-1", "did:web:example.com#key-2"]);
    assert!(parse(&json!({"id": "did:web:example.com"})).is_ok());
}

// R-DOC-1
#[test]
fn one_json_object_without_duplicates() {
    let text = good().to_string();
    for bad in [
        String::new(),
        "[]".to_owned(),
        format!("[{text}]"),
        format!("{text}{text}"),
        format!("\u{feff}{text}"),
        text.replacen("\"id\"", "\"id\":\"did:web:example.com\",\"id\"", 1),
        text.replacen("\"type\":\"Multikey\"", "\"type\":\"Multikey\",\"type\":\"Multikey\"", 1),
        text.replacen("\"@context\"", "\"x\":[{\"a\":{\"b\":1,\"b\":2}}],\"@context\"", 1),
        text.trim_end_matches('}').to_owned(),
    ] {
        assert_eq!(DidDocument::parse(bad.as_bytes(), &did()).err(), Some(Fault::DocumentJson), "{bad}");
    }
    let not_utf8 = [text.trim_end_matches('}').as_bytes(), b",\"x\":\"\xc3\"}"].concat();
    assert_eq!(DidDocument::parse(&not_utf8, &did()).err(), Some(Fault::DocumentJson));
}

// R-DOC-2
#[test]
fn limits() {
    let padded = |length: usize| {
        let text = good().to_string();
        let text = text.clone() + &" ".repeat(length - text.len());
        DidDocument::parse(text.as_bytes(), &did()).err()
    };
    assert_eq!(padded(MAX_DOCUMENT_BYTES), None);
    assert_eq!(padded(MAX_DOCUMENT_BYTES + 1), Some(Fault::DocumentLimits));

    let nested = |levels: usize| (1..levels).fold(json!([]), |inner, _| json!([inner]));
    assert_eq!(fault(&with("x", nested(15))), None);
    assert_eq!(fault(&with("x", nested(16))), Some(Fault::DocumentLimits));

    let methods = |count: usize| (0..count).map(|n| method(&format!("#m-{n}"))).collect::<Vec<_>>();
    let references = |count: usize| vec![json!("#key-1"); count];
    let services = |count: usize| vec![json!({}); count];
    assert_eq!(fault(&with("verificationMethod", methods(64).into())), None);
    assert_eq!(fault(&with("verificationMethod", methods(65).into())), Some(Fault::DocumentLimits));
    assert_eq!(fault(&with("authentication", references(64).into())), None);
    assert_eq!(fault(&with("authentication", references(65).into())), Some(Fault::DocumentLimits));
    assert_eq!(fault(&with("service", services(64).into())), None);
    assert_eq!(fault(&with("service", services(65).into())), Some(Fault::DocumentLimits));
}

// R-DOC-3
#[test]
fn shape() {
    let without = |name: &str| {
        let mut method = method("#key-1");
        method.as_object_mut().unwrap().remove(name);
        method
    };
    let changed = |name: &str, value: Value| {
        let mut method = method("#key-1");
        method[name] = value;
        method
    };
    let mut bad_methods = vec![json!("#key-1"), json!(null), json!([])];
    for name in ["id", "type", "controller"] {
        bad_methods.push(without(name));
        bad_methods.extend([json!(1), json!(null), json!(["x"])].map(|value| changed(name, value)));
    }
    for id in [
        "",
        "key-1",
        "?x#key-1",
        "/a#key-1",
        "https://example.com/#key-1",
        "did:web:#key-1",
        "did:Web:a#k",
        "#a b",
        "#a#b",
        "did:web:a#%4",
    ] {
        bad_methods.push(changed("id", json!(id)));
    }
    for bad in bad_methods {
        assert_eq!(fault(&with("verificationMethod", json!([bad]))), Some(Fault::DocumentShape), "{bad}");
        if !bad.is_string() {
            assert_eq!(fault(&with("authentication", json!([bad]))), Some(Fault::DocumentShape), "{bad}");
        }
    }
    for reference in [json!("key-1"), json!(""), json!("?a"), json!("mailto:a"), json!(1), json!(null), json!([])] {
        assert_eq!(fault(&with("authentication", json!([reference]))), Some(Fault::DocumentShape), "{reference}");
    }
    for name in ["verificationMethod", "authentication", "service"] {
        for value in [json!({}), json!("#key-1"), json!(null), json!(1)] {
            assert_eq!(fault(&with(name, value.clone())), Some(Fault::DocumentShape), "{name} {value}");
        }
    }
    for value in [json!("x"), json!(null), json!([])] {
        assert_eq!(fault(&with("service", json!([value]))), Some(Fault::DocumentShape), "{value}");
    }
    for id in [json!(null), json!(1), json!(["did:web:example.com"])] {
        assert_eq!(fault(&with("id", id.clone())), Some(Fault::DocumentShape), "{id}");
    }
    assert_eq!(fault(&json!({})), Some(Fault::DocumentShape));
}

// R-DOC-3
#[test]
fn what_nothing_looks_at_has_any_shape() {
    for name in ["@context", "controller", "alsoKnownAs", "assertionMethod", "keyAgreement", "proof", "authentication2"]
    {
        for value in [json!(1), json!(null), json!([{"id": 1}]), json!({"id": {}})] {
            assert_eq!(fault(&with(name, value)), None, "{name}");
        }
    }
}

// R-DOC-4, R-DOC-5
#[test]
fn ids_are_unique_once_they_are_absolute() {
    let twice = |one: &str, other: &str| fault(&with("verificationMethod", json!([method(one), method(other)])));
    assert_eq!(twice("#key-1", "#key-1"), Some(Fault::DocumentDuplicateId));
    assert_eq!(twice("#key-1", "did:web:example.com#key-1"), Some(Fault::DocumentDuplicateId));
    assert_eq!(twice("did:web:other#key-1", "#key-1"), None);
    assert_eq!(twice("#key-1", "#Key-1"), None);
    assert_eq!(twice("#key-1", "#key%2D1"), None, "not normalised");
    assert_eq!(twice("#key-1", "#key-2"), Some(Fault::DocumentDuplicateId), "key-2 is embedded as well");
    let embedded = with("authentication", json!([method("#a"), method("#a")]));
    assert_eq!(fault(&embedded), Some(Fault::DocumentDuplicateId));
    assert_eq!(fault(&with("authentication", json!(["#key-1", "#key-1", "#none"]))), None);
}

// R-DOC-6
#[test]
fn the_id_is_the_did() {
    for id in ["did:web:example.org", "did:web:Example.com", "did:web:example.com#", "did:web:example.com%20", "", "x"]
    {
        assert_eq!(fault(&with("id", json!(id))), Some(Fault::DocumentIdMismatch), "{id}");
    }
}

// R-DOC-17
#[test]
fn the_first_fault_decides() {
    let mut document = good();
    document["id"] = json!("did:web:example.org");
    assert_eq!(fault(&document), Some(Fault::DocumentIdMismatch));
    document["verificationMethod"] = json!([method("#a"), method("#a")]);
    assert_eq!(fault(&document), Some(Fault::DocumentDuplicateId));
    document["service"] = json!("x");
    assert_eq!(fault(&document), Some(Fault::DocumentShape));
    document["authentication"] = vec![json!("#a"); 65].into();
    assert_eq!(fault(&document), Some(Fault::DocumentLimits));
    let text = document.to_string().replacen("\"id\"", "\"id\":1,\"id\"", 1);
    assert_eq!(DidDocument::parse(text.as_bytes(), &did()).err(), Some(Fault::DocumentJson));
    let text = text + &" ".repeat(MAX_DOCUMENT_BYTES);
    assert_eq!(DidDocument::parse(text.as_bytes(), &did()).err(), Some(Fault::DocumentLimits));
}

#[test]
fn services_as_plain_data() {
    let document = parse(&with(
        "service",
        json!([
            {"id": "#a", "type": "DIDShake", "serviceEndpoint": "https://example.com/a"},
            {"id": "did:web:example.com#b", "type": ["X", "Y"], "serviceEndpoint": ["https://b/1", {"uri": "https://b/2"}, {"x": 1}, 2]},
            {"id": "#c", "type": "Z", "serviceEndpoint": {"uri": "https://c", "accept": ["x"]}},
            {"id": 1, "type": null},
        ]),
    ))
    .unwrap();
    let plain: Vec<_> = document
        .services()
        .iter()
        .map(|service| (service.id.as_str(), service.types.join(" "), service.endpoints.join(" ")))
        .collect();
    assert_eq!(
        plain,
        [
            ("did:web:example.com#a", "DIDShake".to_owned(), "https://example.com/a".to_owned()),
            ("did:web:example.com#b", "X Y".to_owned(), "https://b/1 https://b/2".to_owned()),
            ("did:web:example.com#c", "Z".to_owned(), "https://c".to_owned()),
            ("", String::new(), String::new()),
        ]
    );
}
