//! The API, over the real router and a real database, by HTTP only.

mod auth;
mod binary;
mod contract;
mod groups;
mod requests;
mod support;
mod tenants;
mod users;
