//! Courses that somebody would have to know to enroll in another.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{Course, EnrollmentStatus, PrerequisiteType};
use crate::db::schema::{course_prerequisites, courses, enrollments};
use crate::db::{Conn, Error};
use crate::ids::{CourseId, TenantId, UserId};

/// A course that should have been learned before, and was not far enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmetPrerequisite {
    pub course: CourseId,
    pub title: String,
    pub slug: String,
    /// Percent; none when not enrolled.
    pub progress: Option<i16>,
    /// Percent.
    pub required: i16,
}

/// The required courses in which this person is not far enough.
pub(crate) async fn unmet_prerequisites(
    conn: &mut Conn,
    tenant: TenantId,
    course: CourseId,
    user: UserId,
) -> Result<Vec<UnmetPrerequisite>, Error> {
    let required = course_prerequisites::table
        .inner_join(courses::table.on(courses::id.eq(course_prerequisites::prerequisite_course_id)))
        .left_join(
            enrollments::table.on(enrollments::tenant_id
                .eq(courses::tenant_id)
                .and(enrollments::course_id.eq(courses::id))
                .and(enrollments::user_id.eq(user))),
        )
        .filter(course_prerequisites::tenant_id.eq(tenant))
        .filter(course_prerequisites::course_id.eq(course))
        .filter(course_prerequisites::prerequisite_type.eq(PrerequisiteType::Required))
        .order((courses::title, courses::id))
        .select((
            courses::id,
            courses::title,
            courses::slug,
            course_prerequisites::minimum_completion_percentage,
            (enrollments::status, enrollments::progress).nullable(),
        ))
        .load::<(CourseId, String, String, i16, Option<(EnrollmentStatus, i16)>)>(conn)
        .await?;
    let unmet = required.into_iter().filter_map(|(course, title, slug, required, standing)| {
        let standing = standing.filter(|(status, _)| status.takes_part());
        let met =
            standing.is_some_and(|(status, progress)| status == EnrollmentStatus::Completed || progress >= required);
        (!met).then(|| UnmetPrerequisite { course, title, slug, progress: standing.map(|(_, done)| done), required })
    });
    Ok(unmet.collect())
}

impl Course {
    /// The required courses in which this person is not far enough to enroll in this one.
    pub async fn unmet_prerequisites(&self, conn: &mut Conn, user: UserId) -> Result<Vec<UnmetPrerequisite>, Error> {
        unmet_prerequisites(conn, self.tenant_id, self.id, user).await
    }
}
