//! Jobs that changes of courses cause.

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
