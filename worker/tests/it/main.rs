//! Jobs from the row to the outcome.

mod registry;
mod support;
mod users;
