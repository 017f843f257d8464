//! What happened: a ledger that domain operations write and analytics counts.

mod event;
pub mod jobs;

pub use event::{Event, EventKind};
