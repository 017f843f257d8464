//! Jobs that changes of courses cause; enrollments answer them.

use serde::{Deserialize, Serialize};

use crate::ids::{CourseId, TenantId};
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
