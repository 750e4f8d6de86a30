//! Signed requests of a session.

use didshake_tests::{Home, Output, Service};

/// Alice and Bob, logged in to a service.
fn logged_in() -> (Home, Service) {
    let home = Home::new();
    let service = Service::start(&home, &[]);
    for name in ["alice", "bob"] {
        let _ = home.identity(name);
        let _ = home.run(&["login", &service.origin, "--as", name, "--expect", &service.did]).expect(0);
    }
    (home, service)
}

fn request(home: &Home, service: &Service, path: &str, more: &[&str]) -> Output {
    let url = service.url(path);
    home.run(&[&["request", "GET", &url, "--as", "alice"], more].concat())
}

#[test]
fn bodies_heads_files_and_exit_codes() {
    let (home, service) = logged_in();
    let absent = request(&home, &service, "/absent", &[]).expect(0);
    assert_eq!(absent.json()["status"], 404);
    let _ = request(&home, &service, "/absent", &["--fail"]).expect(1);
    let _ = request(&home, &service, "/v1/session", &["--fail"]).expect(0);

    let with_head = request(&home, &service, "/v1/session", &["-i"]).expect(0).text();
    assert!(
        with_head.starts_with("HTTP/1.1 200\n") && with_head.contains("\ncontent-type: application/json"),
        "{with_head}"
    );
    let (_, body) = with_head.split_once("\n\n").unwrap();
    assert!(body.contains("session_id"));

    let to_file = request(&home, &service, "/v1/session", &["-o", "answer.json"]).expect(0);
    assert!(to_file.stdout.is_empty());
    assert!(std::fs::read_to_string(home.path("answer.json")).unwrap().contains("session_id"));

    let json = request(&home, &service, "/v1/session", &["--json"]).expect(0).json();
    assert_eq!(json["status"], 200);
    assert!(json["body"].as_str().unwrap().contains("session_id"));
}

#[test]
fn nothing_that_would_break_the_signature() {
    let (home, service) = logged_in();
    for header in ["Content-Digest: sha-256=:x:", "signature: x", "Signature-Input: x", "Host: evil.example", "nothing"]
    {
        let refused = request(&home, &service, "/v1/session", &["-H", header]).expect(2);
        assert!(refused.stderr.contains(header), "{}", refused.stderr);
    }
    let _ = request(&home, &service, "/v1/session", &["-H", "X-Any: thing", "-H", "accept: */*"]).expect(0);
    // The body is signed too, whatever it is and wherever it comes from.
    for data in ["text", "@body", "@-"] {
        home.write("body", [0, 255, 10, 13]);
        let answer = request(&home, &service, "/v1/session", &["-d", data]).expect(0);
        assert!(!answer.stderr.contains("session is over"), "{data}: {}", answer.stderr);
    }
    let _ = request(&home, &service, "/v1/session", &["-d", "@absent"]).expect(7);
}

#[test]
fn the_session_that_is_meant_is_used_and_no_other() {
    let (home, service) = logged_in();
    let url = service.url("/v1/session");
    let several = home.run(&["request", "GET", &url]).expect(2);
    assert!(several.stderr.contains("alice") && several.stderr.contains("--as NAME"), "{}", several.stderr);
    let bob = home.run(&["request", "GET", &url, "--as", "bob"]).expect(0).json();
    let did = home.run(&["--json", "id", "show", "bob"]).expect(0).json()["did"].clone();
    assert_eq!(bob["did"], did);
    let none = home.run(&["request", "GET", "https://other.example/", "--as", "bob"]).expect(4);
    assert!(none.stderr.contains("didshake login https://other.example --as bob"), "{}", none.stderr);
}

#[test]
fn a_session_that_was_ended_elsewhere_is_told() {
    let (home, service) = logged_in();
    let elsewhere = |arguments: &[&str]| home.run(&[&["--sessions", "elsewhere"], arguments].concat());
    let login = ["--json", "login", &service.origin, "--as", "alice", "--expect", &service.did];
    let second = elsewhere(&login).expect(0).json();
    let path = format!("/v1/sessions/{}", second["session"]["session_id"].as_str().unwrap());
    let _ = home.run(&["request", "DELETE", &service.url(&path), "--as", "alice", "--fail"]).expect(0);

    let url = service.url("/v1/session");
    let over = elsewhere(&["request", "GET", &url]).expect(0);
    assert_eq!(over.json()["status"], 401, "the body is printed all the same");
    assert!(
        over.stderr.contains(&format!("the session is over: `didshake login {}", service.origin)),
        "{}",
        over.stderr
    );
    let _ = elsewhere(&["request", "GET", &url, "--fail"]).expect(4);
    let _ = request(&home, &service, "/v1/session", &["--fail"]).expect(0);
}
