//! Each method over ssi: what it resolves to, whether its key can sign, and how it fails. An indexer and a node of this
//! machine answer as TzKT and ION do; the real ones are in no reach of a test.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use axum::{Json, Router};
use didshake::{Algorithm, Did, Document, Fault, Fragment, PublicKey, UnixTime};
use didshake_did::{MethodRegistry, Resolved, Resolver};
use didshake_ssi::{SsiMethods, SsiOptionFault};
use serde_json::{Value, json};
use tokio::net::TcpListener;

fn did(text: &str) -> Did {
    Did::parse(text).unwrap()
}

async fn resolve(methods: &SsiMethods, text: &str) -> Result<Resolved, Fault> {
    methods.register(MethodRegistry::offline()).resolve(&did(text)).await
}

fn key(resolved: &Resolved, fragment: &str) -> Result<PublicKey, Fault> {
    let did = resolved.document().did();
    resolved.authentication_key(did, &Fragment::of(did, fragment).unwrap(), UnixTime(0))
}

async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, app).await });
    url
}

/// A TzKT indexer that knows no DID manager.
async fn indexer() -> String {
    serve(Router::new().route("/v1/contracts", get(async || Json::<[String; 0]>([])))).await
}

const TZ1: &str = "tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb";
const TZ1_KEY: &str = "edpkvGfYw3LyB1UcCahKQk4rF2tvbMUk8GFiTuMjL75uGXrpvKXhjn";
const TZ3: &str = "tz3agP9LGe2cXmKQyYn6T68BHKjjktDbbSWX";
const TZ3_KEY: &str = "p2pk679D18uQNkdjpRxuBXL5CqcDKTKzsiXVtc9oCUT6xb82zQmgUks";

#[tokio::test]
async fn the_key_of_a_solana_account_is_its_address() {
    let address = "CKg5d12Jhpej1JqtmxLJgaFqqeYjxgPqToJ4LBdvG9Ev";
    for text in [format!("did:pkh:solana:4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ:{address}"), format!("did:pkh:sol:{address}")]
    {
        let resolved = resolve(&SsiMethods::default(), &text).await.unwrap();
        let key = key(&resolved, "controller").unwrap();
        assert_eq!(bs58::encode(key.as_bytes()).into_string(), address);
        assert_eq!(super_key(&resolved), Err(Fault::MethodKeyForm));
    }
    // R-DOC-14: the other method, of a type that only Solana's wallets know.
    fn super_key(resolved: &Resolved) -> Result<PublicKey, Fault> {
        key(resolved, "SolanaMethod2021")
    }
}

#[tokio::test]
async fn ethereum_accounts_resolve_and_cannot_sign() {
    let account = "0xb9c5714089478a327f09197987f16f9e5d936e8a";
    let with_key = "0x03fdd57adec3d438ea237fe46b33ee1e016eda6b585c3e27ea66686c2ea5358479";
    for (text, fragment) in [
        (format!("did:ethr:{account}"), "controller"),
        (format!("did:ethr:0x1:{account}"), "controller"),
        (format!("did:ethr:{with_key}"), "controllerKey"),
        (format!("did:pkh:eip155:1:{account}"), "blockchainAccountId"),
    ] {
        let resolved = resolve(&SsiMethods::default(), &text).await.unwrap_or_else(|fault| panic!("{text}: {fault}"));
        assert_eq!(key(&resolved, fragment), Err(Fault::MethodKeyForm), "{text}");
    }
}

#[tokio::test]
async fn accounts_of_other_chains_resolve() {
    for text in [
        "did:pkh:bip122:000000000019d6689c085ae165831e93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6",
        "did:pkh:tezos:NetXdQprcVkpaWU:tz1TzrmTBSuiVHV2VfMnGRMYvTEPCP42oSM8",
    ] {
        let resolved = resolve(&SsiMethods::default(), text).await.unwrap_or_else(|fault| panic!("{text}: {fault}"));
        assert!(!resolved.document().authentication_methods().is_empty(), "{text}");
    }
}

#[tokio::test]
async fn a_tezos_account_signs_where_its_key_is_given() {
    let methods = SsiMethods::default().with_tezos_indexer(&indexer().await).unwrap();
    let unknown = resolve(&methods, &format!("did:tz:{TZ1}")).await.unwrap();
    assert_eq!(key(&unknown, "blockchainAccountId"), Err(Fault::MethodKeyForm));

    let methods = methods.with_tezos_key(TZ1_KEY).unwrap().with_tezos_key(TZ3_KEY).unwrap();
    for (text, algorithm) in [
        (format!("did:tz:{TZ1}"), Algorithm::Ed25519),
        (format!("did:tz:mainnet:{TZ1}"), Algorithm::Ed25519),
        (format!("did:tz:{TZ3}"), Algorithm::Es256),
    ] {
        let resolved = resolve(&methods, &text).await.unwrap();
        assert_eq!(key(&resolved, "blockchainAccountId").unwrap().algorithm(), algorithm);
    }
    // The key of one account is not given to another.
    let other = resolve(&methods, "did:tz:tz1TzrmTBSuiVHV2VfMnGRMYvTEPCP42oSM8").await.unwrap();
    assert_eq!(key(&other, "blockchainAccountId"), Err(Fault::MethodKeyForm));
}

