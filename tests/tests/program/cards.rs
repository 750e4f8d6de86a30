//! Contact cards: made by one, added by another.

use std::os::unix::fs::PermissionsExt;

use didshake_tests::Home;
use serde_json::json;

/// A home with one identity, and its DID.
fn home(name: &str) -> (Home, String) {
    let home = Home::new();
    let did = home.identity(name);
    (home, did)
}

fn link(home: &Home, more: &[&str]) -> String {
    home.run(&[&["id", "share"], more].concat()).expect(0).text().trim().to_owned()
}

// R-CARD-1, R-CARD-2
#[test]
fn a_card_goes_from_one_to_another_as_link_file_and_input() {
    let ((alice, did), (bob, _)) = (home("alice"), home("bob"));
    let file = alice.path("alice.didshake-card");
    let more = ["--endpoint", "tcp://alice.example:7007", "--name", "Alice A.", "--ends", "7d"];
    let shared = [&["--json", "id", "share", "--file", file.to_str().unwrap()], &more[..]].concat();
    let told = alice.run(&shared).expect(0).json();
    let (issued, ends) = (told["issued"].as_u64().unwrap(), told["ends"].as_u64().unwrap());
    assert_eq!(ends - issued, 604_800);
    assert_eq!(
        told,
        json!({
            "did": did, "name": "Alice A.", "issued": issued, "ends": ends, "endpoints": ["tcp://alice.example:7007"],
            "mailbox": null, "link": null, "file": file.to_str().unwrap(),
        })
    );
    // It may hold a token.
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let card = std::fs::read_to_string(&file).unwrap();
    assert!(card.starts_with("didshake:card/") && card.ends_with('\n'));

    // A script has to say what it calls them; then each of the three ways comes to the same.
    let unnamed = bob.run(&["--json", "peer", "add", file.to_str().unwrap()]).expect(2).json();
    assert_eq!(unnamed["error"]["code"], "name");
    assert!(unnamed["error"]["message"].as_str().unwrap().contains(&did));
    let added = json!({
        "name": "alice", "did": did, "verificationMethod": did,
        "cardName": "Alice A.", "endpoints": ["tcp://alice.example:7007"], "mailbox": null, "ends": ends, "linkedOrigins": [],
    });
    let by_input = bob.run_with(&["--json", "peer", "add", "-", "--name", "alice"], card.as_bytes()).expect(0).json();
    assert_eq!(by_input, added);
    assert_eq!(bob.run(&["--json", "peer", "add", file.to_str().unwrap(), "--name", "alice"]).expect(0).json(), added);
    // From then on its DID says who it is.
    assert_eq!(bob.run(&["--json", "peer", "add", card.trim()]).expect(0).json(), added);

    let shown = bob.run(&["--json", "peer", "show", "alice"]).expect(0).json();
    let since = shown["added"].as_str().unwrap().to_owned();
    assert_eq!(
        shown,
        json!({
            "name": "alice", "did": did, "method": "key", "added": since, "cardName": "Alice A.", "issued": issued,
            "ends": ends, "endpoints": ["tcp://alice.example:7007"], "endpointsFrom": "card", "mailbox": null,
        })
    );
    drop(bob.run(&["peer", "remove", "alice"]).expect(0));
    assert_eq!(bob.run(&["--json", "peer", "show", "alice"]).expect(7).json()["error"]["code"], "unknown_peer");
}

// R-CARD-4
#[test]
fn another_did_under_a_known_name_is_refused_loudly_and_an_older_card_too() {
    let ((alice, did), (eve, _), (bob, _)) = (home("alice"), home("eve"), home("bob"));
    let older = link(&alice, &["--endpoint", "tcp://old.example:1"]);
    // Cards of one second replace each other in no order.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let newer = link(&alice, &["--endpoint", "tcp://new.example:1"]);
    drop(bob.run(&["peer", "add", &newer, "--name", "alice"]).expect(0));

    let hers = link(&eve, &["--endpoint", "tcp://eve.example:1", "--name", "alice"]);
    let refused = bob.run(&["peer", "add", &hers, "--name", "alice"]).expect(3);
    assert!(refused.stderr.contains("THE CARD IS NOT OF alice") && refused.stderr.contains(&did), "{}", refused.stderr);
    let refused = bob.run(&["--json", "peer", "add", &older]).expect(4).json();
    assert_eq!(refused["error"]["code"], "card_older");
    let shown = bob.run(&["--json", "peer", "show", "alice"]).expect(0).json();
    assert_eq!((&shown["did"], &shown["endpoints"]), (&json!(did), &json!(["tcp://new.example:1"])));
    assert_eq!(bob.run(&["--json", "peer", "list"]).expect(0).json().as_array().unwrap().len(), 1);
}

