//! Jobs that enrolling and learning cause; certificates and notifications answer them.

use serde::{Deserialize, Serialize};

use crate::ids::{EnrollmentId, TenantId};
use crate::jobs::{Job, Queue};

/// A learner has completed a course.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CourseCompleted {
    pub tenant_id: TenantId,
    pub enrollment_id: EnrollmentId,
}

impl Job for CourseCompleted {
    const NAME: &'static str = "enrollments.course_completed";
    const QUEUE: Queue = Queue::Within1m;

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.enrollment_id.to_string())
    }
}

/// Somebody may begin a course.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
    pub tenant_id: TenantId,
    pub enrollment_id: EnrollmentId,
}

impl Job for Welcome {
    const NAME: &'static str = "enrollments.welcome";
    const QUEUE: Queue = Queue::Within1m;

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.enrollment_id.to_string())
    }
}
