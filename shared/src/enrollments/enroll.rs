//! Enrolling: who may, what must come before, and what it starts.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;

use super::jobs::WelcomeLearner;
use super::{Enrollment, EnrollmentCause, EnrollmentError, EnrollmentStatus};
use crate::courses::{Course, CourseStatus, unmet_prerequisites};
use crate::db::schema::{courses, enrollments, users};
use crate::db::{Conn, Error, broken_constraint};
use crate::events::{Event, EventKind};
use crate::ids::{EnrollmentId, GroupId, TenantId, UserId};
use crate::jobs;
use crate::users::UserStatus;

/// Who enrolls somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolledBy {
    /// The learner: prerequisites, price and approval count.
    Learner,
    /// Somebody who may enroll others: what they say, counts.
    Authority {
        /// Let it wait for an approval nevertheless.
        pending: bool,
    },
}

impl EnrolledBy {
    const fn cause(self) -> EnrollmentCause {
        match self {
            Self::Learner => EnrollmentCause::Itself,
            Self::Authority { .. } => EnrollmentCause::Staff,
        }
    }
}

/// What enrolling did.
#[derive(Debug, Clone, PartialEq)]
pub enum Enrolled {
    /// Somebody new in the course.
    New(Enrollment),
    /// Somebody who was there before is there again.
    Again(Enrollment),
    /// Nothing: they are there, or wait already.
    Already(Enrollment),
}

impl Enrollment {
    /// Enrolls a person in a course, once: asked again or at the same time, it answers with the
    /// enrollment that there is. What was learned before is kept.
    pub async fn enroll(
        conn: &mut Conn,
        course: &Course,
        user: UserId,
        by: EnrolledBy,
        now: DateTime<Utc>,
    ) -> Result<Enrolled, EnrollmentError> {
        let enrolled = conn.transaction(async |conn| enroll(conn, course, user, by, now).await).await;
        enrolled.map_err(|error| match error {
            EnrollmentError::Database(error) => match broken_constraint(&error) {
                Some("enrollments_course") => EnrollmentError::NoSuchCourse,
                Some("enrollments_user") => EnrollmentError::NoSuchUser,
                _ => EnrollmentError::Database(error),
            },
            error => error,
        })
    }

