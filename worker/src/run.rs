//! The machine: one apalis worker for each queue, the relay, the keeper of leases, and an end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use apalis::layers::WorkerBuilderExt;
use apalis::prelude::{BackendExt, Monitor, MonitorContext, MonitorError, WorkerBuilder};
use shared::db::{Pool, PoolSettings, Scope};
use shared::jobs::{Queue, Road, Ticket, relay};
use shared::telemetry::measures::Program;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::context::Services;
use crate::declares::Declares;
use crate::presence::Identity;
use crate::registry::Registry;
use crate::ticket::Executor;
use crate::{health, presence, wake};

/// The longest pause before an apalis worker that died is started again.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How the process fares, for the probes.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    /// Told to stop.
    pub(crate) is_stopping: AtomicBool,
    /// Consumers that should run and do.
    pub(crate) consumers: AtomicUsize,
    /// A part has given up that must not.
    pub(crate) is_broken: AtomicBool,
    /// Redis answered lately.
    pub(crate) has_redis: AtomicBool,
}

/// What the parts of the machine share.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) config: Arc<Config>,
    pub(crate) executor: Arc<Executor>,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) control: Pool,
    /// For whoever looks: neither jobs nor their leases wait behind them.
    pub(crate) operators: Pool,
    road: Road,
    name: String,
    wakers: Arc<BTreeMap<Queue, Notify>>,
    /// No more tickets are fetched.
    closing: CancellationToken,
}

/// Serves until SIGTERM or SIGINT, then lets running jobs end; a second signal ends it at once.
///
/// # Errors
/// The configuration cannot be used, or a part has given up.
pub async fn run(config: Config, services: Services, registry: Registry) -> anyhow::Result<()> {
    let metrics = shared::telemetry::metrics(Program::Worker)?;
    let control = Pool::new(&PoolSettings { size: 2, does_jobs: true, ..config.database.pool() })?;
    let operators = Pool::new(&PoolSettings { size: 2, ..config.database.pool() })?;
    let name = worker_name();
    let identity = Identity::new(&config, &name);
    let pool = services.pool.clone();
    let declares = Declares::of(&registry)?;
    let executor = Arc::new(Executor::new(name.clone(), registry, services, control.clone(), &config.queues));
    let machine = Machine {
        road: Road::new(&config.redis)?,
        executor,
        pulse: Arc::default(),
        control,
        operators,
        name,
        wakers: Arc::new(config.queues.keys().map(|queue| (*queue, Notify::new())).collect()),
        closing: CancellationToken::new(),
        config: Arc::new(config),
    };
    let listener = TcpListener::bind(machine.config.internal_listen).await?;
    tracing::info!(
        worker.name = %machine.name, queues = ?machine.config.queues, internal = %listener.local_addr()?,
        "Working"
    );

    let mut signals = Signals::new()?;
    let mut parts = JoinSet::new();
    parts.spawn(health::serve(listener, machine.clone(), metrics));
    parts.spawn(relay::run(pool, "worker", machine.config.redis.clone(), machine.closing.child_token()));
    parts.spawn(wake::listen(machine.config.redis.clone(), machine.road.clone(), machine.wakers.clone()));
    parts.spawn(declares.keep(machine.control.clone()));
    parts.spawn(machine.clone().watch_redis());
    parts.spawn(machine.clone().tell_operators(identity.clone()));
    let keeper = machine.executor.clone();
    parts.spawn(async move { keeper.keep_leases().await });
    let mut consumers = JoinSet::new();
    for (queue, slots) in &machine.config.queues {
        consumers.spawn(machine.clone().consume(*queue, *slots));
    }

    let outcome = machine.until_told(&mut signals, &mut parts, &mut consumers).await;
    machine.stop(&mut signals, &mut consumers).await;
    identity.forget(&machine.operators).await;
    outcome
}

