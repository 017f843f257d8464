//! Handing out tickets, for as long as Redis answers.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use diesel_async::SimpleAsyncConnection;
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use super::super::Queue;
use super::pick::{self, Load, Settings, hand_over};
use super::post::{Post, STANDBY};
use super::{Relay, RelayError, Window, epoch, janitor, sweep};
use crate::db::{Conn, Error, Scope};

/// How long the leader waits for a notification before it looks for itself.
const LOOK: Duration = Duration::from_millis(250);
/// The same while tickets wait for room.
const BUSY_LOOK: Duration = Duration::from_millis(40);
/// How often finished tickets are thrown away.
const TIDY: Duration = Duration::from_secs(2);
/// A leader that has not heard of Redis for so long leaves the lead to others: they may reach it. If
/// nobody does, nobody leads, and there is nothing to hand out either.
const CUT_OFF: Duration = Duration::from_secs(3);

/// Stands for the lead while Redis answers, and hands out tickets until `shutdown`.
pub(super) async fn lead(relay: Relay, shutdown: CancellationToken) -> Result<(), RelayError> {
    let mut conn = relay.pool.dedicated(Scope::Relay).await?;
    while relay.road.ping().await.is_err() || !Post::Leader.take(&mut conn).await? {
        tokio::select! {
            () = tokio::time::sleep(STANDBY) => {}
            () = shutdown.cancelled() => return Ok(()),
        }
    }
    tracing::info!(relay.name = %relay.name, "Leading the relay");
    conn.batch_execute("listen jobs").await?;
    Term::new(&relay).hand_out(&mut conn, &shutdown).await
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
    /// When Redis was last heard of.
    heard: Instant,
    is_redis_away: bool,
}

impl<'a> Term<'a> {
    fn new(relay: &'a Relay) -> Self {
        Self {
            relay,
            windows: HashMap::new(),
            epoch: epoch::Epoch::default(),
            tidied: None,
            heard: Instant::now(),
            is_redis_away: false,
        }
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
    /// they are, and after a while the lead is given up.
    async fn round(&mut self, conn: &mut Conn) -> Result<bool, RelayError> {
        match self.fill_all(conn).await {
            Ok(is_full) => {
                self.heard = Instant::now();
                if std::mem::take(&mut self.is_redis_away) {
                    tracing::info!("Redis is back");
                }
                Ok(is_full)
            }
            Err(RelayError::Road(error)) => {
                if !std::mem::replace(&mut self.is_redis_away, true) {
                    tracing::warn!(error = %error, "No tickets while Redis is away: {error}");
                }
                if self.heard.elapsed() >= CUT_OFF {
                    epoch::resign(conn, &self.relay.name).await?;
                    return Err(RelayError::CutOff);
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
