//! Analytics: counts of what happened, kept by day and always to be had again from the events.

mod event_log;
pub mod jobs;
mod rollup;

pub use event_log::{EventFilter, EventRow, list_events};
pub use rollup::DailyRollup;
