//! The audit log: who changed what, from what to what.
//!
//! Changes of rows write themselves: a table says `audit_changes('table')` in its migration, and a
//! trigger adds a line to each insert, update and delete, in the same transaction. Acts that change
//! no row of such a table are recorded by name. The log is append-only for every role that serves;
//! who acts is a setting of the connection, see [`Acting`](crate::db::Acting).

mod act;
mod entry;

pub use act::Act;
pub use entry::{AuditEntry, AuditFilter, Performer, list};
