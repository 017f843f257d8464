//! Enrollments: looking whether somebody is done, counting anew how far they are, ending what is over,
//! and keeping in step with groups.

mod evaluate_completion;
mod expire;
mod import;
mod recount_progress;
mod sync_group;

use shared::enrollments::jobs::ExpireEnrollmentsEverywhere;
use shared::jobs::schedule::Schedule;

use crate::registry::Registry;

/// Its functions.
pub fn register(registry: Registry) -> Registry {
    registry
        .on_db(evaluate_completion::evaluate_completion)
        .on_db(recount_progress::recount_progress)
        .on_db(sync_group::sync_group)
        .on_db(sync_group::sync_groups)
        .on_db(expire::expire)
        .on_db(expire::expire_everywhere)
        .on(import::run_import)
        .on(import::undo_import)
}

/// Its schedules.
///
/// # Errors
/// A payload cannot be written as JSON.
pub fn schedules() -> serde_json::Result<Vec<Schedule>> {
    Ok(vec![Schedule::new("enrollments.expire", "*/5 * * * *", &ExpireEnrollmentsEverywhere {})?])
}
