//! Rules, and what becomes of sessions when they change.

use std::time::{Duration, Instant};

use didshake::Did;
use didshake_server::{Policy, Settings};

use crate::service::{Service, identity, settings};

fn allows(policy: &str, did: &str) -> bool {
    Policy::parse(policy).unwrap().allows(&Did::parse(did).unwrap())
}

#[test]
fn the_first_rule_that_matches_decides() {
    let key = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    let both = format!("[[rule]]\nallow = {{ did = \"{key}\" }}\n[[rule]]\ndeny = {{ method = \"key\" }}\n");
    let group = "[groups]\nstaff = [\"did:web:a.example\"]\n[[rule]]\nallow = { group = \"staff\" }\n";
    let rest = "[[rule]]\nallow = { method = \"web\" }\n";
    let deny = &format!("[[rule]]\ndeny = {{ did = \"did:web:a.example%3A8443:b%7Ec\" }}\n{rest}");
    let deny_443 = &format!("[[rule]]\ndeny = {{ did = \"did:web:a.example\" }}\n{rest}");
    let table = [
        (both.as_str(), key, true),
        (both.as_str(), "did:key:z6Mkother", false),
        (both.as_str(), "did:web:example.com", false),
        ("[[rule]]\nallow = { method = \"web\" }", "did:web:example.com", true),
        ("[[rule]]\nallow = { method = \"web\" }", "did:webs:example.com", false),
        ("[[rule]]\ndeny = { method = \"web\" }", key, false),
        ("[[rule]]\nallow = { domain = \"example.com\" }", "did:web:example.com", true),
        ("[[rule]]\nallow = { domain = \"example.com\" }", "did:web:example.com:alice", true),
        ("[[rule]]\nallow = { domain = \"example.com\" }", "did:web:example.com%3A8443", true),
        ("[[rule]]\nallow = { domain = \"example.com\" }", "did:web:a.example.com", false),
        ("[[rule]]\nallow = { domain = \"example.com\" }", "did:web:badexample.com", false),
        ("[[rule]]\nallow = { domain = \"example.com\" }", "did:web:example.com.evil.example", false),
        ("[[rule]]\nallow = { domain = \"Example.com\" }", "did:web:EXAMPLE.com", true),
        ("[[rule]]\nallow = { domain = \"*.example.com\" }", "did:web:a.b.example.com", true),
        ("[[rule]]\nallow = { domain = \"*.example.com\" }", "did:web:example.com", false),
        ("[[rule]]\nallow = { domain = \"*.example.com\" }", "did:web:badexample.com", false),
        (group, "did:web:a.example", true),
        (group, "did:web:a.example:b", false),
        (group, "did:web:A.EXAMPLE", true),
        (deny, "did:web:a.example%3A8443:b%7Ec", false),
        (deny, "did:web:A.example%3a8443:b%7ec", false),
        (deny, "did:web:a.example%3A8443:B%7Ec", true),
        (deny_443, "did:web:a.example%3A443", false),
    ];
    for (policy, did, expected) in table {
        assert_eq!(allows(policy, did), expected, "{policy} {did}");
    }
}

#[test]
fn a_file_without_rules_lets_nobody_decide_for_everyone() {
    assert!(Policy::default().allows(&Did::parse("did:key:z6Mkother").unwrap()));
    for text in ["", "# nothing but this\n", "[groups]\nstaff = [\"did:web:a.example\"]\n"] {
        assert!(Policy::parse(text).unwrap_err().to_string().contains("no rule"), "{text}");
    }
}

#[test]
fn a_rule_that_says_something_else_is_refused_with_its_number() {
    let ok = "[[rule]]\nallow = { method = \"key\" }\n";
    for (rule, says) in [
        ("", "rule 2 has not exactly one of `allow` and `deny`"),
        ("allow = { method = \"key\" }\ndeny = { method = \"web\" }", "rule 2 has not exactly one of `allow`"),
        ("allow = { }", "rule 2 has not exactly one of `did`"),
        ("allow = { method = \"key\", domain = \"a.example\" }", "rule 2 has not exactly one of `did`"),
        ("allow = { did = \"alice\" }", "`alice` is no DID"),
        ("allow = { did = \"did:web:a.example#key-1\" }", "no DID"),
        ("allow = { domain = \"https://a.example\" }", "no domain"),
        ("allow = { domain = \"a.example:443\" }", "no domain"),
        ("allow = { domain = \"a.*.example\" }", "no domain"),
        ("allow = { method = \"did:web\" }", "no DID method"),
        ("allow = { group = \"staff\" }", "no group `staff`"),
        ("allow = { account = false }", "rule 2: `account` can only be true"),
        ("allow = { account = true, method = \"key\" }", "rule 2 has not exactly one of `did`"),
        ("alow = { method = \"key\" }", "TOML of a policy"),
        ("allow = { metod = \"key\" }", "TOML of a policy"),
    ] {
        let error = Policy::parse(&format!("{ok}[[rule]]\n{rule}\n")).unwrap_err();
        assert!(error.to_string().contains(says), "{rule}: {error}");
    }
    let member = Policy::parse("[groups]\nstaff = [\"bob\"]").unwrap_err();
    assert!(member.to_string().contains("group `staff`: `bob` is no DID"), "{member}");
    assert!(Policy::parse(" \n").is_err(), "a file that is being written lets nobody in");
    assert!(Policy::parse("rules = []").is_err());
    assert!(Policy::parse(&format!("# {}", "x".repeat(1 << 20))).is_err());
}

#[test]
fn the_example_is_a_policy() {
    let example = include_str!("../../../../deploy/policy.toml");
    assert!(allows(example, "did:web:example.com:alice"));
    assert!(!allows(example, "did:web:example.com:mallory"));
    assert!(!allows(example, "did:jwk:x"));
}

// R-CHECK-3, and check 7 on each request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_taken_out_loses_the_session_and_a_broken_file_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (alice, bob) = (identity(1), identity(2));
    let path = directory.path().join("policy.toml");
    let only = |did: &Did| std::fs::write(&path, format!("[[rule]]\nallow = {{ did = \"{did}\" }}\n")).unwrap();
    only(alice.did());
    let policy = Some(path.to_str().unwrap().to_owned());
    let service = Service::start(&Settings { policy, ..settings(directory.path()) }).await;

    let client = service.login(&alice).await.unwrap();
    assert!(service.login(&bob).await.is_err());
    assert_eq!(client.get("/v1/session").await.0, 200);

    std::fs::write(&path, "[[rule]]\nallow = 3\n").unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(client.get("/v1/session").await.0, 200, "the old policy stays");

    only(bob.did());
    let changed = Instant::now();
    while client.get("/v1/session").await.0 == 200 {
        assert!(changed.elapsed() < Duration::from_secs(4), "within about two seconds");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    service.login(&bob).await.unwrap();

    only(alice.did());
    service.reloader.reload().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(client.get("/v1/session").await.0, 401, "its session was ended, not put on hold");
    service.end().await;
}
