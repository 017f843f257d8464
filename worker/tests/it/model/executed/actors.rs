//! Workers as processes would be, and handlers that wait to be let on.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use shared::db::{Conn, Pool, PoolSettings};
use shared::ids::TenantId;
use shared::jobs::{Job, JobOptions, Queue, Ticket, enqueue_with};
use shared::testing::TestDb;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use worker::context::{Ctx, Services};
use worker::registry::{Failure, Outcome, Registry};
use worker::ticket::Executor;

use super::QUEUE;
use crate::support::{Mark, services};

macro_rules! kind {
    ($(#[$doc:meta])* $name:ident = $text:literal) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize)]
        pub(super) struct $name {
            pub(super) tenant: TenantId,
            pub(super) number: u32,
        }

        impl Job for $name {
            const NAME: &'static str = $text;
            const QUEUE: Queue = QUEUE;

            fn tenant(&self) -> TenantId {
                self.tenant
            }
        }
    };
}
kind! {
    /// Leaves a mark, in one transaction with its outcome.
    Stored = "test.stored"
}
kind! {
    /// Sends something, at least once; the first attempt fails behind that.
    Sent = "test.sent"
}
kind! {
    /// Pays something, at most once.
    Paid = "test.paid"
}
kind! {
    /// Kills its worker.
    Poison = "test.poison"
}

/// How often something left the house, by its key.
pub(super) type Sends = Arc<Mutex<HashMap<String, u32>>>;

/// A handler that waits to be let on.
pub(super) struct Gate {
    pub(super) is_poison: bool,
    /// Somebody has let it on, or it was broken off.
    pub(super) is_passed: Arc<AtomicBool>,
    pub(super) open: oneshot::Sender<()>,
}

/// Where the handlers of a worker wait.
#[derive(Default)]
pub(super) struct Gates {
    pub(super) waiting: Mutex<Vec<Gate>>,
    /// Runs that move: neither at a gate nor over.
    pub(super) moving: AtomicUsize,
}

impl Gates {
    async fn wait(&self, is_poison: bool) {
        let (open, opened) = oneshot::channel();
        let is_passed = Arc::<AtomicBool>::default();
        let _at_gate = AtGate { gates: self, is_passed: is_passed.clone() };
        self.waiting.lock().unwrap().push(Gate { is_poison, is_passed, open });
        self.moving.fetch_sub(1, Ordering::SeqCst);
        let _ = opened.await;
    }
}

/// Whoever leaves a gate moves, also when it is not let on but broken off.
struct AtGate<'a> {
    gates: &'a Gates,
    is_passed: Arc<AtomicBool>,
}

impl Drop for AtGate<'_> {
    fn drop(&mut self) {
        if !self.is_passed.swap(true, Ordering::SeqCst) {
            self.gates.moving.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// A worker, as a process would be: nothing of it is left when it is killed.
pub(super) struct Worker {
    runtime: Option<Runtime>,
    executor: Arc<Executor>,
    pub(super) gates: Arc<Gates>,
}

impl Worker {
    pub(super) fn start(db: &TestDb, name: String, sends: &Sends) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        // A claim that gives up would be a fault that no seed has chosen.
        let patience = Duration::from_secs(20);
        let settings =
            PoolSettings { size: 8, wait: patience, connect: patience, does_jobs: true, ..PoolSettings::new(&db.url) };
        let pool = Pool::new(&settings).expect("a pool");
        let gates = Arc::<Gates>::default();
        let services = Services { pool: pool.clone(), ..services(db) };
        let slots = BTreeMap::from([(QUEUE, 100)]);
        let executor = Arc::new(Executor::new(name, registry(&gates, sends), services, pool, &slots));
        Self { runtime: Some(runtime), executor, gates }
    }

    pub(super) fn give(&self, ticket: Ticket) {
        let (executor, gates) = (self.executor.clone(), self.gates.clone());
        gates.moving.fetch_add(1, Ordering::SeqCst);
        let run = async move {
            executor.accept(ticket, QUEUE).await;
            gates.moving.fetch_sub(1, Ordering::SeqCst);
        };
        self.runtime.as_ref().expect("a living worker").spawn(run);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.runtime.take().expect("a runtime").shutdown_background();
    }
}

fn registry(gates: &Arc<Gates>, sends: &Sends) -> Registry {
    let sent = |key: String, sends: Sends| *sends.lock().unwrap().entry(key).or_insert(0) += 1;
    let (at, to) = (gates.clone(), sends.clone());
    let send = move |ctx: Ctx, job: Sent| {
        let (at, to) = (at.clone(), to.clone());
        async move {
            at.wait(false).await;
            let key = job.number.to_string();
            ctx.external(&key, |key| async {
                at.wait(false).await;
                sent(key, to.clone());
                Ok(None)
            })
            .await?;
            at.wait(false).await;
            if ctx.attempt() == 1 { Err(anyhow::anyhow!("the first attempt fails").into()) } else { Ok(()) }
        }
    };
    let (at, to) = (gates.clone(), sends.clone());
    let pay = move |ctx: Ctx, job: Paid| {
        let (at, to) = (at.clone(), to.clone());
        async move {
            at.wait(false).await;
            let key = job.number.to_string();
            ctx.external_once(&key, |key| async {
                at.wait(false).await;
                sent(key, to.clone());
                Ok(None)
            })
            .await?;
            at.wait(false).await;
            Ok(())
        }
    };
    let at = gates.clone();
    let poison = move |_: Ctx, _: Poison| {
        let at = at.clone();
        async move {
            at.wait(true).await;
            Err(Failure::GiveUp("it was let go on".to_owned()))
        }
    };
    Registry::default().on(send).on(pay).on(poison).on_db(store)
}

async fn store(conn: &mut Conn, ctx: &Ctx, job: Stored) -> Outcome {
    let never = JobOptions { run_at: Some(Utc::now() + TimeDelta::days(1)), ..JobOptions::default() };
    enqueue_with(conn, &Mark { tenant: job.tenant, of: ctx.job() }, never).await?;
    Ok(())
}
