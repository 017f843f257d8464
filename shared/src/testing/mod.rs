//! What tests need: a fresh database each, makers of rows, and a count of queries.

#![expect(clippy::expect_used, reason = "what a test needs and does not get ends the test")]

mod db;
pub mod deployment;
pub mod job_model;
mod logs;
pub mod make;
mod measures;
mod ports;
mod queries;
mod unfiltered;
mod vacuum;

pub use db::TestDb;
pub use logs::Logs;
pub use measures::series_at_zero;
pub use ports::free_address;
pub(crate) use queries::counting;
pub use queries::{count_queries, queries_of};
pub use unfiltered::{TENANT_FILTERS, tenant_filters_are_off};
pub use vacuum::vacuum;
