//! Endpoints in documents, and what an origin claims of itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test panics"
)]

use didshake::{Binding, Did, Endpoint, Origin};
use didshake_did::DidDocument;
use didshake_did::discovery::{
    ClaimError, MAX_WELL_KNOWN_BYTES, NotListable, OriginClaim, WellKnownResponse, listed_endpoints, service_entry,
};
use serde_json::{Value, json};

const DID: &str = "did:web:example.com";

fn did() -> Did {
    Did::parse(DID).unwrap()
}

fn origin() -> Origin {
    Origin::parse("https://example.com").unwrap()
}

fn document(services: &Value) -> DidDocument {
    DidDocument::parse(json!({"id": DID, "service": services}).to_string().as_bytes(), &did()).unwrap()
}

fn listed(services: &Value) -> Vec<String> {
    listed_endpoints(&document(services)).iter().map(|endpoint| endpoint.as_str().to_owned()).collect()
}

fn entry(kind: &Value, endpoint: &Value) -> Value {
    json!({"id": "#a", "type": kind, "serviceEndpoint": endpoint})
}

fn well_known(members: &Value) -> Result<OriginClaim, ClaimError> {
    read(200, &[b"application/json"], members.to_string().as_bytes())
}

fn read(status: u16, content_type: &[&[u8]], body: &[u8]) -> Result<OriginClaim, ClaimError> {
    OriginClaim::read(&origin(), &WellKnownResponse { status, content_type, body })
}

fn members() -> Value {
    json!({"did": DID, "endpoint": "https://example.com/didshake", "versions": [1], "suites": [1, 2]})
}

fn with(name: &str, value: Value) -> Value {
    let mut members = members();
    members[name] = value;
    members
}

// R-BIND-19
#[test]
fn endpoints_are_the_urls_of_didshake_entries_in_their_order() {
    let services = json!([
        entry(&json!("DIDShake"), &json!("wss://a.example/x")),
        entry(&json!("Other"), &json!("https://other.example")),
        entry(&json!(["X", "DIDShake"]), &json!(["https://b.example/y", "https://c.example:8443"])),
    ]);
    assert_eq!(listed(&services), ["wss://a.example/x", "https://b.example/y", "https://c.example:8443"]);
    let bindings = listed_endpoints(&document(&services)).iter().map(Endpoint::binding).collect::<Vec<_>>();
    assert_eq!(bindings, [Binding::WebSocket, Binding::Http, Binding::Http]);
    assert_eq!(listed(&json!([])), [""; 0]);
}

// R-BIND-19
#[test]
fn other_types_forms_and_schemes_are_ignored() {
    let https = json!("https://a.example");
    for kind in
        [json!("didshake"), json!("DIDShake "), json!(1), json!({"uri": "DIDShake"}), json!([["DIDShake"]]), json!([])]
    {
        assert_eq!(listed(&json!([entry(&kind, &https)])), [""; 0], "{kind}");
    }
    for endpoint in [
        json!({"uri": "https://a.example"}),
        json!([{"uri": "https://a.example"}]),
        json!([["https://a.example"]]),
        json!(1),
        json!("ftp://a.example"),
        json!("a.example"),
        json!("didcomm:x"),
        json!("http://a.example"),
        json!("ws://a.example"),
        json!("http://localhost"),
        json!("http://127.0.0.1.example"),
        json!("http://10.0.0.1"),
        json!("ws://[::2]"),
        json!("https://u@a.example"),
        json!("https://a b"),
    ] {
        assert_eq!(listed(&json!([entry(&json!("DIDShake"), &endpoint)])), [""; 0], "{endpoint}");
    }
    assert_eq!(listed(&json!([{"type": "DIDShake"}, {"serviceEndpoint": "https://a.example"}])), [""; 0]);
    let loopback = ["http://127.0.0.1:8080/a", "ws://127.9.9.9", "http://[::1]/a", "ws://[::1]:9"];
    assert_eq!(listed(&json!([entry(&json!("DIDShake"), &json!(loopback))])), loopback);
}

// R-BIND-19
#[test]
fn what_is_published_is_what_is_read() {
    let urls = ["wss://a.example/x", "https://b.example/%22?q", "http://[::1]:8080/"];
    let endpoints = urls.map(|url| Endpoint::parse(url).unwrap());
    let entry: Value = serde_json::from_str(&service_entry("#did\"shake", &endpoints).unwrap()).unwrap();
    assert_eq!(entry, json!({"id": "#did\"shake", "type": "DIDShake", "serviceEndpoint": urls}));
    assert_eq!(listed(&json!([entry])), urls);
    let far = Endpoint::parse("http://a.example").unwrap();
    assert_eq!(service_entry("#a", &[far]), Err(NotListable));
    assert_eq!(service_entry("#a", &[]), Err(NotListable));
}

