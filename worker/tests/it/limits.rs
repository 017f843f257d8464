//! How often a kind may start, and a provider be called.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use shared::ids::{JobId, TenantId};
use shared::jobs::limits::{self, Bucket, Declared, LimitRow, Turn, patience};
use shared::jobs::{Job, JobState, Queue, Rate, enqueue_many};
use shared::testing::TestDb;
use worker::context::Ctx;
use worker::drain::drain;
use worker::registry::{Outcome, Registry};
use worker::rehearsal::Ping;

use crate::process::{Worker, until};
use crate::support::{services, show};

/// Ten a minute, and two at once; a provider besides.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Call {
    tenant: TenantId,
}

impl Job for Call {
    const NAME: &'static str = "test.call";
    const QUEUE: Queue = Queue::Within1m;
    const RATE: Option<Rate> = Some(Rate::each_minute(10).burst(2));
    const PROVIDER: Option<&'static str> = Some("telephone");

    fn tenant(&self) -> TenantId {
        self.tenant
    }
}

async fn enqueued(db: &TestDb, tenant: TenantId, jobs: usize) {
    let jobs: Vec<Call> = (0..jobs).map(|_| Call { tenant }).collect();
    enqueue_many(&mut *db.tenant(tenant).await, &jobs).await.expect("enqueued");
}

fn bucket(name: &str, rate: Rate) -> Bucket {
    Bucket { name: name.to_owned(), rate }
}

async fn ask(db: &TestDb, job: JobId, buckets: &[Bucket]) -> Turn {
    limits::take(&mut *db.relay().await, job, buckets).await.expect("an answer")
}

/// A job that is there to be promised something.
async fn job(db: &TestDb, tenant: TenantId) -> JobId {
    shared::jobs::enqueue(&mut *db.tenant(tenant).await, &Call { tenant }).await.expect("enqueued").id()
}

