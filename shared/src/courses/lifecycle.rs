//! The ways of a course: opened, closed, opened again, deleted.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::jobs::CourseOpened;
use super::standing::TakesPart;
use super::{Course, CourseError, CourseStatus};
use crate::db::schema::{courses, enrollments};
use crate::db::{Conn, Error};
use crate::jobs::enqueue;

impl Course {
    /// Opens it to learners.
    pub async fn publish(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<Self, CourseError> {
        let turned =
            self.turn(conn, &[CourseStatus::Draft, CourseStatus::Archived], CourseStatus::Published, now).await?;
        turned.ok_or(CourseError::AlreadyPublished)
    }

    /// Closes it to those who do not take part yet.
    pub async fn archive(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<Self, CourseError> {
        let turned =
            self.turn(conn, &[CourseStatus::Draft, CourseStatus::Published], CourseStatus::Archived, now).await?;
        turned.ok_or(CourseError::AlreadyArchived)
    }

    /// Opens an archived course again, as far as it was open: a draft becomes a draft.
    pub async fn unarchive(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<Self, CourseError> {
        let was = if self.published_at.is_some() { CourseStatus::Published } else { CourseStatus::Draft };
        let turned = self.turn(conn, &[CourseStatus::Archived], was, now).await?;
        turned.ok_or(CourseError::NotArchived)
    }

    /// Gives it another status, if its own is one of `from`; none if it is not. Nothing else writes the
    /// status of a course that is there, so that whatever opens it has the same done.
    pub(super) async fn turn(
        &self,
        conn: &mut Conn,
        from: &[CourseStatus],
        to: CourseStatus,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, Error> {
        let opens = to == CourseStatus::Published;
        conn.transaction(async |conn| {
            let turned: Option<Self> = diesel::update(self)
                .filter(courses::status.eq_any(from))
                .set((
                    courses::status.eq(to),
                    opens.then(|| courses::published_at.eq(self.published_at.unwrap_or(now))),
                    courses::version.eq(courses::version + 1),
                    courses::updated_at.eq(now),
                ))
                .returning(Self::as_returning())
                .get_result(conn)
                .await
                .optional()?;
            if let Some(course) = turned.as_ref().filter(|_| opens) {
                enqueue(conn, &CourseOpened { tenant_id: course.tenant_id, course_id: course.id }).await?;
            }
            Ok(turned)
        })
        .await
    }

    /// Deletes it with all that is in it, unless somebody takes part: their progress and their
    /// certificates would go with it, and archiving is what is meant then.
    pub async fn delete(&self, conn: &mut Conn) -> Result<(), CourseError> {
        conn.transaction(async |conn| {
            // Enrolling holds the row, so nobody enters between the question and the deletion.
            let course = Self::lock(conn, self.tenant_id, self.id).await?.ok_or(CourseError::Gone)?;
            let taken = diesel::select(diesel::dsl::exists(
                enrollments::table
                    .filter(enrollments::tenant_id.eq(self.tenant_id))
                    .filter(enrollments::course_id.eq(self.id))
                    .filter(TakesPart),
            ));
            if taken.get_result::<bool>(conn).await? {
                return Err(CourseError::InUse);
            }
            diesel::delete(&course).execute(conn).await?;
            Ok(())
        })
        .await
    }
}
