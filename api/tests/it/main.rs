//! The API, over the real router and a real database, by HTTP only.

mod auth;
mod analytics;
mod binary;
mod certificates;
mod contract;
mod groups;
mod courses;
mod enrollments;
mod jobs;
mod journey;
mod notifications;
mod requests;
mod support;
mod tenants;
mod users;
