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

/// What is no id and stands in a payload all the same, each with its reason.
const NO_IDS: [(&str, &str, &str); 1] = [(
    "certificates.discard_page",
    "file_key",
    "no row knows the page any more: its place in the store, made of ids and a hash, is all that is left of it",
)];

/// Every single value of a payload, with the field that it stands in.
fn values(field: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(field, value)| values(field, value, found)),
        Value::Array(all) => all.iter().for_each(|value| values(field, value, found)),
        single => found.push((field.to_owned(), single.clone())),
    }
}

fn is_id_or_instant(value: &Value) -> bool {
    value.as_str().is_none_or(|text| {
        uuid::Uuid::parse_str(text).is_ok()
            || chrono::DateTime::parse_from_rfc3339(text).is_ok()
            || chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
    })
}

/// Jobs are kept for days and shown to operators, and what they tell of changes before they run.
#[test]
fn what_is_written_into_a_payload_are_ids_instants_and_numbers() {
    for kind in worker::registry().kinds() {
        let text = std::fs::read_to_string(folder().join(format!("{}.json", kind.name))).expect("payloads");
        let payloads: Vec<Value> = serde_json::from_str(&text).expect("a list of payloads");
        for payload in payloads {
            // What older releases have written is over; what this one makes of it is not.
            let written = (kind.reread)(payload).expect("read");
            let mut found = Vec::new();
            values("", &written, &mut found);
            for (field, value) in found {
                let is_excused = NO_IDS.iter().any(|(name, excused, _)| *name == kind.name && *excused == field);
                assert!(is_excused || is_id_or_instant(&value), "{}: {field} is {value}", kind.name);
            }
        }
    }
}

/// The examples above may be well chosen. Here the types answer: each field is given a text.
#[test]
fn no_field_of_a_payload_has_room_for_words() {
    const WORDS: &str = "somebody@example.org";
    let mut excused = BTreeSet::new();
    for kind in worker::registry().kinds() {
        let text = std::fs::read_to_string(folder().join(format!("{}.json", kind.name))).expect("payloads");
        let payloads: Vec<Value> = serde_json::from_str(&text).expect("a list of payloads");
        let newest = payloads.last().and_then(Value::as_object).expect("an object");
        for field in newest.keys() {
            let mut payload = newest.clone();
            payload.insert(field.clone(), Value::from(WORDS));
            if (kind.reread)(Value::Object(payload)).is_ok() {
                excused.insert((kind.name, field.clone()));
            }
        }
    }
    let expected: BTreeSet<_> = NO_IDS.iter().map(|(kind, field, _)| (*kind, (*field).to_owned())).collect();
    assert_eq!(excused, expected, "words fit into these");
}

#[test]
fn no_kind_was_taken_away_while_its_jobs_may_wait() {
    let known: BTreeSet<String> = worker::registry().kinds().map(|kind| kind.name.to_owned()).collect();
    for file in std::fs::read_dir(folder()).expect("the payloads") {
        let name = file.expect("a file").file_name().to_string_lossy().replace(".json", "");
        assert!(known.contains(&name), "jobs of {name} are dead on arrival: a kind goes a release after its cause");
    }
}
