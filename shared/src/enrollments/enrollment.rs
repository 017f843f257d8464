//! An enrollment: a learner in a course.

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::{EnrollmentCause, EnrollmentError};
use crate::courses::{Access, Course, CourseKey, CourseStatus, EnrollmentStatus};
use crate::db::schema::{courses, enrollments, users};
use crate::db::{Conn, Error, Numbered, Page};
use crate::ids::{CourseId, EnrollmentId, GroupId, TenantId, UserId};
use crate::users::{Person, UserRole};

/// A learner in a course.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = enrollments, treat_none_as_default_value = false)]
pub struct Enrollment {
    pub id: EnrollmentId,
    pub tenant_id: TenantId,
    pub user_id: UserId,
    pub course_id: CourseId,
    pub status: EnrollmentStatus,
    /// Percent of the required, published items that are completed; 100 only when all are.
    pub progress: i16,
    pub enrolled_at: DateTime<Utc>,
    pub completed_at: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
    /// Cancelled by somebody else than the learner: coming back waits for an approval.
    pub removed: bool,
    pub updated_at: DateTime<Utc>,
    /// When the learner first took part: relative releases count from here.
    pub started_at: Option<DateTime<Utc>>,
    /// Why the status is what it is.
    pub cause: EnrollmentCause,
    /// The group that it came with.
    pub group_id: Option<GroupId>,
}

/// A course, as much of it as an enrollment shows.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = courses)]
pub struct CourseBrief {
    pub id: CourseId,
    pub title: String,
    pub slug: String,
    pub thumbnail: Option<String>,
    pub status: CourseStatus,
    pub instructor_id: Option<UserId>,
}

/// An enrollment with its course and its learner.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = enrollments)]
pub struct EnrollmentRow {
    #[diesel(embed)]
    pub enrollment: Enrollment,
    #[diesel(embed)]
    pub course: CourseBrief,
    #[diesel(embed)]
    pub user: Person,
}

/// Whose enrollments somebody may find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The whole tenant's.
    Tenant,
    /// Those in the courses that this person teaches, and their own.
    Instructor(UserId),
    /// This person's own.
    Own(UserId),
}

/// Which enrollments are wanted.
#[derive(Debug, Clone, Default)]
pub struct EnrollmentFilter<'a> {
    pub course: Option<CourseKey<'a>>,
    pub user: Option<UserId>,
    pub status: Option<EnrollmentStatus>,
}

impl Enrollment {
    /// The enrollments that somebody may find, newest first, in one query.
    pub async fn list(
        conn: &mut Conn,
        tenant: TenantId,
        audience: Audience,
        filter: &EnrollmentFilter<'_>,
        page: Numbered,
    ) -> Result<Page<EnrollmentRow>, Error> {
        let rows = rows(conn, tenant, audience, filter, page).await?;
        let total = match rows.as_slice().first() {
            Some((_, total)) => *total,
            None if page.number == 1 => 0,
            None => {
                let first = Numbered { number: 1, size: 1 };
                self::rows(conn, tenant, audience, filter, first)
                    .await?
                    .as_slice()
                    .first()
                    .map_or(0, |(_, total)| *total)
            }
        };
        Ok(Page::numbered(rows.into_iter().map(|(row, _)| row).collect(), total))
    }

    /// The enrollment of this tenant with this id, with its course and its learner.
    pub async fn find(conn: &mut Conn, tenant: TenantId, id: EnrollmentId) -> Result<Option<EnrollmentRow>, Error> {
        enrollments::table
            .inner_join(courses::table)
            .inner_join(users::table)
            .filter(enrollments::tenant_id.eq(tenant))
            .filter(enrollments::id.eq(id))
            .select(EnrollmentRow::as_select())
            .first(conn)
            .await
            .optional()
    }

