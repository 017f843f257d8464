//! Payloads outlive the release that wrote them: each that was ever written must still be read.
//!
//! `worker/tests/payloads/<kind>.json` lists the payloads of a kind, the newest shape last. A kind
//! that is added gets a file; a field that is added gets a line, and the old lines stay.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/payloads"))
}

#[test]
fn every_kind_reads_all_payloads_that_were_ever_written_and_writes_the_last() {
    for kind in worker::registry().kinds() {
        let path = folder().join(format!("{}.json", kind.name));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|_| {
            panic!("{} has no payloads: write an example of one to {}", kind.name, path.display());
        });
        let payloads: Vec<Value> = serde_json::from_str(&text).expect("a list of payloads");
        for payload in &payloads {
            let read = (kind.reread)(payload.clone());
            assert!(read.is_ok(), "{} cannot read {payload} any more: {read:?}", kind.name);
        }
        let newest = payloads.last().expect("at least one payload");
        let written = (kind.reread)(newest.clone()).expect("read");
        assert_eq!(written, *newest, "{} writes another payload than its last: add a line for it", kind.name);
    }
}

#[test]
fn no_kind_was_taken_away_while_its_jobs_may_wait() {
    let known: BTreeSet<String> = worker::registry().kinds().map(|kind| kind.name.to_owned()).collect();
    for file in std::fs::read_dir(folder()).expect("the payloads") {
        let name = file.expect("a file").file_name().to_string_lossy().replace(".json", "");
        assert!(known.contains(&name), "jobs of {name} are dead on arrival: a kind goes a release after its cause");
    }
}
