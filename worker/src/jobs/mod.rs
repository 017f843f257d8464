//! Keeping the job tables small.

mod prune;

pub use shared::jobs::PruneJobs;
use shared::jobs::schedule::Schedule;

use crate::registry::Registry;

/// Its functions.
pub fn register(registry: Registry) -> Registry {
    registry.on(prune::prune)
}

/// Its schedules.
///
/// # Errors
/// A payload cannot be written as JSON.
pub fn schedules() -> serde_json::Result<Vec<Schedule>> {
    Ok(vec![Schedule::new("jobs.prune", "17 * * * *", &PruneJobs {})?])
}
