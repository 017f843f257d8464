//! Enrollments: looking whether somebody is done, and counting anew how far they are.

mod evaluate_completion;
mod recount_progress;

use crate::registry::Registry;

/// Its functions.
pub fn register(registry: Registry) -> Registry {
    registry.on_db(evaluate_completion::evaluate_completion).on_db(recount_progress::recount_progress)
}
