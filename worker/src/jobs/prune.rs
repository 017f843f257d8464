//! Old jobs, effects and runs of schedules go.

use std::time::Duration;

use shared::db::Scope;
use shared::jobs::{PruneJobs, retention};

use crate::context::Ctx;
use crate::registry::Outcome;

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
