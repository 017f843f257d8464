//! The API, over the real router and a real database, by HTTP only.

mod binary;
mod contract;
mod requests;
mod support;
