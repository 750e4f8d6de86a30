//! `didshake did`: a did:webvh of our own is made, changed, moved and ended, and gone on with wherever it was cut off.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use didshake_tests::{Service, eventually, free_port};
use serde_json::Value;

use crate::webvh_owner::{Owner, found, versions};

#[test]
fn a_did_is_made_changed_moved_and_ended() {
    let owner = Owner::new();
    let made = owner.create(
        "alice",
        "a.example:8443/agents/alice",
        &["--endpoint", "https://a.example/didshake", "--ttl", "60"],
    );
    let did = made["did"].as_str().unwrap().to_owned();
    assert!(did.starts_with("did:webvh:Qm") && did.ends_with(":a.example%3A8443:agents:alice"), "{did}");
    let judged = owner.judged();
    assert_eq!((versions(&judged), &judged["portable"], &judged["ttl"]), (1, &true.into(), &60.into()));
    assert_eq!(judged["nextKeyHashes"].as_array().unwrap().len(), 1, "pre-rotation is on");
    assert_eq!(judged["document"]["service"][0]["serviceEndpoint"][0], "https://a.example/didshake");
    assert_eq!((owner.keys(), owner.signs_with("alice")), (vec!["key-1".to_owned()], "key-1".to_owned()));

    owner.run(&[
        "update",
        "alice",
        "--ttl",
        "5",
        "--endpoint",
        "https://b.example/didshake",
        "--domain",
        "https://b.example",
        "--watcher",
        "https://w.example",
    ]);
    let judged = owner.judged();
    assert_eq!(
        (versions(&judged), &judged["ttl"], &judged["watchers"][0]),
        (2, &5.into(), &"https://w.example".into())
    );
    let services = judged["document"]["service"].as_array().unwrap();
    assert_eq!((services.len(), &services[1]["serviceEndpoint"][0]), (2, &"https://b.example".into()));
    owner.run(&["rotate", "alice", "--wait", "0"]);
    assert_eq!(owner.signs_with("alice"), "key-3");
    assert_eq!(owner.keys(), ["key-1", "key-3"], "what the old key signed a moment ago still counts");
    owner.run(&["rotate", "alice", "--wait", "0"]);
    assert_eq!(owner.keys(), ["key-3", "key-4"], "and nothing longer");
    owner.run(&["rotate", "alice", "--finish"]);
    assert_eq!((owner.keys(), owner.signs_with("alice")), (vec!["key-4".to_owned()], "key-4".to_owned()));
    owner.run(&["rotate", "alice", "--finish"]);
    assert_eq!(versions(&owner.judged()), 5, "there was nothing to finish");
    owner.run(&["rotate", "alice", "--at-once", "--wait", "0"]);
    assert_eq!((owner.keys(), owner.signs_with("alice")), (vec!["key-6".to_owned()], "key-6".to_owned()));
    assert_eq!(owner.refused(&["remove-key", "alice", "--fragment", "key-6"], 2), "own_key");
    assert_eq!(owner.refused(&["remove-key", "alice", "--fragment", "key-4"], 2), "fragment");
    let phone = owner.home.identity("phone");
    owner.run(&["add-key", "alice", "--key", &phone, "--fragment", "phone"]);
    assert_eq!(owner.refused(&["add-key", "alice", "--key", &phone, "--fragment", "phone"], 2), "fragment");
    assert_eq!(owner.keys(), ["key-6", "phone"]);
    owner.run(&["remove-key", "alice", "--fragment", "phone"]);
    assert_eq!(owner.keys(), ["key-6"]);

    let elsewhere = owner.home.path("elsewhere").display().to_string();
    let moved = owner.run(&["move", "alice", "--to", "c.example", "--out", &elsewhere, "--wait", "0"]);
    let log = format!("{elsewhere}/did.jsonl");
    let judged = owner.run(&["resolve", moved["did"].as_str().unwrap(), "--log", &log]);
    assert_eq!(judged["document"]["alsoKnownAs"], serde_json::json!([did]));
    assert_eq!(owner.home.run(&["--json", "id", "show", "alice"]).expect(0).json()["did"], moved["did"]);
    let told = owner.home.run(&["--json", "did", "resolve", &did, "--log", &log]).expect(6).json();
    assert_eq!(told["cause"], "moved");

    assert_eq!(owner.refused(&["deactivate", "alice"], 2), "deactivate");
    assert_eq!(owner.run(&["deactivate", "alice", "--yes"])["deactivated"], true);
    let judged = owner.run(&["resolve", "--log", &log]);
    assert_eq!((versions(&judged), &judged["deactivated"]), (10, &true.into()));
    assert_eq!(judged["authentication"][0]["error"], "did_deactivated");
    assert_eq!(owner.refused(&["rotate", "alice", "--wait", "0"], 6), "after_deactivation");
}

