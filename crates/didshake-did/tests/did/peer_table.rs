//! The table of attacks on did:peer in `spec/resolution.md` against the vectors and the tests that it names.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

const PAGE: &str = include_str!("../../../../spec/resolution.md");
const TESTS: &str = include_str!("did_peer.rs");

/// Fault and holders of each row.
fn rows() -> Vec<(String, Vec<String>)> {
    let table = PAGE.split_once("<!-- attacks of did:peer -->").unwrap().1;
    let table = table.split_once("<!-- end of attacks of did:peer -->").unwrap().0;
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let row = |line: &str| {
        let cells = cells(line);
        let [_, fault, holders] = cells.as_slice() else { panic!("{line}") };
        let names = holders.split(", ").map(|name| name.trim_matches('`').to_owned()).collect();
        (fault.trim_matches('`').to_owned(), names)
    };
    table.trim().lines().skip(2).map(row).collect()
}

#[test]
fn each_attack_has_the_outcome_that_the_page_says() {
    let index = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/index.json");
    let index: Value = serde_json::from_slice(&std::fs::read(index).unwrap()).unwrap();
    let of_peer = |id: &&str| id.starts_with("n-peer-");
    let text = |vector: &Value, name: &str| vector[name].as_str().map(str::to_owned);
    let mut vectors: BTreeMap<String, String> = index["vectors"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|vector| Some((text(vector, "id")?, text(vector, "error")?)))
        .filter(|(id, _)| of_peer(&id.as_str()))
        .collect();
    for (fault, holders) in rows() {
        for holder in holders {
            match holder.strip_prefix("did_peer::") {
                Some(test) => assert!(TESTS.contains(&format!("fn {test}()")), "there is no test {holder}"),
                None => assert_eq!(vectors.remove(&holder), Some(fault.clone()), "{holder}"),
            }
        }
    }
    assert!(vectors.is_empty(), "the page does not say: {vectors:?}");
}
