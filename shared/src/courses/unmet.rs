//! Courses that somebody would have to know to enroll in another.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{Course, CourseLink, CourseStatus, EnrollmentStatus, PrerequisiteType};
use crate::db::schema::{course_prerequisites, courses, enrollments};
use crate::db::{Conn, Error};
use crate::ids::{CourseId, TenantId, UserId};

/// A course that should have been learned before, and was not far enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmetPrerequisite {
    /// None when it is a draft, for those who may not know of it: it is asked for all the same.
    pub course: Option<CourseLink>,
    /// Percent; none when not enrolled.
    pub progress: Option<i16>,
    /// Percent.
    pub required: i16,
}

impl UnmetPrerequisite {
    /// For people.
    pub fn name(&self) -> &str {
        self.course.as_ref().map_or("a course that is not published yet", |course| course.title.as_str())
    }
}

/// The required courses in which this person, who does not run the course, is not far enough.
pub(crate) async fn unmet_prerequisites(
    conn: &mut Conn,
    tenant: TenantId,
    course: CourseId,
    user: UserId,
) -> Result<Vec<UnmetPrerequisite>, Error> {
    find(conn, tenant, course, user, false).await
}

async fn find(
    conn: &mut Conn,
    tenant: TenantId,
    course: CourseId,
    user: UserId,
    with_drafts: bool,
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
            (courses::id, courses::title, courses::slug),
            courses::status,
            course_prerequisites::minimum_completion_percentage,
            (enrollments::status, enrollments::progress).nullable(),
        ))
        .load::<(CourseLink, CourseStatus, i16, Option<(EnrollmentStatus, i16)>)>(conn)
        .await?;
    let unmet = required.into_iter().filter_map(|(link, status, required, standing)| {
        let standing = standing.filter(|(status, _)| status.takes_part());
        let met =
            standing.is_some_and(|(status, progress)| status == EnrollmentStatus::Completed || progress >= required);
        let course = (with_drafts || status != CourseStatus::Draft).then_some(link);
        (!met).then(|| UnmetPrerequisite { course, progress: standing.map(|(_, done)| done), required })
    });
    Ok(unmet.collect())
}

impl Course {
    /// The required courses in which this person is not far enough to enroll in this one, drafts by
    /// name for whoever runs it.
    pub async fn unmet_prerequisites(
        &self,
        conn: &mut Conn,
        user: UserId,
        with_drafts: bool,
    ) -> Result<Vec<UnmetPrerequisite>, Error> {
        find(conn, self.tenant_id, self.id, user, with_drafts).await
    }
}
