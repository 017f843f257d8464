//! Jobs that enrolling and learning cause.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::{EnrollmentId, EnrollmentImportId, TenantId};
use crate::jobs::{Job, Queue};

/// Tells a learner that they take part in a course now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WelcomeLearner {
    pub tenant_id: TenantId,
    pub enrollment_id: EnrollmentId,
}

impl Job for WelcomeLearner {
    const NAME: &'static str = "enrollments.welcome";
    const QUEUE: Queue = Queue::Within1m;

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.enrollment_id.to_string())
    }
}

/// Looks whether a learner has done all that a course asks for.
///
/// One unfinished job for an enrollment suffices, although progress may be written while it runs:
/// both hold the enrollment's row. A write that comes first is seen by the job; one that comes
/// later waits for the job's end, and finds no unfinished job in its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluateCompletion {
    pub tenant_id: TenantId,
    pub enrollment_id: EnrollmentId,
}

impl Job for EvaluateCompletion {
    const NAME: &'static str = "enrollments.evaluate_completion";
    const QUEUE: Queue = Queue::Within5s;

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.enrollment_id.to_string())
    }
}

/// Does what is due when a course was completed: the certificate, the congratulations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseCompleted {
    pub tenant_id: TenantId,
    pub enrollment_id: EnrollmentId,
}

impl Job for CourseCompleted {
    const NAME: &'static str = "enrollments.course_completed";
    const QUEUE: Queue = Queue::Within5s;

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.enrollment_id.to_string())
    }
}

/// Ends the enrollments of a tenant whose time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpireEnrollments {
    pub tenant_id: TenantId,
}

impl Job for ExpireEnrollments {
    const NAME: &'static str = "enrollments.expire";
    const QUEUE: Queue = Queue::Within1m;

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.tenant_id.to_string())
    }
}

/// Has every tenant's enrollments looked at for those whose time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpireEnrollmentsEverywhere {}

impl Job for ExpireEnrollmentsEverywhere {
    const NAME: &'static str = "enrollments.expire_everywhere";
    const QUEUE: Queue = Queue::Within1m;
    const MAY_BE_SCHEDULED: bool = true;

    fn tenant(&self) -> TenantId {
        TenantId::PLATFORM
    }
}

/// Works a file of enrollments off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunImport {
    pub tenant_id: TenantId,
    pub import_id: EnrollmentImportId,
}

impl Job for RunImport {
    const NAME: &'static str = "enrollments.run_import";
    const QUEUE: Queue = Queue::Within1m;
    const TIMEOUT: Duration = Duration::from_secs(600);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.import_id.to_string())
    }
}

/// Takes a file of enrollments back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoImport {
    pub tenant_id: TenantId,
    pub import_id: EnrollmentImportId,
}

impl Job for UndoImport {
    const NAME: &'static str = "enrollments.undo_import";
    const QUEUE: Queue = Queue::Within1m;
    const TIMEOUT: Duration = Duration::from_secs(600);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.import_id.to_string())
    }
}
