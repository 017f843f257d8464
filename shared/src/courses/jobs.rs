//! Jobs that changes of courses cause.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{CourseId, TenantId, UserId};
use crate::jobs::{Job, Queue};

/// Counts anew how far the learners of a course are: what they have to do has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecountProgress {
    pub tenant_id: TenantId,
    pub course_id: CourseId,
}

impl Job for RecountProgress {
    const NAME: &'static str = "courses.recount_progress";
    const QUEUE: Queue = Queue::Within1m;

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    // No unique key: a change that commits while a count runs must be counted by another. An
    // author's changes are few, and counting twice does no harm.
}

/// Copies what is in a course into one that was made for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyContents {
    pub tenant_id: TenantId,
    pub from: CourseId,
    pub to: CourseId,
    /// Who asked for it.
    pub by: Option<UserId>,
}

impl Job for CopyContents {
    const NAME: &'static str = "courses.copy_contents";
    const QUEUE: Queue = Queue::Within1m;

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.to.to_string())
    }
}

/// A course has been opened to learners, for the first time or again: who was to learn it meanwhile
/// can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseOpened {
    pub tenant_id: TenantId,
    pub course_id: CourseId,
}

impl Job for CourseOpened {
    const NAME: &'static str = "courses.opened";
    const QUEUE: Queue = Queue::Within1m;

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    // No unique key: an opening that commits while another is dealt with must be seen, too.
}

/// Items of a course were published for the first time in this hour; notifications tell of them when it
/// is over, all at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentPublished {
    pub tenant_id: TenantId,
    pub course_id: CourseId,
    /// Its beginning.
    pub hour: DateTime<Utc>,
    /// The last person who was told in the turn before.
    #[serde(default)]
    pub after: Option<UserId>,
}

impl ContentPublished {
    /// When the hour is over; with a moment for what its clock has seen and nobody has committed yet.
    pub fn due_at(&self) -> DateTime<Utc> {
        self.hour + TimeDelta::minutes(61)
    }
}

impl Job for ContentPublished {
    const NAME: &'static str = "courses.content_published";
    const QUEUE: Queue = Queue::Within10m;
    const TIMEOUT: Duration = Duration::from_secs(120);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        let turn = self.after.map_or_else(String::new, |after| format!(":{after}"));
        Some(format!("{}:{}{turn}", self.course_id, self.hour.timestamp()))
    }
}
