//! Logs that resolve.

use super::case::Positive;
use super::check::Judged;
use super::judge::Sent;
use super::owner::{Plan, Planned, commitment, multikey};

/// Seconds from one entry to the next are a day; the last is 2025-12-03.
const DAYS: [&str; 3] = ["2025-12-01T00:00:00Z", "2025-12-02T00:00:00Z", "2025-12-03T00:00:00Z"];
const HOST: &str = "log.example";

/// A state with one Multikey; `more` are further members, each with a comma before it.
pub(super) fn state(place: &str, key: &str, more: &str) -> Judged<String> {
    let did = format!("did:webvh:{{SCID}}:{place}");
    let key = multikey(key)?;
    Ok(format!(
        r#"{{"@context":["https://www.w3.org/ns/did/v1"],"id":"{did}","verificationMethod":[{{"id":"{did}#key-1","type":"Multikey","controller":"{did}","publicKeyMultibase":"{key}"}}],"authentication":["{did}#key-1"]{more}}}"#
    ))
}

/// An entry that is signed by one key.
pub(super) fn entry(day: usize, parameters: String, state: String, signer: &'static str) -> Planned {
    Planned {
        time: DAYS.get(day).copied().unwrap_or_default().to_owned(),
        parameters,
        state,
        signers: vec![signer],
        number: None,
        hash: None,
        more: String::new(),
        options: |options| options,
        proof: |proof| proof,
    }
}

