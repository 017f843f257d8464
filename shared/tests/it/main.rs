//! Invariants of the database and of the source.

mod isolation;
