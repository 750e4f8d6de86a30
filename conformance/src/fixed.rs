//! The fixed inputs: every secret, nonce, identity and document comes from a name written here.

use std::collections::BTreeMap;

use crate::check::Step;
use crate::config::{Admission, Config, Document, Hex, Identity, InitiatorConfig, Policy, ResponderConfig};
use crate::keys::{ED25519_CODEC, P256_CODEC, base64url};
use crate::peer::{JSON_CODEC, SHA2_256};
use crate::primitives::{X25519, sha256};
use crate::{ed25519, es256};

/// 2026-01-01T00:00:00Z.
pub(crate) const NOW: u64 = 1_767_225_600;

/// Thirty-two bytes that depend on nothing but a name.
pub(crate) fn secret(name: &str) -> Vec<u8> {
    sha256(&[b"didshake-vectors/1 ", name.as_bytes()])
}

/// A did:key from a multicodec prefix and key bytes, whatever they are.
pub(crate) fn did_key_of(codec: &[u8], key: &[u8]) -> String {
    format!("did:key:{}", multibase(codec, key))
}

/// Base58btc with `z` in front.
pub(crate) fn multibase(codec: &[u8], key: &[u8]) -> String {
    format!("z{}", bs58::encode([codec, key].concat()).into_string())
}

/// A did:jwk from JSON text, whatever it says.
pub(crate) fn did_jwk_of(json: &str) -> String {
    format!("did:jwk:{}", base64url(json.as_bytes()))
}

/// A did:peer:4, long form, of what is encoded, whatever it is.
pub(crate) fn did_peer_4_of(encoded: &str) -> String {
    format!("did:peer:4{}:{encoded}", multibase(&SHA2_256, &sha256(&[encoded.as_bytes()])))
}

/// A did:peer:4, long form, of JSON text, whatever it says.
pub(crate) fn did_peer_4(json: &str) -> String {
    did_peer_4_of(&multibase(&JSON_CODEC, json.as_bytes()))
}

/// An element of a did:peer:2 with a service, whatever it says.
pub(crate) fn peer_service(json: &str) -> String {
    format!(".S{}", base64url(json.as_bytes()))
}

/// The public key bytes of a secret: 32 for Ed25519, 33 for P-256.
pub(crate) fn public(algorithm: u8, name: &str) -> Step<Vec<u8>> {
    if algorithm == 1 { Ok(ed25519::pair(&secret(name))?.public.to_vec()) } else { es256::public(&secret(name)) }
}

fn identity(did: String, fragment: &str, algorithm: u8, name: &str) -> Identity {
    Identity { did, fragment: fragment.to_owned(), algorithm, secret_key: Hex(secret(name)) }
}

/// A did:key identity.
pub(crate) fn key_identity(algorithm: u8, name: &str) -> Step<Identity> {
    let codec = if algorithm == 1 { ED25519_CODEC } else { P256_CODEC };
    Ok(identity(did_key_of(&codec, &public(algorithm, name)?), "", algorithm, name))
}

