//! The executor's end, and its leases when the database does not answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel_async::SimpleAsyncConnection;
use shared::db::Conn;
use shared::ids::{JobId, TenantId};
use shared::jobs::{JobState, Queue, Ticket, enqueue};
use shared::testing::TestDb;
use tokio::task::JoinHandle;
use worker::context::Ctx;
use worker::registry::Registry;
use worker::ticket::Executor;

use crate::process::until;
use crate::support::{Try, services, show};

const QUEUE: Queue = Queue::Within5s;

/// One job, whose row somebody holds, and an executor that has asked for it.
struct Scene {
    db: TestDb,
    job: JobId,
    holder: Conn,
    executor: Arc<Executor>,
    _serving: JoinHandle<()>,
}

impl Scene {
    async fn set(registry: Registry) -> Self {
        let db = TestDb::lease().await;
        let tenant = TenantId::new();
        let job = enqueue(&mut *db.tenant(tenant).await, &Try::in_tenant(tenant)).await.expect("enqueued").id();
        let holder = hold(&db).await;
        let slots = BTreeMap::from([(QUEUE, 4)]);
        let executor = Executor::new("w".to_owned(), registry, services(&db), db.pool.clone(), &slots);
        let executor = Arc::new(executor);
        let serving = tokio::spawn(executor.clone().accept(Ticket { job, tenant }, QUEUE));
        let scene = Self { db, job, holder, executor, _serving: serving };
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
    let draining = scene.drain(Duration::ZERO);
    scene.let_go().await;
    assert_eq!(draining.await.expect("drained"), 1, "it was not given back");
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
    let mut longest = Duration::ZERO;
    while hanging.elapsed() < Duration::from_secs(6) {
        longest = longest.max(scene.executor.pulse());
        tokio::time::sleep(Duration::from_millis(100)).await; // how long the fault lasts
    }
    assert!(longest < Duration::from_secs(5), "the keeper was silent for {longest:?}");
    holder.batch_execute("rollback").await.expect("let go");
    keeping.abort();
}
