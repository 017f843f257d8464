//! Invariants of the database and of the source.

mod architecture;
mod demo;
mod isolation;
mod schema;
