//! The job system: rows in PostgreSQL are the truth, Redis carries tickets that point at them.
//!
//! A job is enqueued by [`enqueue`] in the transaction that causes it: it exists exactly if its
//! cause does. The [`relay`] hands tickets to Redis, a worker claims the row in the [`ledger`], and
//! effects and outcome are committed together (`docs/adr/0002-jobs-in-postgres-carried-by-redis.md`).

pub mod backlog;
pub mod cursor;
pub mod effects;
mod job;
mod kind;
pub mod ledger;
pub mod limits;
pub mod measure;
pub mod mutant;
pub mod operate;
pub mod presence;
mod prune;
mod queue;
pub mod relay;
mod release;
pub mod retention;
mod road;
pub mod schedule;
pub mod throughput;
mod view;

pub use backlog::Backlog;
pub use job::{Backoff, Enqueued, Job, JobOptions, enqueue, enqueue_many, enqueue_with};
pub use kind::JobKind;
pub use ledger::JobState;
pub use limits::Rate;
pub use prune::PruneJobs;
pub use queue::Queue;
pub use release::{announce, is_announced};
pub use road::{MOST_TICKETS, Road, RoadError, Ticket, TicketStorage};
pub use view::JobView;
