//! The API, over the real router and a real database, by HTTP only.

mod analytics;
mod certificates;
mod contract;
mod jobs;
mod notifications;
mod support;
