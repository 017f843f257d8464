//! What tests need: a fresh database each, makers of rows, and a count of queries.

mod db;
pub mod make;
mod queries;

pub use db::TestDb;
pub use queries::count_queries;
pub(crate) use queries::counting;
