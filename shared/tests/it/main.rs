//! Invariants of the database and of the source.

mod architecture;
mod isolation;
mod schema;
