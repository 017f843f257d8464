//! Claims, leases and fences, on the ledger itself.

use std::pin::pin;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use futures::StreamExt;
use metrics_exporter_prometheus::PrometheusBuilder;
use proptest::prelude::*;
use serde_json::json;
use shared::db::Error;
use shared::ids::{JobId, OneTimeTokenId, TenantId};
use shared::jobs::ledger::{self, Claim, Held, Verdict};
use shared::jobs::operate::{self, Cancelled, Filter};
use shared::jobs::{
    Backoff, Enqueued, JobOptions, JobState, Queue, Ticket, enqueue, enqueue_many, enqueue_with, relay,
};
use shared::testing::TestDb;
use shared::users::jobs::SendPasswordReset;

use crate::support::{Try, count, show};

const LEASE: Duration = Duration::from_secs(30);

async fn claim(db: &TestDb, tenant: TenantId, job: JobId, worker: &str) -> Option<Claim> {
    ledger::claim(&mut *db.tenant(tenant).await, Ticket { job, tenant }, worker, LEASE).await.expect("an answer")
}

async fn enqueued(db: &TestDb, tenant: TenantId) -> JobId {
    enqueue(&mut *db.tenant(tenant).await, &Try::in_tenant(tenant)).await.expect("enqueued").id()
}

