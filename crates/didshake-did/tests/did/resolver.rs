use std::sync::Arc;

use didshake::{Algorithm, Did, Document, Fault, Fragment, UnixTime};
use didshake_did::{Freshness, MethodRegistry, Resolver, StaticDocuments, did_jwk, did_key};

use crate::document::{did, good};
use crate::keys::public;

// R-DID-1
#[tokio::test]
async fn offline_resolves_keys() {
    let registry = MethodRegistry::offline();
    for did in [
        did_key::encode(&public(Algorithm::Es256, 1)).unwrap(),
        did_jwk::encode(&public(Algorithm::Ed25519, 1)).unwrap(),
    ] {
        let fragment = Fragment::of(&did, "").unwrap();
        let resolved = registry.resolve_method(&did, &fragment).await.unwrap();
        assert!(resolved.authentication_key(&did, &fragment, UnixTime(0)).is_ok());
        assert_eq!(resolved.freshness(), Freshness::Fetched);
    }
    assert_eq!(registry.methods(), ["jwk", "key", "peer"]);
}

// R-DID-10
#[tokio::test]
async fn unsupported_and_not_found() {
    let registry = MethodRegistry::offline();
    assert_eq!(registry.resolve(&did()).await.err(), Some(Fault::DidMethodUnsupported));
    let registry = registry.with("web", Arc::new(StaticDocuments::new()));
    assert_eq!(registry.methods(), ["jwk", "key", "peer", "web"]);
    assert_eq!(registry.resolve(&did()).await.err(), Some(Fault::DidNotFound));
    let other = Did::parse("did:webs:example.com").unwrap();
    assert_eq!(registry.resolve(&other).await.err(), Some(Fault::DidMethodUnsupported));
}

#[tokio::test]
async fn keys_cannot_be_replaced() {
    let did = did_key::encode(&public(Algorithm::Ed25519, 1)).unwrap();
    let registry = MethodRegistry::offline().with("key", Arc::new(StaticDocuments::new()));
    assert!(registry.resolve(&did).await.is_ok());
    assert_eq!(registry.methods(), ["jwk", "key", "peer"]);
    let mut documents = StaticDocuments::new();
    assert_eq!(documents.insert(did.clone(), b"{}", false), Err(Fault::DidMethodUnsupported));
    let text = format!(r#"{{"id":"{did}"}}"#);
    assert_eq!(documents.add(text.as_bytes()), Err(Fault::DidMethodUnsupported));
}

#[tokio::test]
async fn given_documents_come_first() {
    let mut documents = StaticDocuments::new().otherwise(Arc::new(MethodRegistry::offline()));
    assert_eq!(documents.add(good().to_string().as_bytes()), Ok(did()));
    let fragment = Fragment::of(&did(), "key-1").unwrap();
    let resolved = documents.resolve_method(&did(), &fragment).await.unwrap();
    assert!(resolved.authentication_key(&did(), &fragment, UnixTime(0)).is_ok());
    let key = did_key::encode(&public(Algorithm::Ed25519, 1)).unwrap();
    assert!(documents.resolve(&key).await.is_ok());
    let other = Did::parse("did:web:other").unwrap();
    assert_eq!(documents.resolve(&other).await.err(), Some(Fault::DidMethodUnsupported));
}

#[tokio::test]
async fn given_documents_are_checked_when_resolved() {
    let mut documents = StaticDocuments::new();
    documents.insert(did(), b"[]", false).unwrap();
    assert_eq!(documents.resolve(&did()).await.err(), Some(Fault::DocumentJson));
    documents.insert(did(), br#"{"id":"did:web:other"}"#, false).unwrap();
    assert_eq!(documents.resolve(&did()).await.err(), Some(Fault::DocumentIdMismatch));
    documents.insert(did(), good().to_string().as_bytes(), true).unwrap();
    assert!(documents.resolve(&did()).await.unwrap().is_deactivated());
    assert_eq!(documents.add(br#"{"id":"x"}"#), Err(Fault::DidSyntax));
}
