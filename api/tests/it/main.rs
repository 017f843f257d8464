//! The API, over the real router and a real database, by HTTP only.

mod contract;
mod support;