/// A node that answers every lookup with this.
async fn node(answer: Value) -> SsiMethods {
    let kind = r#"application/ld+json;profile="https://w3id.org/did-resolution""#;
    let answer = answer.to_string();
    let app = Router::new().route("/identifiers/{did}", get(async move || ([(CONTENT_TYPE, kind)], answer)));
    SsiMethods::default().with_ion_node(&format!("{}/", serve(app).await)).unwrap()
}

const ION: &str = "did:ion:EiClkZMDxPKqC9c-umQfTkR8vvZ9JPhl_xLDI9Nfk38w5w";

fn ion_result(id: &str) -> Value {
    json!({
        "@context": "https://w3id.org/did-resolution/v1",
        "didDocument": {
            "id": id,
            "@context": ["https://www.w3.org/ns/did/v1", {"@base": id}],
            "verificationMethod": [{
                "id": "#key-1", "controller": id, "type": "JsonWebKey2020",
                "publicKeyJwk": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
            }],
            "authentication": ["#key-1"]
        },
        "didDocumentMetadata": {"canonicalId": id, "method": {"published": true}}
    })
}

#[tokio::test]
async fn an_ion_document_is_read_out_of_the_result() {
    let resolved = resolve(&node(ion_result(ION)).await, ION).await.unwrap();
    assert_eq!(key(&resolved, "key-1").unwrap().algorithm(), Algorithm::Ed25519);

    let mut gone = ion_result(ION);
    gone["didDocumentMetadata"]["deactivated"] = true.into();
    let resolved = resolve(&node(gone).await, ION).await.unwrap();
    assert_eq!(key(&resolved, "key-1"), Err(Fault::DidDeactivated));
}

#[tokio::test]
async fn a_bad_answer_has_its_own_fault() {
    let mut shape = ion_result(ION);
    shape["didDocument"] = json!([]);
    let mut long = ion_result(ION);
    long["padding"] = "x".repeat(70_000).into();
    let other = ion_result("did:ion:EiDyOQbbZAa3aiRzeCkV7LOx3SERjjH93EXoIM3UoN4oWg");
    for (answer, fault) in [
        (other, Fault::DocumentIdMismatch),
        (shape, Fault::DocumentShape),
        (long, Fault::DocumentLimits),
        (json!([1]), Fault::DocumentJson),
    ] {
        assert_eq!(resolve(&node(answer).await, ION).await.unwrap_err(), fault);
    }
}

#[tokio::test]
async fn failures_are_told_with_their_cause() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    // A port where nobody listens, and a node that never answers.
    let nobody = { TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap() };
    let silent = serve(Router::new().route("/identifiers/{did}", get(std::future::pending::<()>))).await;
    let methods = SsiMethods::default().with_tezos_indexer(&format!("http://{nobody}")).unwrap();
    let methods = methods.with_ion_node(&format!("{silent}/")).unwrap().with_deadline(Duration::from_millis(200));
    let methods = methods.on_failure(move |_, why| log.lock().unwrap().push(why.to_string()));
    for text in [
        "did:pkh:solana:4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ:short",
        "did:ethr:0x12",
        "did:tz:tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb",
        ION,
    ] {
        assert_eq!(resolve(&methods, text).await.unwrap_err(), Fault::DidResolutionFailed, "{text}");
    }
    let told = told.lock().unwrap();
    assert!(told.iter().take(3).all(|why| why.starts_with("ssi: ")), "{told:?}");
    assert_eq!(told.last().map(String::as_str), Some("not resolved within the deadline"));
}

#[tokio::test]
async fn a_method_that_nobody_can_be_asked_about_is_not_supported() {
    for text in ["did:tz:tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb", ION] {
        assert_eq!(resolve(&SsiMethods::default(), text).await.unwrap_err(), Fault::DidMethodUnsupported);
    }
}

#[test]
fn options_are_checked() {
    for url in ["", "tezos.example.com", "ftp://tezos.example.com", "file:///etc/passwd", "http://"] {
        assert_eq!(SsiMethods::default().with_tezos_indexer(url).unwrap_err(), SsiOptionFault::Url, "{url}");
        assert_eq!(SsiMethods::default().with_ion_node(url).unwrap_err(), SsiOptionFault::Url, "{url}");
    }
    assert_eq!(SsiMethods::default().with_tezos_key(TZ1).unwrap_err(), SsiOptionFault::TezosKey);
}
