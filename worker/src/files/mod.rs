//! Files: looked at, made smaller, removed.

mod antivirus;
mod clamd;
mod clean_up;
mod purge;
mod scan;
mod thumbnail;

use std::sync::Arc;

pub use antivirus::{Antivirus, Found, Look};
pub use clamd::{Clamd, ClamdConfig};
use shared::files::jobs::{CleanUp, SweepStore};
use shared::jobs::schedule::Schedule;

use crate::registry::Registry;

/// Its functions.
pub fn register(registry: Registry) -> Registry {
    registry
        .on(scan::scan)
        .on(thumbnail::make)
        .on(purge::purge)
        .on_db(clean_up::ask_for_all)
        .on(clean_up::clean_up)
        .on(clean_up::sweep_store)
}

/// Its schedules.
///
/// # Errors
/// A payload cannot be written as JSON.
pub fn schedules() -> serde_json::Result<Vec<Schedule>> {
    Ok(vec![
        Schedule::new("files.clean_up_tenants", "23 * * * *", &CleanUp {})?,
        Schedule::new("files.sweep_store", "41 3 * * *", &SweepStore {})?,
    ])
}

/// What looks for viruses, as it is set up.
pub fn antivirus(config: Option<&ClamdConfig>) -> Option<Arc<dyn Antivirus>> {
    let clamd: Arc<dyn Antivirus> = Arc::new(Clamd::new(config?.clone()));
    Some(clamd)
}
