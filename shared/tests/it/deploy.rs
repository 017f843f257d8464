//! What stands in `deploy/` speaks of what is measured, and the handbook of every alert; what runs the
//! programs elsewhere tells them what they read.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use shared::kinds;
use shared::telemetry::measures::{Kind, MEASURES, Measure};
use shared::testing::deployment::{blocks, read, variables_of_the_example, words};

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

/// The measure to which a series of Prometheus belongs.
fn measure_of(series: &str) -> &'static Measure {
    let base = ["_bucket", "_sum", "_count"].iter().find_map(|part| series.strip_suffix(*part)).unwrap_or(series);
    let named = |name: &str| MEASURES.iter().find(|measure| measure.name == name);
    named(series).or_else(|| named(base)).unwrap_or_else(|| panic!("nobody measures {series}"))
}

/// An alert that was tried out on a zero which nobody exports is an alert that sleeps through the
/// first event.
#[test]
fn the_examples_of_alerts_begin_with_what_the_programs_export_before_anything_happens() {
    let examples = read("deploy/prometheus/rules_test.yml");
    let mut begun = 0;
    for line in examples.lines().filter_map(|line| line.trim().strip_prefix("- { series: '")) {
        let (series, values) = line.split_once("', values: \"").expect("a series and its values");
        let (name, labels) = series.trim_end_matches('}').split_once('{').unwrap_or((series, ""));
        let measure = measure_of(name);
        if measure.kind == Kind::Gauge || !values.starts_with('0') {
            continue;
        }
        let labels: BTreeSet<(&str, &str)> = labels
            .split(", ")
            .filter_map(|label| label.split_once('='))
            .map(|(label, value)| (label, value.trim_matches('"')))
            .filter(|(label, _)| !["instance", "le"].contains(label))
            .collect();
        let is_begun = measure.begun().into_iter().any(|known| known.into_iter().collect::<BTreeSet<_>>() == labels);
        assert!(is_begun, "{series} is not there at zero before its first event");
        begun += 1;
    }
    assert!(begun > 10, "{begun} examples begin with zero");
}

#[test]
fn the_alert_for_account_mails_is_for_all_mails_of_accounts_and_for_nothing_else() {
    let rules = read("deploy/prometheus/rules.yml");
    let (_, kinds) = rules.split_once("kind=~\"").expect("kinds in an alert");
    let kinds = kinds.split('"').next().unwrap_or_default().replace("\\\\.", ".");
    let woken: BTreeSet<&str> = kinds.split('|').collect();
    let mails: BTreeSet<&str> = kinds::ALL
        .iter()
        .filter(|kind| kind.name.starts_with("users.") && kind.provider == Some("smtp"))
        .map(|kind| kind.name)
        .collect();
    assert_eq!(woken, mails);
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

/// Read by a library, and by no `Env`.
const READ_BY_LIBRARIES: [&str; 1] = ["RUST_LOG"];

#[test]
fn the_example_of_an_environment_lists_nothing_twice_and_nothing_that_nobody_reads() {
    let listed = variables_of_the_example();
    assert!(listed.len() > 30, "{listed:?}");
    let mut seen = BTreeSet::new();
    let twice: Vec<&String> = listed.iter().filter(|name| !seen.insert(*name)).collect();
    assert!(twice.is_empty(), "{twice:?} stand there twice");

    let sources: Vec<String> =
        ["shared/src", "api/src", "worker/src"].iter().flat_map(|folder| sources(folder)).collect();
    let is_read = |name: &String| {
        let literal = format!("\"{name}\"");
        sources
            .iter()
            .flat_map(|text| text.lines())
            .any(|line| !line.trim().starts_with("//") && line.contains(&literal))
    };
    let unread: Vec<&String> =
        listed.iter().filter(|name| !READ_BY_LIBRARIES.contains(&name.as_str()) && !is_read(name)).collect();
    assert!(unread.is_empty(), "nobody reads {unread:?}");
}

fn sources(folder: &str) -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(std::fs::read_to_string(&path).expect("a text"));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder), &mut found);
    found
}

#[test]
fn containers_are_told_only_what_the_programs_read() {
    let compose = blocks("docker-compose.yml");
    let listed = variables_of_the_example();
    for service in ["api", "worker", "migrate"] {
        let of_service = format!("services.{service}.environment.");
        let told: Vec<&str> = compose.keys().filter_map(|key| key.strip_prefix(&of_service)).collect();
        assert!(told.contains(&"DATABASE_URL") && told.len() > 10, "{service} is told {told:?}");
        let unread: Vec<_> = told.iter().filter(|name| !listed.iter().any(|known| known == *name)).collect();
        assert!(unread.is_empty(), "{service} is told {unread:?}, which nobody reads");
    }
}

#[test]
fn containers_start_after_the_migration_say_how_they_are_and_may_do_little() {
    let compose = blocks("docker-compose.yml");
    let said = |path: String| compose.get(&path).map_or("", String::as_str);
    assert_eq!(words(said("services.migrate.command".to_owned())), ["api", "migrate"]);
    for service in ["api", "worker"] {
        let after = said(format!("services.{service}.depends_on.migrate"));
        assert!(after.contains("service_completed_successfully"), "{service} starts with migrate {after:?}");
    }
    for service in ["api", "worker", "postgres", "redis", "minio", "mailpit"] {
        assert!(
            !words(said(format!("services.{service}.healthcheck.test"))).is_empty(),
            "{service} has no health check"
        );
    }
    for service in ["api", "worker", "migrate"] {
        assert_eq!(said(format!("services.{service}.read_only")), "true", "{service}");
        assert_eq!(words(said(format!("services.{service}.cap_drop"))), ["ALL"], "{service}");
        assert_eq!(said(format!("services.{service}.user")), "", "{service} has the image's user");
    }
    let image = read("Dockerfile");
    let user = image.lines().filter_map(|line| line.strip_prefix("USER ")).next_back().expect("a user");
    assert!(user.split(':').all(|id| id.parse::<u32>().is_ok_and(|id| id > 0)), "{user} may be root");
}

#[test]
fn operators_reach_the_internal_ports_of_containers_and_the_world_does_not() {
    let compose = blocks("docker-compose.yml");
    for (service, variable, port) in
        [("api", "API_INTERNAL_LISTEN", "9100"), ("worker", "WORKER_INTERNAL_LISTEN", "9101")]
    {
        assert_eq!(compose[&format!("services.{service}.environment.{variable}")], format!("0.0.0.0:{port}"));
        let ports = words(&compose[&format!("services.{service}.ports")]);
        let published = ports.iter().find(|published| published.ends_with(&format!(":{port}"))).expect("published");
        let is_range = published.contains('-');
        assert_eq!(is_range, service == "worker", "{published}: a second worker finds its port taken");
    }
    for (path, ports) in compose.iter().filter(|(path, _)| path.ends_with(".ports")) {
        assert!(words(ports).iter().all(|port| port.starts_with("127.0.0.1:")), "{path} is open to all: {ports}");
    }
}
