//! The API, over the real router and a real database, by HTTP only.

mod analytics;
mod binary;
mod certificates;
mod contract;
mod courses;
mod enrollments;
mod jobs;
mod notifications;
mod requests;
mod support;
