//! The executor's end, its leases when the database does not answer, and whom it runs alone.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel_async::SimpleAsyncConnection;
use serde_json::json;
use shared::db::Conn;
use shared::ids::{JobId, TenantId};
use shared::jobs::{JobState, Queue, Ticket, enqueue, enqueue_many, relay};
use shared::testing::TestDb;
use tokio::sync::Barrier;
use tokio::task::JoinHandle;
use worker::context::Ctx;
use worker::registry::Registry;
use worker::ticket::Executor;

use crate::process::{until, until_within};
use crate::support::{Try, services, show};

const QUEUE: Queue = Queue::Within5s;

/// One job, whose row somebody holds, and an executor that has asked for it.
struct Scene {
    job: JobId,
    holder: Conn,
    executor: Arc<Executor>,
    serving: JoinHandle<()>,
    /// The last to go: until then nobody else has it.
    db: TestDb,
}

impl Scene {
    async fn set(registry: Registry) -> Self {
        let db = TestDb::lease().await;
        let tenant = TenantId::new();
        let job = enqueue(&mut *db.tenant(tenant).await, &Try::in_tenant(tenant)).await.expect("enqueued").id();
        let holder = hold(&db).await;
        let executor = executor(&db, registry);
        let serving = tokio::spawn(executor.clone().accept(Ticket { job, tenant }, QUEUE));
        let scene = Self { job, holder, executor, serving, db };
        until("the claim is asked for", async || scene.are_waiting().await).await;
        scene
    }

    async fn are_waiting(&self) -> bool {
        let waiting = "select pid::text as text from pg_stat_activity
                       where datname = current_database() and wait_event_type = 'Lock'";
        !self.db.texts(waiting).await.is_empty()
    }

    async fn let_go(&mut self) {
        self.holder.batch_execute("rollback").await.expect("let go");
    }

    fn drain(&self, patience: Duration) -> JoinHandle<usize> {
        let executor = self.executor.clone();
        tokio::spawn(async move { executor.drain(patience).await })
    }
}

fn executor(db: &TestDb, registry: Registry) -> Arc<Executor> {
    let slots = BTreeMap::from([(QUEUE, 8)]);
    Arc::new(Executor::new("w".to_owned(), registry, services(db), db.pool.clone(), &slots))
}

/// Holds all jobs, so that no statement about them answers.
async fn hold(db: &TestDb) -> Conn {
    let mut holder = db.owner().await;
    holder.batch_execute("begin; select from jobs for update").await.expect("held");
    holder
}

/// Of jobs that never end.
fn endless() -> Registry {
    Registry::default().on(async |_: Ctx, _: Try| std::future::pending().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_is_on_its_way_at_the_end_is_waited_for_and_done() {
    let mut scene = Scene::set(Registry::default().on(async |_: Ctx, _: Try| Ok(()))).await;
    let mut draining = scene.drain(Duration::from_secs(20));
    let early = tokio::time::timeout(Duration::from_millis(300), &mut draining).await;
    assert!(early.is_err(), "it ended with a claim on its way: {early:?}");
    scene.let_go().await;
    assert_eq!(draining.await.expect("drained"), 0, "something was given back");
    assert_eq!(show(&scene.db, scene.job).await.0.state, JobState::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_comes_when_all_is_broken_off_is_given_back() {
    let mut scene = Scene::set(endless()).await;
    let executor = scene.executor.clone();
    let mut draining = pin!(executor.drain(Duration::ZERO));
    // By hand: it waits for a second after it has broken off, and the claim is to come before it looks.
    assert!(futures::poll!(&mut draining).is_pending(), "it ended with a claim on its way");
    scene.let_go().await;
    (&mut scene.serving).await.expect("over");
    assert_eq!(draining.await, 1, "it was not given back");
    let row = show(&scene.db, scene.job).await.0;
    assert_eq!((row.state, row.attempt, row.error_class.as_deref()), (JobState::Available, 0, Some("released")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_hangs_does_not_stop_the_pulse() {
    let mut scene = Scene::set(endless()).await;
    scene.let_go().await;
    until("it runs", async || scene.executor.running() == 1).await;
    let keeper = scene.executor.clone();
    let keeping = tokio::spawn(async move { keeper.keep_leases().await });
    let mut holder = hold(&scene.db).await;
    until("the renewal hangs", async || scene.are_waiting().await).await;
    let hanging = Instant::now();
    // As long as the probe believes that the process lives.
    let patience = Duration::from_secs(30);
    until_within(patience, "the keeper looks again", async || scene.executor.pulse() < hanging.elapsed()).await;
    assert!(scene.are_waiting().await || scene.executor.running() == 1, "nothing hung");
    holder.batch_execute("rollback").await.expect("let go");
    keeping.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_have_their_last_chance_run_one_at_a_time_and_hold_up_nobody_else() {
    const OF_EACH: usize = 3;
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let jobs = |note: &str| vec![Try { tenant, note: json!(note) }; OF_EACH];
    enqueue_many(&mut *db.tenant(tenant).await, &jobs("suspect")).await.expect("enqueued");
    db.owner().await.batch_execute("update jobs set crashes = 2").await.expect("lost twice");
    enqueue_many(&mut *db.tenant(tenant).await, &jobs("other")).await.expect("enqueued");

    let (now, most) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let (seen, all) = (most.clone(), Arc::new(Barrier::new(OF_EACH)));
    let registry = Registry::default().on(move |_: Ctx, job: Try| {
        let (now, most, all) = (now.clone(), seen.clone(), all.clone());
        async move {
            if job.note == json!("suspect") {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(100)).await; // the pace of the load
                now.fetch_sub(1, Ordering::SeqCst);
            } else {
                // Nobody goes on before all are inside.
                all.wait().await;
            }
            Ok(())
        }
    });
    let executor = executor(&db, registry);
    until("all are done", async || {
        for ticket in relay::take_directly(&mut *db.relay().await, QUEUE, 8).await.expect("tickets") {
            tokio::spawn(executor.clone().accept(ticket, QUEUE));
        }
        db.texts("select id::text as text from jobs where state = 'succeeded'").await.len() == 2 * OF_EACH
    })
    .await;

    assert_eq!(most.load(Ordering::SeqCst), 1, "suspects ran at once");
    let attempts = db.texts("select distinct attempt::text as text from jobs").await;
    assert_eq!(attempts, ["1"], "to wait is no attempt");
}