    /// What decides about what its learner sees of the course. As learner: who runs a course, too, is
    /// one of those who learn it here.
    pub async fn access(&self, conn: &mut Conn, at: DateTime<Utc>) -> Result<Option<Access>, Error> {
        let key = CourseKey::Id(self.course_id);
        let found = Course::find_with_standing(conn, self.tenant_id, key, self.user_id).await?;
        let Some((course, standing)) = found else { return Ok(None) };
        Ok(Some(Access::load(conn, &course, (self.user_id, UserRole::Learner), standing, at).await?))
    }

    /// Lets a learner in who waits for it, until `end` or, without one, until the end that was set
    /// before, if that lies ahead.
    pub async fn approve(
        &self,
        conn: &mut Conn,
        end: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<Self, EnrollmentError> {
        conn.transaction(async |conn| {
            let approved: Self = diesel::update(self)
                .filter(enrollments::status.eq(EnrollmentStatus::Pending))
                .set((
                    enrollments::status.eq(EnrollmentStatus::Active),
                    enrollments::removed.eq(false),
                    enrollments::cause.eq(EnrollmentCause::Staff),
                    enrollments::expires_at.eq(end.or(self.expires_at.filter(|end| *end > now))),
                    enrollments::started_at.eq(self.started_at.unwrap_or(now)),
                    enrollments::updated_at.eq(now),
                ))
                .returning(Self::as_returning())
                .get_result(conn)
                .await
                .optional()?
                .ok_or(EnrollmentError::NotPending)?;
            approved.started(conn, now).await?;
            // Who comes back was counted anew.
            let counted = enrollments::table.find(approved.id).filter(enrollments::tenant_id.eq(approved.tenant_id));
            Ok(counted.select(Self::as_select()).first(conn).await?)
        })
        .await
    }

    /// Ends it. Who ends somebody else's decides, too, whether they may come back.
    pub async fn cancel(&self, conn: &mut Conn, by: UserId, now: DateTime<Utc>) -> Result<Self, EnrollmentError> {
        let cancelled = diesel::update(self)
            .filter(enrollments::status.eq_any([EnrollmentStatus::Pending, EnrollmentStatus::Active]))
            .set((
                enrollments::status.eq(EnrollmentStatus::Cancelled),
                enrollments::cause.eq(if by == self.user_id {
                    EnrollmentCause::Itself
                } else {
                    EnrollmentCause::Staff
                }),
                // Who was removed once, and asks again, does not wash that off by cancelling.
                (by != self.user_id).then(|| enrollments::removed.eq(true)),
                enrollments::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await
            .optional()?;
        cancelled.ok_or(EnrollmentError::NotCancellable)
    }
}

type Found = Vec<(EnrollmentRow, i64)>;

async fn rows(
    conn: &mut Conn,
    tenant: TenantId,
    audience: Audience,
    filter: &EnrollmentFilter<'_>,
    page: Numbered,
) -> Result<Found, Error> {
    let mut query = enrollments::table
        .inner_join(courses::table)
        .inner_join(users::table)
        .filter(enrollments::tenant_id.eq(tenant))
        .order((enrollments::enrolled_at.desc(), enrollments::id.asc()))
        .limit(page.limit())
        .offset(page.offset())
        .select((EnrollmentRow::as_select(), count_star().over()))
        .into_boxed::<Pg>();
    query = match audience {
        Audience::Tenant => query,
        Audience::Instructor(user) => query.filter(enrollments::user_id.eq(user).or(courses::instructor_id.eq(user))),
        Audience::Own(user) => query.filter(enrollments::user_id.eq(user)),
    };
    query = match filter.course {
        Some(CourseKey::Id(id)) => query.filter(enrollments::course_id.eq(id)),
        Some(CourseKey::Slug(slug)) => query.filter(courses::slug.eq(slug)),
        None => query,
    };
    if let Some(user) = filter.user {
        query = query.filter(enrollments::user_id.eq(user));
    }
    if let Some(status) = filter.status {
        query = query.filter(enrollments::status.eq(status));
    }
    query.load(conn).await
}
