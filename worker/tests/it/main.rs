//! Jobs from the row to the outcome.

mod analytics;
mod certificates;
mod enrollments;
mod notifications;
mod registry;
mod support;
mod world;
