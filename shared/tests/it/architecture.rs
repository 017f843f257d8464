//! The house's rules, held by reading the source.

use std::fs;
use std::path::{Path, PathBuf};

/// The domains, in the order in which they may use each other: each those before it.
const DOMAINS: [&str; 12] = [
    "events",
    "tenants",
    "users",
    "federation",
    "files",
    "courses",
    "enrollments",
    "certificates",
    "discussions",
    "notifications",
    "analytics",
    "dashboards",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file under a folder of the repository.
fn sources(folder: &str) -> Vec<(String, String)> {
    files(folder, &["rs"])
}

/// Every file of these kinds under a folder of the repository.
fn files(folder: &str, kinds: &[&str]) -> Vec<(String, String)> {
    fn walk(folder: &Path, kinds: &[&str], found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, kinds, found);
            } else if kinds.iter().any(|kind| path.extension().is_some_and(|extension| extension == *kind)) {
                found.push(path);
            }
        }
    }
    let root = root();
    let mut found = Vec::new();
    walk(&root.join(folder), kinds, &mut found);
    found.sort();
    found
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("a source file"))
        })
        .collect()
}

fn all_sources() -> Vec<(String, String)> {
    ["shared", "api", "worker", "devtools"].into_iter().flat_map(sources).collect()
}

#[test]
fn a_domain_uses_only_those_before_it() {
    for (name, text) in sources("shared/src") {
        let Some(position) = DOMAINS.iter().position(|domain| name.starts_with(&format!("shared/src/{domain}/")))
        else {
            continue;
        };
        for later in &DOMAINS[position + 1..] {
            assert!(!text.contains(&format!("crate::{later}::")), "{name} uses {later}, which comes after it");
        }
    }
}

#[test]
fn postgresql_is_never_asked_for_a_zone_of_somebodys() {
    // Its list of zones is another one than ours, and a name that it does not know is an error.
    for (name, text) in files("shared/src", &["rs", "sql"]) {
        let text = text.to_lowercase();
        for (at, phrase) in text.match_indices("at time zone ") {
            let zone = &text[at + phrase.len()..];
            assert!(zone.starts_with("'utc'"), "{name} has `at time zone {}`", zone.lines().next().unwrap_or_default());
        }
    }
}

#[test]
fn no_query_is_written_outside_of_shared() {
    for crate_name in ["api", "worker"] {
        let manifest = fs::read_to_string(root().join(crate_name).join("Cargo.toml")).expect("a manifest");
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap_or_default();
        assert!(!dependencies.contains("diesel"), "{crate_name} depends on diesel");
        for (name, text) in sources(&format!("{crate_name}/src")) {
            assert!(!text.contains("diesel::"), "{name} speaks diesel");
        }
    }
}

#[test]
fn a_row_that_is_written_says_no_value_as_null() {
    // diesel would leave it to the column's default, and have the statement parsed anew each time.
    for (name, text) in sources("shared/src") {
        for (_, behind) in text
            .split("#[derive(")
            .filter_map(|part| part.split_once(")]"))
            .filter(|(derived, _)| derived.contains("Insertable"))
        {
            let row = behind.split("\n}").next().unwrap_or_default();
            let says = row.contains("treat_none_as_default_value = false");
            assert!(says || !row.contains("Option<"), "{name}: a row leaves what it does not have to a default:{row}");
        }
    }
}

#[test]
fn shared_knows_neither_the_wire_nor_the_workers() {
    let manifest = fs::read_to_string(root().join("shared/Cargo.toml")).expect("a manifest");
    for line in manifest.lines() {
        assert!(!line.starts_with("axum") && !line.starts_with("apalis.") && !line.starts_with("lettre"), "{line}");
    }
}

#[test]
fn no_file_is_longer_than_anybody_reads() {
    let mut long = Vec::new();
    for (name, text) in all_sources() {
        let lines = text.lines().count();
        if lines > 600 && !name.ends_with("db/schema.rs") {
            long.push(format!("{name}: {lines}"));
        }
    }
    assert_eq!(long, Vec::<String>::new());
}

#[test]
fn everything_has_a_name_of_its_own() {
    const NAMELESS: [&str; 8] = ["utils", "util", "helpers", "common", "misc", "types", "manager", "service"];
    for (name, _) in all_sources() {
        for part in &Path::new(&name).with_extension("") {
            let part = part.to_string_lossy();
            assert!(!NAMELESS.contains(&part.as_ref()), "{name}: `{part}` says nothing");
        }
    }
}

/// What a pause in a test may be, and says that it is. Processes that are not ours to wake (a killed
/// server, a lease that must run out) are waited for by asking them in turn; and what is done to a
/// running system, a fault or a load, takes time. None of them waits for a result and hopes.
const PAUSES: [&str; 3] = ["// between two questions", "// how long the fault lasts", "// the pace of the load"];

#[test]
fn no_test_sleeps() {
    let tests =
        all_sources().into_iter().filter(|(name, _)| name.contains("/tests/") && !name.ends_with("architecture.rs"));
    for (name, text) in tests {
        for line in text.lines().filter(|line| line.contains("sleep(") && !line.trim_start().starts_with("//")) {
            assert!(PAUSES.iter().any(|pause| line.ends_with(pause)), "{name}: {}", line.trim());
        }
    }
}
