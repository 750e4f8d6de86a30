//! Invites and accounts, with the program at both ends.

use std::time::{Duration, Instant};

use didshake_tests::{Home, Output, Service};
use serde_json::Value;

use crate::terminal::Terminal;

/// A service that lets in whoever has an account, and its owner.
fn owned() -> (Home, Service, String) {
    let home = Home::new();
    let owner = home.identity("owner");
    let policy = home.write("policy.toml", "[[rule]]\nallow = { account = true }\n");
    let service = Service::start(&home, &["--policy", policy.to_str().unwrap()]);
    let link = service.listening["ownerInvite"]["link"].as_str().unwrap().to_owned();
    let _ = join(&home, &service, "owner", &link).expect(0);
    (home, service, owner)
}

fn join(home: &Home, service: &Service, name: &str, link: &str) -> Output {
    let login = ["login", &service.origin, "--as", name, "--expect", &service.did, "--invite", "-"];
    home.run_with(&login, format!("{link}\n").as_bytes())
}

fn login(home: &Home, service: &Service, name: &str) -> Output {
    home.run(&["login", &service.origin, "--as", name, "--expect", &service.did])
}

/// `didshake admin …` of the owner.
fn admin(home: &Home, arguments: &[&str]) -> Output {
    home.run(&[&["--json", "admin", "--as", "owner"], arguments].concat())
}

fn accounts(home: &Home) -> Vec<Value> {
    admin(home, &["accounts"]).expect(0).json()["accounts"].as_array().unwrap().clone()
}

#[test]
fn an_owner_invites_somebody_and_shows_them_out() {
    let (home, service, owner) = owned();
    let bob = home.identity("bob");
    let _ = login(&home, &service, "bob").expect(3);
    let made = home.run(&["admin", "invite", "Bob", "--group", "staff", "--email", "bob@example.com"]).expect(0);
    let link = made.text().trim().to_owned();
    assert!(link.starts_with(&format!("{}/login#invite=", service.origin)), "the link alone: {link}");
    let listed = admin(&home, &["invites"]).expect(0).json();
    assert_eq!((&listed["invites"][0]["name"], listed["invites"].as_array().unwrap().len()), (&"Bob".into(), 1));

    let joined = join(&home, &service, "bob", &link).expect(0).text();
    assert!(joined.contains(&format!("account          Bob ({bob})")), "{joined}");
    let of_bob = accounts(&home).into_iter().find(|account| account["subject"] == bob.as_str()).unwrap();
    assert_eq!((&of_bob["name"], &of_bob["groups"]), (&"Bob".into(), &serde_json::json!(["staff"])));
    let refused = home.run(&["admin", "--as", "bob", "accounts"]).expect(4);
    assert!(refused.stderr.contains("may not do that"), "{}", refused.stderr);

    let id = of_bob["account_id"].as_str().unwrap();
    let _ = admin(&home, &["account", "disable", id]).expect(0);
    let _ = home.run(&["request", "GET", &service.url("/v1/session"), "--as", "bob", "--fail"]).expect(4);
    let _ = login(&home, &service, "bob").expect(3);
    let _ = admin(&home, &["account", "enable", id]).expect(0);
    let set = admin(&home, &["account", "set", id, "--name", "Robert", "--no-groups", "--no-email"]).expect(0).json();
    assert_eq!((&set["name"], &set["groups"], &set["email"]), (&"Robert".into(), &serde_json::json!([]), &Value::Null));
    let _ = admin(&home, &["account", "set", id]).expect(2);
    let _ = login(&home, &service, "bob").expect(0);
    let sessions = admin(&home, &["sessions", "--did", &bob]).expect(0).json();
    let name = sessions["sessions"][0]["session_id"].as_str().unwrap().to_owned();
    let _ = admin(&home, &["end", &name]).expect(0);
    let _ = admin(&home, &["end", &name]).expect(1);

    let _ = admin(&home, &["revoke", &bob, "--reason", "lost"]).expect(0);
    let _ = login(&home, &service, "bob").expect(3);
    assert_eq!(admin(&home, &["revocations"]).expect(0).json()["revocations"][0]["reason"], "lost");
    let _ = admin(&home, &["unrevoke", &bob]).expect(0);
    let _ = admin(&home, &["account", "remove", id]).expect(0);
    let _ = admin(&home, &["account", "show", id]).expect(1);
    let own = accounts(&home);
    assert_eq!((own.len(), &own[0]["subject"]), (1, &owner.into()));
    let last = admin(&home, &["account", "disable", own[0]["account_id"].as_str().unwrap()]).expect(1);
    assert!(last.text().contains("conflict"), "{}", last.text());
}

