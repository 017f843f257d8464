//! What stands in `deploy/` speaks of what is measured, and the handbook of every alert.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use shared::telemetry::measures::{Kind, MEASURES};

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Everything that looks like the name of a measure.
fn named(text: &str) -> BTreeSet<String> {
    const BEGINNINGS: [&str; 10] =
        ["http_", "live_", "db_", "relay_", "job_", "jobs_", "queue_", "queues_", "schedule_", "transport_"];
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words
        .filter(|word| BEGINNINGS.iter().any(|start| word.starts_with(start)) || word.starts_with("outbound_"))
        .map(str::to_owned)
        .collect()
}

/// Every name under which Prometheus finds something.
fn exported() -> BTreeSet<String> {
    let names = MEASURES.iter().flat_map(|measure| match measure.kind {
        Kind::Histogram(_) => ["_bucket", "_sum", "_count"].map(|part| format!("{}{part}", measure.name)).to_vec(),
        Kind::Counter | Kind::Gauge => vec![measure.name.to_owned()],
    });
    names.collect()
}

#[test]
fn dashboards_and_alerts_speak_only_of_what_is_measured() {
    let exported = exported();
    for path in ["deploy/grafana/lms.json", "deploy/prometheus/rules.yml", "deploy/prometheus/rules_test.yml"] {
        let named = named(&read(path));
        assert!(named.len() > 10, "{path} names only {named:?}");
        let unknown: Vec<_> = named.difference(&exported).collect();
        assert!(unknown.is_empty(), "{path} speaks of {unknown:?}, which nobody measures");
    }
}

#[test]
fn the_figure_for_an_autoscaler_is_made_of_what_is_measured() {
    let named = named(&read("deploy/keda/README.md"));
    assert_eq!(named.len(), 2, "{named:?}");
    assert!(named.is_subset(&exported()), "{named:?}");
}

/// What stands between each `begin` and the next `end`.
fn between<'a>(text: &'a str, begin: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(begin).skip(1).filter_map(move |rest| Some(rest.split_once(end)?.0))
}

#[test]
fn dashboards_and_alerts_tell_apart_only_by_labels_that_there_are() {
    // Prometheus adds these of its own.
    let mut known = BTreeSet::from(["le", "instance", "job"]);
    known.extend(MEASURES.iter().flat_map(|measure| measure.labels));
    for path in ["deploy/grafana/lms.json", "deploy/prometheus/rules.yml", "deploy/keda/README.md"] {
        let text = read(path);
        let grouped = between(&text, "by (", ")").flat_map(|labels| labels.split(','));
        let shown = between(&text, "{{", "}}").filter(|shown| !shown.contains("$value"));
        let filtered = between(&text, "{", "}").filter(|inside| inside.contains('=') && !inside.contains('{'));
        let filtered = filtered.flat_map(|inside| inside.split(',')).filter_map(|one| one.split_once(['=', '!']));
        let labels: BTreeSet<&str> = grouped
            .chain(shown)
            .chain(filtered.map(|(label, _)| label))
            .map(|label| label.trim().trim_start_matches("$labels."))
            .filter(|label| label.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
            .collect();
        assert!(labels.contains("queue"), "{path}: {labels:?}");
        let unknown: Vec<_> = labels.difference(&known).collect();
        assert!(unknown.is_empty(), "{path} tells apart by {unknown:?}, which nothing measured has");
    }
}

#[test]
fn everything_that_is_measured_stands_on_the_dashboard() {
    let dashboard = named(&read("deploy/grafana/lms.json"));
    for measure in MEASURES {
        assert!(dashboard.iter().any(|name| name.starts_with(measure.name)), "{} is not shown", measure.name);
    }
}

#[test]
fn the_handbook_tells_of_every_alert_what_to_do() {
    let rules = read("deploy/prometheus/rules.yml");
    let handbook = read("docs/operations.md");
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 10, "{alerts:?}");
    for alert in alerts {
        assert!(handbook.lines().any(|line| line == format!("### {alert}")), "docs/operations.md has no ### {alert}");
        assert!(rules.contains(&format!("docs/operations.md#{}", alert.to_lowercase())), "{alert} names no runbook");
    }
}

#[test]
fn the_alerts_do_what_their_examples_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/prometheus");
    let run = Command::new("promtool").args(["test", "rules", "rules_test.yml"]).current_dir(folder).output();
    let output = run.unwrap_or_else(|error| {
        panic!("promtool cannot be run ({error}): `./lms test` installs it; in Debian it is in the package prometheus")
    });
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}
