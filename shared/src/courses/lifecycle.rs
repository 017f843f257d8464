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
        let published_at = self.published_at.unwrap_or(now);
        conn.transaction(async |conn| {
            let course: Option<Self> = diesel::update(self)
                .filter(courses::status.ne(CourseStatus::Published))
                .set((
                    courses::status.eq(CourseStatus::Published),
                    courses::published_at.eq(published_at),
                    courses::version.eq(courses::version + 1),
                    courses::updated_at.eq(now),
                ))
                .returning(Self::as_returning())
                .get_result(conn)
                .await
                .optional()?;
            let course = course.ok_or(CourseError::AlreadyPublished)?;
            course.tell_that_it_is_open(conn).await?;
            Ok(course)
        })
        .await
    }

    /// Closes it to those who do not take part yet.
    pub async fn archive(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<Self, CourseError> {
        let course = diesel::update(self)
            .filter(courses::status.ne(CourseStatus::Archived))
            .set((
                courses::status.eq(CourseStatus::Archived),
                courses::version.eq(courses::version + 1),
                courses::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await
            .optional()?;
        course.ok_or(CourseError::AlreadyArchived)
    }

    /// Opens an archived course again, as far as it was open: a draft becomes a draft.
    pub async fn unarchive(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<Self, CourseError> {
        let was = if self.published_at.is_some() { CourseStatus::Published } else { CourseStatus::Draft };
        conn.transaction(async |conn| {
            let course: Option<Self> = diesel::update(self)
                .filter(courses::status.eq(CourseStatus::Archived))
                .set((courses::status.eq(was), courses::version.eq(courses::version + 1), courses::updated_at.eq(now)))
                .returning(Self::as_returning())
                .get_result(conn)
                .await
                .optional()?;
            let course = course.ok_or(CourseError::NotArchived)?;
            course.tell_that_it_is_open(conn).await?;
            Ok(course)
        })
        .await
    }

    /// If it is.
    async fn tell_that_it_is_open(&self, conn: &mut Conn) -> Result<(), Error> {
        if self.status == CourseStatus::Published {
            enqueue(conn, &CourseOpened { tenant_id: self.tenant_id, course_id: self.id }).await?;
        }
        Ok(())
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
