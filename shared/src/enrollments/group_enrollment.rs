//! Groups that learn a course together, kept in step with who is in them.

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::EnrollmentError;
use crate::courses::{Course, CourseStatus};
use crate::db::schema::{courses, group_enrollments, learner_groups};
use crate::db::{Conn, Error, Numbered, Page, broken_constraint};
use crate::ids::{CourseId, GroupEnrollmentId, GroupId, TenantId, UserId};
use crate::jobs;
use crate::users::jobs::SyncGroup;

/// A group that learns a course.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = group_enrollments)]
pub struct GroupEnrollment {
    pub id: GroupEnrollmentId,
    pub tenant_id: TenantId,
    pub group_id: GroupId,
    pub course_id: CourseId,
    pub created_at: DateTime<Utc>,
}

/// It with the names of both.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupEnrollmentRow {
    pub enrollment: GroupEnrollment,
    pub group_name: String,
    pub course_title: String,
    pub course_slug: String,
    pub instructor_id: Option<UserId>,
}

type Columns = (GroupEnrollment, String, String, String, Option<UserId>, i64);

impl From<Columns> for GroupEnrollmentRow {
    fn from((enrollment, group_name, course_title, course_slug, instructor_id, _): Columns) -> Self {
        Self { enrollment, group_name, course_title, course_slug, instructor_id }
    }
}

/// Which are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct GroupEnrollmentFilter {
    pub group: Option<GroupId>,
    pub course: Option<CourseId>,
    /// In courses of this person only.
    pub instructor: Option<UserId>,
}

impl GroupEnrollment {
    /// Has a group learn a course, once; says whether it is new. Its members are enrolled by a job.
    pub async fn create(
        conn: &mut Conn,
        course: &Course,
        group: GroupId,
        now: DateTime<Utc>,
    ) -> Result<(GroupEnrollmentId, bool), EnrollmentError> {
        let made = conn.transaction(async |conn| create(conn, course, group, now).await).await;
        made.map_err(|error| match error {
            EnrollmentError::Database(error) => match broken_constraint(&error) {
                Some("group_enrollments_group") => EnrollmentError::NoSuchGroup,
                Some("group_enrollments_course") => EnrollmentError::NoSuchCourse,
                _ => EnrollmentError::Database(error),
            },
            error => error,
        })
    }

    /// The one of this tenant with this id.
    pub async fn find(
        conn: &mut Conn,
        tenant: TenantId,
        id: GroupEnrollmentId,
    ) -> Result<Option<GroupEnrollmentRow>, Error> {
        let one = Numbered { number: 1, size: 1 };
        let rows = rows(conn, tenant, GroupEnrollmentFilter::default(), Some(id), one).await?;
        Ok(rows.into_iter().next().map(GroupEnrollmentRow::from))
    }

    /// Those of the tenant, by group and course.
    pub async fn list(
        conn: &mut Conn,
        tenant: TenantId,
        filter: GroupEnrollmentFilter,
        page: Numbered,
    ) -> Result<Page<GroupEnrollmentRow>, Error> {
        let found = rows(conn, tenant, filter, None, page).await?;
        let total = match found.as_slice().first() {
            Some((.., total)) => *total,
            None if page.number == 1 => 0,
            None => {
                let first = rows(conn, tenant, filter, None, Numbered { number: 1, size: 1 }).await?;
                first.as_slice().first().map_or(0, |(.., total)| *total)
            }
        };
        Ok(Page::numbered(found.into_iter().map(GroupEnrollmentRow::from).collect(), total))
    }

    /// Asks for every group that learns a course to be brought in step with it, and says how many
    /// there are.
    pub async fn sync_course(conn: &mut Conn, tenant: TenantId, course: CourseId) -> Result<usize, Error> {
        let groups: Vec<GroupId> = group_enrollments::table
            .filter(group_enrollments::tenant_id.eq(tenant))
            .filter(group_enrollments::course_id.eq(course))
            .order(group_enrollments::group_id)
            .select(group_enrollments::group_id)
            .load(conn)
            .await?;
        let wanted: Vec<_> = groups.into_iter().map(|group_id| SyncGroup { tenant_id: tenant, group_id }).collect();
        jobs::enqueue_many(conn, &wanted).await
    }

    /// Has the group learn the course no more. Who came with it leaves by a job, but for those who
    /// have completed it.
    pub async fn delete(&self, conn: &mut Conn) -> Result<(), Error> {
        conn.transaction(async |conn| {
            diesel::delete(self).execute(conn).await?;
            jobs::enqueue(conn, &SyncGroup { tenant_id: self.tenant_id, group_id: self.group_id }).await?;
            Ok(())
        })
        .await
    }
}

async fn create(
    conn: &mut Conn,
    course: &Course,
    group: GroupId,
    now: DateTime<Utc>,
) -> Result<(GroupEnrollmentId, bool), EnrollmentError> {
    // Held, so that it is neither archived nor deleted meanwhile.
    let status = courses::table
        .filter(courses::tenant_id.eq(course.tenant_id))
        .filter(courses::id.eq(course.id))
        .select(courses::status)
        .for_share()
        .first::<CourseStatus>(conn)
        .await
        .optional()?;
    if status.ok_or(EnrollmentError::NoSuchCourse)? != CourseStatus::Published {
        return Err(EnrollmentError::CourseNotOpen);
    }
    let id = GroupEnrollmentId::new();
    let made = diesel::insert_into(group_enrollments::table)
        .values(GroupEnrollment {
            id,
            tenant_id: course.tenant_id,
            group_id: group,
            course_id: course.id,
            created_at: now,
        })
        .on_conflict((group_enrollments::group_id, group_enrollments::course_id))
        .do_nothing()
        .execute(conn)
        .await?;
    if made == 1 {
        jobs::enqueue(conn, &SyncGroup { tenant_id: course.tenant_id, group_id: group }).await?;
        return Ok((id, true));
    }
    let there = group_enrollments::table
        .filter(group_enrollments::tenant_id.eq(course.tenant_id))
        .filter(group_enrollments::group_id.eq(group))
        .filter(group_enrollments::course_id.eq(course.id))
        .select(group_enrollments::id)
        .first(conn)
        .await
        .optional()?;
    Ok((there.ok_or(EnrollmentError::NoSuchGroup)?, false))
}

async fn rows(
    conn: &mut Conn,
    tenant: TenantId,
    filter: GroupEnrollmentFilter,
    id: Option<GroupEnrollmentId>,
    page: Numbered,
) -> Result<Vec<Columns>, Error> {
    let mut query = group_enrollments::table
        .inner_join(learner_groups::table)
        .inner_join(courses::table)
        .filter(group_enrollments::tenant_id.eq(tenant))
        .order((learner_groups::name, courses::title, group_enrollments::id))
        .limit(page.limit())
        .offset(page.offset())
        .select((
            GroupEnrollment::as_select(),
            learner_groups::name,
            courses::title,
            courses::slug,
            courses::instructor_id,
            count_star().over(),
        ))
        .into_boxed::<Pg>();
    if let Some(id) = id {
        query = query.filter(group_enrollments::id.eq(id));
    }
    if let Some(group) = filter.group {
        query = query.filter(group_enrollments::group_id.eq(group));
    }
    if let Some(course) = filter.course {
        query = query.filter(group_enrollments::course_id.eq(course));
    }
    if let Some(instructor) = filter.instructor {
        query = query.filter(courses::instructor_id.eq(instructor));
    }
    query.load(conn).await
}
