//! Logging in to the real service.

use std::net::TcpListener;

use didshake_tests::{Home, Service, finish};
use serde_json::json;

use crate::terminal::Terminal;

/// Alice, and a service that she knows.
fn known() -> (Home, Service, String) {
    let home = Home::new();
    let alice = home.identity("alice");
    let service = Service::start(&home, &[]);
    let _ = home.run(&["peer", "add", &service.address, &service.did]).expect(0);
    (home, service, alice)
}

#[test]
fn both_sides_are_proved_and_the_session_lasts() {
    let (home, service, alice) = known();
    let shown = home.run(&["--json", "login", &service.url("/any/page?x"), "--as", "alice"]).expect(0).json();
    assert_eq!((&shown["service"]["did"], &shown["me"]["did"]), (&service.did.clone().into(), &alice.clone().into()));
    assert_eq!((&shown["origin"], &shown["session"]["did"]), (&service.origin.clone().into(), &alice.clone().into()));
    assert_eq!(shown["session"]["current"], true);
    let name = shown["session"]["session_id"].as_str().unwrap().to_owned();
    assert_eq!(name.len(), 22);

    let told = home.run(&["request", "GET", &service.url("/v1/session")]).expect(0).json();
    assert_eq!((&told["session_id"], &told["did"]), (&name.into(), &alice.clone().into()));

    let text = home.run(&["login", &service.origin, "--as", "alice"]).expect(0).text();
    assert!(text.contains(&service.did) && text.contains(&alice) && text.contains("ends in"), "{text}");
    let listed = home.run(&["--json", "sessions"]).expect(0).json();
    assert_eq!(listed.as_array().unwrap().len(), 1, "a second login takes the place of the first: {listed}");
}

#[test]
fn a_script_never_takes_an_unknown_service() {
    let home = Home::new();
    let _ = home.identity("alice");
    let service = Service::start(&home, &[]);
    let refused = home.run(&["login", &service.origin, "--as", "alice"]).expect(4);
    assert!(refused.stderr.contains(&format!("didshake peer add {} DID", service.address)), "{}", refused.stderr);
    let _ = home.run(&["login", &service.origin, "--as", "alice", "--expect", &service.did]).expect(0);
    assert!(home.run(&["--json", "peer", "list"]).expect(0).json().as_array().unwrap().is_empty());
}

#[test]
fn a_service_with_another_did_is_refused_loudly_and_learns_nothing() {
    let home = Home::new();
    let (alice, eve) = (home.identity("alice"), home.identity("eve"));
    let service = Service::start(&home, &[]);
    let _ = home.run(&["peer", "add", &service.address, &eve]).expect(0);
    let refused = home.run(&["login", &service.origin, "--as", "alice"]).expect(3);
    assert!(refused.stderr.contains(&format!("THE SERVICE AT {} HAS CHANGED", service.address)), "{}", refused.stderr);
    assert!(refused.stderr.contains(&eve) && refused.stderr.contains(&service.did), "{}", refused.stderr);
    assert!(!service.log().contains(&alice), "{}", service.log());
    assert!(home.run(&["--json", "sessions"]).expect(0).json().as_array().unwrap().is_empty());
    // What --expect says is held to as strictly.
    let refused = home.run(&["login", &service.origin, "--as", "alice", "--expect", &alice]).expect(3);
    assert!(refused.stderr.contains("not verified"), "{}", refused.stderr);
}

fn ask(answer: &str) -> (Home, Service, Terminal, i32) {
    let home = Home::new();
    let _ = home.identity("alice");
    let service = Service::start(&home, &[]);
    let (mut terminal, program) = Terminal::open();
    let mut command = home.command(&["login", &service.origin, "--as", "alice"]);
    command.stdin(program.try_clone().unwrap()).stdout(program.try_clone().unwrap()).stderr(program);
    let mut child = command.spawn().unwrap();
    drop(command);
    terminal.wait_for("[yes/no]");
    assert!(terminal.text.contains(&format!("{} is not a known service", service.address)), "{}", terminal.text);
    assert!(terminal.text.contains(&service.did));
    terminal.type_line(answer);
    let code = child.wait().unwrap().code().unwrap();
    (home, service, terminal, code)
}

#[test]
fn yes_at_the_terminal_pins_the_service() {
    let (home, service, mut terminal, code) = ask("yes\n");
    terminal.wait_for("ends in");
    assert_eq!(code, 0, "{}", terminal.text);
    let known = home.run(&["--json", "peer", "list"]).expect(0).json();
    assert_eq!((&known[0]["name"], &known[0]["did"]), (&service.address.clone().into(), &service.did.clone().into()));
    let _ = home.run(&["login", &service.origin, "--as", "alice"]).expect(0);
}

// R-INIT-5
#[test]
fn no_at_the_terminal_leaves_nothing() {
    let (home, service, mut terminal, code) = ask("no\n");
    terminal.wait_for("did not learn who you are");
    assert_eq!(code, 4);
    assert!(home.run(&["--json", "peer", "list"]).expect(0).json().as_array().unwrap().is_empty());
    assert!(home.run(&["--json", "sessions"]).expect(0).json().as_array().unwrap().is_empty());
    drop(service);
}

