//! What the worker's binary measures is what is said that it measures.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;

use shared::jobs::enqueue;
use shared::telemetry::measures::{Kind, Program, of};
use shared::testing::{TestDb, make};
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

#[tokio::test(flavor = "multi_thread")]
async fn the_binary_exports_what_is_listed_and_nothing_else() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let listen = format!("127.0.0.1:{port}");
    let more = [("WORKER_INTERNAL_LISTEN", listen.as_str()), ("EMAIL_HOST", "127.0.0.1"), ("EMAIL_PORT", "1")];
    let _worker = Worker::start(&db, &[], &more);
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