// R-CARD-5
#[test]
fn what_is_no_card_or_was_changed_or_is_over_is_refused_each_with_its_cause() {
    let ((alice, _), (bob, _)) = (home("alice"), home("bob"));
    let card = link(&alice, &["--endpoint", "tcp://alice.example:7007"]);
    let over = link(&alice, &["--endpoint", "tcp://alice.example:7007", "--ends", "1s"]);
    let (head, end) = card.split_at(card.len() - 4);
    let changed = format!("{head}{}", if end == "AAAA" { "BBBB" } else { "AAAA" });
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let add = |what: &str| bob.run(&["--json", "peer", "add", what, "--name", "alice"]);
    for (what, exit, code) in [
        ("didshake:card/", 2, "card_link"),
        (&format!("{card}="), 2, "card_link"),
        ("no-such-file", 2, "card_link"),
        ("didshake:card/IgE", 3, "card_malformed"),
        (&changed, 3, "signature_invalid"),
        (&over, 3, "card_time"),
    ] {
        let error = add(what).expect(exit).json();
        assert_eq!(error["error"]["code"], code, "{what}");
        assert!(error["error"]["message"].is_string());
    }
    assert_eq!(bob.run(&["--json", "peer", "list"]).expect(0).json(), json!([]));
    // Our own card makes nobody a contact.
    let own = alice.run(&["--json", "peer", "add", &card, "--name", "me"]).expect(2).json();
    assert_eq!(own["error"]["code"], "own_did");
}

#[test]
fn a_qr_code_has_the_link_beside_it() {
    let (alice, _) = home("alice");
    let shown = alice.run(&["id", "share", "--endpoint", "tcp://alice.example:7007", "--qr"]).expect(0).text();
    let (code, link) = shown.trim_end().rsplit_once('\n').unwrap();
    assert!(link.starts_with("didshake:card/"));
    // Not on a terminal: no colours. As wide as it is high, two modules a character.
    let widths: Vec<usize> = code.lines().map(|line| line.chars().count()).collect();
    assert!(widths.iter().all(|width| width.div_ceil(2) == widths.len()), "{widths:?}");
    assert!(code.chars().all(|letter| " █▀▄\n".contains(letter)));
}

// R-CARD-6
#[test]
fn where_a_card_lists_no_endpoint_the_document_does() {
    let (alice, bob) = (Home::new(), Home::new());
    drop(bob.identity("bob"));
    let did = "did:web:alice.example";
    drop(alice.run(&["id", "new", "alice", "--did", did, "--fragment", "k"]).expect(0));
    let public = alice.run(&["--json", "id", "export-public", "alice"]).expect(0).json();
    let method = format!("{did}#k");
    let document = json!({
        "id": did,
        "verificationMethod": [{
            "id": method, "type": "Multikey", "controller": did, "publicKeyMultibase": public["publicKeyMultibase"],
        }],
        "authentication": [method],
        "service": [{"id": "#ds", "type": "DIDShake", "serviceEndpoint": "wss://alice.example/ds"}],
    });
    let path = bob.write("documents/alice.json", document.to_string());
    let with = ["--documents", path.to_str().unwrap()];
    let bare = alice.run(&["id", "share"]).expect(0);
    assert!(bare.stderr.contains("not where you are reached"));
    drop(bob.run(&[&["peer", "add", bare.text().trim(), "--name", "alice"], &with[..]].concat()).expect(0));
    let shown = bob.run(&[&["--json", "peer", "show", "alice"], &with[..]].concat()).expect(0).json();
    let from = (shown["endpoints"][0].as_str(), shown["endpointsFrom"].as_str());
    assert_eq!(from, (Some("wss://alice.example/ds"), Some("document")));
}
