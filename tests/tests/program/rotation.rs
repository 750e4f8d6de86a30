//! A whole rotation in one command: the service, the mailbox key, the sessions of the old key.

use std::process::Child;
use std::time::{Duration, Instant};

use didshake_did::webvh::{Change, LogKeeper};
use didshake_did::{Clock as _, SystemClock};
use didshake_tests::{Home, Service, eventually, finish, free_port};
use serde_json::Value;

/// A service whose identity `site` is a did:webvh that it serves itself, and that is a relay.
fn site(home: &Home, address: &str, local: &[String]) -> (Service, String) {
    let log = home.path("log").display().to_string();
    let create = ["--json", "did", "create", "site", "--at", address, "--out", &log];
    let domain = format!("http://{address}");
    let made = home.run(&[&create[..], &["--domain", &domain]].concat()).expect(0).json();
    let serve = ["--listen", address, "--as", "site", "--did-log", &log, "--mailboxes", "anyone"];
    let mut options = [&serve[..], &["--rate-handshakes", "100000/min", "--recheck-seconds", "1"]].concat();
    options.extend(local.iter().map(String::as_str));
    let service = Service::start(home, &options);
    assert_eq!(service.did, made["did"].as_str().unwrap());
    (service, made["did"].as_str().unwrap().to_owned())
}

/// Addresses of this machine, and the options that let a did:webvh lead there.
fn addresses<const N: usize>() -> ([String; N], Vec<String>) {
    let addresses = [(); N].map(|()| format!("127.0.0.1:{}", free_port()));
    let local = addresses.iter().flat_map(|address| ["--allow-local".to_owned(), address.clone()]).collect();
    (addresses, local)
}

fn run(home: &Home, arguments: &[&str], local: &[String]) -> Vec<Value> {
    let mut all: Vec<&str> = [&["--json"], arguments].concat();
    all.extend(local.iter().map(String::as_str));
    home.run(&all).expect(0).events()
}

fn local_options(local: &[String]) -> Vec<&str> {
    local.iter().map(String::as_str).collect()
}

fn keys(home: &Home, did: &str, local: &[String]) -> Vec<String> {
    let resolved = run(home, &["did", "resolve", did], local);
    let methods = resolved[0]["authentication"].as_array().unwrap();
    methods.iter().map(|method| method["id"].as_str().unwrap().rsplit('#').next().unwrap().to_owned()).collect()
}

fn spawn(home: &Home, arguments: &[&str], local: &[String]) -> Child {
    let mut all: Vec<&str> = [&["--json"], arguments].concat();
    all.extend(local.iter().map(String::as_str));
    home.spawn(&all)
}

// R-WEBVH-10, R-DOC-18
#[test]
fn a_rotation_that_was_cut_off_is_gone_on_with_and_the_service_follows() {
    let home = Home::new();
    let _ = home.identity("alice");
    let ([address], local) = addresses();
    let (service, did) = site(&home, &address, &local);
    let login = || run(&home, &["login", &service.origin, "--as", "alice", "--expect", &did], &local);
    let method = |shown: &[Value]| shown[0]["service"]["verificationMethod"].as_str().unwrap().to_owned();
    assert!(method(&login()).ends_with("#key-1"));

    // Cut off while the old key waits to go: it stays until then, and the service signs with the new one.
    let mut cut = spawn(&home, &["id", "rotate", "site", "--grace", "3000"], &local);
    let begun = Instant::now();
    while !method(&login()).ends_with("#key-2") {
        assert!(begun.elapsed() < Duration::from_secs(60), "the service does not follow: {}", service.log());
    }
    cut.kill().unwrap();
    let _ = cut.wait().unwrap();
    assert_eq!(keys(&home, &did, &local), ["key-1", "key-2"]);
    let _ = login();
    let done = run(&home, &["id", "rotate", "site", "--grace", "1"], &local);
    assert_eq!(done.last().unwrap()["versionId"].as_str().unwrap().split('-').next(), Some("3"), "{done:?}");
    // What is in the directory is served a moment later.
    eventually("the old key is gone", || keys(&home, &did, &local) == ["key-2"]);
    assert!(method(&login()).ends_with("#key-2"));
    // Whoever logs in can look back.
    let log = run(&home, &["peer", "log", &did], &[]);
    let versions: Vec<&str> = log.iter().map(|fact| fact["version"].as_str().unwrap()).collect();
    let of = |start: &str| versions.iter().any(|version| version.starts_with(start));
    assert!(of("1-Qm") && of("2-Qm") && of("3-Qm"), "{versions:?}");
    // The next one is a rotation of its own, without grace.
    let _ = run(&home, &["id", "rotate", "site", "--at-once"], &local);
    eventually("the key is gone", || keys(&home, &did, &local) == ["key-4"]);
}

