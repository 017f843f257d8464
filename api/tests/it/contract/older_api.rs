//! `docs/older-api.md` tells whoever comes from the older API where to go: to operations that exist.

use std::collections::BTreeSet;

use super::operations::operations;

const MAP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/older-api.md");

#[test]
fn every_address_of_the_older_api_leads_to_an_operation_or_says_why_not() {
    let known: BTreeSet<String> = operations().iter().map(ToString::to_string).collect();
    let map = std::fs::read_to_string(MAP).expect("the map");
    let rows: Vec<Vec<&str>> = map
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| There "))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert!(rows.len() > 80, "only {} rows were read", rows.len());
    for row in rows {
        let [there, here, note] = row.try_into().unwrap_or_else(|row| panic!("not three columns: {row:?}"));
        let named: Vec<String> = here.split('`').skip(1).step_by(2).flat_map(operations_of).collect();
        assert!(!named.is_empty() || (here == "left out" && !note.is_empty()), "{there} leads nowhere");
        for operation in named {
            assert!(known.contains(&operation), "{there} leads to {operation}, which is not there");
        }
    }
}

/// `GET PATCH /api/users/{user}/` is two operations.
fn operations_of(text: &str) -> Vec<String> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let path = words.pop().expect("an address");
    words.into_iter().map(|method| format!("{method} {path}")).collect()
}
