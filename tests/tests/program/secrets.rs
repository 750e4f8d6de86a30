//! No secret in any output of a whole run, at the most talkative log level.

use base64ct::{Base64, Base64Url, Encoding};
use didshake::Algorithm;
use didshake_tests::{Home, Listener, Output, finish};

const PASSPHRASE: &str = "quite-a-rare-passphrase-7391";
const ALICE: [u8; 32] = *b"\x01\xA7Alice's seed, 32 bytes, known.";
const BOB: [u8; 32] = *b"\x02\xB7Bob's scalar, 32 bytes, known.";

/// Every form in which a secret could be written, without the ends that depend on what stands around it.
fn forms(secret: &[u8]) -> Vec<String> {
    let list = |separator: &str| secret[..6].iter().map(u8::to_string).collect::<Vec<_>>().join(separator);
    let hex = hex::encode(secret);
    let base64 = Base64::encode_string(secret);
    let base64url = Base64Url::encode_string(secret);
    let base58 = bs58::encode(secret).into_string();
    let part = |text: &str| text[4..28].to_owned();
    vec![part(&hex), part(&hex.to_uppercase()), part(&base64), part(&base64url), part(&base58), list(", "), list(",")]
}

fn search(outputs: &[(String, Output)]) {
    let mut needles: Vec<String> = [ALICE, BOB].iter().flat_map(|secret| forms(secret)).collect();
    needles.push(PASSPHRASE.to_owned());
    needles.extend(forms(PASSPHRASE.as_bytes()));
    // What the text of the seeds would look like.
    needles.extend(["Alice's seed".to_owned(), "Bob's scalar".to_owned()]);
    for (name, output) in outputs {
        let all = format!("{}\n{}", output.text(), output.stderr);
        for needle in &needles {
            assert!(!all.contains(needle.as_str()), "{name}: {needle} in\n{all}");
        }
    }
}

#[test]
fn the_search_finds_what_it_looks_for() {
    let leaked =
        |text: String| vec![("leak".to_owned(), Output { code: 0, stdout: text.into_bytes(), stderr: String::new() })];
    for form in forms(&ALICE) {
        assert!(std::panic::catch_unwind(|| search(&leaked(format!("x{form}y")))).is_err(), "{form}");
    }
    let debug = format!("{:?}", ALICE);
    assert!(std::panic::catch_unwind(|| search(&leaked(debug.clone()))).is_err());
}

// R-SEC-4
#[test]
fn no_secret_in_the_output_of_a_whole_run() {
    let home = Home::new();
    let alice = home.identity_of("alice", Algorithm::Ed25519, ALICE, Some(PASSPHRASE));
    let bob = home.identity_of("bob", Algorithm::Es256, BOB, None);
    let secret = home.write("secret", format!("{PASSPHRASE}\n"));
    let secret = secret.to_str().unwrap();
    let mut outputs = Vec::new();
    for log in [&["-vvv"][..], &["-vvv", "--log-format", "json"], &["-vvv", "--json", "--log-format", "json"]] {
        let mut run = |arguments: &[&str]| {
            let output = home.run(&[log, arguments].concat());
            outputs.push((arguments.join(" "), output));
        };
        run(&["id", "list"]);
        run(&["id", "show", "alice"]);
        run(&["id", "export-public", "alice", "--passphrase-file", secret]);
        run(&["id", "export-public", "bob"]);
        run(&["id", "new", "alice", "--passphrase-file", secret]);
        run(&["did", "resolve", &alice]);
        run(&["peer", "add", "bob", &bob]);
        run(&["peer", "list"]);
        run(&["connect", "127.0.0.1:1", "--as", "alice", "--expect", "bob", "--passphrase-file", secret]);
        run(&["connect", "127.0.0.1:1", "--as", "bob", "--expect", &alice, "--passphrase-file", secret]);
        for allowed in [&alice, &bob] {
            let more = [log, &["--as", "bob", "--allow", allowed, "--once"]].concat();
            let listener = Listener::start(&home, &more);
            let connect =
                ["connect", &listener.address, "--as", "alice", "--expect", &bob, "--passphrase-file", secret];
            let connecting = home.spawn(&[log, &connect].concat());
            let listening = std::thread::spawn(move || listener.finish(b"to Alice\n"));
            outputs.push(("connect".into(), finish(connecting, b"to Bob\n")));
            outputs.push(("listen".into(), listening.join().unwrap()));
        }
    }
    let met = outputs.iter().filter(|(name, output)| name == "connect" && output.code == 0).count();
    assert_eq!(met, 3, "the handshakes that should come about do");
    let logs: String = outputs.iter().map(|(_, output)| output.stderr.as_str()).collect();
    for expected in ["the peer is verified", "not_admitted", "received"] {
        assert!(logs.contains(expected), "the log says {expected}");
    }
    search(&outputs);
}