fn registry() -> Registry {
    Registry::default().on(async |_: Ctx, _: Call| -> Outcome { Ok(()) })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_waits_without_an_attempt_and_asks_only_once_more() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    limits::sync(&mut *db.relay().await, &registry().limits()).await.expect("synced");
    enqueued(&db, tenant, 12).await;

    let runs = drain(&services(&db), registry, Utc::now()).await.expect("drained");
    let began = runs.iter().filter(|(_, outcome)| *outcome == "succeeded").count();
    let limited = runs.iter().filter(|(_, outcome)| *outcome == "limited").count();
    assert!((2..6).contains(&began), "{began} of twelve began at once");
    assert_eq!(began + limited, 12, "{runs:?}");

    let later = drain(&services(&db), registry, Utc::now() + TimeDelta::minutes(2)).await.expect("drained");
    assert_eq!(later.len(), limited, "somebody asked twice: {later:?}");
    assert!(later.iter().all(|(_, outcome)| *outcome == "succeeded"), "a promise was not kept: {later:?}");
    let histories = db.texts("select count(*)::text as text from job_attempts").await;
    assert_eq!(histories, ["0"], "waiting for a turn is nothing to write down");
    let attempts = db.texts("select distinct format('%s %s', attempt, deferrals) as text from jobs").await;
    assert_eq!(attempts, ["1 0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn promised_turns_are_as_far_apart_as_the_rate_says() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let rate = [bucket("kind:test.call", Rate::each_minute(6))];
    let mut waits = Vec::new();
    for _ in 0..6 {
        match ask(&db, job(&db, tenant).await, &rate).await {
            Turn::Now => waits.push(0.0),
            Turn::Promised(wait) => waits.push(wait.as_secs_f64()),
            Turn::AskAgain => panic!("so soon?"),
        }
    }
    for (number, wait) in waits.iter().enumerate() {
        let expected = f64::from(u32::try_from(number).expect("few")) * 10.0;
        // Whoever asks later waits for what is left.
        assert!((0.0..9.0).contains(&(expected - wait)), "turn {number} comes after {wait} s: {waits:?}");
    }
    assert!(waits.is_sorted(), "{waits:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_is_kept_once() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let rate = [bucket("kind:test.call", Rate::each_minute(1))];
    assert_eq!(ask(&db, job(&db, tenant).await, &rate).await, Turn::Now);
    let id = job(&db, tenant).await;
    assert!(matches!(ask(&db, id, &rate).await, Turn::Promised(_)));
    assert_eq!(ask(&db, id, &rate).await, Turn::Now, "come back, it is let through");
    assert_eq!(ask(&db, id, &rate).await, Turn::AskAgain, "its next attempt needs a turn of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_taken_of_all_buckets_or_of_none() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let (wide, narrow) = (bucket("provider:wide", Rate::each_second(100)), bucket("kind:narrow", Rate::each_minute(1)));
    let both = [wide.clone(), narrow.clone()];
    assert_eq!(ask(&db, job(&db, tenant).await, &both).await, Turn::Now);
    assert!(matches!(ask(&db, job(&db, tenant).await, &both).await, Turn::Promised(_)));
    for _ in 0..50 {
        assert_eq!(ask(&db, job(&db, tenant).await, &both).await, Turn::AskAgain);
    }
    // Fifty that were sent away have taken nothing of the wide one.
    let left = db.texts("select round(tokens)::text as text from job_buckets where bucket = 'provider:wide'").await;
    assert!(left[0].parse::<f64>().expect("a number") >= 97.0, "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_tenants_limit_does_not_hold_up_another() {
    let db = TestDb::lease().await;
    let row = LimitRow::new("kind:test.call".to_owned(), None, Some(Rate::each_minute(1)), None);
    limits::set(&mut *db.relay().await, &row).await.expect("set");
    for tenant in [TenantId::new(), TenantId::new()] {
        enqueued(&db, tenant, 3).await;
    }
    let runs = drain(&services(&db), registry, Utc::now()).await.expect("drained");
    assert_eq!(runs.iter().filter(|(_, outcome)| *outcome == "succeeded").count(), 2, "one of each: {runs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_providers_limit_holds_whatever_kind_calls_it() {
    let db = TestDb::lease().await;
    let row = LimitRow::new("provider:telephone".to_owned(), Some(Rate::each_minute(1)), None, None);
    limits::set(&mut *db.relay().await, &row).await.expect("set");
    enqueued(&db, TenantId::new(), 2).await;
    let runs = drain(&services(&db), registry, Utc::now()).await.expect("drained");
    assert_eq!(runs.iter().filter(|(_, outcome)| *outcome == "succeeded").count(), 1, "{runs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_finds_no_promise_comes_back_ever_more_seldom() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let starts = Arc::new(AtomicU32::new(0));
    let declared =
        Declared { kind: Call::NAME, rate: Some(Rate::each_minute(1)), tenant_rate: None, tenant_backlog: None };
    limits::sync(&mut *db.relay().await, &[declared]).await.expect("synced");
    enqueued(&db, tenant, 40).await;
    let counted = {
        let starts = starts.clone();
        move || {
            let starts = starts.clone();
            Registry::default().on(move |_: Ctx, _: Call| {
                starts.fetch_add(1, Ordering::SeqCst);
                async { Ok(()) }
            })
        }
    };
    drain(&services(&db), counted, Utc::now()).await.expect("drained");
    assert_eq!(starts.load(Ordering::SeqCst), 1);
    // One is promised the next minute; the others come back in half a minute or later, not at once.
    let soon = db
        .texts("select count(*)::text as text from jobs where state = 'available' and run_at < started_at + interval '20 seconds'")
        .await;
    assert_eq!(soon, ["0"], "somebody spins");
    // Jobs that have waited for half an hour come back in half an hour, more or less.
    db.owner().await.batch_execute("update jobs set created_at = now() - interval '30 minutes'").await.expect("aged");
    drain(&services(&db), registry, Utc::now() + TimeDelta::minutes(1)).await.expect("drained");
    let soon = db
        .texts("select count(*)::text as text from jobs where state = 'available' and run_at < started_at + interval '20 minutes'")
        .await;
    assert!(soon[0].parse::<u32>().expect("a number") <= 1, "{soon:?} of those that waited long ask soon again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_changes_the_limits_that_no_operator_has_changed() {
    let db = TestDb::lease().await;
    let mut relay = db.relay().await;
    let declared = |kind, starts| Declared {
        kind,
        rate: Some(Rate::each_second(starts)),
        tenant_rate: None,
        tenant_backlog: Some(100),
    };
    limits::sync(&mut relay, &[declared("a.a", 1), declared("b.b", 1), declared("c.c", 1)]).await.expect("synced");
    let theirs = limits::list(&mut relay).await.expect("limits")[1].clone();
    limits::set(&mut relay, &LimitRow { starts: Some(7), ..theirs }).await.expect("set");
    let next = [declared("a.a", 2), declared("b.b", 2)];
    let subjects = async || {
        let rows = limits::list(&mut *db.relay().await).await.expect("limits");
        rows.into_iter().map(|row| row.subject).collect::<Vec<_>>()
    };
    limits::sync(&mut relay, &next).await.expect("synced");
    assert_eq!(subjects().await, ["kind:a.a", "kind:b.b", "kind:c.c"], "the third may be another release's");
    let passed = "update job_limits set declared_at = declared_at - interval '11 minutes'";
    db.owner().await.batch_execute(passed).await.expect("passed");
    limits::keep(&mut relay, &next).await.expect("kept");
    let seen: Vec<_> = limits::list(&mut relay).await.expect("limits");
    let seen: Vec<_> = seen.iter().map(|row| (row.subject.as_str(), row.starts, row.is_edited)).collect();
    assert_eq!(seen, [("kind:a.a", Some(2), false), ("kind:b.b", Some(7), true)]);
    let senseless = LimitRow { starts: Some(0), ..limits::list(&mut relay).await.expect("limits")[0].clone() };
    assert!(limits::set(&mut relay, &senseless).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_limit_has_turned_away_has_not_started() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let row = LimitRow::new(format!("kind:{}", Ping::NAME), Some(Rate::each_minute(1)), None, None);
    limits::set(&mut *db.relay().await, &row).await.expect("set");
    let jobs: Vec<Ping> = (0..5).map(|_| Ping { tenant }).collect();
    enqueue_many(&mut *db.tenant(tenant).await, &jobs).await.expect("enqueued");
    // A queue for which nothing is asked by the clock.
    let worker = Worker::start(&db, &["--queues", "within_5s=4"], &[]);
    until("each has asked for its turn", async || worker.metric("job_attempts_total").await >= 5.0).await;
    let started = worker.metric("job_start_latency_seconds_count").await;
    assert!((1.0..2.0).contains(&started), "{started} starts of one are counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unlimited_kind_asks_nobody() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let id = job(&db, tenant).await;
    drain(&services(&db), registry, Utc::now()).await.expect("drained");
    assert_eq!(show(&db, id).await.0.state, JobState::Succeeded);
    assert!(db.texts("select bucket as text from job_buckets").await.is_empty());
}

proptest! {
    #[test]
    fn patience_grows_with_what_was_waited_within_its_bounds(seconds in 0_u64..100_000) {
        let drawn = patience(Duration::from_secs(seconds)).as_secs_f64();
        let base = f64::from(u32::try_from(seconds.clamp(30, 3_600)).expect("few"));
        prop_assert!(drawn >= base * 0.75 && drawn <= base * 1.25, "{drawn} after {seconds}");
    }
}
