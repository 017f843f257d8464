//! Old jobs, effects and runs of schedules go.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::db::Scope;
use shared::ids::TenantId;
use shared::jobs::{Job, Queue, retention};

use crate::context::Ctx;
use crate::registry::Outcome;

/// Deletes what is too old.
#[derive(Debug, Serialize, Deserialize)]
pub struct PruneJobs {}

impl Job for PruneJobs {
    const NAME: &'static str = "jobs.prune";
    const QUEUE: Queue = Queue::Within1h;
    const TIMEOUT: Duration = Duration::from_secs(900);

    fn tenant(&self) -> TenantId {
        TenantId::PLATFORM
    }
}

/// Idempotent: what is gone is gone.
pub async fn prune(ctx: Ctx, _: PruneJobs) -> Outcome {
    while retention::prune(&mut *ctx.services().pool.get(Scope::Relay).await?).await? {
        // Others may have the database meanwhile.
        tokio::time::sleep(Duration::from_millis(100)).await;
        if ctx.is_cancelled() {
            break;
        }
    }
    Ok(())
}
