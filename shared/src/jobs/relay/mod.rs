//! The relay hands tickets to Redis: fairly over tenants, never more than a window, and again when
//! Redis has lost them. It also takes back what died, and fires schedules.
//!
//! Every process hosts one. One of them leads, by an advisory lock that its connection holds: when
//! the process dies the lock is free, and another leads within a second. Two leaders would do no
//! harm (every step is guarded by its own statement), one is enough.

mod epoch;
mod janitor;
mod pick;
mod sweep;
mod upkeep;
mod window;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use diesel::sql_types::{BigInt, Bool};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use pick::{Load, Settings, hand_over};
pub use pick::{take, take_directly};
pub use sweep::{Swept, sweep};
pub use window::Window;

use super::{Queue, Road, RoadError, backlog};
use crate::config::RedisConfig;
use crate::db::{Conn, Error, Pool, PoolError, Scope};

/// The number of the leader's lock. Arbitrary, and ours.
const LEADER_LOCK: i64 = 7_203_302;
/// How often a standby asks whether it may lead.
const STANDBY: Duration = Duration::from_millis(500);
/// How long the leader waits for a notification before it looks for itself.
const LOOK: Duration = Duration::from_millis(250);
/// The same while tickets wait for room.
const BUSY_LOOK: Duration = Duration::from_millis(40);
/// How often finished tickets are thrown away.
const TIDY: Duration = Duration::from_secs(2);
/// When Redis is away for so long, workers take jobs straight from PostgreSQL, also those whose
/// tickets are as old.
pub const REDIS_PATIENCE: Duration = Duration::from_secs(10);
/// A leader that hangs (its process is paused, its machine is gone without a word) must not keep the
/// lock: the server ends its connection. A living one speaks several times a second, and is silent
/// for no longer than Redis may take to answer.
const LONGEST_SILENCE: &str = "set idle_session_timeout = '10s'; set idle_in_transaction_session_timeout = '10s'";

/// Why a leader steps down.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Database(#[from] Error),
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error(transparent)]
    Road(#[from] RoadError),
}

/// Hosts a relay until `shutdown`. Whatever fails is logged and tried again: it never brings its
/// process down.
///
/// `program` is how the leader is called in the logs and in `job_relay`, with the process' id.
pub async fn run(pool: Pool, program: &'static str, redis: RedisConfig, shutdown: CancellationToken) {
    let road = match Road::new(&redis) {
        Ok(road) => road,
        Err(error) => {
            tracing::error!(error = %error, "The relay cannot start: {error}");
            return;
        }
    };
    let relay = Relay { pool, road, name: format!("{program} {}", std::process::id()) };
    while !shutdown.is_cancelled() {
        // In a task of its own, so that not even a panic ends the relay.
        let mut term = tokio::spawn(relay.clone().serve(shutdown.clone()));
        let outcome = tokio::select! {
            outcome = &mut term => outcome,
            () = shutdown.cancelled() => {
                // The lock goes with the connection. A moment, so that a push is not cut in half.
                let _ = tokio::time::timeout(Duration::from_secs(2), term).await;
                break;
            }
        };
        step_down();
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = %error, "The relay stepped down: {error}"),
            Err(error) => tracing::error!(error = %error, "The relay broke down: {error}"),
        }
        tokio::select! {
            () = tokio::time::sleep(STANDBY) => {}
            () = shutdown.cancelled() => {}
        }
    }
    step_down();
}

/// What only a leader knows is told by the next one: an old number would be taken for one of today.
fn step_down() {
    metrics::gauge!("relay_leader").set(0.0);
    for queue in Queue::ALL {
        metrics::gauge!("relay_window_used", "queue" => queue.name()).set(0.0);
    }
}

#[derive(Clone)]
struct Relay {
    pool: Pool,
    road: Road,
    name: String,
}

impl Relay {
    async fn serve(self, shutdown: CancellationToken) -> Result<(), RelayError> {
        let mut conn = self.pool.dedicated(Scope::Relay).await?;
        while !try_lead(&mut conn).await? {
            tokio::select! {
                () = tokio::time::sleep(STANDBY) => {}
                () = shutdown.cancelled() => return Ok(()),
            }
        }
        tracing::info!(relay.name = %self.name, "Leading the relay");
        metrics::gauge!("relay_leader").set(1.0);
        conn.batch_execute("listen jobs").await?;
        conn.batch_execute(LONGEST_SILENCE).await?;
        // Ends with the term: dropped, it is aborted.
        let mut beside = tokio::task::JoinSet::new();
        beside.spawn(backlog::watch(self.pool.clone()));
        // Neither waits for the other: Redis may take seconds to say that it does not answer.
        tokio::try_join!(upkeep::keep(&self.pool, &shutdown), Term::new(&self).hand_out(&mut conn, &shutdown))?;
        Ok(())
    }
}