impl Machine {
    /// Until a signal comes, or a part ends that must not.
    async fn until_told(
        &self,
        signals: &mut Signals,
        parts: &mut JoinSet<()>,
        consumers: &mut JoinSet<()>,
    ) -> anyhow::Result<()> {
        loop {
            tokio::select! {
                () = signals.next() => return Ok(()),
                Some(ended) = parts.join_next() => {
                    if let Err(error) = ended {
                        self.pulse.is_broken.store(true, Ordering::Relaxed);
                        anyhow::bail!("a part of the worker broke down: {error}");
                    }
                }
                Some(ended) = consumers.join_next() => {
                    self.pulse.is_broken.store(true, Ordering::Relaxed);
                    anyhow::bail!("a queue is not served any more: {ended:?}");
                }
            }
        }
    }

    /// Fetches no more, lets jobs end, gives the rest back.
    async fn stop(&self, signals: &mut Signals, consumers: &mut JoinSet<()>) {
        let begun = Instant::now();
        self.pulse.is_stopping.store(true, Ordering::Relaxed);
        self.closing.cancel();
        tracing::info!(jobs = self.executor.running(), "Stopping: nothing new starts, running jobs may end");
        let given_back = tokio::select! {
            given_back = self.executor.drain(self.config.drain) => given_back,
            () = signals.next() => {
                tracing::info!("Told twice: breaking off");
                self.executor.drain(Duration::ZERO).await
            }
        };
        // apalis gives back what it had fetched and not begun.
        let _ = tokio::time::timeout(Duration::from_secs(1), async { while consumers.join_next().await.is_some() {} })
            .await;
        let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(jobs.given_back = given_back, duration_ms, "Stopped");
    }

    /// Serves one queue. An apalis worker dies of every hiccup of Redis; another takes its place,
    /// under a new name, because the old one counts as living for a while.
    async fn consume(self, queue: Queue, slots: usize) {
        let mut pause = Duration::ZERO;
        for life in 0_u64.. {
            if self.closing.is_cancelled() {
                return;
            }
            tokio::time::sleep(pause).await;
            self.until_redis_answers().await;
            let begun = Instant::now();
            self.pulse.consumers.fetch_add(1, Ordering::Relaxed);
            // In a task of its own, so that a panic inside the library ends this life only.
            let ended = tokio::spawn(self.clone().live(queue, slots, life)).await;
            self.pulse.consumers.fetch_sub(1, Ordering::Relaxed);
            if self.closing.is_cancelled() {
                return;
            }
            metrics::counter!("transport_restarts_total", "queue" => queue.name()).increment(1);
            pause = if begun.elapsed() > Duration::from_secs(10) { Duration::from_millis(50) } else { pause * 2 };
            pause = pause.clamp(Duration::from_millis(50), LONGEST_PAUSE);
            match ended {
                Ok(Ok(())) => tracing::warn!(%queue, "The transport of {queue} ended; starting it again"),
                Ok(Err(error)) => tracing::warn!(%queue, error = %error, "The transport of {queue} died: {error}"),
                Err(error) => tracing::error!(%queue, error = %error, "The transport of {queue} broke down: {error}"),
            }
        }
    }

