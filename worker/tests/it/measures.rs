//! What the worker's binary measures is what is said that it measures.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use shared::jobs::enqueue;
use shared::telemetry::measures::{Kind, Program, of};
use shared::testing::{TestDb, make, series_at_zero};
use worker::rehearsal::Mail;

use crate::process::{Worker, until};

/// The names and kinds that are exported, and the names of all labels.
fn read(text: &str) -> (BTreeMap<String, String>, BTreeSet<String>) {
    let kinds = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let labels = text
        .lines()
        .filter_map(|line| Some(line.split_once('{')?.1.split_once('}')?.0))
        .flat_map(|labels| labels.split(','))
        .filter_map(|label| Some(label.split_once('=')?.0.to_owned()));
    (kinds.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect(), labels.collect())
}

/// What follows a name in the example of scaling.
fn of_example<'a>(manifest: &'a str, name: &str) -> Vec<&'a str> {
    let lines = manifest.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix(name));
    lines.map(|rest| rest.trim().trim_matches('"')).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_scaling_starts_a_worker_as_it_wants_to_be_and_asks_what_it_answers() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/keda/worker.yaml");
    let manifest = std::fs::read_to_string(manifest).expect("the example");
    let [command] = of_example(&manifest, "command:")[..] else { panic!("one container") };
    let command: Vec<&str> = command.trim_matches(['[', ']']).split(", ").collect();
    let ["worker", arguments @ ..] = &command[..] else { panic!("{command:?} is no worker") };
    let [grace] = of_example(&manifest, "terminationGracePeriodSeconds:")[..] else { panic!("how long it may take") };
    let drain = arguments.last().and_then(|drain| drain.strip_suffix('s')).expect("a drain");
    assert!(drain.parse::<u32>().expect("seconds") + 10 <= grace.parse().expect("seconds"), "killed while it drains");
    let queue = arguments.get(1).and_then(|queues| queues.split_once('=')).expect("a queue").0;
    for label in manifest.lines().filter_map(|line| line.split_once("queue: ")) {
        assert!(label.1.starts_with(queue), "{label:?}");
    }

    let db = TestDb::lease().await;
    let worker = Worker::start(&db, arguments, &[]);
    let listen = worker.internal();
    let ask = async |path: &str| match reqwest::get(format!("http://{listen}{path}")).await {
        Ok(answer) if answer.status() == 200 => Some(answer.text().await.unwrap_or_default()),
        _ => None,
    };
    let probes = of_example(&manifest, "httpGet: { path: ");
    assert_eq!(probes.len(), 2);
    for probe in probes {
        let path = probe.split(',').next().expect("a path");
        until("the probe is answered", async || ask(path).await.is_some()).await;
    }
    let [url] = of_example(&manifest, "url:")[..] else { panic!("one trigger") };
    let path = url.strip_prefix("http://api-internal:9100").expect("the API's internal port, which has the same");
    assert!(path.ends_with(queue), "{path}");
    let figure: serde_json::Value = serde_json::from_str(&ask(path).await.expect("a figure")).expect("JSON");
    let [location] = of_example(&manifest, "valueLocation:")[..] else { panic!("where the figure is") };
    assert!(figure[location].is_number(), "{figure} has no {location}");
    let served = ask("/metrics").await.unwrap_or_default();
    assert!(served.contains(&format!("queue_promise_seconds{{queue=\"{queue}\"}}")), "{served}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_wakes_people_is_there_at_zero_before_anything_happens() {
    let db = TestDb::lease().await;
    let worker = Worker::start(&db, &[], &[]);
    let address = format!("http://{}/metrics", worker.internal());
    let mut first = String::new();
    until("it is scraped", async || match reqwest::get(&address).await {
        Ok(answer) => {
            first = answer.text().await.unwrap_or_default();
            !first.is_empty()
        }
        Err(_) => false,
    })
    .await;
    let missing: Vec<String> =
        series_at_zero(Program::Worker).filter(|line| !first.lines().any(|found| found == line)).collect();
    assert_eq!(missing, Vec::<String>::new(), "{first}");
    for kind in shared::kinds::ALL {
        for labels in ["outcome=\"dead\"", "turn=\"first\"", "turn=\"repeat\""] {
            let series = format!("{{kind=\"{}\",{labels}}} 0", kind.name);
            assert!(first.contains(&series), "{series} is not there: {first}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_binary_exports_what_is_listed_and_nothing_else() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    let worker = Worker::start(&db, &[], &[("EMAIL_HOST", "127.0.0.1"), ("EMAIL_PORT", "1")]);
    let listen = worker.internal();
    // An effect that fails has begun, and a schedule that is due fires.
    enqueue(&mut *db.tenant(tenant).await, &Mail { tenant, number: 1, pause_ms: 0 }).await.expect("asked");
    until("the schedules are written", async || {
        !db.texts("update job_schedules set next_run_at = now() returning '' as text").await.is_empty()
    })
    .await;
    let scrape = async || match reqwest::get(format!("http://{listen}/metrics")).await {
        Ok(answer) => answer.text().await.unwrap_or_default(),
        Err(_) => String::new(),
    };
    let missing = async || {
        let (exported, _) = read(&scrape().await);
        of(Program::Worker).map(|measure| measure.name).filter(|name| !exported.contains_key(*name)).collect::<Vec<_>>()
    };
    until("everything is exported", async || missing().await.is_empty()).await;

    let (exported, labels) = read(&scrape().await);
    for (name, kind) in &exported {
        let measure = of(Program::Worker).find(|measure| measure.name == name);
        let measure = measure.unwrap_or_else(|| panic!("{name} is not in the list of what is measured"));
        let said = match measure.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        assert_eq!(kind, said, "{name}");
    }
    let known: BTreeSet<String> = of(Program::Worker)
        .flat_map(|measure| measure.labels)
        .map(|label| (*label).to_owned())
        .chain(["le".to_owned()])
        .collect();
    assert!(labels.is_subset(&known), "{labels:?}");

    let figure = reqwest::get(format!("http://{listen}/internal/scale/within_1m")).await.expect("an answer");
    let figure: serde_json::Value = serde_json::from_str(&figure.text().await.expect("a text")).expect("JSON");
    assert!(figure["value"].is_number() && figure["ready"].is_number() && figure["running"].is_number(), "{figure}");
    let unknown = reqwest::get(format!("http://{listen}/internal/scale/bulk")).await.expect("an answer");
    assert_eq!(unknown.status(), 404);
}
