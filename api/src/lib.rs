//! The REST API: who calls, what they may do, and how it looks on the wire. What is done and kept
//! is `shared`'s business.

pub mod access;
pub mod app;
pub mod commands;
pub mod compat;
pub mod config;
pub mod demo;
pub mod health;
pub mod http;
pub mod live;
pub mod middleware;
pub mod openapi;
pub mod router;
pub mod serve;

mod analytics;
pub mod auth;
mod certificates;
mod courses;
mod enrollments;
mod jobs;
mod notifications;
mod tenants;
mod users;
