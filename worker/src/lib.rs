//! What the worker runs: functions by kind of job, and the machine that runs them.
//!
//! A ticket comes through Redis ([`run`]), the job is claimed and its function called ([`ticket`]),
//! and the outcome is written down, all fenced by the claim ([`lease`], [`verdict`]).
//! `docs/adding-a-job.md` tells how to add one.

pub mod analytics;
pub mod bench;
pub mod bulk;
pub mod certificates;
pub mod completions;
pub mod config;
pub mod context;
pub mod courses;
pub mod dashboards;
mod declares;
pub mod drain;
pub mod enrollments;
pub mod files;
mod health;
pub mod jobs;
mod lease;
mod limits;
pub mod mail;
pub mod notifications;
pub mod operators;
mod ops;
mod presence;
pub mod registry;
pub mod rehearsal;
pub mod run;
pub mod tenants;
pub mod ticket;
pub mod users;
mod verdict;
mod wake;
mod work;

use registry::Registry;
use shared::jobs::schedule::Schedule;

/// All kinds of job, one line a domain.
pub fn registry() -> Registry {
    let registry = Registry::default();
    let registry = jobs::register(registry);
    let registry = tenants::register(registry);
    let registry = users::register(registry);
    let registry = courses::register(registry);
    let registry = files::register(registry);
    let registry = enrollments::register(registry);
    let registry = certificates::register(registry);
    let registry = notifications::register(registry);
    let registry = analytics::register(registry);
    dashboards::register(registry)
}

/// All work by the clock, one line a domain.
///
/// # Errors
/// A payload cannot be written as JSON.
pub fn schedules() -> serde_json::Result<Vec<Schedule>> {
    let all = [
        jobs::schedules()?,
        files::schedules()?,
        enrollments::schedules()?,
        certificates::schedules()?,
        analytics::schedules()?,
        dashboards::schedules()?,
    ];
    Ok(all.concat())
}
