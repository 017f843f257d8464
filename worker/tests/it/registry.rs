//! What a handler may answer, and what becomes of the job.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::db::Conn;
use shared::ids::{JobId, TenantId};
use shared::jobs::effects::{self, Happened};
use shared::jobs::{Job, JobOptions, JobState, Queue, enqueue, enqueue_with};
use shared::kinds;
use shared::testing::TestDb;
use worker::context::Ctx;
use worker::drain::drain;
use worker::registry::{Failure, Outcome, Registry};

use crate::support::{Mark, Try, count, services, show};

async fn mark(conn: &mut Conn, ctx: &Ctx, job: Try) -> Outcome {
    enqueue_with(
        conn,
        &Mark { tenant: job.tenant, of: ctx.job() },
        JobOptions { run_at: Some(Utc::now() + TimeDelta::days(1)), ..JobOptions::default() },
    )
    .await?;
    if job.note == json!("fail") {
        return Err(Failure::GiveUp("as asked".to_owned()));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_happened_is_noted_though_its_intent_was_lost() {
    let db = TestDb::lease().await;
    let happened = Happened {
        key: "test.mail:welcome".to_owned(),
        tenant: TenantId::new(),
        job: JobId::new(),
        external_ref: Some("1".to_owned()),
    };
    effects::complete(&mut *db.relay().await, &[happened.clone(), happened]).await.expect("noted");
    let noted = "select effect_key || ' ' || external_ref as text from job_effects where completed_at is not null";
    assert_eq!(db.texts(noted).await, ["test.mail:welcome 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn effects_in_the_database_and_the_outcome_are_one() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let id = enqueue(&mut *db.tenant(tenant).await, &Try::in_tenant(tenant)).await.expect("enqueued").id();

    let runs = drain(&services(&db), || Registry::default().on_db(mark), Utc::now()).await.expect("drained");

    assert_eq!(runs, [("test.try".to_owned(), "succeeded")]);
    assert_eq!(show(&db, id).await.0.state, JobState::Succeeded);
    assert_eq!(count(&db, "test.mark").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_effects_of_a_job_that_fails_are_undone() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let job = Try { tenant, note: json!("fail") };
    let id = enqueue(&mut *db.tenant(tenant).await, &job).await.expect("enqueued").id();

    drain(&services(&db), || Registry::default().on_db(mark), Utc::now()).await.expect("drained");

    let (row, attempts) = show(&db, id).await;
    assert_eq!((row.state, row.error_class.as_deref()), (JobState::Dead, Some("gave_up")));
    assert_eq!(attempts.len(), 1);
    assert_eq!(count(&db, "test.mark").await, 0);
}

/// Runs one job through a handler that answers `answer`, and says what became of it.
async fn after<F>(answer: F) -> (TestDb, shared::jobs::operate::JobRow, &'static str)
where
    F: Fn() -> Outcome + Send + Sync + Copy + 'static,
{
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let id = enqueue(&mut *db.tenant(tenant).await, &Try::in_tenant(tenant)).await.expect("enqueued").id();
    let registry = || Registry::default().on(move |_: Ctx, _: Try| async move { answer() });
    let runs = drain(&services(&db), registry, Utc::now()).await.expect("drained");
    let row = show(&db, id).await.0;
    (db, row, runs[0].1)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_tried_again_after_the_backoff_until_the_attempts_end() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let id = enqueue(&mut *db.tenant(tenant).await, &Try::in_tenant(tenant)).await.expect("enqueued").id();
    let registry = || Registry::default().on(async |_: Ctx, _: Try| Err(anyhow::anyhow!("no luck").into()));

    let mut at = Utc::now();
    for (outcome, longest) in [("retried", 10), ("retried", 100), ("dead", 0)] {
        let runs = drain(&services(&db), registry, at).await.expect("drained");
        assert_eq!(runs, [("test.try".to_owned(), outcome)]);
        let wait = show(&db, id).await.0.run_at - Utc::now();
        assert!(wait <= TimeDelta::seconds(longest), "{wait} is more than {longest} s");
        at += TimeDelta::hours(1);
    }
    let (row, attempts) = show(&db, id).await;
    assert_eq!((row.state, row.attempt, row.last_error.as_deref()), (JobState::Dead, 3, Some("no luck")));
    assert_eq!(attempts.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_was_asked_for_is_kept_and_does_not_count() {
    let before = Utc::now();
    let (_db, row, outcome) = after(|| Err(Failure::RetryAfter(Duration::from_secs(50), "slow down".to_owned()))).await;
    assert_eq!((outcome, row.state, row.attempt, row.deferrals), ("deferred", JobState::Available, 0, 1));
    let wait = TimeDelta::seconds(50);
    assert!(row.run_at >= before + wait && row.run_at <= Utc::now() + wait, "{} is not {wait} later", row.run_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_a_failure_of_its_job_alone() {
    let (_db, row, outcome) = after(|| panic!("out of cheese")).await;
    assert_eq!((outcome, row.error_class.as_deref()), ("retried", Some("panic")));
    assert_eq!(row.last_error.as_deref(), Some("out of cheese"));
}

/// May take a second.
#[derive(Debug, Serialize, Deserialize)]
struct Brief {
    tenant: TenantId,
}

impl Job for Brief {
    const NAME: &'static str = "test.brief";
    const QUEUE: Queue = Queue::Within5s;
    const TIMEOUT: Duration = Duration::from_secs(1);

    fn tenant(&self) -> TenantId {
        self.tenant
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_runs_too_long_is_stopped() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let id = enqueue(&mut *db.tenant(tenant).await, &Brief { tenant }).await.expect("enqueued").id();
    let registry = || {
        Registry::default().on(async |_: Ctx, _: Brief| {
            std::future::pending::<()>().await;
            Ok(())
        })
    };
    drain(&services(&db), registry, Utc::now()).await.expect("drained");
    assert_eq!(show(&db, id).await.0.error_class.as_deref(), Some("timeout"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_dead_at_once() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let id = enqueue(&mut *db.tenant(tenant).await, &Mark { tenant, of: shared::ids::JobId::new() })
        .await
        .expect("enqueued")
        .id();
    let mut owner = db.owner().await;
    diesel_async::SimpleAsyncConnection::batch_execute(
        &mut owner,
        "update jobs set kind = 'test.try', args = '{\"tenant\": 7}'",
    )
    .await
    .expect("spoilt");
    drain(&services(&db), || Registry::default().on_db(mark), Utc::now()).await.expect("drained");
    let row = show(&db, id).await.0;
    assert_eq!((row.state, row.error_class.as_deref(), row.attempt), (JobState::Dead, Some("undecodable"), 1));
}

/// As a newer release does, before it asks for a job of it.
async fn announce(db: &TestDb, kind: &str, version: i16) {
    shared::jobs::announce(&mut *db.relay().await, &[(kind, version)]).await.expect("announced");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_release_knows_is_dead_at_once_and_says_why() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    announce(&db, "test.other", 7).await;
    let id = enqueue(&mut *db.tenant(tenant).await, &Try::in_tenant(tenant)).await.expect("enqueued").id();
    let runs = drain(&services(&db), Registry::default, Utc::now()).await.expect("drained");
    assert_eq!(runs, [("test.try".to_owned(), "dead")]);
    let row = show(&db, id).await.0;
    assert_eq!((row.error_class.as_deref(), row.attempt), (Some("unknown"), 1));
    assert_eq!(row.last_error.as_deref(), Some("no release knows test.try in version 1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_of_another_release_waits_for_it_and_is_dead_in_the_end() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    announce(&db, "test.try", 1).await;
    let id = enqueue(&mut *db.tenant(tenant).await, &Try::in_tenant(tenant)).await.expect("enqueued").id();
    let mut put_back = 0;
    loop {
        let runs = drain(&services(&db), Registry::default, Utc::now() + TimeDelta::hours(1)).await.expect("drained");
        let row = show(&db, id).await.0;
        if row.state == JobState::Dead {
            assert_eq!(runs[0].1, "dead");
            break;
        }
        assert_eq!((runs[0].1, row.state, row.attempt), ("deferred", JobState::Available, 0));
        put_back += 1;
    }
    // How long that is by their waits, `verdict` knows.
    assert_eq!(put_back, 63);
    let (row, attempts) = show(&db, id).await;
    assert_eq!(row.error_class.as_deref(), Some("unknown"));
    let why = "for an hour no worker has come whose release knows test.try in version 1";
    assert_eq!(row.last_error.as_deref(), Some(why));
    assert_eq!(attempts.len(), 2, "the first time and the last are enough to be told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_worker_does_what_an_older_one_put_back() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let id = enqueue(&mut *db.tenant(tenant).await, &Try::in_tenant(tenant)).await.expect("enqueued").id();
    let newer = || Registry::default().on_db(mark);
    announce(&db, "test.try", 1).await;

    let old = drain(&services(&db), Registry::default, Utc::now()).await.expect("drained");
    let new = drain(&services(&db), newer, Utc::now() + TimeDelta::minutes(1)).await.expect("drained");

    assert_eq!((old[0].1, new[0].1), ("deferred", "succeeded"));
    assert_eq!(show(&db, id).await.0.attempt, 1);
    assert_eq!(count(&db, "test.mark").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_of_a_newer_version_is_left_for_a_newer_worker() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let id = enqueue(&mut *db.tenant(tenant).await, &Try::in_tenant(tenant)).await.expect("enqueued").id();
    let mut owner = db.owner().await;
    diesel_async::SimpleAsyncConnection::batch_execute(&mut owner, "update jobs set schema_version = 2, args = '{}'")
        .await
        .expect("as a newer release would");
    announce(&db, "test.try", 2).await;
    let runs = drain(&services(&db), || Registry::default().on_db(mark), Utc::now()).await.expect("drained");
    assert_eq!(runs, [("test.try".to_owned(), "deferred")]);
    assert_eq!(show(&db, id).await.0.state, JobState::Available);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_waits_do_not_use_up_the_tries_of_a_rolling_deploy() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    announce(&db, "test.try", 1).await;
    enqueue(&mut *db.tenant(tenant).await, &Try::in_tenant(tenant)).await.expect("enqueued");
    let busy = || Registry::default().on(async |_: Ctx, _: Try| Err(Failure::Snooze(Duration::ZERO)));
    for _ in 0..5 {
        drain(&services(&db), busy, Utc::now()).await.expect("drained");
    }
    let runs = drain(&services(&db), Registry::default, Utc::now()).await.expect("drained");
    assert_eq!(runs, [("test.try".to_owned(), "deferred")], "it died of having waited");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_that_happened_is_not_repeated() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    enqueue(&mut *db.tenant(tenant).await, &Try::in_tenant(tenant)).await.expect("enqueued");
    let sent = Arc::new(AtomicU32::new(0));
    let registry = || {
        let sent = sent.clone();
        Registry::default().on(move |ctx: Ctx, _: Try| {
            let sent = sent.clone();
            async move {
                let name = ctx
                    .external("welcome:7", |key| async move {
                        assert!(key.starts_with("test.try:") && key.ends_with(":welcome:7"), "{key}");
                        sent.fetch_add(1, Ordering::SeqCst);
                        Ok(Some("m-1".to_owned()))
                    })
                    .await?;
                assert_eq!(name.as_deref(), Some("m-1"));
                // The first attempt fails behind the effect.
                if ctx.attempt() == 1 { Err(anyhow::anyhow!("later").into()) } else { Ok(()) }
            }
        })
    };
    let first = drain(&services(&db), registry, Utc::now()).await.expect("drained");
    let second = drain(&services(&db), registry, Utc::now() + TimeDelta::hours(1)).await.expect("drained");
    assert_eq!((first[0].1, second[0].1), ("retried", "succeeded"));
    assert_eq!(sent.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_that_may_have_happened_and_costs_money_waits_for_a_person() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let id = enqueue(&mut *db.tenant(tenant).await, &Try::in_tenant(tenant)).await.expect("enqueued").id();
    let registry = || {
        Registry::default().on(async |ctx: Ctx, _: Try| {
            ctx.external_once("pay", |_| async { Err(anyhow::anyhow!("the line went dead").into()) }).await?;
            Ok(())
        })
    };
    drain(&services(&db), registry, Utc::now()).await.expect("drained");
    drain(&services(&db), registry, Utc::now() + TimeDelta::hours(1)).await.expect("drained");
    let row = show(&db, id).await.0;
    assert_eq!((row.state, row.error_class.as_deref()), (JobState::Dead, Some("needs_review")));
}

#[test]
fn the_kinds_that_are_listed_are_those_that_are_done() {
    let known = worker::registry();
    known.agrees_with(kinds::ALL).expect("one list");
    for missing in 0..kinds::ALL.len() {
        let mut listed = kinds::ALL.to_vec();
        let left_out = listed.remove(missing).name;
        let refused = known.agrees_with(&listed).expect_err("one is missing").to_string();
        assert!(refused.contains("missing in shared::kinds") && refused.contains(left_out), "{refused}");
    }
    let refused = Registry::default().on_db(mark).agrees_with(kinds::ALL).expect_err("none of them").to_string();
    assert!(refused.contains("no function does") && refused.contains("files.scan"), "{refused}");
}

#[test]
fn what_the_clock_asks_for_may_be_scheduled() {
    let listed: BTreeSet<_> = kinds::schedulable().map(|of| of.kind).collect();
    for declared in worker::schedules().expect("schedules") {
        assert!(listed.contains(declared.kind()), "{} is scheduled, and does not say that it may be", declared.kind());
    }
    for of in kinds::schedulable() {
        assert_eq!(of.check(&json!({})), Ok(()), "{}", of.kind);
    }
}
