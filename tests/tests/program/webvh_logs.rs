//! `didshake did resolve --log`: verdicts on logs in files.

use std::fs;
use std::path::Path;

use didshake_tests::Home;
use serde_json::Value;

fn vectors() -> Vec<Value> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/webvh");
    let files = fs::read_dir(directory).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    files.map(|text| serde_json::from_slice(&text).unwrap()).collect()
}

/// The options that say what a vector's resolver goes by.
fn options(home: &Home, vector: &Value) -> Vec<String> {
    let text = |pointer| vector.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let spaces = " ".repeat(usize::try_from(vector["line_spaces"].as_u64().unwrap()).unwrap());
    let log = text("/log").unwrap().replace('\n', &format!("{spaces}\n"));
    let mut options =
        vec![text("/view/did").unwrap(), "--log".to_owned(), home.write("did.jsonl", log).display().to_string()];
    if let Some(proofs) = text("/witness") {
        options.extend(["--witness".to_owned(), home.write("did-witness.json", proofs).display().to_string()]);
    }
    if let Some(seen) = text("/view/seen") {
        options.extend(["--seen".to_owned(), seen]);
    }
    options
}

// R-WEBVH-2, R-WEBVH-10
#[test]
fn every_vector_gets_its_verdict_and_its_cause() {
    let home = Home::new();
    let (mut good, mut causes) = (0, std::collections::BTreeSet::new());
    for vector in vectors() {
        // The program goes by the clock of this machine, which is later than that of the vectors.
        if ["w-time-future", "w-time-300"].contains(&vector["id"].as_str().unwrap()) {
            continue;
        }
        let options = options(&home, &vector);
        let arguments: Vec<&str> =
            ["--json", "did", "resolve"].into_iter().chain(options.iter().map(String::as_str)).collect();
        let positive = vector["kind"] == "positive";
        let told = home.run(&arguments).expect(if positive { 0 } else { 6 }).json();
        if positive {
            good += 1;
            assert_eq!(told["verdict"], "good", "{vector}");
            let (document, last) =
                (&vector["resolution"]["document"], told["versions"].as_array().unwrap().last().unwrap());
            assert_eq!(told["document"], serde_json::from_str::<Value>(document.as_str().unwrap()).unwrap());
            assert_eq!((last, &told["ttl"]), (&vector["resolution"]["version_id"], &vector["resolution"]["ttl"]));
            assert_eq!(told["deactivated"], vector["resolution"]["deactivated"]);
        } else {
            assert_eq!(
                (&told["verdict"], &told["cause"]),
                (&"refused".into(), &vector["fails"]["cause"]),
                "{}",
                vector["id"]
            );
            assert_eq!(told["error"], vector["fails"]["error"], "{}", vector["id"]);
            causes.insert(told["cause"].as_str().unwrap().to_owned());
        }
    }
    assert!(good >= 30 && causes.len() >= 39, "{good} good ones, {} causes", causes.len());
}

#[test]
fn a_log_without_a_did_is_judged_as_the_one_that_it_is_of() {
    let home = Home::new();
    let vector = vectors().into_iter().find(|vector| vector["id"] == "w-committed").unwrap();
    let path = home.write("did.jsonl", vector["log"].as_str().unwrap()).display().to_string();
    let told = home.run(&["did", "resolve", "--log", &path]).expect(0);
    let did = vector["view"]["did"].as_str().unwrap();
    assert!(told.stderr.contains(&format!("{did}: a good log of 3 entries")), "{}", told.stderr);
    let refused = home.run(&["did", "resolve", &did.replace("log.example", "x.example"), "--log", &path]).expect(6);
    for words in ["the log is of another DID", "other_did", "letter by letter"] {
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
    let _ = home.run(&["did", "resolve", "--log", "/nowhere/did.jsonl"]).expect(7);
    let _ = home.run(&["did", "resolve"]).expect(2);
    let _ = home.run(&["did", "resolve", did, "--seen", "3-Qm"]).expect(2);
}
