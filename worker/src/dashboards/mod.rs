//! Dashboards: counting each tenant for the platform's.

mod count;

use shared::dashboards::jobs::CountTenants;
use shared::jobs::schedule::Schedule;

use crate::registry::Registry;

/// Its functions.
pub fn register(registry: Registry) -> Registry {
    registry.on_db(count::count_tenants).on_db(count::count_tenant)
}

/// Its schedules.
///
/// # Errors
/// A payload cannot be written as JSON.
pub fn schedules() -> serde_json::Result<Vec<Schedule>> {
    Ok(vec![Schedule::new("dashboards.count_tenants", "*/15 * * * *", &CountTenants {})?])
}
