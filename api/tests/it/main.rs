//! The API, over the real router and a real database, by HTTP only.

mod binary;
mod contract;
mod courses;
mod enrollments;
mod requests;
mod support;
