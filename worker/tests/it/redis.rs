//! The whole road: a row, the relay, Redis, a worker, the outcome.
//!
//! The release's own binary, started as it would be; a namespace in Redis for each test.

use serde_json::json;
use shared::db::Scope;
use shared::ids::TenantId;
use shared::jobs::{Job, JobState, enqueue, enqueue_many, operate};
use shared::testing::TestDb;
use worker::rehearsal::{Nothing, Order, Sleep};

use crate::process::{Worker, until};
use crate::support::{count, show};

async fn states(db: &TestDb, kind: &str) -> std::collections::BTreeMap<String, usize> {
    let filter = operate::Filter { kind: Some(kind.to_owned()), ..operate::Filter::default() };
    let mut conn = db.pool.get(Scope::Relay).await.expect("a connection");
    let mut states = std::collections::BTreeMap::new();
    for row in operate::list(&mut conn, &filter, 100_000).await.expect("rows") {
        *states.entry(row.state.to_string()).or_insert(0) += 1;
    }
    states
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_goes_through_redis_and_is_run_once() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let _worker = Worker::start(&db, &["--queues", "within_5s=4,within_1m=4"], &[]);
    let job = Order { tenant, number: 1, pause_ms: 0 };
    let id = enqueue(&mut *db.tenant(tenant).await, &job).await.expect("enqueued").id();
    until("the job is done", async || show(&db, id).await.0.state == JobState::Succeeded).await;
    assert_eq!(count(&db, "rehearsal.mark").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_told_to_stop_lets_short_jobs_end_and_gives_long_ones_back() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let mut conn = db.tenant(tenant).await;
    let short = enqueue(&mut conn, &Sleep { tenant, milliseconds: 6_000 }).await.expect("enqueued").id();
    let long = enqueue(&mut conn, &Sleep { tenant, milliseconds: 29_000 }).await.expect("enqueued").id();
    drop(conn);
    let mut worker = Worker::start(&db, &["--queues", "within_1m=4", "--drain", "15s"], &[]);
    until("both run", async || states(&db, "rehearsal.sleep").await.get("running") == Some(&2)).await;
    let told = std::time::Instant::now();
    worker.terminate();
    assert!(worker.wait().await.success(), "it did not end well");
    // Fifteen to drain; the long one has nearly twice that.
    assert!(told.elapsed() < std::time::Duration::from_secs(24), "it took {:?}", told.elapsed());
    assert_eq!(show(&db, short).await.0.state, JobState::Succeeded);
    let row = show(&db, long).await.0;
    assert_eq!((row.state, row.attempt, row.error_class.as_deref()), (JobState::Available, 0, Some("released")));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_jobs_run_straight_from_the_database() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let jobs: Vec<Nothing> = (0..40).map(|_| Nothing { tenant }).collect();
    enqueue_many(&mut *db.tenant(tenant).await, &jobs).await.expect("enqueued");
    let _worker = Worker::start(&db, &["--queues", "within_1m=4"], &[("REDIS_URL", "redis://127.0.0.1:1")]);
    until("all are done", async || states(&db, Nothing::NAME).await.get("succeeded") == Some(&40)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_that_is_cancelled_stops() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let job = Sleep { tenant, milliseconds: 29_000 };
    let id = enqueue(&mut *db.tenant(tenant).await, &job).await.expect("enqueued").id();
    let _worker = Worker::start(&db, &["--queues", "within_1m=4"], &[]);
    until("it runs", async || show(&db, id).await.0.state == JobState::Running).await;
    operate::cancel(&mut *db.relay().await, id).await.expect("asked");
    until("it has stopped", async || show(&db, id).await.0.state == JobState::Cancelled).await;
}

#[test]
fn an_unknown_queue_is_refused() {
    let output = Worker::command(&["--queues", "within_5m=2"]).output().expect("started");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("within_5m") && said.contains("within_1m"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_queues_and_jobs() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let id = enqueue(&mut *db.tenant(tenant).await, &Nothing { tenant }).await.expect("enqueued").id();
    let ask = |arguments: &[&str]| {
        let output = Worker::command(arguments).env("DATABASE_URL", &db.url).output().expect("started");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let queues: serde_json::Value = serde_json::from_str(&ask(&["queues", "ls", "--json"])).expect("JSON");
    assert_eq!(queues[1]["queue"], json!("within_1m"));
    assert_eq!(queues[1]["ready"], json!(1));
    assert!(ask(&["jobs", "ls"]).contains(&id.to_string()));
    assert!(ask(&["jobs", "show", &id.to_string()]).contains("rehearsal.nothing"));
    assert!(ask(&["queues", "pause", "within_1m"]).contains("held"));
    assert!(ask(&["queues", "ls"]).contains("held"));
    assert!(ask(&["queues", "resume", "within_1m"]).contains("goes on"));
    assert!(ask(&["jobs", "cancel", &id.to_string()]).contains("cancelled"));
    assert!(ask(&["schedules", "ls", "--json"]).starts_with('['));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_benchmark_measures_what_was_done() {
    let db = TestDb::lease().await;
    let _worker = Worker::start(&db, &["--queues", "within_5s=4,within_1m=8"], &[]);
    let measure = |arguments: &[&str]| -> serde_json::Value {
        let output = Worker::command(arguments).env("DATABASE_URL", &db.url).output().expect("started");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let through = measure(&["bench", "throughput", "--jobs", "300", "--tenants", "3"]);
    assert_eq!(through["succeeded"], json!(300));
    assert!(through["jobs_per_second"].as_f64().is_some_and(|rate| rate > 1.0), "{through}");
    let idle = measure(&["bench", "latency", "--jobs", "20", "--pause", "20"]);
    assert_eq!(idle["succeeded"], json!(20));
    // Figures are for release builds on a quiet machine; this only says that nobody waits for a poll of seconds.
    assert!(idle["start_p50_ms"].as_f64().is_some_and(|p50| p50 < 1_000.0), "{idle}");
}

#[test]
fn the_benchmark_does_not_fill_the_queues_of_production() {
    let output = Worker::command(&["bench", "latency"]).env("LMS_ENV", "production").output().expect("started");
    assert!(!output.status.success());
}
