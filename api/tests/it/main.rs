//! The API, over the real router and a real database, by HTTP only.

mod analytics;
mod binary;
mod certificates;
mod contract;
mod jobs;
mod journey;
mod notifications;
mod requests;
mod support;