    /// A life that begins while Redis is away dies of its first question, and so does the next one,
    /// which hears of the connection that failed meanwhile: with the pauses between them, Redis
    /// would be back for seconds before anybody worked.
    async fn until_redis_answers(&self) {
        let answered = async {
            while self.road.ping().await.is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::select! {
            () = answered => {}
            () = self.closing.cancelled() => {}
        }
    }

    /// One life of an apalis worker. It is always told that the ticket is done: what becomes of the
    /// job is decided elsewhere.
    async fn live(self, queue: Queue, slots: usize, life: u64) -> Result<(), MonitorError> {
        let interval = match queue {
            Queue::Within5s => Duration::from_millis(50),
            _ => Duration::from_millis(200),
        };
        // One at a time: while a worker holds more tickets than it can begin, it sends no sign of
        // life, and others believe it dead.
        let backend = self.road.storage::<serde_json::Value>(queue, 1).poll_with_interval(interval);
        let name = format!("{}-{queue}-{life}", self.name);
        let executor = self.executor.clone();
        let worker = {
            let name = name.clone();
            move |_restarts: usize| {
                let executor = executor.clone();
                WorkerBuilder::new(name.clone()).backend(backend.clone()).concurrency(slots).catch_panic().build(
                    move |ticket: serde_json::Value| {
                        let executor = executor.clone();
                        async move {
                            match serde_json::from_value::<Ticket>(ticket) {
                                Ok(ticket) => executor.accept(ticket, queue).await,
                                Err(error) => tracing::error!(error = %error, "A ticket cannot be read: {error}"),
                            }
                            Ok::<(), std::convert::Infallible>(())
                        }
                    },
                )
            }
        };
        // It is not asked to restart anything: it would do so at once, and under the same name.
        let monitor = Monitor::new().register(worker);
        let context = monitor.context();
        tokio::select! {
            ended = monitor.run() => ended,
            () = self.steer(context, queue, name) => Ok(()),
        }
    }

    /// Wakes an apalis worker when tickets were pushed, and stops it at the end; then waits to be
    /// dropped.
    async fn steer(&self, context: MonitorContext, queue: Queue, name: String) {
        let Some(waker) = self.wakers.get(&queue) else { return };
        loop {
            tokio::select! {
                () = waker.notified() => {
                    let _ = context.wake_worker(&name);
                }
                () = self.closing.cancelled() => break,
            }
        }
        let _ = context.shutdown();
        std::future::pending::<()>().await;
    }

    /// Tells operators that this worker is there, until it has stopped.
    async fn tell_operators(self, identity: Identity) {
        loop {
            let is_stopping = self.pulse.is_stopping.load(Ordering::Relaxed);
            identity.note(&self.operators, self.executor.running(), is_stopping).await;
            tokio::select! {
                () = tokio::time::sleep(presence::EVERY) => {}
                // At once, and then as often as before.
                () = self.closing.cancelled(), if !is_stopping => {}
            }
        }
    }

    /// Asks Redis whether it is there, and does without it while it is not. Neither waits for the other:
    /// a Redis that is away takes its time to say so.
    async fn watch_redis(self) {
        let is_away = AtomicBool::new(false);
        tokio::join!(self.ask_redis(&is_away), self.do_without_redis(&is_away));
    }

    async fn ask_redis(&self, is_away: &AtomicBool) {
        let mut seen = Instant::now();
        while !self.closing.is_cancelled() {
            if self.road.ping().await.is_ok() {
                seen = Instant::now();
            }
            let is_gone = seen.elapsed() > relay::REDIS_PATIENCE;
            is_away.store(is_gone, Ordering::Relaxed);
            self.pulse.has_redis.store(!is_gone, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn do_without_redis(&self, is_away: &AtomicBool) {
        while !self.closing.is_cancelled() {
            let taken = if is_away.load(Ordering::Relaxed) {
                self.take_directly().await.unwrap_or_else(|error| {
                    tracing::warn!("Without Redis, and the database does not answer: {error:#}");
                    0
                })
            } else {
                0
            };
            tokio::time::sleep(Duration::from_millis(if taken == 0 { 500 } else { 50 })).await;
        }
    }

    /// Fills free slots straight from PostgreSQL.
    async fn take_directly(&self) -> anyhow::Result<usize> {
        let mut taken = 0;
        for queue in self.config.queues.keys() {
            let free = u32::try_from(self.executor.free(*queue)).unwrap_or(u32::MAX);
            if free == 0 {
                continue;
            }
            let tickets = relay::take_directly(&mut *self.control.get(Scope::Relay).await?, *queue, free).await?;
            taken += tickets.len();
            for ticket in tickets {
                tokio::spawn(self.executor.clone().accept(ticket, *queue));
            }
        }
        Ok(taken)
    }
}

/// `{host}-{process}-{when}`: no two workers ever have the same.
fn worker_name() -> String {
    let host = presence::host();
    format!("{host}-{}-{}", std::process::id(), uuid::Uuid::new_v4().simple())
}

struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// The signal of a person (SIGINT) or of a process manager (SIGTERM).
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