/// As if time had passed, or anything else had happened.
async fn behind_the_curtain(db: &TestDb, statement: &str) {
    db.owner().await.batch_execute(statement).await.expect("done");
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_job_without_its_cause() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let mut conn = db.tenant(tenant).await;
    for number in 0..1_000 {
        let outcome: Result<(), Error> = async {
            ledger::begin(&mut conn).await?;
            enqueue(&mut conn, &Try { tenant, note: json!({ "number": number }) }).await?;
            ledger::roll_back(&mut conn).await
        }
        .await;
        outcome.expect("rolled back");
    }
    assert_eq!(count(&db, "test.try").await, 0);
    let tickets = relay::take(&mut *db.relay().await, Queue::Within5s, 100, 100).await.expect("an answer");
    assert_eq!(tickets, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_tickets_for_one_job_one_finds_it() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let id = enqueued(&db, tenant).await;
    let claims = futures::future::join_all((0..8).map(|_| claim(&db, tenant, id, "w"))).await;
    assert_eq!(claims.iter().flatten().count(), 1);
    assert_eq!(show(&db, id).await.0.attempt, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_of_another_tenant_opens_nothing() {
    let db = TestDb::lease().await;
    let id = enqueued(&db, TenantId::new()).await;
    assert!(claim(&db, TenantId::new(), id, "w").await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_lease_ran_out_changes_nothing_any_more() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let id = enqueued(&db, tenant).await;
    let first = claim(&db, tenant, id, "paused").await.expect("claimed");
    behind_the_curtain(&db, "update jobs set lease_until = now() - interval '1 second'").await;
    let swept = relay::sweep(&mut *db.relay().await).await.expect("swept");
    assert_eq!((swept.revived, swept.buried), (1, vec![]));
    let second = claim(&db, tenant, id, "next").await.expect("claimed again");
    assert_ne!(first.token, second.token);

    let mut conn = db.tenant(tenant).await;
    let held = |claim: &Claim| Held { id: claim.id, token: claim.token, lease: LEASE };
    assert!(!ledger::succeed(&mut conn, &first, None).await.expect("an answer"), "the finish was not fenced");
    let failed = ledger::fail(&mut conn, &first, Verdict::Dead, "x", "x").await.expect("an answer");
    assert_eq!(failed, None, "the failure was not fenced");
    assert!(!ledger::set_progress(&mut conn, &first, 50, None).await.expect("an answer"));
    drop(conn);
    let mut relay = db.relay().await;
    assert!(ledger::renew(&mut relay, &[held(&first)]).await.expect("an answer").is_empty());
    assert_eq!(ledger::release(&mut relay, &[held(&first)]).await.expect("an answer"), 0);
    assert_eq!(ledger::renew(&mut relay, &[held(&second)]).await.expect("an answer").len(), 1);
    drop(relay);
    assert!(ledger::succeed(&mut *db.tenant(tenant).await, &second, None).await.expect("an answer"));
    assert_eq!(show(&db, id).await.0.state, JobState::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_hands_out_is_told_at_once_of_what_was_taken_back() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let id = enqueued(&db, tenant).await;
    claim(&db, tenant, id, "lost").await.expect("claimed");
    let mut ear = db.owner().await;
    ear.batch_execute("listen jobs").await.expect("it listens");
    behind_the_curtain(&db, "update jobs set lease_until = now() - interval '1 second'").await;

    relay::sweep(&mut *db.relay().await).await.expect("swept");

    let mut heard = pin!(ear.notifications_stream());
    let first = tokio::time::timeout(Duration::from_secs(30), heard.next()).await.expect("nobody was told");
    assert_eq!(first.expect("it goes on").expect("a notification").channel, "jobs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_kills_its_worker_three_times_is_dead() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let id = enqueued(&db, tenant).await;
    // Two attempts fail in between: crashes are counted by themselves.
    behind_the_curtain(&db, "update jobs set max_attempts = 20").await;
    for crash in 1..=3 {
        assert!(claim(&db, tenant, id, "w").await.is_some(), "crash {crash}");
        behind_the_curtain(&db, "update jobs set lease_until = now() - interval '1 second'").await;
        relay::sweep(&mut *db.relay().await).await.expect("swept");
        behind_the_curtain(&db, "update jobs set run_at = now()").await;
    }
    let (row, attempts) = show(&db, id).await;
    assert_eq!((row.state, row.crashes, row.error_class.as_deref()), (JobState::Dead, 3, Some("worker_lost")));
    assert_eq!(attempts.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_were_lost_together_twice_begin_apart() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let mut jobs = Vec::new();
    for _ in 0..5 {
        jobs.push(enqueued(&db, tenant).await);
    }
    let waits = "select string_agg(extract(epoch from run_at - first.at)::int::text, ' ' order by id) as text
                 from jobs, (select min(run_at) as at from jobs) as first";
    for (loss, seconds_apart) in [("the first", "0 0 0 0 0"), ("the second", "0 1 2 0 1")] {
        for (number, job) in jobs.iter().enumerate() {
            let worker = if number < 3 { "v" } else { "w" };
            assert!(claim(&db, tenant, *job, worker).await.is_some(), "{number}");
        }
        behind_the_curtain(&db, "update jobs set lease_until = now() - interval '1 second'").await;
        relay::sweep(&mut *db.relay().await).await.expect("swept");
        assert_eq!(db.texts(waits).await, [seconds_apart], "after {loss} loss");
        behind_the_curtain(&db, "update jobs set run_at = now()").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_buried_with_its_worker_is_counted_as_dead_by_its_kind() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let mail = SendPasswordReset { tenant_id: tenant, token_id: OneTimeTokenId::new() };
    let mail = enqueue(&mut *db.tenant(tenant).await, &mail).await.expect("enqueued").id();
    let other = enqueued(&db, tenant).await;
    // Here alone, whatever else this process measures.
    let recorder = PrometheusBuilder::new().build_recorder();
    let measured = recorder.handle();
    let _here = metrics::set_default_local_recorder(&recorder);
    let dead = |kind: &str| format!("job_attempts_total{{kind=\"{kind}\",outcome=\"dead\"}} 1");
    for crash in 1..=3 {
        for job in [mail, other] {
            assert!(claim(&db, tenant, job, "w").await.is_some(), "crash {crash}");
        }
        assert!(!measured.render().contains("job_attempts_total"), "a crash is no death yet");
        behind_the_curtain(&db, "update jobs set lease_until = now() - interval '1 second'").await;
        relay::sweep(&mut *db.relay().await).await.expect("swept");
        behind_the_curtain(&db, "update jobs set run_at = now()").await;
    }
    let told = measured.render();
    assert!(told.contains(&dead("users.send_password_reset")), "{told}");
    assert!(told.contains(&dead("unknown")), "only names that we know become labels: {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stops_gives_its_jobs_back_uncounted() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let id = enqueued(&db, tenant).await;
    let claimed = claim(&db, tenant, id, "w").await.expect("claimed");
    let held = [Held { id, token: claimed.token, lease: LEASE }];
    assert_eq!(ledger::release(&mut *db.relay().await, &held).await.expect("an answer"), 1);
    let row = show(&db, id).await.0;
    assert_eq!((row.state, row.attempt), (JobState::Available, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_runs_or_is_tried_again_after_its_deadline() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let deadline =
        |seconds| JobOptions { deadline_at: Some(Utc::now() + TimeDelta::seconds(seconds)), ..JobOptions::default() };
    let mut conn = db.tenant(tenant).await;
    let late = enqueue_with(&mut conn, &Try::in_tenant(tenant), deadline(-1)).await.expect("enqueued").id();
    let soon = enqueue_with(&mut conn, &Try::in_tenant(tenant), deadline(60)).await.expect("enqueued").id();
    drop(conn);
    assert!(claim(&db, tenant, late, "w").await.is_none(), "it ran after its deadline");
    assert_eq!(relay::sweep(&mut *db.relay().await).await.expect("swept").late, 1);
    assert_eq!(show(&db, late).await.0.state, JobState::Cancelled);

    let claimed = claim(&db, tenant, soon, "w").await.expect("claimed");
    let retry = Verdict::Retry(Duration::from_secs(120));
    ledger::fail(&mut *db.tenant(tenant).await, &claimed, retry, "failed", "no").await.expect("an answer");
    let row = show(&db, soon).await.0;
    assert_eq!((row.state, row.error_class.as_deref()), (JobState::Dead, Some("deadline")));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_unique_job_lives_at_a_time_however_many_ask() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let job = Try { tenant, note: json!({ "unique": "one" }) };
    let mut new = 0;
    for _ in 0..20 {
        let asked = futures::future::join_all(
            (0..8).map(|_| async { enqueue(&mut *db.tenant(tenant).await, &job).await.expect("an answer") }),
        )
        .await;
        new += asked.iter().filter(|answer| matches!(answer, Enqueued::New(_))).count();
        let first = asked[0].id();
        assert!(asked.iter().all(|answer| answer.id() == first), "two of one unique job: {asked:?}");
        // Finished, another may be asked for.
        let claimed = claim(&db, tenant, first, "w").await.expect("claimed");
        assert!(ledger::succeed(&mut *db.tenant(tenant).await, &claimed, None).await.expect("an answer"));
    }
    assert_eq!(new, 20);
    assert_eq!(enqueue_many(&mut *db.tenant(tenant).await, &[job.clone(), job]).await.expect("an answer"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_held_starts_nothing_and_forgets_nothing() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let id = enqueued(&db, tenant).await;
    let mut relay = db.relay().await;
    assert_eq!(relay::take(&mut relay, Queue::Within5s, 10, 10).await.expect("an answer").len(), 1);
    operate::pause(&mut relay, Queue::Within5s).await.expect("held");
    assert!(claim(&db, tenant, id, "w").await.is_none(), "a ticket started in a queue that is held");
    assert_eq!(relay::take_directly(&mut relay, Queue::Within5s, 10).await.expect("an answer"), []);
    operate::resume(&mut relay, Queue::Within5s).await.expect("open");
    assert!(claim(&db, tenant, id, "w").await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_never_runs_or_hears_of_it() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let (waiting, running) = (enqueued(&db, tenant).await, enqueued(&db, tenant).await);
    let claimed = claim(&db, tenant, running, "w").await.expect("claimed");
    let mut relay = db.relay().await;
    assert_eq!(operate::cancel(&mut relay, waiting).await.expect("an answer"), Cancelled::AtOnce);
    assert!(claim(&db, tenant, waiting, "w").await.is_none());
    assert_eq!(operate::cancel(&mut relay, running).await.expect("an answer"), Cancelled::Asked);
    let held = [Held { id: running, token: claimed.token, lease: LEASE }];
    assert!(ledger::renew(&mut relay, &held).await.expect("an answer")[0].is_cancel_requested);
    assert_eq!(operate::cancel(&mut relay, waiting).await.expect("an answer"), Cancelled::TooLate);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dead_live_again_once_and_keep_their_history() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let jobs: Vec<Try> = (0..100).map(|_| Try::in_tenant(tenant)).collect();
    enqueue_many(&mut *db.tenant(tenant).await, &jobs).await.expect("enqueued");
    behind_the_curtain(
        &db,
        "update jobs set state = 'dead', finished_at = now(), attempt = 3, error_class = 'failed', last_error = 'no'",
    )
    .await;
    let mut relay = db.relay().await;
    let filter = Filter { kind: Some("test.try".to_owned()), ..Filter::default() };
    assert_eq!(operate::dead(&mut relay, &filter, &[]).await.expect("an answer")[0].jobs, 100);
    assert_eq!(operate::replay(&mut relay, &filter, &[], 60).await.expect("an answer").len(), 60);
    assert_eq!(operate::replay(&mut relay, &filter, &[], 1_000).await.expect("an answer").len(), 40);
    assert_eq!(operate::replay(&mut relay, &filter, &[], 1_000).await.expect("an answer"), []);
    let rows = operate::list(&mut relay, &filter, 1_000).await.expect("rows");
    assert!(rows.iter().all(|row| row.state == JobState::Available && row.attempt == 0));
    assert!(rows.iter().all(|row| row.last_error.as_deref() == Some("no")));
}

proptest! {
    #[test]
    fn waits_grow_to_their_cap_and_never_pass_it(base in 1_u32..600, factor in 1_u32..5, cap in 1_u32..100_000, attempt in 1_u32..60) {
        let backoff = Backoff::Exponential { base, factor, cap };
        let longest = backoff.longest(attempt);
        prop_assert!(longest <= Duration::from_secs(u64::from(cap)));
        prop_assert!(longest <= backoff.longest(attempt + 1));
        for _ in 0..10 {
            prop_assert!(backoff.wait(attempt) <= longest);
        }
    }

    #[test]
    fn listed_waits_end_with_their_last(attempt in 1_u32..200) {
        let steps = [5, 300, 1_800, 7_200, 18_000, 36_000];
        let backoff = Backoff::Steps(&[5, 300, 1_800, 7_200, 18_000, 36_000]);
        let step = steps.get(attempt as usize - 1).copied().unwrap_or(36_000);
        prop_assert_eq!(backoff.longest(attempt), Duration::from_secs(step));
    }
}
