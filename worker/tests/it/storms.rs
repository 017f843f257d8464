//! Many at once: askers of one key, dead jobs that live again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use serde_json::json;
use shared::ids::TenantId;
use shared::jobs::operate::{self, Filter};
use shared::jobs::{Enqueued, JobState, Ticket, enqueue, enqueue_many, ledger};
use shared::testing::TestDb;
use worker::context::Ctx;
use worker::drain::drain;
use worker::registry::{Failure, Registry};

use crate::support::{Try, count, services, show};

const ASKERS: usize = 64;
const ASKED: usize = 10_000;
/// How often the job is finished meanwhile, at the least.
const FINISHED: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn one_key_has_one_living_job_however_many_ask_while_it_is_finished() {
    let db = Arc::new(TestDb::lease().await);
    let tenant = TenantId::new();
    let job = Try { tenant, note: json!({ "unique": "one" }) };
    let (asked, new) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let latest = Arc::new(Mutex::new(None));
    let done = Arc::new(AtomicUsize::new(0));
    let mut askers = tokio::task::JoinSet::new();
    for _ in 0..ASKERS {
        let (db, job, asked, new, latest) = (db.clone(), job.clone(), asked.clone(), new.clone(), latest.clone());
        let done = done.clone();
        askers.spawn(async move {
            while asked.fetch_add(1, Ordering::SeqCst) < ASKED || done.load(Ordering::SeqCst) < FINISHED {
                let answer = enqueue(&mut *db.tenant(tenant).await, &job).await.expect("an answer");
                if matches!(answer, Enqueued::New(_)) {
                    new.fetch_add(1, Ordering::SeqCst);
                }
                *latest.lock().unwrap() = Some(answer.id());
            }
        });
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let worker = {
        let (db, is_over, latest, done) = (db.clone(), is_over.clone(), latest.clone(), done.clone());
        tokio::spawn(async move {
            while !is_over.load(Ordering::SeqCst) {
                let Some(job) = *latest.lock().unwrap() else {
                    tokio::task::yield_now().await;
                    continue;
                };
                let mut conn = db.tenant(tenant).await;
                let ticket = Ticket { job, tenant };
                if let Some(claim) =
                    ledger::claim(&mut conn, ticket, "w", Duration::from_secs(30)).await.expect("an answer")
                {
                    assert!(ledger::succeed(&mut conn, &claim, None).await.expect("an answer"));
                    done.fetch_add(1, Ordering::SeqCst);
                }
                drop(conn);
                let living = db.texts("select count(*)::text as text from jobs where finished_at is null").await;
                assert!(living == ["0"] || living == ["1"], "{living:?} live at once");
            }
        })
    };
    while let Some(asker) = askers.join_next().await {
        asker.expect("an asker");
    }
    is_over.store(true, Ordering::SeqCst);
    worker.await.expect("the worker");
    let (new, done) = (new.load(Ordering::SeqCst), done.load(Ordering::SeqCst));
    assert_eq!(count(&db, "test.try").await, new, "an answer was wrong");
    assert!(new == done || new == done + 1, "{new} asked for, {done} done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_dead_live_again_and_have_their_effects_once() {
    const JOBS: usize = 1_000;
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let jobs: Vec<Try> = (0..JOBS).map(|number| Try { tenant, note: json!({ "number": number }) }).collect();
    enqueue_many(&mut *db.tenant(tenant).await, &jobs).await.expect("enqueued");
    let is_broken = Arc::new(AtomicBool::new(true));
    let sent: Arc<Mutex<HashMap<String, u32>>> = Arc::default();
    let registry = || {
        let (is_broken, sent) = (is_broken.clone(), sent.clone());
        Registry::default().on(move |ctx: Ctx, job: Try| {
            let (is_broken, sent) = (is_broken.clone(), sent.clone());
            async move {
                // Every other one dies behind its effect.
                let number = job.note["number"].as_u64().unwrap();
                if number.is_multiple_of(2) && is_broken.load(Ordering::SeqCst) {
                    return Err(Failure::GiveUp("the cause is not there".to_owned()));
                }
                ctx.external(&number.to_string(), |key| async move {
                    *sent.lock().unwrap().entry(key).or_insert(0) += 1;
                    Ok(None)
                })
                .await?;
                if is_broken.load(Ordering::SeqCst) { Err(Failure::GiveUp("it broke".to_owned())) } else { Ok(()) }
            }
        })
    };
    let died = drain(&services(&db), registry, Utc::now()).await.expect("drained");
    assert_eq!(died.iter().filter(|(_, outcome)| *outcome == "dead").count(), JOBS);

    is_broken.store(false, Ordering::SeqCst);
    let filter =
        Filter { kind: Some("test.try".to_owned()), error_class: Some("gave_up".to_owned()), ..Filter::default() };
    let mut relay = db.relay().await;
    assert_eq!(operate::dead(&mut relay, &filter, &[]).await.expect("a count")[0].jobs, 1_000);
    assert_eq!(operate::replay(&mut relay, &filter, &[], 10_000).await.expect("replayed").len(), JOBS);
    assert_eq!(operate::replay(&mut relay, &filter, &[], 10_000).await.expect("replayed"), []);
    let lived = drain(&services(&db), registry, Utc::now()).await.expect("drained");
    assert_eq!(lived.iter().filter(|(_, outcome)| *outcome == "succeeded").count(), JOBS);
    assert_eq!(operate::replay(&mut relay, &filter, &[], 10_000).await.expect("replayed"), []);

    let sent = sent.lock().unwrap();
    assert_eq!(sent.len(), JOBS);
    assert!(sent.values().all(|times| *times == 1), "an effect happened twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_retry_is_ever_put_behind_the_deadline() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    for wait in [0_u64, 1, 30, 61, 100, 3_600, 86_400] {
        let id = enqueue(&mut *db.tenant(tenant).await, &Try::in_tenant(tenant)).await.expect("enqueued").id();
        let mut conn = db.tenant(tenant).await;
        let lease = Duration::from_secs(30);
        let claim =
            ledger::claim(&mut conn, Ticket { job: id, tenant }, "w", lease).await.expect("an answer").expect("it");
        db.owner()
            .await
            .batch_execute(&format!("update jobs set deadline_at = now() + interval '60 seconds' where id = '{id}'"))
            .await
            .expect("set");
        let verdict = ledger::Verdict::Retry(Duration::from_secs(wait));
        ledger::fail(&mut conn, &claim, verdict, "failed", "no").await.expect("an answer").expect("held");
        let row = show(&db, id).await.0;
        if wait < 60 {
            assert_eq!(row.state, JobState::Available, "after {wait} s");
            assert!(Some(row.run_at) < row.deadline_at);
        } else {
            assert_eq!((row.state, row.error_class.as_deref()), (JobState::Dead, Some("deadline")), "after {wait} s");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_always_says_later_uses_up_attempts_in_the_end() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let id = enqueue(&mut *db.tenant(tenant).await, &Try::in_tenant(tenant)).await.expect("enqueued").id();
    let later = || {
        Registry::default()
            .on(async |_: Ctx, _: Try| Err(Failure::RetryAfter(Duration::from_secs(5), "slow down".to_owned())))
    };
    let mut outcomes = Vec::new();
    for hour in 0..40 {
        let runs = drain(&services(&db), later, Utc::now() + TimeDelta::hours(hour)).await.expect("drained");
        outcomes.extend(runs.into_iter().map(|(_, outcome)| outcome));
    }
    assert_eq!(outcomes[..30], ["deferred"; 30]);
    assert_eq!(outcomes[30..], ["retried", "retried", "dead"]);
    assert_eq!(show(&db, id).await.0.attempt, 3);
}