// R-BIND-16
#[test]
fn only_200_and_json_of_an_origin_is_read() {
    assert_eq!(OriginClaim::url(&origin()).unwrap(), "https://example.com/.well-known/didshake");
    let body = members().to_string();
    for content_type in [&b"application/json"[..], b"Application/JSON; charset=utf-8"] {
        assert!(read(200, &[content_type], body.as_bytes()).is_ok());
    }
    for status in [201, 204, 301, 302, 307, 308, 404, 500] {
        assert_eq!(read(status, &[b"application/json"], body.as_bytes()), Err(ClaimError::Response), "{status}");
    }
    let foreign: [&[&[u8]]; 4] = [&[], &[b"text/html"], &[b"application/jsonx"], &[b"application/json", b"text/html"]];
    for content_type in foreign {
        assert_eq!(read(200, content_type, body.as_bytes()), Err(ClaimError::Response));
    }
}

// R-BIND-16
#[test]
fn plain_http_is_read_at_a_loopback_address_only() {
    let members = |endpoint: &str| with("endpoint", json!(endpoint)).to_string();
    let read = |origin: &str, body: &str| {
        let origin = Origin::parse(origin).unwrap();
        let response = WellKnownResponse { status: 200, content_type: &[b"application/json"], body: body.as_bytes() };
        let read = OriginClaim::read(&origin, &response);
        assert_eq!(OriginClaim::url(&origin).err(), read.as_ref().err().copied());
        read
    };
    for far in
        ["http://example.com", "http://localhost:8400", "http://10.0.0.1", "http://127.0.0.1.example", "ws://[::2]"]
    {
        assert_eq!(read(far, &members("https://example.com/")), Err(ClaimError::NotHttps), "{far}");
    }
    for near in ["http://127.0.0.1:8400", "http://127.9.9.9", "http://[::1]:8400"] {
        let url = OriginClaim::url(&Origin::parse(near).unwrap()).unwrap();
        assert_eq!(url, format!("{near}/.well-known/didshake"));
        let claim = read(near, &members(&format!("{near}/didshake"))).unwrap();
        assert_eq!(claim.endpoint_on_origin().unwrap().as_str(), format!("{near}/didshake"));
        // Another port of the same machine is somebody else.
        let elsewhere = read(near, &members("http://127.0.0.1:9/didshake")).unwrap();
        assert_eq!(elsewhere.endpoint_on_origin(), Err(ClaimError::EndpointElsewhere));
        let linked = document(&json!([entry(&json!("LinkedDomains"), &json!(near))]));
        assert_eq!(claim.did_by_link(&linked), Ok(&did()));
    }
}