#[test]
fn an_invite_is_used_once_and_stays_out_of_the_log() {
    let (home, service, _) = owned();
    let _ = (home.identity("bob"), home.identity("eve"));
    let owner = service.listening["ownerInvite"]["link"].as_str().unwrap().to_owned();
    let link = admin(&home, &["invite", "Bob", "--hours", "1"]).expect(0).json()["link"].as_str().unwrap().to_owned();
    let _ = join(&home, &service, "bob", &link).expect(0);
    let over = join(&home, &service, "eve", &link).expect(4);
    assert!(over.stderr.contains("used up"), "{}", over.stderr);
    let elsewhere = link.replace(&service.origin, "https://other.example");
    let _ = join(&home, &service, "eve", &elsewhere).expect(2);
    for wrong in ["", "x", &service.url("/login#invite=a/b")] {
        let _ = join(&home, &service, "eve", wrong).expect(2);
    }
    let _ = join(&home, &service, "eve", &service.url(&format!("/login#invite={}", "A".repeat(43)))).expect(4);
    let other = admin(&home, &["invite", "Eve"]).expect(0).json();
    let _ = admin(&home, &["cancel", other["invite_id"].as_str().unwrap()]).expect(0);
    let _ = join(&home, &service, "eve", other["link"].as_str().unwrap()).expect(4);
    let _ = admin(&home, &["cancel", other["invite_id"].as_str().unwrap()]).expect(1);
    for secret in [&owner, &link].map(|link| link.split_once('=').unwrap().1) {
        assert!(!service.log().contains(secret), "{}", service.log());
    }
    assert!(service.log().contains("an invite was used"), "{}", service.log());
}

#[test]
fn an_invite_that_somebody_else_uses_meanwhile_leaves_no_session() {
    let home = Home::new();
    let (owner, _) = (home.identity("owner"), home.identity("bob"));
    let service = Service::start(&home, &[]);
    let link = service.listening["ownerInvite"]["link"].as_str().unwrap().to_owned();
    let (mut terminal, program) = Terminal::open();
    let mut command = home.command(&["login", &service.origin, "--as", "bob", "--invite", &link]);
    command.stdin(program.try_clone().unwrap()).stdout(program.try_clone().unwrap()).stderr(program);
    let mut child = command.spawn().unwrap();
    drop(command);
    terminal.wait_for("[yes/no]");
    let joined = home.run_with(
        &["--json", "login", &service.origin, "--as", "owner", "--expect", &service.did, "--invite", "-"],
        format!("{link}\n").as_bytes(),
    );
    let joined = joined.expect(0).json();
    assert_eq!((&joined["account"]["subject"], &joined["account"]["name"]), (&owner.into(), &"owner".into()));
    terminal.type_line("yes\n");
    terminal.wait_for("the invite is used up");
    assert_eq!(child.wait().unwrap().code(), Some(4), "{}", terminal.text);
    let kept = home.run(&["--json", "sessions"]).expect(0).json();
    assert_eq!(kept.as_array().unwrap().len(), 1, "{kept}");
}

#[test]
fn nobody_but_the_service_that_is_meant_learns_the_secret() {
    let home = Home::new();
    let (stranger, _) = (home.identity("stranger"), home.identity("bob"));
    let service = Service::start(&home, &[]);
    let link = service.listening["ownerInvite"]["link"].as_str().unwrap().to_owned();
    let login = ["login", &service.origin, "--as", "bob", "--expect", &stranger, "--invite", "-"];
    let _ = home.run_with(&login, format!("{link}\n").as_bytes()).expect(3);
    assert!(service.log().contains("/didshake") && !service.log().contains("/v1/invites"), "{}", service.log());
}

