//! Texts that the bindings read: origins, waiting states and signatures in header fields, what an origin publishes.

use didshake::http::{MAX_STATE_CHARS, StateToken};
use didshake::request::{CONTENT_DIGEST, ClaimedRequest, ReceivedFields, SIGNATURE, SIGNATURE_INPUT, Target};
use didshake::{MAX_TOKEN_BYTES, Origin};
use didshake_did::discovery::{OriginClaim, WellKnownResponse};

/// An origin serialises to a URL that has the same origin, and fits a prologue.
pub(crate) fn origin(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(origin) = Origin::parse(text) else { return };
    assert_eq!(Origin::parse(origin.as_str()).as_ref(), Ok(&origin));
    assert!(origin.as_str().is_ascii() && !origin.as_str().bytes().any(|byte| byte.is_ascii_uppercase()));
    let (http, websocket) = (origin.http_context(), origin.websocket_context());
    assert_eq!(http.map(|context| context.prologue().to_vec()), Ok(origin.as_str().as_bytes().to_vec()));
    assert!(websocket.is_ok());
}

/// `DIDShake-State`: one text for the same bytes.
pub(crate) fn http_state(input: &[u8]) {
    let Ok(token) = StateToken::read(&[input]) else { return };
    assert!(input.len() <= MAX_STATE_CHARS && token.decode().len() <= MAX_TOKEN_BYTES);
    assert_eq!(token.as_str().as_bytes(), input);
    assert_eq!(StateToken::encode(token.decode()).as_ref(), Ok(&token));
}

/// The fields of a signed request, one a line: `d` before a `Content-Digest`, `i` before a `Signature-Input`, `s` before a
/// `Signature`. What is read is written back as it was.
pub(crate) fn request_fields(input: &[u8]) {
    let of = |kind: u8| -> Vec<&[u8]> {
        let lines = input.split(|byte| *byte == b'\n');
        lines
            .filter_map(|line| line.split_first().filter(|(first, _)| **first == kind).map(|(_, value)| value))
            .collect()
    };
    let (digest, signature_input, signature) = (of(b'd'), of(b'i'), of(b's'));
    let fields = ReceivedFields { signature_input: &signature_input, signature: &signature, content_digest: &digest };
    let Ok(claimed) = ClaimedRequest::read(&fields) else { return };
    let written = claimed.fields();
    for (name, list) in [(CONTENT_DIGEST, digest), (SIGNATURE_INPUT, signature_input), (SIGNATURE, signature)] {
        let values: Vec<&[u8]> =
            written.headers().filter(|(other, _)| *other == name).map(|(_, value)| value.as_bytes()).collect();
        assert_eq!(values, list, "{name}");
    }
    let origin = Origin::parse("https://example.com").expect("an https origin");
    let base = claimed.signature_base(&Target { method: "GET", origin: &origin, path: "", query: None });
    assert_eq!(base.split('\n').count(), 6);
}

/// `/.well-known/didshake`: whatever an origin writes stays a claim of that origin.
pub(crate) fn well_known(input: &[u8]) {
    let origin = Origin::parse("https://example.com").expect("an https origin");
    let response = WellKnownResponse { status: 200, content_type: &[b"application/json"], body: input };
    if let Ok(claim) = OriginClaim::read(&origin, &response) {
        assert_eq!(claim.origin(), &origin);
        if let Ok(endpoint) = claim.endpoint_on_origin() {
            assert_eq!(endpoint.origin(), &origin);
        }
    }
}
