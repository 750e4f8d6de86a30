//! The table of attacks in `spec/resolution.md` and the tests are one list.

use std::collections::BTreeSet;

use crate::{hostile_names, hostile_tls, hostile_web, hostile_webvh};

/// The tests that the rows between two comments name.
fn named(from: &str, to: &str) -> Vec<&'static str> {
    let text = include_str!("../../../../spec/resolution.md");
    let table = text.split_once(from).unwrap().1.split_once(to).unwrap().0;
    let named = table.lines().filter_map(|line| line.trim_end_matches(" |").rsplit_once("| `"));
    named.map(|(_, name)| name.trim_end_matches('`')).collect()
}

#[test]
fn the_table_of_attacks_with_logs_is_these_tests() {
    let named = named("<!-- attacks with logs -->", "<!-- end of attacks with logs -->");
    let tests: Vec<String> = hostile_webvh::NAMES.iter().map(|name| format!("hostile_webvh::{name}")).collect();
    assert_eq!(named, tests);
}

#[test]
fn the_table_of_attacks_is_these_tests() {
    let named = named("<!-- attacks -->", "<!-- end of attacks -->");
    let modules = [("hostile_web", hostile_web::NAMES), ("hostile_tls", hostile_tls::NAMES)];
    let tests =
        modules.into_iter().flat_map(|(module, names)| names.iter().map(move |name| format!("{module}::{name}")));
    let tests: BTreeSet<String> =
        tests.chain(hostile_names::names().map(|name| format!("hostile_names::{name}"))).collect();
    let listed: BTreeSet<String> = named.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(listed.len(), named.len(), "a row twice");
    assert_eq!(listed, tests);
    assert!(tests.len() >= 25);
}