fn first(more: &str) -> Judged<String> {
    let key = multikey("update 1")?;
    Ok(format!(r#"{{"method":"did:webvh:1.0","scid":"{{SCID}}","updateKeys":["{key}"]{more}}}"#))
}

fn plan(entries: Vec<Planned>) -> Plan {
    Plan { entries, scid: None, witnessed: Vec::new(), witness_file: false }
}

fn simple(id: &'static str, about: &'static str, requirements: &'static [&'static str], plan: Plan) -> Positive {
    Positive { id, about, requirements, plan, place: HOST, seen: None, sent: |_| () }
}

/// Three entries by one key, the document's key changed in the second.
fn three() -> Judged<Plan> {
    Ok(plan(vec![
        entry(0, first("")?, state(HOST, "login 1", "")?, "update 1"),
        entry(1, "{}".to_owned(), state(HOST, "login 2", "")?, "update 1"),
        entry(2, "{}".to_owned(), state(HOST, "login 2", r#","service":[]"#)?, "update 1"),
    ]))
}

/// Each key committed to one entry before.
fn committed() -> Judged<Plan> {
    let [two, three, four] = [commitment("update 2")?, commitment("update 3")?, commitment("update 4")?];
    let keys =
        |name, next: &str| Judged::Ok(format!(r#"{{"updateKeys":["{}"],"nextKeyHashes":[{next}]}}"#, multikey(name)?));
    Ok(plan(vec![
        entry(0, first(&format!(r#","nextKeyHashes":["{two}"]"#))?, state(HOST, "login 1", "")?, "update 1"),
        entry(1, keys("update 2", &format!(r#""{three}","{four}""#))?, state(HOST, "login 2", "")?, "update 2"),
        entry(2, keys("update 3", &format!(r#""{four}""#))?, state(HOST, "login 2", "")?, "update 3"),
    ]))
}

/// One key, to which each entry commits again.
fn committed_again() -> Judged<Plan> {
    let again = format!(r#""nextKeyHashes":["{}"]"#, commitment("update 1")?);
    let later = format!(r#"{{"updateKeys":["{}"],{again}}}"#, multikey("update 1")?);
    let plan = with_parameters(three()?, 0, first(&format!(",{again}"))?);
    Ok(with_parameters(with_parameters(plan, 1, later.clone()), 2, later))
}

fn committed_ends() -> Judged<Plan> {
    let mut plan = committed()?;
    let key = multikey("update 3")?;
    for entry in plan.entries.iter_mut().skip(2) {
        entry.parameters = format!(r#"{{"updateKeys":["{key}"],"nextKeyHashes":[]}}"#);
    }
    plan.entries.push(Planned {
        time: "2025-12-04T00:00:00Z".to_owned(),
        ..entry(2, r#"{"ttl":60}"#.to_owned(), state(HOST, "login 2", "")?, "update 3")
    });
    Ok(plan)
}

/// Two of three witnesses approve every entry.
fn witnesses() -> Judged<Plan> {
    let mut plan = three()?;
    let list = witness_list(2, &["witness 1", "witness 2", "witness 3"])?;
    for first_entry in plan.entries.iter_mut().take(1) {
        first_entry.parameters = first(&format!(r#","witness":{list}"#))?;
    }
    plan.witness_file = true;
    plan.witnessed = vec![(0, vec!["witness 2"]), (2, vec!["witness 1", "witness 3"])];
    Ok(plan)
}

/// The value of `witness`.
pub(super) fn witness_list(threshold: u64, names: &[&str]) -> Judged<String> {
    let ids = names.iter().map(|name| Ok(format!(r#"{{"id":"did:key:{}"}}"#, multikey(name)?)));
    let ids = ids.collect::<Judged<Vec<_>>>()?.join(",");
    Ok(format!(r#"{{"threshold":{threshold},"witnesses":[{ids}]}}"#))
}

fn with_parameters(mut plan: Plan, place: usize, parameters: String) -> Plan {
    for entry in plan.entries.iter_mut().skip(place).take(1) {
        entry.parameters.clone_from(&parameters);
    }
    plan
}

fn edited(mut plan: Plan, place: usize, edit: impl Fn(&mut Planned)) -> Plan {
    plan.entries.iter_mut().skip(place).take(1).for_each(edit);
    plan
}

/// A log that moved from one host to another.
fn moved() -> Judged<Plan> {
    let mut plan = with_parameters(three()?, 0, first(r#","portable":true"#)?);
    let names = r#","alsoKnownAs":["did:web:old.example","did:webvh:{SCID}:old.example:a"]"#;
    let states = [state("old.example:a", "login 1", "")?, state(HOST, "login 1", names)?, state(HOST, "login 2", "")?];
    plan.entries.iter_mut().zip(states).for_each(|(entry, state)| entry.state = state);
    Ok(plan)
}

/// All of them, in the order of the index.
pub(super) fn all() -> Judged<Vec<Positive>> {
    let mut all = of_logs()?;
    all.extend(of_forms()?);
    all.extend(of_witnesses()?);
    Ok(all)
}

fn of_logs() -> Judged<Vec<Positive>> {
    let one = plan(three()?.entries.into_iter().take(1).collect());
    let rotated = edited(
        with_parameters(three()?, 1, format!(r#"{{"updateKeys":["{}"]}}"#, multikey("update 2")?)),
        2,
        |entry| {
            entry.signers = vec!["update 2"];
        },
    );
    let two_keys = format!(
        r#"{{"method":"did:webvh:1.0","scid":"{{SCID}}","updateKeys":["{}","{}"]}}"#,
        multikey("update 1")?,
        multikey("update 2")?
    );
    let two_keys =
        edited(with_parameters(three()?, 0, two_keys), 2, |entry| entry.signers = vec!["update 2", "update 1"]);
    let mut path = three()?;
    for entry in &mut path.entries {
        entry.state = state("log.example%3A8443:agents:%7Ealice", "login 1", "")?;
    }
    let options = r#","portable":false,"deactivated":false,"ttl":0,"watchers":["https://watcher.example"],"witness":{},"nextKeyHashes":[]"#;
    Ok(vec![
        simple("w-one", "one entry: the SCID, the hash and the proof of the first", &["R-WEBVH-1", "R-WEBVH-4"], one),
        simple(
            "w-three",
            "three entries by one key; the last state is the document, and nothing is added to it",
            &["R-WEBVH-2", "R-WEBVH-4", "R-WEBVH-7", "R-WEBVH-12"],
            three()?,
        ),
        simple(
            "w-rotated",
            "the second entry gives the right to sign to another key, which signs the third",
            &["R-WEBVH-7"],
            rotated,
        ),
        simple("w-two-keys", "an entry with the proofs of two active keys", &["R-WEBVH-7"], two_keys),
        simple(
            "w-committed",
            "pre-rotation: each entry is signed by its own key, to which the one before committed; one hash is never used",
            &["R-WEBVH-8"],
            committed()?,
        ),
        simple(
            "w-committed-ends",
            "pre-rotation ends with an empty list, and the entry after it changes one parameter only",
            &["R-WEBVH-8"],
            committed_ends()?,
        ),
        simple(
            "w-committed-again",
            "pre-rotation: the key stays, because each entry commits to it and sets it again",
            &["R-WEBVH-8"],
            committed_again()?,
        ),
        Positive {
            place: "log.example%3A8443:agents:%7Ealice",
            ..simple("w-path", "a DID with a port and a path", &["R-WEBVH-1", "R-WEBVH-11"], path)
        },
        simple("w-moved", "the log moved to the host of the DID, and names where it was", &["R-WEBVH-11"], moved()?),
        simple(
            "w-deactivated",
            "the last entry deactivates",
            &["R-WEBVH-12"],
            with_parameters(three()?, 2, r#"{"deactivated":true,"updateKeys":[]}"#.to_owned()),
        ),
        simple(
            "w-parameters",
            "every parameter in the first entry, each as it would be without; not to be kept at all",
            &["R-WEBVH-6", "R-WEBVH-12"],
            with_parameters(three()?, 0, first(options)?),
        ),
        simple(
            "w-ttl",
            "the longest life",
            &["R-WEBVH-6"],
            with_parameters(three()?, 1, r#"{"ttl":2147483648}"#.to_owned()),
        ),
        Positive {
            seen: Some(0),
            ..simple("w-seen-first", "the first entry was seen before", &["R-WEBVH-10"], three()?)
        },
        Positive {
            seen: Some(2),
            ..simple("w-seen-last", "the last entry was seen before", &["R-WEBVH-10"], three()?)
        },
    ])
}

/// Ten entries, whose lines are as long as each other.
fn ten() -> Judged<Plan> {
    let state = state(HOST, "login 1", "")?;
    let mut entries = vec![entry(0, first("")?, state.clone(), "update 1")];
    let number = |number| Planned {
        time: format!("2025-12-02T00:00:0{number}Z"),
        ..entry(1, "{}".to_owned(), state.clone(), "update 1")
    };
    entries.extend((1..10).map(number));
    Ok(plan(entries))
}

fn of_forms() -> Judged<Vec<Positive>> {
    let time =
        |place, text: &'static str| Judged::Ok(edited(three()?, place, move |entry| entry.time = text.to_owned()));
    let more = r#","x":{"numbers":[0,-0,1.0,1e2,-9007199254740991,9007199254740991],"literals":[true,false,null],"\ud83d\ude00":1,"\ufb33":2,"\u20ac":"\u000f\b\t\n\f\r\"\\\/é","z":{}}"#;
    let values = state(HOST, "login 2", more)?;
    let values = edited(three()?, 1, move |entry| entry.state.clone_from(&values));
    let floats = state(HOST, "login 2", r#","x":[1892359682440747,9007199254740991,-9007199254740991,100]"#)?;
    let floats = edited(three()?, 2, move |entry| entry.state.clone_from(&floats));
    let names = state(HOST, "login 2", r#","{SCID} is a name":["x{SCID}y"]"#)?;
    let names = edited(three()?, 0, move |entry| entry.state.clone_from(&names));
    let bare = edited(three()?, 1, |entry| entry.options = |options| super::canonical::without(&options, "created"));
    let named = edited(three()?, 1, |entry| {
        entry.options =
            |options| super::canonical::with(&options, "id", crate::json::Json::Text("urn:uuid:1".to_owned()))
    });
    let single = |sent: &mut Sent| {
        sent.log = sent.log.replace(r#""proof":[{"#, r#""proof":{"#).replace(r#"}],"state""#, r#"},"state""#);
    };
    Ok(vec![
        Positive {
            sent: single,
            ..simple("w-proof-object", "a proof without an array around it", &["R-WEBVH-7"], three()?)
        },
        simple("w-proof-bare", "a proof without `created`", &["R-WEBVH-7"], bare),
        simple("w-proof-id", "a proof with an `id`", &["R-WEBVH-7"], named),
        simple("w-canonical", "numbers, literals, escapes and the order of names", &["R-WEBVH-3"], values),
        Positive {
            sent: written_as_floats,
            ..simple(
                "w-floats",
                "integers with a fraction or an exponent; one is rounded to a double",
                &["R-WEBVH-3"],
                floats,
            )
        },
        simple("w-scid-everywhere", "the SCID in a name and inside a text", &["R-WEBVH-4"], names),
        Positive {
            sent: |sent| sent.log = sent.log.replace(",\"", " ,\t\"").replace("{\"", "{ \""),
            ..simple("w-whitespace", "white space between tokens", &["R-WEBVH-3"], three()?)
        },
        Positive {
            sent: |sent| sent.log = sent.log.replace('\n', "\r\n"),
            ..simple("w-crlf", "a carriage return before each line feed", &["R-WEBVH-2"], three()?)
        },
        Positive {
            sent: |sent| sent.log.truncate(sent.log.len() - 1),
            ..simple("w-no-end", "no line feed after the last line", &["R-WEBVH-2"], three()?)
        },
        Positive {
            sent: |sent| sent.line_spaces = 131_072 - sent.log.lines().map(str::len).max().unwrap_or(0),
            ..simple("w-longest-line", "a line of 131,072 bytes", &["R-WEBVH-13"], three()?)
        },
        Positive {
            sent: |sent| sent.line_spaces = (1_048_576 - sent.log.len()) / sent.log.lines().count(),
            ..simple("w-limit", "a log of nearly 1,048,576 bytes", &["R-WEBVH-13"], ten()?)
        },
        simple(
            "w-time-fraction",
            "two entries within one second",
            &["R-WEBVH-5"],
            edited(time(1, "2025-12-02T00:00:00.09Z")?, 2, |entry| entry.time = "2025-12-02T00:00:00.1Z".to_owned()),
        ),
        simple("w-time-zero-offset", "UTC as an offset", &["R-WEBVH-5"], time(1, "2025-12-02T00:00:00+00:00")?),
        simple("w-time-300", "300 s ahead", &["R-WEBVH-5"], time(2, "2026-01-01T00:05:00Z")?),
    ])
}

fn written_as_floats(sent: &mut Sent) {
    sent.log = sent.log.replace(
        "[1892359682440747,9007199254740991,-9007199254740991,100]",
        "[1892359682440747.0,9007199254740991.4,-9007199254740991.0,1.00e2]",
    );
}

fn changed_last() -> Judged<Plan> {
    let mut plan = with_parameters(witnesses()?, 2, format!(r#"{{"witness":{}}}"#, witness_list(1, &["witness 4"])?));
    plan.witnessed = vec![(2, vec!["witness 1", "witness 2"])];
    Ok(plan)
}

fn of_witnesses() -> Judged<Vec<Positive>> {
    let mut changed = witnesses()?;
    changed = with_parameters(changed, 1, format!(r#"{{"witness":{}}}"#, witness_list(1, &["witness 4"])?));
    changed.witnessed = vec![(1, vec!["witness 1", "witness 2"]), (2, vec!["witness 4"])];
    let mut later = three()?;
    later = with_parameters(later, 1, format!(r#"{{"witness":{}}}"#, witness_list(1, &["witness 1"])?));
    (later.witness_file, later.witnessed) = (true, vec![(2, vec!["witness 1"])]);
    let mut ended = witnesses()?;
    ended = with_parameters(ended, 1, r#"{"witness":{}}"#.to_owned());
    ended.witnessed = vec![(1, vec!["witness 1", "witness 2"])];
    let mut more = witnesses()?;
    more.witnessed.extend([(3, vec!["witness 1", "witness 2", "witness 3"]), (2, vec!["witness 4"])]);
    let one_bad = |sent: &mut Sent| {
        sent.witness = sent.witness.take().map(|file| file.replacen("2025-12-02T00:00:00Z", "2025-12-02T00:00:01Z", 1));
    };
    Ok(vec![
        simple(
            "w-witnesses",
            "two of three witnesses; their proofs for the last entry count for all",
            &["R-WEBVH-9"],
            witnesses()?,
        ),
        simple(
            "w-witnesses-changed",
            "an entry that changes the witnesses is witnessed by those before it",
            &["R-WEBVH-9"],
            changed,
        ),
        simple(
            "w-witnesses-changed-last",
            "the last entry changes the witnesses, and none of the new ones has approved anything",
            &["R-WEBVH-9"],
            changed_last()?,
        ),
        simple("w-witnesses-begin", "the second entry begins to be witnessed", &["R-WEBVH-9"], later),
        simple("w-witnesses-end", "the entry that ends witnessing is witnessed", &["R-WEBVH-9"], ended),
        simple(
            "w-witnesses-more",
            "proofs for an entry that is not there yet, and by somebody else, count for nothing",
            &["R-WEBVH-9"],
            more,
        ),
        Positive {
            sent: one_bad,
            ..simple(
                "w-witnesses-bad",
                "a proof that does not verify, beside enough that do",
                &["R-WEBVH-9"],
                witnesses()?,
            )
        },
    ])
}