#[test]
fn what_was_cut_off_is_gone_on_with() {
    let owner = Owner::new();
    // Nothing can be published: a file is where the directory should be.
    owner.home.write("public", "in the way");
    let out = owner.out.display().to_string();
    let create = ["did", "create", "alice", "--at", "a.example", "--out", &out];
    let _ = owner.home.run(&create).expect(7);
    let _ = owner.home.run(&["id", "show", "alice"]).expect(7);
    fs::remove_file(&owner.out).unwrap();
    let _ = owner.home.run(&create).expect(0);
    assert_eq!((versions(&owner.judged()), owner.signs_with("alice")), (1, "key-1".to_owned()));
    let _ = owner.home.run(&create).expect(7);

    let published = fs::read(owner.out.join("did.jsonl")).unwrap();
    fs::rename(&owner.out, owner.home.path("aside")).unwrap();
    owner.home.write("public", "in the way");
    let _ = owner.home.run(&["did", "rotate", "alice", "--wait", "0"]).expect(7);
    assert_eq!(owner.signs_with("alice"), "key-1", "the old key signs until the new one is published");
    fs::remove_file(&owner.out).unwrap();
    fs::rename(owner.home.path("aside"), &owner.out).unwrap();
    assert_eq!(fs::read(owner.out.join("did.jsonl")).unwrap(), published);
    let _ = owner.home.run(&["did", "rotate", "alice", "--wait", "0"]).expect(0);
    assert_eq!(
        (versions(&owner.judged()), owner.keys(), owner.signs_with("alice")),
        (2, vec!["key-1".to_owned(), "key-2".to_owned()], "key-2".to_owned())
    );

    // An older copy of the keeper overwrites nothing that is newer.
    let keeper = found(owner.home.path(""), "webvh").join("alice");
    fs::write(keeper.join("did.jsonl"), &published).unwrap();
    assert_eq!(owner.refused(&["publish", "alice"], 7), "published_differs");
    assert_eq!(versions(&owner.judged()), 2);
}

// R-WEBVH-9
#[test]
fn nothing_is_published_before_its_witnesses_agree() {
    let owner = Owner::new();
    let (one, two) = (owner.home.identity("one"), owner.home.identity("two"));
    let out = owner.out.display().to_string();
    let witnesses = ["--witness", &one, "--witness", &two, "--threshold", "1"];
    let create = [&["did", "create", "alice", "--at", "a.example", "--out", &out], &witnesses[..]].concat();
    let waits = owner.home.run(&create).expect(4);
    for words in ["waits for its witnesses", "didshake did witness", "--proof FILE"] {
        assert!(waits.stderr.contains(words), "{words}: {}", waits.stderr);
    }
    assert!(!owner.out.join("did.jsonl").exists());
    let log = found(owner.home.path(""), "webvh").join("alice/did.jsonl").display().to_string();
    let stranger = owner.home.identity("stranger");
    assert!(!stranger.is_empty());
    let proof = |name: &str| {
        let made = owner.home.run(&["did", "witness", name, "--log", &log]).expect(0);
        owner.home.write(format!("{name}.json"), made.text()).display().to_string()
    };
    assert_eq!(owner.refused(&["publish", "alice", "--proof", &proof("stranger")], 4), "witness_needed");
    owner.home.write(
        "forged.json",
        fs::read_to_string(proof("one")).unwrap().replace("\"created\":\"20", "\"created\":\"19"),
    );
    let forged = owner.home.path("forged.json").display().to_string();
    assert_eq!(owner.refused(&["publish", "alice", "--proof", &forged], 6), "witness_proof");
    let _ = owner.home.run(&["did", "publish", "alice", "--proof", &proof("two")]).expect(0);
    assert_eq!(owner.judged()["witness"]["threshold"], 1);
    // The next entry needs them again, and the key in use stays until then.
    let _ = owner.home.run(&["did", "rotate", "alice", "--wait", "0"]).expect(4);
    assert_eq!((versions(&owner.judged()), owner.signs_with("alice")), (1, "key-1".to_owned()));
    let _ = owner.home.run(&["did", "publish", "alice", "--proof", &proof("one"), "--wait", "0"]).expect(0);
    assert_eq!((versions(&owner.judged()), owner.signs_with("alice")), (2, "key-2".to_owned()));
}

