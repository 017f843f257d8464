//! Every rule and every line of SQL of the LMS.
//!
//! `api` turns HTTP into calls of this crate and `worker` turns jobs into calls of it; neither can
//! write a query of its own. Domains are listed in the order in which they may use each other: one
//! may use those above it. What a lower domain must cause in a higher one is a job.

pub mod audit;
pub mod clock;
pub mod colour;
pub mod config;
pub mod db;
pub mod ids;
pub mod jobs;
pub mod live;
pub mod locale;
pub mod mail;
pub mod outbound;
pub mod requests;
pub mod secret;
pub mod storage;
pub mod telemetry;
pub mod tls;

pub mod events;

pub mod tenants;

pub mod users;

pub mod federation;

pub mod files;

pub mod courses;

pub mod enrollments;

pub mod certificates;

pub mod discussions;

pub mod notifications;

pub mod analytics;

pub mod dashboards;

pub mod kinds;

pub mod demo;

#[cfg(feature = "testing")]
pub mod testing;
