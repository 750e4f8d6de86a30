//! The pages as a browser gets them, and as a program does.

use crate::http::ask;
use crate::service::{Service, settings};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_come_from_here_and_run_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&settings(directory.path())).await;
    let root = ask(service.address, "GET /", "").await;
    assert_eq!((root.status, root.header("location")), (303, Some("/login")));
    for path in ["/login", "/account", "/admin", "/vectors"] {
        let page = ask(service.address, &format!("GET {path}"), "").await;
        assert_eq!((page.status, page.header("content-encoding")), (200, None), "{path}");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.header("cross-origin-opener-policy"), Some("same-origin"), "{path}");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(page.body.starts_with("<!doctype html>"), "{}", page.body);
        // What it names is there.
        for part in page.body.split('"').filter(|part| part.starts_with("/assets/")) {
            let asset = ask(service.address, &format!("GET {part}"), "accept-encoding: br, gzip;q=0.9\r\n").await;
            assert_eq!((asset.status, asset.header("content-encoding")), (200, Some("gzip")), "{part}");
            assert_eq!(asset.header("x-content-type-options"), Some("nosniff"), "{part}");
        }
    }
    let page = ask(service.address, "GET /login", "").await;
    let tag = page.header("etag").unwrap();
    let again = ask(service.address, "GET /login", &format!("if-none-match: \"x\", {tag}\r\n")).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    let policy = page.header("content-security-policy");
    assert!(
        policy.is_some() && again.header("content-security-policy") == policy,
        "a browser takes that of the newer one"
    );
    assert_eq!(ask(service.address, "GET /login", "if-none-match: \"x\"\r\n").await.status, 200);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shared_vectors_are_all_there() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&settings(directory.path())).await;
    let vectors = ask(service.address, "GET /vectors.json", "").await.json();
    let count = |kind: &str| vectors["index"][kind].as_u64().unwrap();
    let length = |list: &str| vectors[list].as_array().unwrap().len() as u64;
    assert_eq!(length("handshakes"), count("positives") + count("negatives"));
    assert_eq!(length("requests"), count("request_positives") + count("request_negatives"));
    assert_eq!(length("webvh"), count("webvh_positives") + count("webvh_negatives"));
    assert!(length("handshakes") > 100, "all, not some");
    service.end().await;
}
