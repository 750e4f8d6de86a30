//! DIDs, and the documents that they resolve to.

use base64ct::{Base64UrlUnpadded, Encoding};
use didshake::{Did, Document, Fragment, MAX_DID_BYTES, Origin};
use didshake_did::{DidDocument, MAX_DOCUMENT_BYTES, Resolved, did_jwk, did_key, did_peer, linkage as links};
use sha2::{Digest, Sha256};

use crate::handshake::NOW;

/// DID syntax: a DID is never normalised, and it fits where the wire puts it.
pub(crate) fn did(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(did) = Did::parse(text) else { return };
    assert_eq!(did.as_str(), text);
    assert!(text.len() <= MAX_DID_BYTES && text.is_ascii());
    assert_eq!(format!("did:{}:{}", did.method(), did.method_specific_id()), text);
}

/// did:key: a key has one DID.
pub(crate) fn did_key(input: &[u8]) {
    let Some(did) = method_specific("key", input) else { return };
    if let Ok(key) = did_key::public_key(&did) {
        assert_eq!(did_key::encode(&key), Ok(did.clone()));
        let document = did_key::resolve(&did).expect("its key is valid");
        let fragment = Fragment::of(&did, "").expect("did:key names no method");
        assert_eq!(document.authentication_key(&did, &fragment, NOW), Ok(key));
    }
}

/// did:jwk: other members of the JWK are kept in the DID, so a key has many DIDs, and each gives the key.
pub(crate) fn did_jwk(input: &[u8]) {
    let Some(did) = method_specific("jwk", input) else { return };
    if let Ok(key) = did_jwk::public_key(&did) {
        let shortest = did_jwk::encode(&key).expect("a key has a did:jwk");
        assert_eq!(did_jwk::public_key(&shortest), Ok(key.clone()));
        let document = did_jwk::resolve(&did).expect("its key is valid");
        let fragment = Fragment::of(&did, "").expect("did:jwk names no method");
        assert_eq!(document.authentication_key(&did, &fragment, NOW), Ok(key));
    }
}

/// did:peer: whatever resolves is a document of the DID, and no short form does. The hash of a form 4 is none that a fuzzer
/// guesses, nor is a service in base64url: behind `4` there is a document, behind `S` a service, otherwise what follows
/// `did:peer:`.
pub(crate) fn did_peer(input: &[u8]) {
    let specific = match input {
        [b'4', document @ ..] => form_4(document),
        [b'S', service @ ..] => {
            format!(
                "2.Vz6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK.S{}",
                Base64UrlUnpadded::encode_string(service)
            )
        }
        other => String::from_utf8_lossy(other).into_owned(),
    };
    let Some(did) = method_specific("peer", specific.as_bytes()) else { return };
    let Ok(document) = did_peer::resolve(&did) else { return };
    assert!(!did.is_short_form() && did.names(&did));
    assert_eq!(*document.did(), did);
    if document.text().len() <= MAX_DOCUMENT_BYTES {
        let again = DidDocument::parse(document.text().as_bytes(), &did).expect("what was derived is a document");
        assert_eq!(again.authentication_methods(), document.authentication_methods());
        assert_eq!(again.services(), document.services());
    }
    for id in document.authentication_methods() {
        let fragment = id.strip_prefix(did.as_str()).and_then(|id| Fragment::of(&did, id.strip_prefix('#')?).ok());
        let _ = fragment.map(|fragment| document.authentication_key(&did, &fragment, NOW));
    }
    assert!(document.key_agreement(NOW).len() <= 64);
}

fn form_4(document: &[u8]) -> String {
    let multibase = |codec: [u8; 2], bytes: &[u8]| format!("z{}", bs58::encode([&codec, bytes].concat()).into_string());
    let encoded = multibase([0x80, 0x04], document);
    format!("4{}:{encoded}", multibase([0x12, 0x20], &Sha256::digest(encoded.as_bytes())))
}

fn method_specific(method: &str, input: &[u8]) -> Option<Did> {
    Did::parse(&format!("did:{method}:{}", std::str::from_utf8(input).ok()?)).ok()
}

/// A DID document: it is of the DID that it says, and each of its methods gives a key or a fault.
pub(crate) fn document(input: &[u8]) {
    let Ok(did) = DidDocument::claimed_did(input) else { return };
    let Ok(document) = DidDocument::parse(input, &did) else { return };
    assert_eq!(*document.did(), did);
    assert_eq!(document.text().as_bytes(), input);
    assert!(input.len() <= MAX_DOCUMENT_BYTES);
    for method in document.authentication_methods() {
        let fragment = method.rsplit_once('#').and_then(|(_, fragment)| Fragment::of(&did, fragment).ok());
        if let Some(fragment) = fragment {
            let key = document.authentication_key(&did, &fragment, NOW);
            assert!(key.is_err() || document.has_method(&fragment));
        }
    }
}

/// A DID configuration: what links one origin links no other, although the document lists both.
pub(crate) fn linkage(input: &[u8]) {
    let did = Did::parse("did:web:bob.example").expect("a DID");
    let document = DidDocument::parse(include_bytes!("linked.json"), &did).expect("a document");
    let resolved = Resolved::fetched(document);
    let check = |origin| links::check(&Origin::parse(origin).expect("an origin"), input, &resolved, NOW);
    if check("https://bob.example").is_ok() {
        assert!(input.len() <= links::MAX_CONFIGURATION_BYTES);
        assert_eq!(check("https://b.example"), Err(links::LinkageFault::OtherOrigin));
    }
}
