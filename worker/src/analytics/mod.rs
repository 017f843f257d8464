//! Analytics: counting what happened.

mod roll_up;

use shared::analytics::jobs::RollUpRecentDays;
use shared::jobs::schedule::Schedule;

use crate::registry::Registry;

/// Its functions.
pub fn register(registry: Registry) -> Registry {
    registry.on_db(roll_up::roll_up_day).on_db(roll_up::roll_up_recent_days)
}

/// Its schedules.
///
/// # Errors
/// A payload cannot be written as JSON.
pub fn schedules() -> serde_json::Result<Vec<Schedule>> {
    Ok(vec![Schedule::new("analytics.roll_up_recent_days", "5 * * * *", &RollUpRecentDays {})?])
}
