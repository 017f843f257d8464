//! The API, over the real router and a real database, by HTTP only.

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
mod announcements;
mod audit;
mod auth;
mod binary;
mod certificates;
mod contract;
mod courses;
mod dashboards;
mod discussions;
mod enrollments;
mod federation;
mod files;
mod groups;
mod jobs;
mod journey;
mod logs;
mod notifications;
mod requests;
mod support;
mod tenants;
mod trouble;
mod users;