/// The JWK of a public key, with `more` members (each ending in a comma) in front.
pub(crate) fn jwk(algorithm: u8, name: &str, more: &str) -> Step<String> {
    if algorithm == 1 {
        let x = base64url(&public(1, name)?);
        return Ok(format!(r#"{{{more}"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
    }
    let (x, y) = es256::coordinates(&secret(name))?;
    Ok(format!(r#"{{{more}"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, base64url(&x), base64url(&y)))
}

/// A did:jwk identity.
pub(crate) fn jwk_identity(algorithm: u8, name: &str, more: &str) -> Step<Identity> {
    Ok(identity(did_jwk_of(&jwk(algorithm, name, more)?), "", algorithm, name))
}

/// A did:peer identity.
pub(crate) fn peer_identity(did: String, fragment: &str, algorithm: u8, name: &str) -> Identity {
    identity(did, fragment, algorithm, name)
}

/// A did:web identity; its document is the caller's.
pub(crate) fn web_identity(did: &str, fragment: &str, algorithm: u8, name: &str) -> Identity {
    identity(did.to_owned(), fragment, algorithm, name)
}

/// A verification method as JSON; `key` are its key members.
pub(crate) fn method(id: &str, kind: &str, controller: &str, key: &str) -> String {
    format!(r#"{{"id":"{id}","type":"{kind}","controller":"{controller}",{key}}}"#)
}

/// A document with these methods (JSON, comma-separated) and these `authentication` entries.
pub(crate) fn document(did: &str, methods: &str, authentication: &str) -> String {
    format!(
        r#"{{"@context":["https://www.w3.org/ns/did/v1"],"id":"{did}","verificationMethod":[{methods}],"authentication":[{authentication}]}}"#
    )
}

/// A document with one Multikey method, referenced under `authentication` by its absolute id.
pub(crate) fn multikey_document(identity: &Identity, name: &str) -> Step<String> {
    let codec = if identity.algorithm == 1 { ED25519_CODEC } else { P256_CODEC };
    let key = format!(r#""publicKeyMultibase":"{}""#, multibase(&codec, &public(identity.algorithm, name)?));
    let id = format!("{}#{}", identity.did, identity.fragment);
    Ok(document(&identity.did, &method(&id, "Multikey", &identity.did, &key), &format!(r#""{id}""#)))
}

/// The configuration of `p-key-ed25519`, from which all others start.
pub(crate) fn config() -> Step<Config> {
    let responder = key_identity(1, "responder ed25519")?;
    let allow = || Policy::Allow { allow: true };
    Ok(Config {
        now: NOW,
        binding: 1,
        prologue: Hex::default(),
        initiator: InitiatorConfig {
            identity: key_identity(1, "initiator ed25519")?,
            suites: vec![1, 2],
            first_group: X25519,
            application_protocol: "didshake.login/1".to_owned(),
            recipient: false,
            hello_extensions: Vec::new(),
            finish_extensions: Vec::new(),
            expect: Admission::Did { did: responder.did.clone() },
            policy: allow(),
            ephemeral_secrets: vec![Hex(secret("initiator ephemeral"))],
            nonces: vec![Hex(secret("initiator nonce"))],
        },
        responder: ResponderConfig {
            identities: vec![responder],
            default_identity: 0,
            suites: vec![1, 2],
            application_protocols: vec!["didshake.chat/1".to_owned(), "didshake.login/1".to_owned()],
            reply_extensions: Vec::new(),
            accept_extensions: Vec::new(),
            lifetime: 3600,
            admit: Admission::Any { any: true },
            policy: allow(),
            ephemeral_secret: Hex(secret("responder ephemeral")),
            nonce: Hex(secret("responder nonce")),
        },
        documents: BTreeMap::new(),
    })
}

impl Config {
    /// Makes this the only identity of the responder, and the one that the initiator means.
    pub(crate) fn with_responder(mut self, identity: Identity) -> Self {
        self.initiator.expect = Admission::Did { did: identity.did.clone() };
        self.responder.identities = vec![identity];
        self
    }

    /// Makes this the initiator.
    pub(crate) fn with_initiator(mut self, identity: Identity) -> Self {
        self.initiator.identity = identity;
        self
    }

    /// Adds a document.
    pub(crate) fn with_document(mut self, did: &str, text: String) -> Self {
        self.documents.insert(did.to_owned(), Document::Found { text, deactivated: false });
        self
    }

    /// Both roles are ready for suite 0xFE01 and a Retry: the initiator starts with the other group.
    pub(crate) fn with_retry(mut self) -> Self {
        self.initiator.suites = vec![crate::primitives::TEST_SUITE, 1];
        self.initiator.first_group = crate::primitives::TEST_GROUP;
        self.initiator.ephemeral_secrets.push(Hex(secret("second initiator ephemeral")));
        self.initiator.nonces.push(Hex(secret("second initiator nonce")));
        self
    }
}