#[test]
fn the_mailbox_key_and_the_sessions_follow() {
    let (owner, home) = (Home::new(), Home::new());
    let ([relay, host], local) = addresses();
    let (service, did) = site(&owner, &relay, &local);
    // Bob is a did:webvh too, whose log another service of the same kind serves.
    let (host, bob) = site(&home, &host, &local);
    let open = run(&home, &["mailbox", "open", &service.origin, "--as", "site", "--expect", &did], &local);
    let first = open[0]["key"].as_str().unwrap().to_owned();
    let share = run(&home, &["id", "share", "--as", "site", "--for", "alice"], &local);
    let alice = owner.identity("alice");
    let _ = owner.run(&["peer", "add", "nobody", &alice]).expect(0);
    let _ = run(&owner, &["peer", "add", share[0]["link"].as_str().unwrap(), "--name", "bob", "--as", "alice"], &local);
    let _ = run(&owner, &["send", "bob", "before", "--as", "alice"], &local);

    let _ = run(&home, &["login", &service.origin, "--as", "site", "--expect", &did], &local);
    let session = service.url("/v1/session");
    let request = ["request", "GET", &session, "--as", "site", "--fail"];
    let _ = run(&home, &request, &local);

    let rotated = run(&home, &["id", "rotate", "site", "--grace", "0"], &local);
    // The session that the old key has proved ends at the next look.
    eventually("the session is over", || home.run(&request).code == 4);
    let shown = rotated.iter().find_map(|event| event["key"].as_str()).unwrap().to_owned();
    assert_ne!(shown, first);
    let now = run(&home, &["mailbox", "show", "--as", "site"], &local);
    assert_eq!(now[0]["key"], shown.as_str());
    // The new mailbox key is signed with the new key, and letters to both open.
    let _ = run(&owner, &["send", "bob", "after", "--as", "alice"], &local);
    let _ = home.run(&["peer", "add", "alice", &alice]).expect(0);
    let read = run(&home, &["inbox", "--as", "site"], &local);
    let texts: Vec<&str> = read.iter().map(|letter| letter["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["before", "after"]);
    eventually("the old key is gone", || keys(&owner, &bob, &local) == ["key-2"]);
    drop(host);
}

/// What a service has served of its own log, it does not take back, whatever lies in the directory.
// R-WEBVH-10
#[test]
fn a_service_goes_back_on_nothing_that_it_has_served() {
    let home = Home::new();
    let ([address], local) = addresses();
    let (service, did) = site(&home, &address, &local);
    let (path, versions) = (home.path("log/did.jsonl"), || {
        let resolved = home.run(&["--json", "did", "resolve", &did, "--allow-local", &address]);
        (resolved.code, keys(&home, &did, &local))
    });
    let first = std::fs::read(&path).unwrap();
    let _ = run(&home, &["id", "rotate", "site", "--grace", "0"], &local);
    eventually("the new version is served", || versions() == (0, vec!["key-2".to_owned()]));
    let whole = std::fs::read(&path).unwrap();
    // Without its last entry the log still has the key that signs: only what was served before speaks against it.
    let end = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for wrong in [&whole[..end], &first[..], b"", &whole[..whole.len() / 2], b"{}\n"] {
        std::fs::write(&path, wrong).unwrap();
        let told = service.log().matches("is refused; the old ones stay").count();
        eventually("the operator hears of it", || {
            service.log().matches("is refused; the old ones stay").count() > told
        });
        assert_eq!(versions(), (0, vec!["key-2".to_owned()]));
    }
    std::fs::write(&path, whole).unwrap();
    let _ = run(&home, &["id", "rotate", "site", "--grace", "0"], &local);
    eventually("a good one is taken again", || versions() == (0, vec!["key-4".to_owned()]));
}

/// What lies in place of a log holds nothing up, and what is refused for its time is tried again.
// R-WEBVH-10
#[test]
fn a_service_waits_for_a_log_that_is_none_yet() {
    let home = Home::new();
    let ([address], local) = addresses();
    let (service, did) = site(&home, &address, &local);
    let path = home.path("log/did.jsonl");
    let first = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    eventually("the operator hears of the pipe", || service.log().contains("not a regular file"));
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, first).unwrap();

    let files = didshake_tests::files_below(&home.path(""));
    let kept = files.iter().find(|(path, _)| path.ends_with("webvh/site/did.jsonl")).unwrap();
    let (keeper, ahead) = (LogKeeper::at(kept.0.parent().unwrap()), SystemClock.now().plus(300 + 6));
    let change = Change { ttl_seconds: Some(60), ..Change::default() };
    let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
    let _ = keeper.extend(&keeper.log(ahead).unwrap(), None, change, None, ahead, &mut rng).unwrap();
    let _ = keeper.publish(&home.path("log"), ahead).unwrap();
    eventually("it is too early", || service.log().contains("is in the future"));
    eventually("it is time", || service.log().contains("a new version of the own DID is served"));
    assert_eq!(keys(&home, &did, &local), ["key-1"]);
    assert_eq!(service.log().matches("is in the future").count(), 1, "the operator is told once");
}

/// A key that its owner has taken back is not signed with, though the new one is not here yet.
#[test]
fn a_service_does_not_sign_with_a_key_that_is_gone() {
    let home = Home::new();
    let _ = home.identity("alice");
    let ([address], local) = addresses();
    let (service, did) = site(&home, &address, &local);
    // It must not look there, so that it leaves off before the new key signs.
    let told = home.run(&["--json", "id", "rotate", "site", "--at-once"]).expect(5).json();
    assert_eq!(told["error"]["code"], "not_served");
    eventually("the log without the old key is served", || keys(&home, &did, &local) == ["key-2"]);
    let login = [&["--json", "login", &service.origin, "--as", "alice", "--expect", &did], &local_options(&local)[..]];
    let login = login.concat();
    eventually("nothing is signed", || {
        let _ = home.run(&login);
        service.log().contains("we could not sign")
    });
    assert!(service.log().contains("signs nothing until its new key is here"));
    let _ = run(&home, &["id", "rotate", "site", "--at-once"], &local);
    eventually("the new key signs", || home.run(&login).code == 0);
}

/// What the origin of a service says of its did:webvh is signed by the key that the document has now.
#[test]
fn the_link_of_a_service_to_its_origin_follows() {
    let home = Home::new();
    let ([address], local) = addresses();
    let (service, did) = site(&home, &address, &local);
    let linked = || {
        let resolved = run(&home, &["did", "resolve", &did, "--linkage"], &local);
        (resolved[0]["linkedOrigins"].clone(), resolved[0]["authentication"][0]["id"].clone())
    };
    let expected = |key: &str| {
        let link = serde_json::json!([{"origin": service.origin, "linked": true, "error": null}]);
        (link, Value::from(format!("{did}#{key}")))
    };
    assert_eq!(linked(), expected("key-1"));
    let _ = run(&home, &["id", "rotate", "site", "--at-once"], &local);
    eventually("the new key has signed", || linked() == expected("key-2"));
}

#[test]
fn what_is_its_key_is_not_rotated() {
    let home = Home::new();
    let _ = home.identity("alice");
    let _ = home.run(&["id", "new", "web", "--did", "did:web:example.com", "--fragment", "key-1"]).expect(0);
    for (name, remedy) in [("alice", "another identity"), ("web", "beside the old one")] {
        let told = home.run(&["--json", "id", "rotate", name]).expect(2).json();
        assert_eq!(told["error"]["code"], "not_rotated");
        assert!(told["error"]["remedy"].as_str().unwrap().contains(remedy), "{told}");
    }
    let unknown = home.run(&["--json", "id", "rotate", "nobody"]);
    assert_eq!(unknown.code, 7);
    let _ = finish(home.spawn(&["id", "rotate", "--help"]), b"").expect(0);
}
