//! Jobs from the row to the outcome.

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

mod analytics;
mod certificates;
mod chaos;
mod courses;
mod enrollments;
mod fairness;
mod groups;
mod imports;
mod ledger;
mod library_contract;
mod notifications;
mod process;
mod redis;
mod registry;
mod schedules;
mod support;
mod users;
mod world;
