//! Learners in courses.

use diesel_async::RunQueryDsl;
use serde_json::json;

use super::morning;
use crate::courses::{ContentItem, Course};
use crate::db::schema::{enrollments, learner_progress};
use crate::enrollments::{
    Enrollment, EnrollmentCause, EnrollmentImport, EnrollmentStatus, GroupEnrollment, Progress, ProgressStatus,
};
use crate::ids::{EnrollmentId, ProgressId, TenantId};
use crate::testing::TestDb;
use crate::users::{Group, NewGroup, User};

/// An enrollment about to be made.
#[derive(Debug, Clone)]
pub struct EnrollmentMaker(Enrollment);

/// A person in a course: active, at the beginning, unless told otherwise.
pub fn enrollment(user: &User, course: &Course) -> EnrollmentMaker {
    EnrollmentMaker(Enrollment {
        id: EnrollmentId::new(),
        tenant_id: course.tenant_id,
        user_id: user.id,
        course_id: course.id,
        status: EnrollmentStatus::Active,
        progress: 0,
        enrolled_at: morning(),
        completed_at: None,
        expires_at: None,
        removed: false,
        updated_at: morning(),
        started_at: Some(morning()),
        cause: EnrollmentCause::Itself,
        group_id: None,
    })
}

impl EnrollmentMaker {
    /// With this status; completed ones are at 100 percent.
    pub fn status(mut self, status: EnrollmentStatus) -> Self {
        self.0.status = status;
        let completed = status == EnrollmentStatus::Completed;
        self.0.completed_at = completed.then(morning);
        if completed {
            self.0.progress = 100;
        }
        self
    }

    /// So far.
    pub fn progress(mut self, percent: i16) -> Self {
        self.0.progress = percent;
        self
    }

    /// Anything else about it.
    pub fn but(mut self, change: impl FnOnce(&mut Enrollment)) -> Self {
        change(&mut self.0);
        self
    }

    /// Into the database.
    pub async fn make(self, db: &TestDb) -> Enrollment {
        let mut conn = db.tenant(self.0.tenant_id).await;
        diesel::insert_into(enrollments::table).values(&self.0).execute(&mut conn).await.expect("an enrollment");
        self.0
    }
}

/// A completed item of an enrollment; the enrollment's percent is left as it is.
pub async fn completed_item(db: &TestDb, enrollment: &Enrollment, item: &ContentItem) -> Progress {
    let progress = Progress {
        id: ProgressId::new(),
        tenant_id: enrollment.tenant_id,
        course_id: enrollment.course_id,
        enrollment_id: enrollment.id,
        content_item_id: item.id,
        status: ProgressStatus::Completed,
        progress_details: json!({}),
        started_at: Some(morning()),
        completed_at: Some(morning()),
        updated_at: morning(),
    };
    let mut conn = db.tenant(enrollment.tenant_id).await;
    diesel::insert_into(learner_progress::table).values(&progress).execute(&mut conn).await.expect("progress");
    progress
}

/// A new group of nobody that learns a new course.
pub async fn group_enrollment(db: &TestDb, tenant: TenantId) -> GroupEnrollment {
    let course = super::course(tenant).published().make(db).await;
    let mut conn = db.tenant(tenant).await;
    let new = NewGroup { name: format!("Group {}", super::serial()), ..NewGroup::default() };
    let group = Group::create(&mut conn, tenant, new, morning()).await.expect("a group").group;
    let (id, _) = GroupEnrollment::create(&mut conn, &course, group.id, morning()).await.expect("enrolled");
    GroupEnrollment::find(&mut conn, tenant, id).await.expect("an answer").expect("it is there").enrollment
}

/// A file of one enrollment in a new course, not worked off yet.
pub async fn enrollment_import(db: &TestDb, tenant: TenantId) -> EnrollmentImport {
    let course = super::course(tenant).published().make(db).await;
    let mut conn = db.tenant(tenant).await;
    let source = "email\nsomebody@example.org\n";
    EnrollmentImport::create(&mut conn, &course, source, false, None, morning()).await.expect("an import")
}