    /// What is due when somebody begins to take part.
    pub(super) async fn started(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<(), Error> {
        let event = Event {
            tenant: self.tenant_id,
            kind: EventKind::CourseEnrolled,
            user: Some(self.user_id),
            course: Some(self.course_id),
            context: json!({ "enrollment_id": self.id }),
            dedupe_key: Some(format!("enrolled {}", self.id)),
        };
        event.record(conn, now).await?;
        jobs::enqueue(conn, &WelcomeLearner { tenant_id: self.tenant_id, enrollment_id: self.id }).await?;
        // Everything may have been done before it was cancelled.
        Self::catch_up(conn, self.tenant_id, &[self.id], now).await
    }
}

async fn enroll(
    conn: &mut Conn,
    course: &Course,
    user: UserId,
    by: EnrolledBy,
    now: DateTime<Utc>,
) -> Result<Enrolled, EnrollmentError> {
    if let Some(existing) = hold(conn, course, user).await? {
        return enter_again(conn, course, existing, by, now).await;
    }
    let status = admit(conn, course, user, by, false).await?;
    let inserted = diesel::insert_into(enrollments::table)
        .values(Enrollment {
            id: EnrollmentId::new(),
            tenant_id: course.tenant_id,
            user_id: user,
            course_id: course.id,
            status,
            progress: 0,
            enrolled_at: now,
            completed_at: None,
            expires_at: None,
            removed: false,
            updated_at: now,
            started_at: status.takes_part().then_some(now),
            cause: by.cause(),
            group_id: None,
        })
        .on_conflict((enrollments::tenant_id, enrollments::course_id, enrollments::user_id))
        .do_nothing()
        .returning(Enrollment::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    if let Some(new) = inserted {
        if status == EnrollmentStatus::Active {
            new.started(conn, now).await?;
        }
        return Ok(Enrolled::New(new));
    }
    // Somebody was faster, and has committed: the conflict waited for that.
    let existing = hold(conn, course, user).await?.ok_or(EnrollmentError::NoSuchCourse)?;
    enter_again(conn, course, existing, by, now).await
}

/// The enrollment that there is, held until the transaction ends.
async fn hold(conn: &mut Conn, course: &Course, user: UserId) -> Result<Option<Enrollment>, Error> {
    enrollments::table
        .filter(enrollments::tenant_id.eq(course.tenant_id))
        .filter(enrollments::course_id.eq(course.id))
        .filter(enrollments::user_id.eq(user))
        .select(Enrollment::as_select())
        .for_no_key_update()
        .first(conn)
        .await
        .optional()
}

async fn enter_again(
    conn: &mut Conn,
    course: &Course,
    existing: Enrollment,
    by: EnrolledBy,
    now: DateTime<Utc>,
) -> Result<Enrolled, EnrollmentError> {
    use EnrollmentStatus as S;
    let existing = existing.at(conn, now).await?;
    let comes_back = match existing.status {
        S::Active | S::Completed => false,
        S::Pending => by == EnrolledBy::Authority { pending: false },
        S::Cancelled | S::Expired => true,
    };
    if !comes_back {
        return Ok(Enrolled::Already(existing));
    }
    // What the clock has ended was given for a while: whether for another one, is not the learner's to
    // say, and they do not get rid of an end by cancelling.
    let is_over = existing.status == S::Expired || existing.expires_at.is_some_and(|end| end <= now);
    let was_ended = existing.removed || is_over;
    let status = admit(conn, course, existing.user_id, by, was_ended).await?;
    let again: Enrollment = diesel::update(&existing)
        .set((
            enrollments::status.eq(status),
            enrollments::expires_at.eq(existing.expires_at.filter(|_| by == EnrolledBy::Learner)),
            // No group is why they are here from now on.
            enrollments::cause.eq(by.cause()),
            enrollments::group_id.eq(None::<GroupId>),
            // A learner who was removed stays so until somebody lets them in.
            enrollments::removed.eq(existing.removed && status == S::Pending),
            // What they have begun goes on where it was.
            enrollments::started_at.eq(existing.started_at.or(status.takes_part().then_some(now))),
            enrollments::updated_at.eq(now),
        ))
        .returning(Enrollment::as_returning())
        .get_result(conn)
        .await?;
    if status == S::Active {
        again.started(conn, now).await?;
    }
    Ok(Enrolled::Again(again))
}

/// The status with which a person enters, if they may.
async fn admit(
    conn: &mut Conn,
    course: &Course,
    user: UserId,
    by: EnrolledBy,
    was_ended: bool,
) -> Result<EnrollmentStatus, EnrollmentError> {
    // Held, so that the course is neither archived nor deleted meanwhile.
    let open = courses::table
        .filter(courses::tenant_id.eq(course.tenant_id))
        .filter(courses::id.eq(course.id))
        .select((courses::status, courses::is_free, courses::requires_approval))
        .for_share()
        .first::<(CourseStatus, bool, bool)>(conn)
        .await
        .optional()?;
    let (status, is_free, requires_approval) = open.ok_or(EnrollmentError::NoSuchCourse)?;
    if status != CourseStatus::Published {
        return Err(EnrollmentError::CourseNotOpen);
    }
    let pending = match by {
        EnrolledBy::Authority { pending } => {
            require_person(conn, course.tenant_id, user).await?;
            pending
        }
        EnrolledBy::Learner => {
            let unmet = unmet_prerequisites(conn, course.tenant_id, course.id, user).await?;
            if !unmet.is_empty() {
                return Err(EnrollmentError::PrerequisitesUnmet(unmet));
            }
            !is_free || requires_approval || was_ended
        }
    };
    Ok(if pending { EnrollmentStatus::Pending } else { EnrollmentStatus::Active })
}

/// Refuses people who are not of the tenant or may not come in.
async fn require_person(conn: &mut Conn, tenant: TenantId, user: UserId) -> Result<(), EnrollmentError> {
    let found = users::table
        .filter(users::tenant_id.eq(tenant))
        .filter(users::id.eq(user))
        .filter(users::status.eq_any([UserStatus::Active, UserStatus::Invited]))
        .select(users::id)
        .first::<UserId>(conn)
        .await
        .optional()?;
    found.map(|_| ()).ok_or(EnrollmentError::NoSuchUser)
}
