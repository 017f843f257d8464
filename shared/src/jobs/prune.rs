//! The job that keeps the job tables small.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Job, Queue};
use crate::ids::TenantId;

/// Deletes what is too old.
#[derive(Debug, Serialize, Deserialize)]
pub struct PruneJobs {}

impl Job for PruneJobs {
    const NAME: &'static str = "jobs.prune";
    const QUEUE: Queue = Queue::Within1h;
    const TIMEOUT: Duration = Duration::from_secs(900);
    const MAY_BE_SCHEDULED: bool = true;

    fn tenant(&self) -> TenantId {
        TenantId::PLATFORM
    }
}
