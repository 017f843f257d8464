//! Invariants of the database and of the source.

#![allow(
    clippy::allow_attributes,
    clippy::as_conversions,
    clippy::case_sensitive_file_extension_comparisons,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that does not get what it needs ends, and says so"
)]

mod architecture;
mod audit;
mod demo;
mod deploy;
mod isolation;
mod launcher;
mod plans;
mod pool;
mod prepared;
mod queues;
mod roles;
mod schema;
mod secrets;
mod taking_part;
mod timetables;
