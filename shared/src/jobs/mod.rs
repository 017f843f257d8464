//! The job system: rows in PostgreSQL are the truth, Redis carries tickets that point at them.
//!
//! A job is enqueued by [`enqueue`] in the transaction that causes it: it exists exactly if its
//! cause does. The relay hands tickets to Redis, a worker claims the row, and effects and outcome
//! are committed together (`docs/adr/0002-jobs-in-postgres-carried-by-redis.md`).

mod job;
mod queue;
pub mod relay;

pub use job::{Backoff, Enqueued, Job, JobOptions, enqueue, enqueue_with};
pub use queue::Queue;