#[test]
fn what_is_wrong_is_told_with_its_exit_code() {
    let (home, mut service, _) = known();
    let login = |url: &str| home.run(&["--json", "login", url, "--as", "alice", "--expect", &service.did]);
    for (url, code) in [("http://localhost:1", "plain_http"), ("http://service.example", "plain_http"), ("x", "url")] {
        assert_eq!(login(url).expect(2).json()["error"]["code"], code, "{url}");
    }
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(login(&format!("http://{dead}")).expect(5).json()["error"]["code"], "http_connect");
    let nobody = home.run(&["login", &service.origin, "--as", "nobody"]).expect(7);
    assert!(nobody.stderr.contains("didshake id new nobody"), "{}", nobody.stderr);
    service.kill();
    let gone = home.run(&["login", &service.origin, "--as", "alice"]).expect(5);
    assert!(gone.stderr.contains("is the service running there"), "{}", gone.stderr);
}

#[test]
fn whom_the_policy_refuses_learns_no_cause() {
    let home = Home::new();
    let (alice, bob) = (home.identity("alice"), home.identity("bob"));
    let policy = home.write("policy.toml", format!("[[rule]]\nallow = {{ did = \"{bob}\" }}\n"));
    let service = Service::start(&home, &["--policy", policy.to_str().unwrap()]);
    let _ = home.run(&["peer", "add", &service.address, &service.did]).expect(0);
    let refused = home.run(&["login", &service.origin, "--as", "alice"]).expect(3);
    assert!(refused.stderr.contains("`denied` (49)") && refused.stderr.contains("policy"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("not_admitted"));
    let _ = home.run(&["login", &service.origin, "--as", "bob"]).expect(0);
    assert!(service.log().contains(&alice), "the operator's log has the cause: {}", service.log());
}

#[test]
fn a_service_with_a_did_web() {
    let home = Home::new();
    let _ = home.identity("alice");
    // Its DID names the port, so that the port comes first.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (address, did) = (format!("127.0.0.1:{port}"), format!("did:web:127.0.0.1%3A{port}"));
    let service = Service::start(&home, &["--listen", &address, "--did-web", &did, "--default-did", "web"]);
    let login = ["login", &service.origin, "--as", "alice", "--expect", &did];
    let refused = home.run(&login).expect(6);
    assert!(refused.stderr.contains(&format!("--allow-local {address}")), "{}", refused.stderr);
    let shown = home.run(&[&["--json"], &login[..], &["--allow-local", &address]].concat()).expect(0).json();
    assert_eq!(shown["service"]["did"], did.as_str());
    assert!(shown["service"]["verificationMethod"].as_str().unwrap().starts_with(&format!("{did}#")));

    let resolved = home.run(&["--json", "did", "resolve", &did, "--allow-local", &address]).expect(0).json();
    assert_eq!(resolved["authentication"][0]["publicKey"], shown["service"]["publicKey"]);
    // Whoever meets it for the first time is told that the origin and the DID vouch for each other.
    let looked = home.run(&["--json", "did", "resolve", &did, "--allow-local", &address, "--linkage"]).expect(0).json();
    assert_eq!(looked["linkedOrigins"], json!([{"origin": service.origin, "linked": true, "error": null}]));
    let (mut terminal, program) = Terminal::open();
    let mut command = home.command(&["login", &service.origin, "--as", "alice", "--allow-local", &address]);
    command.stdin(program.try_clone().unwrap()).stdout(program.try_clone().unwrap()).stderr(program);
    let mut child = command.spawn().unwrap();
    drop(command);
    terminal.wait_for("[yes/no]");
    assert!(terminal.text.contains(&format!("linked origin        {} (", service.origin)), "{}", terminal.text);
    terminal.wait_for(" s) ");
    terminal.type_line("no\n");
    assert_eq!(child.wait().unwrap().code(), Some(4));
    // Nobody is there any more: the cause is told, not only that it failed.
    drop(service);
    let failed = home.run(&["did", "resolve", &did, "--allow-local", &address]).expect(6);
    assert!(failed.stderr.contains("no connection"), "{}", failed.stderr);
}

#[test]
fn a_login_is_handed_on_to_a_browser() {
    let home = Home::new();
    let _ = home.identity("alice");
    let service = Service::start(&home, &[]);
    // A program that notes what it is to open.
    let opener = home.write(
        "opener",
        "#!/bin/sh\necho \"$1\" > \"$HOME/argument\"\ncat \"$1\" > \"$HOME/opened.part\"\nmv \"$HOME/opened.part\" \"$HOME/opened\"\n",
    );
    std::fs::set_permissions(&opener, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let login = ["login", &service.origin, "--as", "alice", "--expect", &service.did, "--browser"];
    let child = home.command(&login).env("BROWSER", &opener).spawn().unwrap();
    let told = finish(child, b"").expect(0);
    let link = told.text().trim().to_owned();
    assert!(link.starts_with(&format!("{}/login#link=", service.origin)), "the link alone: {link}");
    let begun = std::time::Instant::now();
    while !home.path("opened").exists() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "nothing is opened");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(std::fs::read_to_string(home.path("opened")).unwrap().contains(&format!("url={link}\"")));
    // What is an argument everybody on the machine sees.
    let argument = std::fs::read_to_string(home.path("argument")).unwrap();
    assert!(!argument.contains("link="), "{argument}");
    let mode = std::fs::metadata(argument.trim()).unwrap().permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
    // The session is the browser's: none is kept here.
    assert_eq!(home.run(&["--json", "sessions"]).expect(0).json(), serde_json::json!([]));
    let machine = home.run(&[&["--json"], &login[..]].concat()).expect(0).json();
    assert!(machine["link"].as_str().unwrap().starts_with(&service.origin) && machine["expires"].is_u64());
}
