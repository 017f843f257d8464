//! What one should have learned before a course.

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::{Course, CourseError, CourseStatus};
use crate::db::schema::{course_prerequisites, courses, sql_types};
use crate::db::{Conn, Error, Numbered, Page, broken_constraint, sql_enum};
use crate::ids::{CourseId, PrerequisiteId, TenantId};

sql_enum! {
    /// How strongly another course is asked for.
    PrerequisiteType: sql_types::PrerequisiteType {
        /// Nobody enrolls themselves without it.
        Required = "REQUIRED",
        /// It helps.
        Recommended = "RECOMMENDED",
        /// It may be learned beside.
        Corequisite = "COREQUISITE",
    }
}

/// Another course that comes before one.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = course_prerequisites)]
pub struct Prerequisite {
    pub id: PrerequisiteId,
    pub tenant_id: TenantId,
    pub course_id: CourseId,
    pub prerequisite_course_id: CourseId,
    pub prerequisite_type: PrerequisiteType,
    /// Percent of the other course.
    pub minimum_completion_percentage: i16,
    pub created_at: DateTime<Utc>,
}

/// A prerequisite about to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewPrerequisite {
    pub prerequisite_type: PrerequisiteType,
    pub minimum_completion_percentage: i16,
}

/// What changes of a prerequisite. What is none stays.
#[derive(Debug, Clone, Copy, Default, AsChangeset)]
#[diesel(table_name = course_prerequisites)]
pub struct PrerequisiteChanges {
    pub prerequisite_type: Option<PrerequisiteType>,
    pub minimum_completion_percentage: Option<i16>,
}

/// A prerequisite with the other course's names.
#[derive(Debug, Clone, PartialEq)]
pub struct PrerequisiteRow {
    pub prerequisite: Prerequisite,
    pub title: String,
    pub slug: String,
}

/// A course by its names.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName)]
pub struct CourseLink {
    #[diesel(sql_type = SqlUuid)]
    pub id: CourseId,
    #[diesel(sql_type = Text)]
    pub title: String,
    #[diesel(sql_type = Text)]
    pub slug: String,
}

/// So many steps back is a chain followed.
const DEEPEST_CHAIN: i32 = 50;
/// So many courses has a chain at most.
const LONGEST_CHAIN: i64 = 200;

impl Prerequisite {
    /// Prerequisites of a course at most.
    pub const MOST: i64 = 50;

    /// Asks for `before` before `course`.
    pub async fn create(
        conn: &mut Conn,
        course: &Course,
        before: &Course,
        new: NewPrerequisite,
        now: DateTime<Utc>,
    ) -> Result<PrerequisiteRow, CourseError> {
        conn.transaction(async |conn| {
            one_at_a_time(conn, course.tenant_id).await?;
            if course.id == before.id || leads_to(conn, before, course.id).await? {
                return Err(CourseError::PrerequisiteCycle);
            }
            let count: i64 = course_prerequisites::table
                .filter(course_prerequisites::tenant_id.eq(course.tenant_id))
                .filter(course_prerequisites::course_id.eq(course.id))
                .count()
                .get_result(conn)
                .await?;
            if count >= Self::MOST {
                return Err(CourseError::TooMany(Self::MOST));
            }
            let prerequisite = diesel::insert_into(course_prerequisites::table)
                .values(Self {
                    id: PrerequisiteId::new(),
                    tenant_id: course.tenant_id,
                    course_id: course.id,
                    prerequisite_course_id: before.id,
                    prerequisite_type: new.prerequisite_type,
                    minimum_completion_percentage: new.minimum_completion_percentage,
                    created_at: now,
                })
                .on_conflict((course_prerequisites::course_id, course_prerequisites::prerequisite_course_id))
                .do_nothing()
                .returning(Self::as_returning())
                .get_result(conn)
                .await
                .optional()
                .map_err(broken)?
                .ok_or(CourseError::PrerequisiteTwice)?;
            Ok(PrerequisiteRow { prerequisite, title: before.title.clone(), slug: before.slug.clone() })
        })
        .await
    }

    /// A prerequisite of this course; one that is a draft only for those who may know of it.
    pub async fn find(
        conn: &mut Conn,
        course: &Course,
        id: PrerequisiteId,
        with_drafts: bool,
    ) -> Result<Option<PrerequisiteRow>, Error> {
        let found = course_prerequisites::table
            .inner_join(courses::table.on(courses::id.eq(course_prerequisites::prerequisite_course_id)))
            .filter(course_prerequisites::tenant_id.eq(course.tenant_id))
            .filter(course_prerequisites::course_id.eq(course.id))
            .filter(course_prerequisites::id.eq(id))
            .filter(courses::status.ne(CourseStatus::Draft).or(with_drafts.into_sql::<Bool>()))
            .select((Self::as_select(), courses::title, courses::slug))
            .first::<(Self, String, String)>(conn)
            .await
            .optional()?;
        Ok(found.map(|(prerequisite, title, slug)| PrerequisiteRow { prerequisite, title, slug }))
    }