// R-BIND-16, R-LIMIT-1
#[test]
fn the_json_is_read_strictly() {
    let padded = |length: usize| {
        let text = members().to_string();
        let spaces = " ".repeat(length - text.len());
        read(200, &[b"application/json"], (text + &spaces).as_bytes()).map(|_| ())
    };
    assert_eq!(padded(MAX_WELL_KNOWN_BYTES), Ok(()));
    assert_eq!(padded(MAX_WELL_KNOWN_BYTES + 1), Err(ClaimError::TooLong));

    let text = members().to_string();
    let twice = text.replacen('{', r#"{"did":"did:web:evil.example","#, 1);
    let deep = text.replacen('{', &format!(r#"{{"x":{}{},"#, "[".repeat(16), "]".repeat(16)), 1);
    for bad in ["", "[]", "{", &format!("{text}x"), &twice, &deep, &text.replacen('{', r#"{"x":{"a":1,"a":1},"#, 1)] {
        assert_eq!(read(200, &[b"application/json"], bad.as_bytes()), Err(ClaimError::Json), "{bad}");
    }
    assert!(well_known(&with("other", json!({"a": [null, 1.5, true]}))).is_ok());
    for name in ["did", "endpoint", "versions", "suites"] {
        let mut without = members();
        without.as_object_mut().unwrap().remove(name);
        assert_eq!(well_known(&without), Err(ClaimError::Member), "{name}");
        for value in [json!(null), json!(1), json!("x"), json!([1.5]), json!(["1"]), json!({})] {
            assert_eq!(well_known(&with(name, value.clone())), Err(ClaimError::Member), "{name}: {value}");
        }
    }
    for endpoint in ["http://example.com/", "ftp://example.com/", "/didshake", "https://a@example.com/"] {
        assert_eq!(well_known(&with("endpoint", json!(endpoint))), Err(ClaimError::Member), "{endpoint}");
    }
}

// R-BIND-16
#[test]
fn an_endpoint_is_used_on_the_origin_or_where_the_document_lists_it() {
    let empty = document(&json!([]));
    for url in ["https://example.com/didshake", "wss://example.com/ds", "https://EXAMPLE.com:443/"] {
        let claim = well_known(&with("endpoint", json!(url))).unwrap();
        assert_eq!(claim.endpoint_on_origin().unwrap().as_str(), url);
        assert_eq!(claim.endpoint_in(&empty).unwrap().as_str(), url);
    }
    let elsewhere = [
        "https://evil.example/didshake",
        "https://example.com:8443/",
        "https://example.com.evil.example/",
        "https://a.example.com",
        "wss://evil.example/ds",
        "http://127.0.0.1/",
    ];
    for url in elsewhere {
        let claim = well_known(&with("endpoint", json!(url))).unwrap();
        assert_eq!(claim.endpoint_on_origin(), Err(ClaimError::EndpointElsewhere), "{url}");
        assert_eq!(claim.endpoint_in(&empty), Err(ClaimError::EndpointElsewhere), "{url}");
        let near = document(&json!([entry(&json!("DIDShake"), &json!(format!("{url}x")))]));
        assert_eq!(claim.endpoint_in(&near), Err(ClaimError::EndpointElsewhere), "{url}");
        let other_type = document(&json!([entry(&json!("LinkedDomains"), &json!(url))]));
        assert_eq!(claim.endpoint_in(&other_type), Err(ClaimError::EndpointElsewhere), "{url}");
        let listing = document(&json!([entry(&json!("DIDShake"), &json!(url))]));
        assert_eq!(claim.endpoint_in(&listing).unwrap().as_str(), url);
    }
}

// R-BIND-16
#[test]
fn a_document_of_another_did_proves_nothing() {
    let evil = Did::parse("did:web:evil.example").unwrap();
    let services = json!([
        entry(&json!("DIDShake"), &json!("https://evil.example/")),
        entry(&json!("LinkedDomains"), &json!("https://example.com")),
    ]);
    let text = json!({"id": "did:web:evil.example", "service": services}).to_string();
    let other = DidDocument::parse(text.as_bytes(), &evil).unwrap();
    let claim = well_known(&with("endpoint", json!("https://evil.example/"))).unwrap();
    assert_eq!(claim.endpoint_in(&other), Err(ClaimError::OtherDid));
    assert_eq!(claim.did_by_link(&other), Err(ClaimError::OtherDid));
}

// R-BIND-16
#[test]
fn a_did_is_meant_by_a_pin_or_by_the_documents_own_link() {
    let claim = well_known(&members()).unwrap();
    assert_eq!(claim.did_by_pin(&did()), Ok(&did()));
    assert_eq!(claim.did_by_pin(&Did::parse("did:web:example.com:x").unwrap()), Err(ClaimError::OtherDid));

    let linked = |kind: &str, endpoint: Value| claim.did_by_link(&document(&json!([entry(&json!(kind), &endpoint)])));
    for endpoint in [
        json!("https://example.com"),
        json!("https://example.com/"),
        json!(["https://x.example", "https://example.com"]),
        json!({"origins": ["https://x.example", "https://example.com/"]}),
    ] {
        assert_eq!(linked("LinkedDomains", endpoint.clone()), Ok(&did()), "{endpoint}");
        assert_eq!(linked("DIDShake", endpoint), Err(ClaimError::NotLinked));
    }
    for endpoint in [
        json!("http://example.com"),
        json!("https://example.com:8443"),
        json!("https://example.com/a"),
        json!("example.com"),
        json!("https://example.com//"),
        json!({"uri": "https://example.com"}),
        json!({"origins": []}),
        json!([]),
        json!(null),
    ] {
        assert_eq!(linked("LinkedDomains", endpoint.clone()), Err(ClaimError::NotLinked), "{endpoint}");
    }
}

// R-BIND-16
#[test]
fn versions_and_suites_are_shown_and_choose_nothing() {
    let claim = well_known(&with("versions", json!([0, 1, 99]))).unwrap();
    assert_eq!(claim.unverified_versions(), [0, 1, 99]);
    assert_eq!(claim.unverified_suites(), [1, 2]);
    assert_eq!(claim.unverified_did(), &did());
    assert_eq!(claim.origin(), &origin());
    // What no version 1 peer speaks changes nothing of where it would connect to.
    let none = well_known(&with("suites", json!([]))).unwrap();
    assert_eq!(none.endpoint_on_origin(), claim.endpoint_on_origin());
}
