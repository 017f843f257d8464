//! Work by the clock.
//!
//! Schedules are rows: a release declares them ([`sync`]), operators change them and make more
//! ([`create`]), and whoever
//! notices that one is due fires it ([`fire_due`]). The instant, the job and the next instant are
//! written in one transaction, and the primary key of `schedule_runs` lets one process win, so any
//! number of processes may fire.

mod cron;
mod edit;
mod fire;
mod kind;
mod make;
mod sync;

use std::str::FromStr;

use serde_json::Value;

use super::{Job, Queue};
use crate::db::UnknownValue;
pub use cron::{CronError, Timetable};
pub use edit::{Change, EditError, RunRow, ScheduleRow, change, give_back, history, list, run_now, show};
pub use fire::{fire, fire_due};
pub use kind::Schedulable;
pub use make::{NewSchedule, create, delete, is_name};
pub use sync::{keep, sync};

/// What to do about instants that passed while nobody looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfire {
    /// Nothing; the next one comes.
    Skip,
    /// The last of them is made up for.
    One,
    /// Each of them is made up for.
    All,
}

impl Misfire {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::One => "one",
            Self::All => "all",
        }
    }
}

impl FromStr for Misfire {
    type Err = UnknownValue;

    fn from_str(given: &str) -> Result<Self, Self::Err> {
        [Self::Skip, Self::One, Self::All]
            .into_iter()
            .find(|misfire| misfire.as_str() == given)
            .ok_or_else(|| UnknownValue { given: given.to_owned(), allowed: &["skip", "one", "all"] })
    }
}

/// A schedule as a release declares it.
#[derive(Debug, Clone)]
pub struct Schedule {
    name: &'static str,
    kind: &'static str,
    queue: Queue,
    max_attempts: i32,
    args: Value,
    cron: &'static str,
    timezone: &'static str,
    misfire: Misfire,
    grace_seconds: i32,
    may_overlap: bool,
}

impl Schedule {
    /// Runs `job` whenever `cron` says so, in UTC. Five fields, or six that begin with seconds.
    ///
    /// The payload is given the instant as `scheduled_for`, for those who want it.
    ///
    /// # Errors
    /// The payload cannot be written as JSON.
    pub fn new<J: Job>(name: &'static str, cron: &'static str, job: &J) -> serde_json::Result<Self> {
        Ok(Self {
            name,
            kind: J::NAME,
            queue: J::QUEUE,
            max_attempts: J::MAX_ATTEMPTS,
            args: serde_json::to_value(job)?,
            cron,
            timezone: "UTC",
            misfire: Misfire::One,
            grace_seconds: 86_400,
            may_overlap: false,
        })
    }

    /// In an IANA zone.
    #[must_use]
    pub fn timezone(mut self, timezone: &'static str) -> Self {
        self.timezone = timezone;
        self
    }

    /// What to do about missed instants, and up to which age in seconds.
    #[must_use]
    pub fn misfire(mut self, misfire: Misfire, grace_seconds: i32) -> Self {
        self.misfire = misfire;
        self.grace_seconds = grace_seconds;
        self
    }

    /// Fires even while the job of the last time is unfinished.
    #[must_use]
    pub fn may_overlap(mut self) -> Self {
        self.may_overlap = true;
        self
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The kind of job that it asks for.
    pub const fn kind(&self) -> &'static str {
        self.kind
    }
}
