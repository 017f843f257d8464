//! Everything that is due, in order, without Redis: for tests and for drills.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use shared::db::Scope;
use shared::jobs::{Queue, ledger};

use crate::context::Services;
use crate::registry::Registry;
use crate::ticket::Executor;

/// Runs what is due at `now` by the registry, also what those jobs ask for, until nothing is left.
/// Returns each run with its outcome, in order: `("courses.announce", "succeeded")`.
///
/// A job runs once: one that fails waits for its backoff, however late `now` is. Call again.
///
/// # Errors
/// The database's.
pub async fn drain(
    services: &Services,
    registry: impl Fn() -> Registry,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<(String, &'static str)>> {
    let pool = services.pool.clone();
    let executor = Executor::new("drain".to_owned(), registry(), services.clone(), pool.clone(), &BTreeMap::new());
    let mut runs = Vec::new();
    let mut seen = HashSet::new();
    loop {
        let due = ledger::due(&mut *pool.get(Scope::Relay).await?, now).await?;
        let before = runs.len();
        for (ticket, kind) in due {
            if !seen.insert(ticket.job) {
                continue;
            }
            // Which queue it was in does not matter here.
            if let Some(outcome) = executor.run_one(ticket, Queue::Within1m).await {
                runs.push((kind, outcome));
            }
        }
        if runs.len() == before {
            return Ok(runs);
        }
    }
}