async fn try_lead(conn: &mut Conn) -> Result<bool, Error> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        leads: bool,
    }
    let row: Row = diesel::sql_query("select pg_try_advisory_lock($1) as leads")
        .bind::<BigInt, _>(LEADER_LOCK)
        .get_result(conn)
        .await?;
    Ok(row.leads)
}

/// Until somebody says that there are jobs, or `patience` ends.
async fn wait_for_work(conn: &mut Conn, patience: Duration, shutdown: &CancellationToken) -> Result<(), Error> {
    let mut notifications = std::pin::pin!(conn.notifications_stream());
    tokio::select! {
        first = notifications.next() => {
            first.transpose()?;
            // One round answers all that have come meanwhile.
            while let Ok(Some(more)) = tokio::time::timeout(Duration::ZERO, notifications.next()).await {
                more?;
            }
        }
        () = tokio::time::sleep(patience) => {}
        () = shutdown.cancelled() => {}
    }
    Ok(())
}

/// What a leader remembers while it leads.
struct Term<'a> {
    relay: &'a Relay,
    windows: HashMap<Queue, Window>,
    epoch: epoch::Epoch,
    tidied: Option<Instant>,
    is_redis_away: bool,
}

impl<'a> Term<'a> {
    fn new(relay: &'a Relay) -> Self {
        Self { relay, windows: HashMap::new(), epoch: epoch::Epoch::default(), tidied: None, is_redis_away: false }
    }

    /// Hands out tickets until `shutdown`.
    async fn hand_out(mut self, conn: &mut Conn, shutdown: &CancellationToken) -> Result<(), RelayError> {
        while !shutdown.is_cancelled() {
            let is_full = self.round(conn).await?;
            wait_for_work(conn, if is_full { BUSY_LOOK } else { LOOK }, shutdown).await?;
        }
        Ok(())
    }

    /// One look at every queue. Says whether tickets wait for room. Without Redis, jobs stay where
    /// they are.
    async fn round(&mut self, conn: &mut Conn) -> Result<bool, RelayError> {
        match self.fill_all(conn).await {
            Ok(is_full) => {
                if std::mem::take(&mut self.is_redis_away) {
                    tracing::info!("Redis is back");
                }
                Ok(is_full)
            }
            Err(RelayError::Road(error)) => {
                if !std::mem::replace(&mut self.is_redis_away, true) {
                    tracing::warn!(error = %error, "No tickets while Redis is away: {error}");
                }
                // Whoever leads speaks: nothing else does so on this connection meanwhile.
                conn.batch_execute("select 1").await?;
                Ok(false)
            }
            Err(other) => Err(other),
        }
    }

    async fn fill_all(&mut self, conn: &mut Conn) -> Result<bool, RelayError> {
        self.epoch.check(conn, &self.relay.road, &self.relay.name).await?;
        let mut is_full = false;
        let waiting = self.relay.road.waiting_by_queue().await?;
        for (settings, load) in pick::look(conn).await? {
            let waiting = waiting.get(&settings.queue).copied().unwrap_or_default();
            is_full |= self.fill(conn, &settings, load, waiting).await?;
        }
        if self.tidied.is_none_or(|at| at.elapsed() >= TIDY) {
            self.tidied = Some(Instant::now());
            for queue in Queue::ALL {
                janitor::tidy(&self.relay.road, queue).await?;
            }
        }
        Ok(is_full)
    }

    /// Tops up one queue.
    async fn fill(
        &mut self,
        conn: &mut Conn,
        settings: &Settings,
        load: Load,
        waiting: usize,
    ) -> Result<bool, RelayError> {
        let queue = settings.queue;
        if load.dispatched > 0 {
            sweep::stale(conn, queue, waiting).await?;
        }
        let window = self.windows.entry(queue).or_default();
        window.observe(Instant::now(), load.dispatched, load.running, waiting);
        let free = window.free(settings.window, load.dispatched, waiting);
        metrics::gauge!("relay_window_used", "queue" => queue.name()).set(f64::from(load.dispatched));
        if settings.is_paused || !load.has_due {
            return Ok(false);
        }
        if free == 0 {
            return Ok(true);
        }
        let road = self.relay.road.clone();
        let handed = hand_over(conn, settings, free, async |tickets| road.push(queue, tickets).await).await?;
        window.handed(handed);
        Ok(handed > 0)
    }
}
