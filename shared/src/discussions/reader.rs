//! Who reads a discussion.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::courses::{CourseKey, CourseStatus, Standing};
use crate::db::schema::{courses, enrollments};
use crate::db::{Conn, Error};
use crate::ids::{CourseId, TenantId, UserId};
use crate::users::UserRole;

/// Who reads, and so what is found: the threads of courses that they take part in, teach, or run
/// as an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: UserRole,
    /// When: an enrollment that is over by then counts no more.
    pub at: DateTime<Utc>,
}

impl Reader {
    /// Whether all courses are theirs to moderate.
    pub(super) fn runs_all(self) -> bool {
        self.role == UserRole::Admin
    }

    /// Whether the courses that they teach are.
    pub(super) fn runs_own(self) -> bool {
        self.role == UserRole::Instructor
    }
}

/// How somebody stands in a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CourseStanding {
    pub course: CourseId,
    pub status: CourseStatus,
    /// Teaches it, or runs the tenant.
    pub runs: bool,
    /// Learns in it, or has.
    pub takes_part: bool,
}

impl CourseStanding {
    /// Whether they read and write in its discussions.
    pub fn may_talk(self) -> bool {
        self.runs || (self.takes_part && self.status != CourseStatus::Draft)
    }
}

impl Reader {
    /// How the reader stands in a course of this tenant.
    pub async fn standing(
        self,
        conn: &mut Conn,
        tenant: TenantId,
        course: CourseKey<'_>,
    ) -> Result<Option<CourseStanding>, Error> {
        let query = courses::table
            .left_join(
                enrollments::table.on(enrollments::tenant_id
                    .eq(courses::tenant_id)
                    .and(enrollments::course_id.eq(courses::id))
                    .and(enrollments::user_id.eq(self.user))),
            )
            .filter(courses::tenant_id.eq(tenant))
            .select((courses::id, courses::status, courses::instructor_id, Option::<Standing>::as_select()))
            .into_boxed();
        let query = match course {
            CourseKey::Id(id) => query.filter(courses::id.eq(id)),
            CourseKey::Slug(slug) => query.filter(courses::slug.eq(slug)),
        };
        let found = query.first::<(CourseId, CourseStatus, Option<UserId>, Option<Standing>)>(conn).await;
        Ok(found.optional()?.map(|(course, status, instructor, enrolled)| CourseStanding {
            course,
            status,
            runs: self.runs_all() || (self.runs_own() && instructor == Some(self.user)),
            takes_part: enrolled.is_some_and(|standing| standing.takes_part(self.at)),
        }))
    }
}
