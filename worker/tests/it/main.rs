//! Jobs from the row to the outcome.

mod analytics;
mod certificates;
mod chaos;
mod enrollments;
mod fairness;
mod ledger;
mod library_contract;
mod notifications;
mod process;
mod redis;
mod registry;
mod schedules;
mod support;
mod users;
mod world;