#[test]
fn all_keys_are_encrypted_like_the_identity() {
    let owner = Owner::new();
    let passphrase = owner.home.write("passphrase", "correct horse\n").display().to_string();
    owner.create("alice", "a.example", &["--passphrase-file", &passphrase]);
    let _ = owner.home.run(&["did", "rotate", "alice", "--wait", "0"]).expect(2);
    owner.run(&["rotate", "alice", "--wait", "0", "--passphrase-file", &passphrase]);
    let mut keys = 0;
    for (path, bytes) in didshake_tests::files_below(&found(owner.home.path(""), "webvh")) {
        let text = String::from_utf8_lossy(&bytes);
        if path.extension().is_some_and(|extension| extension == "pem") {
            keys += 1;
            assert!(text.contains("ENCRYPTED PRIVATE KEY"), "{}", path.display());
        }
    }
    // The update keys of two entries, the one that is committed to, and the key of logins that was replaced.
    assert_eq!(keys, 4);
}

#[test]
fn what_would_be_refused_is_not_made() {
    let owner = Owner::new();
    let out = owner.out.display().to_string();
    for at in ["", "localhost:0", "a.example/../b", "user@a.example", "a..example", "a.example/%2e"] {
        assert_eq!(owner.refused(&["create", "x", "--at", at, "--out", &out], 2), "place", "{at}");
    }
    owner.create("alice", "a.example", &["--not-portable"]);
    assert_eq!(owner.refused(&["move", "alice", "--to", "b.example"], 6), "not_portable");
    let bad = owner.home.write("bad.json", r#"{"id":"did:webvh:x:b.example"}"#).display().to_string();
    assert_eq!(owner.refused(&["update", "alice", "--document", &bad], 2), "document_id_mismatch");
    assert_eq!(owner.refused(&["update", "alice"], 2), "update");
    assert_eq!(owner.refused(&["rotate", "nobody"], 7), "no_log");
    assert_eq!(versions(&owner.judged()), 1);
}

/// Between the directory and the place there is somebody's way of publishing: the new key signs once that has worked.
#[test]
fn a_new_key_waits_until_its_place_serves_it() {
    let place = format!("127.0.0.1:{}", free_port());
    let site = Site::start(&place, &place);
    let apart = site.owner.home.path("apart").display().to_string();
    let rotate = ["--json", "did", "rotate", "site", "--out", &apart];
    let told = site.owner.home.run(&rotate).expect(5).json();
    assert_eq!(told["error"]["code"], "not_served");
    assert!(told["error"]["remedy"].as_str().unwrap().contains(&format!("--allow-local {place}")), "{told}");

    let rotate = [&rotate[..], &["--allow-local", &place]].concat();
    let told = site.owner.home.run(&[&rotate[..], &["--wait", "1"]].concat()).expect(5).json();
    for words in [place.as_str(), "does not serve version 2-Qm", "it serves version 1-Qm"] {
        assert!(told["error"]["message"].as_str().unwrap().contains(words), "{words}: {told}");
    }
    assert!(told["error"]["remedy"].as_str().unwrap().contains("nothing is lost"), "{told}");
    assert_eq!(site.owner.signs_with("site"), "key-1");

    let rotating = site.owner.home.spawn(&rotate);
    fs::copy(format!("{apart}/did.jsonl"), site.owner.out.join("did.jsonl")).unwrap();
    let _ = didshake_tests::finish(rotating, b"").expect(0);
    assert_eq!((site.owner.signs_with("site"), versions(&site.owner.judged())), ("key-2".to_owned(), 2));
}

/// Two services that are did:webvh, each serving its own log; one logs in at the other through its rotation.
// R-WEBVH-10, R-WEBVH-12
#[test]
fn services_serve_their_logs_and_know_each_other_by_them() {
    let places = [free_port(), free_port()].map(|port| format!("127.0.0.1:{port}"));
    let (one, mut two) = (Site::start(&places[0], &places[1]), Site::start(&places[1], &places[0]));
    assert_eq!((one.service.did.as_str(), two.service.did.as_str()), (one.did.as_str(), two.did.as_str()));
    two.logs_in_at(&one, 0);
    let first = two.files();
    two.owner.run(&["rotate", "site", "--allow-local", &two.place]);
    two.logs_in_at(&one, 0);
    assert_eq!(two.found_by(&one, 0)["document"]["authentication"].as_array().unwrap().len(), 2);
    let newest = two.files();

    // Rolled back by whoever has the host and the old key: an error for everybody who knew better.
    two.restart_with(&first);
    let told = two.found_by(&one, 6);
    assert_eq!(told["error"]["code"], "rolled_back", "{told}");
    assert!(told["error"]["remedy"].as_str().unwrap().contains("wrong hands"), "{told}");
    two.logs_in_at(&one, 3);
    eventually("the service says so", || one.service.log().contains("gone back on"));

    two.restart_with(&newest);
    two.found_by(&one, 0);
    two.owner.run(&["deactivate", "site", "--yes"]);
    eventually("the end is served", || two.found_by(&one, 0)["authentication"][0]["error"] == "did_deactivated");
    // That it could not be resolved is known for some seconds; who asks too fast is told to wait.
    eventually("the service knows of the end", || {
        std::thread::sleep(Duration::from_secs(2));
        two.logs_in_at(&one, 3);
        one.service.log().contains("did_deactivated")
    });
}

/// A service that is a did:webvh.
struct Site {
    owner: Owner,
    place: String,
    did: String,
    service: Service,
}

impl Site {
    fn start(place: &str, other: &str) -> Self {
        let owner = Owner::new();
        let endpoint = format!("http://{place}/didshake");
        // Documents are not kept, so that every login sees what is there.
        let made = owner.create("site", place, &["--endpoint", &endpoint, "--ttl", "0"]);
        let (did, out) = (made["did"].as_str().unwrap().to_owned(), owner.out.display().to_string());
        let arguments = ["--as", "site", "--did-log", &out, "--listen", place, "--allow-local", other];
        let service = Service::start(&owner.home, &arguments);
        Self { owner, place: place.to_owned(), did, service }
    }

    /// The log that is served, and the key that signs.
    fn files(&self) -> [(PathBuf, Vec<u8>); 2] {
        let key = found(self.owner.home.path(""), "identities").join("site.pem");
        [self.owner.out.join("did.jsonl"), key].map(|path| (path.clone(), fs::read(path).unwrap()))
    }

    fn restart_with(&mut self, files: &[(PathBuf, Vec<u8>)]) {
        assert_eq!(self.service.stop(), 0);
        files.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
        self.service.restart();
    }

    /// What the program of another site finds of its DID.
    fn found_by(&self, other: &Site, exit: i32) -> Value {
        let resolve = ["--json", "did", "resolve", &self.did, "--allow-local", &self.place];
        other.owner.home.run(&resolve).expect(exit).json()
    }

    fn logs_in_at(&self, other: &Site, exit: i32) {
        let login =
            ["login", &other.service.origin, "--as", "site", "--expect", &other.did, "--allow-local", &other.place];
        let _ = self.owner.home.run(&login).expect(exit);
    }
}
