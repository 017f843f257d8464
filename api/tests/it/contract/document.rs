//! The OpenAPI document: true, whole and readable.

use std::collections::BTreeSet;

use api::openapi;

use super::operations::operations;

#[test]
fn the_committed_document_is_true() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.json");
    let written = format!("{}\n", openapi::document().to_pretty_json().expect("JSON"));
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(path, &written).expect("written");
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == written, "openapi.json is not what the API says: run ./lms accept and read the difference");
}

#[test]
fn every_operation_is_described_and_says_how_it_fails() {
    let mut ids = BTreeSet::new();
    for operation in operations() {
        assert!(operation.has_description, "{operation} says nothing of itself");
        assert!(ids.insert(operation.id.clone()), "{operation}: the id {} is taken", operation.id);
        assert!(
            operation.answers.iter().any(|status| status.starts_with('2') || status.starts_with('3')),
            "{operation}"
        );
        let mut wanted = vec!["400", "429", "500", "503"];
        if !operation.is_open {
            wanted.extend(["401", "403"]);
        }
        if operation.path.contains('{') {
            wanted.push("404");
        }
        for status in wanted {
            assert!(operation.answers.iter().any(|answer| answer == status), "{operation} does not speak of {status}");
        }
    }
}
