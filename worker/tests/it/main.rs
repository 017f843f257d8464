//! Jobs from the row to the outcome.

mod chaos;
mod fairness;
mod ledger;
mod library_contract;
mod process;
mod redis;
mod registry;
mod schedules;
mod support;
