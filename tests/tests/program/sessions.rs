//! The sessions that a user keeps.

use std::path::PathBuf;

use didshake_tests::{Home, Service, finish};
use serde_json::Value;

const DIRECTORY: &str = ".local/state/didshake/sessions";

fn logged_in(arguments: &[&str]) -> (Home, Service) {
    let home = Home::new();
    let _ = home.identity("alice");
    let service = Service::start(&home, arguments);
    log_in(&home, &service);
    (home, service)
}

fn log_in(home: &Home, service: &Service) {
    let _ = home.run(&["login", &service.origin, "--as", "alice", "--expect", &service.did]).expect(0);
}

fn files(home: &Home) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(home.path(DIRECTORY)).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn listed(home: &Home) -> Vec<Value> {
    home.run(&["--json", "sessions"]).expect(0).json().as_array().unwrap().clone()
}

#[test]
fn lists_here_and_at_the_service() {
    let (home, service) = logged_in(&[]);
    let login = ["login", &service.origin, "--as", "alice", "--expect", &service.did];
    let _ = home.run(&[&["--sessions", "elsewhere"], &login[..]].concat()).expect(0);
    let here = listed(&home);
    assert_eq!(here.len(), 1);
    assert_eq!((&here[0]["origin"], &here[0]["as"]), (&service.origin.clone().into(), &"alice".into()));
    let there = home.run(&["--json", "sessions", &service.origin, "--remote"]).expect(0).json();
    let there = there["sessions"].as_array().unwrap().clone();
    assert_eq!(there.len(), 2);
    let current: Vec<&Value> = there.iter().filter(|session| session["current"] == true).collect();
    assert_eq!((current.len(), &current[0]["session_id"]), (1, &here[0]["session_id"]));
    let text = home.run(&["sessions", "--remote"]).expect(0).text();
    assert!(text.lines().any(|line| line.starts_with("* ")) && text.lines().count() == 2, "{text}");
}

#[test]
fn logout_ends_the_session_at_the_service_too() {
    let (home, service) = logged_in(&[]);
    let kept = files(&home).remove(0);
    let copy = std::fs::read(&kept).unwrap();
    let _ = home.run(&["logout", &service.origin]).expect(0);
    assert!(listed(&home).is_empty() && files(&home).is_empty());
    let _ = home.run(&["logout"]).expect(4);
    let _ = home.run(&["logout", "--all"]).expect(0);
    // Whoever kept a copy has nothing.
    let _ = home.write(kept.strip_prefix(home.path("")).unwrap(), copy);
    set_private(&kept);
    let over = home.run(&["request", "GET", &service.url("/v1/session"), "--fail"]).expect(4);
    assert!(over.stderr.contains("the session is over"), "{}", over.stderr);
}

#[cfg(unix)]
fn set_private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn where_the_service_cannot_be_asked_the_session_stays() {
    let (home, mut service) = logged_in(&[]);
    service.kill();
    let failed = home.run(&["logout"]).expect(5);
    assert!(failed.stderr.contains("--forget"), "{}", failed.stderr);
    assert_eq!(listed(&home).len(), 1);
    // The session outlives the service's sudden end.
    service.restart();
    let _ = home.run(&["request", "GET", &service.url("/v1/session"), "--fail"]).expect(0);
    service.kill();
    let _ = home.run(&["logout", "--forget"]).expect(0);
    assert!(listed(&home).is_empty());
}

#[test]
fn a_bad_file_is_named_and_the_rest_works() {
    let (home, service) = logged_in(&[]);
    let good = files(&home).remove(0);
    let bad = home.write(format!("{DIRECTORY}/0123456789abcdef0123456789abcdef.session"), "no session at all");
    set_private(&bad);
    let shown = home.run(&["sessions"]).expect(0);
    assert!(shown.stderr.contains(bad.to_str().unwrap()) && shown.text().contains("alice"), "{}", shown.stderr);
    let answer = home.run(&["request", "GET", &service.url("/v1/session"), "--fail"]).expect(0);
    assert!(answer.stderr.contains(bad.to_str().unwrap()));

    // One that others could have read is not used either.
    let mut permissions = std::fs::metadata(&good).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
    std::fs::set_permissions(&good, permissions).unwrap();
    let refused = home.run(&["request", "GET", &service.url("/v1/session")]).expect(4);
    assert!(refused.stderr.contains("chmod 600"), "{}", refused.stderr);
    // Logging in again mends it.
    log_in(&home, &service);
    let _ = home.run(&["request", "GET", &service.url("/v1/session"), "--fail"]).expect(0);
}

#[test]
fn copied_files_are_worth_nothing_without_the_key() {
    let (home, service) = logged_in(&[]);
    let thief = Home::new();
    let stolen = files(&home).remove(0);
    let name = stolen.file_name().unwrap().to_str().unwrap();
    let copy = thief.write(format!("{DIRECTORY}/{name}"), std::fs::read(&stolen).unwrap());
    set_private(&copy);
    let refused = thief.run(&["request", "GET", &service.url("/v1/session")]).expect(4);
    assert!(refused.stderr.contains("session.key is gone"), "{}", refused.stderr);
    let all = home.run(&["-vvv", "request", "GET", &service.url("/v1/session")]).expect(0);
    let key = std::fs::read(home.path(".local/share/didshake/session.key")).unwrap();
    assert_eq!(key.len(), 32);
    assert!(!all.stderr.contains(&hex::encode(&key)[..16]), "{}", all.stderr);
}

#[test]
fn what_is_over_is_removed() {
    let (home, service) = logged_in(&["--lifetime", "3"]);
    assert_eq!(files(&home).len(), 1);
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert!(listed(&home).is_empty() && files(&home).is_empty());
    let _ = home.run(&["request", "GET", &service.url("/v1/session")]).expect(4);
}

#[test]
fn programs_that_log_in_at_once_do_not_disturb_each_other() {
    let home = Home::new();
    let service = Service::start(&home, &[]);
    let names = ["a", "b", "c", "d"];
    names.iter().for_each(|name| drop(home.identity(name)));
    let running: Vec<_> = names
        .iter()
        .map(|name| home.spawn(&["login", &service.origin, "--as", name, "--expect", &service.did]))
        .collect();
    for child in running {
        let _ = finish(child, b"").expect(0);
    }
    assert_eq!(listed(&home).len(), names.len());
    for name in names {
        let _ = home.run(&["request", "GET", &service.url("/v1/session"), "--as", name, "--fail"]).expect(0);
    }
}
