//! What becomes of live channels and sessions when a key is taken out of a DID document, or replaced in it.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Child;

use didshake_tests::{DocumentHost, Home, Listener, Service, eventually, finish};
use serde_json::Value;

/// Takes the key out of the document, or puts another in its place.
#[derive(Clone, Copy, Debug)]
enum Change {
    Removed,
    Replaced,
}

/// A did:web identity `web`, served at its host, and another key.
struct OnTheWeb {
    home: Home,
    host: DocumentHost,
    jwk: Value,
    other: Value,
}

impl OnTheWeb {
    fn new() -> Self {
        let (home, host) = (Home::new(), DocumentHost::start());
        let _ = home.run(&["id", "new", "web", "--did", &host.did, "--fragment", "key-1"]).expect(0);
        let _ = home.identity("another");
        let public = |name: &str| home.run(&["--json", "id", "export-public", name]).expect(0).json();
        let (jwk, other) = (public("web")["publicKeyJwk"].clone(), public("another")["publicKeyJwk"].clone());
        host.serve("key-1", &jwk);
        Self { home, host, jwk, other }
    }

    fn change(&self, change: Change) {
        match change {
            Change::Removed => self.host.serve("key-2", &self.jwk),
            Change::Replaced => self.host.serve("key-1", &self.other),
        }
    }
}

fn code(change: Change) -> &'static str {
    match change {
        Change::Removed => "key_removed",
        Change::Replaced => "key_replaced",
    }
}

/// The first event that a program tells.
fn first_event(child: &mut Child) -> Value {
    let mut stdout = BufReader::with_capacity(1, child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    child.stdout = Some(stdout.into_inner());
    serde_json::from_str(&line).unwrap_or_else(|_| panic!("no event: {line}"))
}

// R-CONT-1, R-CONT-3, R-CONT-4
#[test]
fn a_channel_ends_on_both_sides_whoever_of_them_has_lost_the_key() {
    for (change, listener_on_the_web) in
        [(Change::Removed, false), (Change::Replaced, false), (Change::Removed, true), (Change::Replaced, true)]
    {
        let web = OnTheWeb::new();
        let (home, key) = (&web.home, web.home.identity("key"));
        let (listens, connects) = if listener_on_the_web { ("web", "key") } else { ("key", "web") };
        let (listens_did, connects_did) =
            if listener_on_the_web { (&web.host.did, &key) } else { (&key, &web.host.did) };
        let often = ["--recheck", "1", "--allow-local", &web.host.address];
        let mut listener = Listener::start(home, &[&["--as", listens, "--allow", connects_did], &often[..]].concat());
        let input = listener.input();
        let connect = ["--json", "connect", &listener.address, "--as", connects, "--expect", listens_did];
        let mut connecting = home.spawn(&[&connect[..], &often].concat());
        let mut typed = connecting.stdin.take().unwrap();
        assert_eq!(first_event(&mut connecting)["event"], "connected");
        typed.write_all(b"hello\n").unwrap();
        web.change(change);
        let connected = finish(connecting, b"").expect(3);
        let listened = listener.finish(b"").expect(3);
        drop((input, typed));
        let (watcher, lost) = if listener_on_the_web { (connected, listened) } else { (listened, connected) };
        let error = |events: Vec<Value>| events.last().unwrap()["error"].clone();
        let (seen, told) = (error(watcher.events()), error(lost.events()));
        assert_eq!(seen["code"], code(change), "{change:?} {seen}");
        assert!(seen["remedy"].as_str().is_some_and(|remedy| remedy.contains("ask it by other means")), "{seen}");
        assert_eq!(told["code"], "peer_alert", "{told}");
        assert!(told["message"].as_str().unwrap().contains("`denied`"), "{told}");
        assert!(told["remedy"].as_str().unwrap().contains("did resolve"), "{told}");
    }
}

/// Whether an event among this text is an error of this code.
fn tells(text: &str, code: &str) -> bool {
    let mut events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    events.any(|event| event["error"]["code"] == code)
}

// R-CONT-3, R-CONT-4
#[test]
fn a_channel_over_a_socket_or_a_command_ends_too_whoever_has_lost_the_key() {
    for (meets, over_socket) in [("pipe", true), ("pipe", false), ("connect", false)] {
        for (listens, connects, listener_tells, connector_tells) in
            [("key", "web", "key_removed", "peer_alert"), ("web", "key", "peer_alert", "key_removed")]
        {
            let web = OnTheWeb::new();
            let (home, key) = (&web.home, web.home.identity("key"));
            let did = |name| if name == "web" { web.host.did.as_str() } else { &key };
            let often = ["--recheck", "1", "--allow-local", &web.host.address];
            let answer =
                [&["--as", listens, "--allow", did(connects), "--exec", "echo ready; cat"], &often[..]].concat();
            let socket = format!("unix:{}", home.path("socket").display());
            let listener = over_socket.then(|| Listener::start_at(home, &socket, &answer));
            let program = home.command(&[]).get_program().to_str().unwrap().to_owned();
            let command = format!("{program} --json listen --stdio '{}'", answer.join("' '"));
            let target = if over_socket { &[socket.as_str()][..] } else { &["--exec", &command] };
            let whom = ["--as", connects, "--expect", did(listens)];
            let mut meeting = home.spawn(&[&["--json", meets], target, &whom, &often].concat());
            let typed = meeting.stdin.take();
            // The process at the other end runs, or the channel has been told.
            meeting.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
            web.change(Change::Removed);
            let met = finish(meeting, b"").expect(3);
            drop((typed, listener));
            let told = [met.text(), met.stderr].concat();
            assert!(tells(&told, connector_tells), "{meets} {over_socket} {told}");
            // A command tells on the standard error that it shares.
            assert!(over_socket || tells(&told, listener_tells), "{meets} {told}");
        }
    }
}

// R-CONT-7
#[test]
fn a_session_ends_and_the_service_says_why() {
    for change in [Change::Removed, Change::Replaced] {
        let web = OnTheWeb::new();
        let home = &web.home;
        let service = Service::start(home, &["--recheck-seconds", "1", "--allow-local", &web.host.address]);
        let _ = home.identity("key");
        for name in ["web", "key"] {
            let _ = home.run(&["login", &service.origin, "--as", name, "--expect", &service.did]).expect(0);
        }
        let status = |name: &str| {
            let url = service.url("/v1/session");
            let answer = home.run(&["--json", "request", "GET", &url, "--as", name]);
            answer.stdout.first().map(|_| answer.json()["status"].clone()).unwrap_or(answer.code.into())
        };
        assert_eq!(status("web"), 200);
        let asked = web.host.asked();
        eventually("it is looked at again", || web.host.asked() > asked + 1);
        assert_eq!(status("web"), 200, "a key that stands changes nothing");
        web.change(change);
        eventually("the session ends", || status("web") != 200);
        assert_eq!(status("key"), 200, "others stay");
        let log = std::fs::read_to_string(home.path("service/audit.jsonl")).unwrap();
        let entry = log.lines().find(|line| line.contains("key_gone")).unwrap();
        let entry: Value = serde_json::from_str(entry).unwrap();
        assert_eq!((&entry["did"], &entry["cause"]), (&web.host.did.clone().into(), &code(change).into()));
        assert_eq!(entry["sessions"].as_array().map(Vec::len), Some(1), "{entry}");
    }
}
