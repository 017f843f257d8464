//! What is to be known of a kind of job by whoever does not do it.

use super::limits::Declared;
use super::schedule::Schedulable;
use super::{Job, Queue};

/// A kind of job, as this release declares it.
#[derive(Debug, Clone, Copy)]
pub struct JobKind {
    /// `<domain>.<verb>`.
    pub name: &'static str,
    /// The newest payload that this release reads.
    pub version: i16,
    /// Where its jobs wait.
    pub queue: Queue,
    /// Whom it calls, when several kinds share that limit.
    pub provider: Option<&'static str>,
    /// Its limits, unless operators have set others.
    pub limits: Declared,
    /// What a schedule of it must be like, when operators may make one.
    pub schedulable: Option<Schedulable>,
}

impl JobKind {
    /// The kind of `J`.
    pub const fn of<J: Job>() -> Self {
        Self {
            name: J::NAME,
            version: J::VERSION,
            queue: J::QUEUE,
            provider: J::PROVIDER,
            limits: Declared {
                kind: J::NAME,
                rate: J::RATE,
                tenant_rate: J::TENANT_RATE,
                tenant_backlog: J::TENANT_BACKLOG,
            },
            schedulable: Schedulable::of::<J>(),
        }
    }
}
