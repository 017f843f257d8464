//! Whether a job may start now, by the limits of its kind and of its provider.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::clock::Clock;
use shared::db::{Pool, Scope};
use shared::jobs::ledger::Claim;
use shared::jobs::limits::{self, Bucket, LimitRow, Turn, patience};
use tokio::sync::RwLock;

use crate::registry::Kind;

/// How soon a limit that an operator has changed is kept.
const FRESH: Duration = Duration::from_secs(5);

/// The limits as this process knows them. Nearly all kinds have none, and ask nobody.
#[derive(Debug)]
pub(crate) struct Limits {
    /// For the limits themselves, which are read seldom.
    control: Pool,
    /// For asking, which may be often.
    pool: Pool,
    clock: Clock,
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    rows: Arc<HashMap<String, LimitRow>>,
    read: Option<Instant>,
}

impl Limits {
    pub(crate) fn new(control: Pool, pool: Pool, clock: Clock) -> Self {
        Self { control, pool, clock, known: RwLock::default() }
    }

    /// How long the job must wait; none when it may start.
    pub(crate) async fn wait(&self, claim: &Claim, buckets: &[Bucket]) -> anyhow::Result<Option<Duration>> {
        let mut conn = self.pool.get(Scope::Relay).await?;
        Ok(match limits::take(&mut conn, claim.id, buckets).await? {
            Turn::Now => None,
            Turn::Promised(wait) => Some(wait),
            Turn::AskAgain => {
                let waited = (self.clock.now() - claim.created_at).to_std().unwrap_or_default();
                Some(patience(waited))
            }
        })
    }

    /// The buckets from which the job must have a token; mostly none.
    pub(crate) async fn buckets(&self, claim: &Claim, kind: &Kind) -> anyhow::Result<Vec<Bucket>> {
        let rows = self.rows().await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let of_kind = rows.get(&format!("kind:{}", kind.name));
        let of_provider = kind.provider.and_then(|provider| rows.get(&format!("provider:{provider}")));
        Ok(of_kind.into_iter().chain(of_provider).flat_map(|row| row.buckets(claim.tenant)).collect())
    }

    async fn rows(&self) -> anyhow::Result<Arc<HashMap<String, LimitRow>>> {
        {
            let known = self.known.read().await;
            if known.read.is_some_and(|at| at.elapsed() < FRESH) {
                return Ok(known.rows.clone());
            }
        }
        let mut known = self.known.write().await;
        if known.read.is_none_or(|at| at.elapsed() >= FRESH) {
            let rows = limits::list(&mut *self.control.get(Scope::Relay).await?).await?;
            known.rows = Arc::new(rows.into_iter().map(|row| (row.subject.clone(), row)).collect());
            known.read = Some(Instant::now());
        }
        Ok(known.rows.clone())
    }
}
