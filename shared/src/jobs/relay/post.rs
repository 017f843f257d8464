//! Two posts, each held by one process at a time: handing out tickets, and keeping the clock.
//!
//! A post is an advisory lock on a connection: when its holder dies, the lock is free, and another
//! has it within a second. Two holders would do no harm (every step is guarded by its own
//! statement), one is enough.

use std::time::Duration;

use diesel::sql_types::{BigInt, Bool};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use tokio_util::sync::CancellationToken;

use super::super::Queue;
use super::RelayError;
use crate::db::{Conn, Error};

/// How often a standby asks whether the post is free.
pub(super) const STANDBY: Duration = Duration::from_millis(500);
/// A holder that hangs (its process is paused, its machine is gone without a word) must not keep the
/// lock: the server ends its connection. A living one speaks several times a second, and is silent
/// for no longer than Redis may take to answer.
const LONGEST_SILENCE: &str = "set idle_session_timeout = '10s'; set idle_in_transaction_session_timeout = '10s'";

/// What one process at a time does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Post {
    /// Hands out tickets, for which it needs Redis.
    Leader,
    /// Fires schedules and takes back what died, whatever Redis does.
    Keeper,
}

impl Post {
    /// The number of its lock. Arbitrary, and ours.
    const fn lock(self) -> i64 {
        match self {
            Self::Leader => 7_203_302,
            Self::Keeper => 7_203_303,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Leader => "leader",
            Self::Keeper => "keeper",
        }
    }

    const fn gauge(self) -> &'static str {
        match self {
            Self::Leader => "relay_leader",
            Self::Keeper => "relay_keeper",
        }
    }

    /// Takes the post, if it is free. It is held until `conn` ends.
    pub(super) async fn take(self, conn: &mut Conn) -> Result<bool, Error> {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = Bool)]
            is_ours: bool,
        }
        let row: Row = diesel::sql_query("select pg_try_advisory_lock($1) as is_ours")
            .bind::<BigInt, _>(self.lock())
            .get_result(conn)
            .await?;
        if row.is_ours {
            conn.batch_execute(LONGEST_SILENCE).await?;
            metrics::gauge!(self.gauge()).set(1.0);
        }
        Ok(row.is_ours)
    }

    /// What only a holder knows is told by the next one: an old number would be taken for one of
    /// today.
    fn give_up(self) {
        metrics::gauge!(self.gauge()).set(0.0);
        if self == Self::Leader {
            for queue in Queue::ALL {
                metrics::gauge!("relay_window_used", "queue" => queue.name()).set(0.0);
            }
        }
    }

    /// Stands for the post, holds it and loses it, term after term, until `shutdown`. Whatever fails
    /// is logged and tried again: it never brings its process down.
    pub(super) async fn serve<T>(self, shutdown: &CancellationToken, term: impl Fn() -> T)
    where
        T: Future<Output = Result<(), RelayError>> + Send + 'static,
    {
        self.give_up();
        while !shutdown.is_cancelled() {
            // In a task of its own, so that not even a panic ends the relay.
            let mut held = tokio::spawn(term());
            let outcome = tokio::select! {
                outcome = &mut held => outcome,
                () = shutdown.cancelled() => {
                    // The lock goes with the connection. A moment, so that a push is not cut in half.
                    let _ = tokio::time::timeout(Duration::from_secs(2), held).await;
                    break;
                }
            };
            self.give_up();
            let post = self.name();
            match outcome {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(error = %error, "The relay's {post} stepped down: {error}"),
                Err(error) => tracing::error!(error = %error, "The relay's {post} broke down: {error}"),
            }
            tokio::select! {
                () = tokio::time::sleep(STANDBY) => {}
                () = shutdown.cancelled() => {}
            }
        }
        self.give_up();
    }
}
