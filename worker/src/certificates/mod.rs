//! Certificates: issued when a course is completed, drawn, and stored.

mod discard;
mod draw;
mod expiry;
mod issue;
pub mod render;
mod transcript;

use shared::certificates::jobs::TellOfExpiries;
use shared::jobs::schedule::Schedule;

use crate::registry::Registry;

/// Its functions.
pub fn register(registry: Registry) -> Registry {
    registry
        .on_db(issue::issue)
        .on(draw::draw)
        .on(discard::discard)
        .on(transcript::render)
        .on(transcript::discard)
        .on_db(expiry::ask_for_all)
        .on_db(expiry::tell)
}

/// Its schedules.
///
/// # Errors
/// A payload cannot be written as JSON.
pub fn schedules() -> serde_json::Result<Vec<Schedule>> {
    Ok(vec![Schedule::new("certificates.tell_of_expiries", "17 * * * *", &TellOfExpiries {})?])
}
