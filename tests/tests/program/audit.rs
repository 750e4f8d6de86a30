//! The audit log of a real service, and what `didshake audit verify` makes of what others do to it.

use didshake_tests::{Home, Output, Service};

fn verify(home: &Home, log: &str, did: &str) -> Output {
    home.run(&["audit", "verify", log, "--did", did])
}

fn report(home: &Home, log: &str, did: &str) -> serde_json::Value {
    home.run(&["--json", "audit", "verify", log, "--did", did]).expect(0).json()
}

/// The log of a service that let alice in, refused bob, and has ended and started again.
fn written() -> (Home, String, Vec<String>) {
    let home = Home::new();
    let (alice, _) = (home.identity("alice"), home.identity("bob"));
    let policy = home.write("policy.toml", format!("[[rule]]\nallow = {{ did = \"{alice}\" }}\n"));
    let mut service = Service::start(&home, &["--policy", policy.to_str().unwrap()]);
    let login = |name: &str| home.run(&["login", &service.origin, "--as", name, "--expect", &service.did]);
    let _ = login("alice").expect(0);
    let _ = login("bob").expect(3);
    let did = service.did.clone();
    assert_eq!(service.stop(), 0);
    service.restart();
    assert_eq!(service.stop(), 0);
    let text = std::fs::read_to_string(home.path("service/audit.jsonl")).unwrap();
    (home, did, text.lines().map(str::to_owned).collect())
}

#[test]
fn what_a_service_did_is_signed_and_what_is_changed_is_noticed() {
    let (home, did, lines) = written();
    let entry = |line: &String| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let events: Vec<String> = lines.iter().map(|line| entry(line)["event"].as_str().unwrap().to_owned()).collect();
    assert_eq!(events, ["start", "login", "refused", "checkpoint", "start", "checkpoint"]);
    assert_eq!(entry(&lines[2])["cause"], "not_admitted");
    let alice = entry(&lines[1])["did"].as_str().unwrap().to_owned();

    let whole = report(&home, "service/audit.jsonl", &did);
    assert_eq!((&whole["entries"], &whole["checkpoints"], &whole["unsigned"]), (&4.into(), &2.into(), &0.into()));
    let other = verify(&home, "service/audit.jsonl", &alice).expect(1);
    assert!(other.stderr.contains("another service"), "{}", other.stderr);

    let keep = |number: usize| lines.iter().take(number).cloned().collect::<Vec<_>>();
    let without = |number: usize| {
        lines.iter().enumerate().filter(|(at, _)| *at != number).map(|(_, line)| line.clone()).collect()
    };
    let mut swapped = lines.clone();
    swapped.swap(1, 2);
    let mut changed = lines.clone();
    changed[2] = changed[2].replace("not_admitted", "accepted");
    let mut later = lines.clone();
    later[5] = later[5].replace("\"time\":1", "\"time\":2");
    for (name, altered, wrong) in [
        ("taken out", without(1), "line 3"),
        ("swapped", swapped, "line 4"),
        ("changed", changed, "line 4"),
        ("checkpoint taken out", without(3), "line 5"),
        ("another time", later, "line 6"),
    ] {
        home.write("altered.jsonl", altered.join("\n") + "\n");
        let refused = verify(&home, "altered.jsonl", &did).expect(1);
        assert!(refused.stderr.contains(wrong), "{name}: {}", refused.stderr);
    }
    // What is cut off at the end nobody can miss, but what is there is said to be unsigned.
    home.write("cut.jsonl", keep(3).join("\n") + "\n");
    assert_eq!(report(&home, "cut.jsonl", &did)["unsigned"], 3);
    home.write("torn.jsonl", keep(3).join("\n"));
    let _ = verify(&home, "torn.jsonl", &did).expect(1);
    let _ = verify(&home, "none.jsonl", &did).expect(7);
}

#[test]
fn a_line_that_a_crash_cut_off_stays_where_it_is() {
    let (home, did, lines) = written();
    let torn = format!("{}\n{{\"event\":\"lo", lines.join("\n"));
    home.write("service/audit.jsonl", torn);
    let mut service = Service::start(&home, &["--policy", home.path("policy.toml").to_str().unwrap()]);
    assert_eq!(service.stop(), 0);
    let report = report(&home, "service/audit.jsonl", &did);
    assert_eq!((&report["entries"], &report["checkpoints"], &report["unsigned"]), (&5.into(), &3.into(), &0.into()));
}
