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

mod acts;
mod analytics;
mod backlog;
mod bulk;
mod certificates;
mod chaos;
mod courses;
mod dashboards;
mod deployment;
mod enrollments;
mod executor;
mod fairness;
mod files;
mod groups;
mod imports;
mod ledger;
mod library_contract;
mod limits;
mod measures;
mod model;
mod notifications;
mod operators;
mod ops_page;
mod payloads;
mod process;
mod redis;
mod registry;
mod relay;
mod retention;
mod schedules;
mod storms;
mod support;
mod tenants;
mod users;
mod world;
