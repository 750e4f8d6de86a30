//! The demonstration, and the other commands that need no peer.

use std::path::Path;

use didshake_tests::Home;

#[test]
fn the_demo_ends_well_and_every_attack_fails() {
    let home = Home::new();
    let shown = home.run(&["demo"]).expect(0);
    let text = shown.text();
    assert_eq!(text.matches("The attack failed.").count(), 4, "{text}");
    assert!(!text.contains("SUCCEEDED") && !text.contains('\u{1b}'), "{text}");
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let step = |name: &str| text.find(name).unwrap_or_else(|| panic!("{name}: {text}"));
    let order = [
        "Alice → Bob     93  Hello",
        "Bob → Alice    215  Reply",
        "Alice → Bob    147  Finish",
        "Bob → Alice     25  Accept",
    ];
    assert!(order.map(step).is_sorted(), "{text}");

    let json = home.run(&["--json", "demo"]).expect(0).json();
    let causes: Vec<&str> =
        json["attacks"].as_array().unwrap().iter().map(|one| one["cause"].as_str().unwrap()).collect();
    assert_eq!(causes, ["finish_replayed", "signature_invalid", "sealed_part_not_opened", "sealed_part_not_opened"]);
    assert!(json["login"]["service"].as_str().unwrap().starts_with("did:key:"), "{json}");
    assert!(text.contains("it is Alice") && text.contains("A login, over HTTP to http://127.0.0.1:"), "{text}");
    let once = home.run(&["demo", "--once"]).expect(0);
    assert!(once.text().contains("Accept") && !once.text().contains("attack"));
    let directory = text.split_whitespace().find(|word| word.contains("didshake-demo-")).unwrap();
    assert!(!Path::new(directory.trim_end_matches(',')).exists(), "the temporary directory is removed");
}

#[test]
fn help_teaches_and_completions_and_manual_pages_are_made() {
    let home = Home::new();
    for arguments in [&["--help"][..], &["id", "new", "--help"], &["listen", "--help"], &["inspect", "--help"]] {
        let help = home.run(arguments).expect(0).text();
        assert!(help.contains("Example"), "{arguments:?}");
    }
    assert!(home.run(&["--help"]).text().contains("Exit codes:"));
    for shell in ["bash", "zsh", "fish"] {
        assert!(home.run(&["completions", shell]).expect(0).text().contains("export-public"), "{shell}");
    }
    assert!(home.run(&["man"]).expect(0).text().starts_with(".ie"));
    let _ = home.run(&["man", "pages"]).expect(0);
    assert!(home.path("pages/didshake-listen.1").is_file());
}

#[test]
fn inspect_reads_hex_files_and_standard_input() {
    let home = Home::new();
    let hello = "0101020001001d0001aa";
    let cut = home.run(&["--json", "inspect", hello]).expect(1).json();
    assert_eq!(cut[0]["fault"]["code"], "message_truncated");
    assert_eq!(cut[0]["fault"]["offset"], 10);
    assert_eq!(cut[0]["fields"].as_array().unwrap().len(), 7);
    home.write("alerts.bin", [0, 0, 2, 15, 49, 0, 0, 2, 15, 20]);
    let both = home.run(&["--json", "inspect", "alerts.bin"]).expect(0).json();
    assert_eq!((&both[0]["message"], &both[1]["fields"][1]["meaning"]), (&"Alert".into(), &"20 bad_record".into()));
    let piped = home.run_with(&["inspect", "-"], b" 0f 31\n").expect(0);
    assert!(piped.text().contains("49 denied"));
    assert_eq!(home.run(&["inspect", "no-such-file"]).code, 2);
    // The second message, whose frame is at byte 5, is cut.
    let later = home.run(&["inspect", "0000020f310000010f"]).expect(1);
    assert!(later.stderr.contains("malformed at byte 9:"), "{}", later.stderr);
}

#[test]
fn vectors_are_verified_and_a_changed_one_is_found() {
    let home = Home::new();
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors");
    let directory = vectors.to_str().unwrap();
    let only = ["--only", "p-key-ed25519", "--only", "p-retry"];
    let good = home.run(&[&["--json", "vectors", "verify", directory], &only[..]].concat()).expect(0).json();
    assert_eq!((&good["total"], &good["failed"]), (&2.into(), &0.into()));
    let shown = home.run(&["vectors", "show", "p-key-ed25519", "--directory", directory, "--markdown"]).expect(0);
    assert!(shown.text().contains("| 0 | type |"));

    let text = std::fs::read_to_string(vectors.join("positive/p-key-ed25519.json")).unwrap();
    home.write("vectors/positive/p-key-ed25519.json", text.replacen("\"lifetime\": 3600", "\"lifetime\": 3601", 1));
    let bad = home.run(&["vectors", "verify"]).expect(1);
    assert!(bad.text().contains("FAILED p-key-ed25519: accept"), "{}", bad.text());
    home.write("vectors/positive/p-key-ed25519.json", "{}");
    let _ = home.run(&["vectors", "verify"]).expect(1);
    let _ = home.run(&["vectors", "verify", "--only", "p-nothing"]).expect(2);
    // A name of others does not drive the terminal.
    home.write("vectors/positive/p-\u{9b}2J.json", "{}");
    let foreign = home.run(&["vectors", "verify"]).expect(1).text();
    assert!(foreign.contains(r"FAILED p-\u{9b}2J") && !foreign.contains('\u{9b}'), "{foreign}");
}