#[test]
fn the_owners_link_is_printed_until_somebody_has_used_it() {
    let (home, mut service, _) = owned();
    assert_eq!(service.stop(), 0);
    service.restart();
    assert_eq!(service.listening.get("ownerInvite"), None);
    let _ = login(&home, &service, "owner").expect(0);
}

// Whoever gives such a link to somebody else would have their DID for an own one.
#[test]
fn nobody_becomes_a_key_of_an_account_without_meaning_it() {
    let (home, service, owner) = owned();
    let bob = home.identity("bob");
    let id = accounts(&home)[0]["account_id"].as_str().unwrap().to_owned();
    let made = admin(&home, &["invite", "phone", "--account", &id]).expect(0).json();
    let link = made["link"].as_str().unwrap();
    let asked = join(&home, &service, "bob", link).expect(4);
    assert!(asked.stderr.contains(&format!("--join {owner}")), "{}", asked.stderr);
    let login = ["login", &service.origin, "--as", "bob", "--expect", &service.did, "--invite", link];
    let other = home.run(&[&login[..], &["--join", &bob]].concat()).expect(4);
    assert!(other.stderr.contains(&owner) && other.stderr.contains("not of"), "{}", other.stderr);

    let (mut terminal, program) = Terminal::open();
    let mut command = home.command(&login);
    command.stdin(program.try_clone().unwrap()).stdout(program.try_clone().unwrap()).stderr(program);
    let mut child = command.spawn().unwrap();
    drop(command);
    terminal.wait_for("Is that account yours? [yes/no]");
    assert!(terminal.text.contains(&owner) && terminal.text.contains(&bob), "{}", terminal.text);
    terminal.type_line("no\n");
    terminal.wait_for("you refused");
    assert_eq!(child.wait().unwrap().code(), Some(4), "{}", terminal.text);
    assert_eq!(accounts(&home)[0]["keys"].as_array().unwrap().len(), 1);
    assert_eq!(home.run(&["--json", "sessions"]).expect(0).json().as_array().unwrap().len(), 1, "of the owner");
    let left = admin(&home, &["sessions", "--did", &bob]).expect(0).json();
    assert_eq!(left["sessions"], serde_json::json!([]), "nobody has the key of these");
    let new = admin(&home, &["invite", "Bob"]).expect(0).json();
    let login_new =
        ["login", &service.origin, "--as", "bob", "--expect", &service.did, "--invite", new["link"].as_str().unwrap()];
    let refused = home.run(&[&login_new[..], &["--join", &owner]].concat()).expect(4);
    assert!(refused.stderr.contains("an account of its own"), "{}", refused.stderr);

    let joined = home.run(&[&["--json"], &login[..], &["--join", &owner]].concat()).expect(0).json();
    assert_eq!(joined["account"]["subject"], owner.as_str());
    assert_eq!(accounts(&home)[0]["keys"].as_array().unwrap().len(), 2);
}

#[test]
fn the_owners_invite_is_for_whoever_runs_the_service() {
    let home = Home::new();
    let _ = home.identity("owner");
    let mut child = home.spawn(&["serve", "--data", "data", "--listen", "127.0.0.1:0"]);
    let path = home.path("data/owner-invite");
    let begun = Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < Duration::from_secs(30), "no invite is written");
        std::thread::sleep(Duration::from_millis(50));
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let link = std::fs::read_to_string(&path).unwrap().trim().to_owned();
    let (origin, secret) = link.split_once("/login#invite=").unwrap();
    assert!(origin.starts_with("http://127.0.0.1:") && secret.len() == 43, "{link}");
    child.kill().unwrap();
    let told = child.wait_with_output().unwrap();
    let told = [told.stdout, told.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains("owner-invite") && !told.contains(secret), "{told}");
}
