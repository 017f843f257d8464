//! Jobs from the row to the outcome.

mod analytics;
mod certificates;
mod notifications;
mod registry;
mod support;
mod users;
mod world;