    /// What comes before a course: what is required first, then by title. Drafts are left out for
    /// those who may not know of them.
    pub async fn list(
        conn: &mut Conn,
        course: &Course,
        with_drafts: bool,
        page: Numbered,
    ) -> Result<Page<PrerequisiteRow>, Error> {
        let of_course = || {
            course_prerequisites::table
                .inner_join(courses::table.on(courses::id.eq(course_prerequisites::prerequisite_course_id)))
                .filter(course_prerequisites::tenant_id.eq(course.tenant_id))
                .filter(course_prerequisites::course_id.eq(course.id))
                .filter(courses::status.ne(CourseStatus::Draft).or(with_drafts.into_sql::<Bool>()))
        };
        let found = of_course()
            .order((course_prerequisites::prerequisite_type, courses::title, course_prerequisites::id))
            .limit(page.limit())
            .offset(page.offset())
            .select((Self::as_select(), courses::title, courses::slug, count_star().over()))
            .load::<(Self, String, String, i64)>(conn)
            .await?;
        let total = match found.as_slice().first() {
            Some((.., total)) => *total,
            None if page.number == 1 => 0,
            None => of_course().count().get_result(conn).await?,
        };
        let row = |(prerequisite, title, slug, _)| PrerequisiteRow { prerequisite, title, slug };
        Ok(Page::numbered(found.into_iter().map(row).collect(), total))
    }

    /// Changes it.
    pub async fn update(&self, conn: &mut Conn, changes: PrerequisiteChanges) -> Result<Self, CourseError> {
        if changes.prerequisite_type.is_none() && changes.minimum_completion_percentage.is_none() {
            return Ok(self.clone());
        }
        let changed =
            diesel::update(self).set(changes).returning(Self::as_returning()).get_result(conn).await.optional()?;
        changed.ok_or(CourseError::Gone)
    }

    /// Asks for it no more.
    pub async fn delete(&self, conn: &mut Conn) -> Result<(), Error> {
        diesel::delete(self).execute(conn).await?;
        Ok(())
    }
}

impl Course {
    /// Everything that is required before this course, directly or by others, in the order of study:
    /// what others build upon comes first. Drafts are left out for those who may not know of them;
    /// what comes before a draft is not.
    pub async fn prerequisite_chain(&self, conn: &mut Conn, with_drafts: bool) -> Result<Vec<CourseLink>, Error> {
        diesel::sql_query(
            "with recursive before (course_id, depth) as (
                 select $2, 0
                 union
                 select p.prerequisite_course_id, before.depth + 1
                 from course_prerequisites p
                 join before on p.tenant_id = $1 and p.course_id = before.course_id
                 where p.prerequisite_type = 'REQUIRED' and before.depth < $3
             )
             select c.id, c.title, c.slug
             from (select course_id, max(depth) as depth from before group by course_id) as chain
             join courses c on c.tenant_id = $1 and c.id = chain.course_id
             where chain.depth > 0 and (c.status <> 'DRAFT' or $5)
             order by chain.depth desc, c.title, c.id
             limit $4",
        )
        .bind::<SqlUuid, _>(self.tenant_id)
        .bind::<SqlUuid, _>(self.id)
        .bind::<Integer, _>(DEEPEST_CHAIN)
        .bind::<BigInt, _>(LONGEST_CHAIN)
        .bind::<Bool, _>(with_drafts)
        .load(conn)
        .await
    }
}

/// One of the two may be gone by now.
fn broken(error: Error) -> CourseError {
    match broken_constraint(&error) {
        Some("course_prerequisites_course") => CourseError::Gone,
        Some("course_prerequisites_prerequisite") => CourseError::NoSuchPrerequisiteCourse,
        _ => CourseError::Database(error),
    }
}

/// Has the tenant's prerequisites made one at a time, until the transaction ends: two that are
/// harmless alone may close a circle together.
pub(super) async fn one_at_a_time(conn: &mut Conn, tenant: TenantId) -> Result<(), Error> {
    diesel::sql_query("select pg_advisory_xact_lock(hashtextextended('course prerequisites ' || $1, 0))")
        .bind::<Text, _>(tenant.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether `from` asks for `to`, directly or by others.
async fn leads_to(conn: &mut Conn, from: &Course, to: CourseId) -> Result<bool, Error> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let row: Found = diesel::sql_query(
        "with recursive before (course_id) as (
             select $2
             union
             select p.prerequisite_course_id
             from course_prerequisites p
             join before on p.tenant_id = $1 and p.course_id = before.course_id
         )
         select exists (select from before where course_id = $3) as found",
    )
    .bind::<SqlUuid, _>(from.tenant_id)
    .bind::<SqlUuid, _>(from.id)
    .bind::<SqlUuid, _>(to)
    .get_result(conn)
    .await?;
    Ok(row.found)
}
