//! Modules that come before a module.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::{auto_type, count_star};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::prerequisite::one_at_a_time;
use super::{Course, CourseError, CourseStatus, Module, PrerequisiteType};
use crate::db::schema::{
    content_items, course_prerequisites, courses, enrollments, learner_progress, module_prerequisites, modules,
};
use crate::db::{Conn, Error, Numbered, Page, broken_constraint};
use crate::ids::{CourseId, ModuleId, ModulePrerequisiteId, TenantId, UserId};

/// A module that comes before another: of the same course, or of one that the course asks for.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = module_prerequisites)]
pub struct ModulePrerequisite {
    pub id: ModulePrerequisiteId,
    pub tenant_id: TenantId,
    pub course_id: CourseId,
    pub module_id: ModuleId,
    pub prerequisite_course_id: CourseId,
    pub prerequisite_module_id: ModuleId,
    pub prerequisite_type: PrerequisiteType,
    pub created_at: DateTime<Utc>,
}

/// A prerequisite with the other module's name, and how far somebody is with that.
#[derive(Debug, Clone, PartialEq)]
pub struct ModulePrerequisiteRow {
    pub prerequisite: ModulePrerequisite,
    pub title: String,
    pub position: i32,
    /// Whether the other module's course is a draft: then its name is for those only who run the course.
    pub in_draft: bool,
    /// Required, published items of the other module.
    pub required: i64,
    /// Those of them that they have done.
    pub done: i64,
}

impl ModulePrerequisiteRow {
    /// Whether the other module is done; one without anything to do is.
    pub const fn is_met(&self) -> bool {
        self.done >= self.required
    }
}

type Columns = (ModulePrerequisite, (String, i32, CourseStatus), Option<i64>, Option<i64>);

impl From<Columns> for ModulePrerequisiteRow {
    fn from((prerequisite, (title, position, status), required, done): Columns) -> Self {
        let in_draft = status == CourseStatus::Draft;
        Self { prerequisite, title, position, in_draft, required: required.unwrap_or(0), done: done.unwrap_or(0) }
    }
}

/// Which prerequisites are looked for.
#[derive(Clone, Copy)]
enum Wanted<'a> {
    OfCourses(&'a [CourseId]),
    /// Those of drafts only if that is said.
    OfModule(ModuleId, bool, Numbered),
    One(ModuleId, ModulePrerequisiteId),
}

impl ModulePrerequisite {
    /// Prerequisites of a module at most.
    pub const MOST: i64 = 50;

    /// Asks for `before` before `module`. Answers with how far `user` is.
    pub async fn create(
        conn: &mut Conn,
        module: &Module,
        before: &Module,
        prerequisite_type: PrerequisiteType,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<ModulePrerequisiteRow, CourseError> {
        conn.transaction(async |conn| {
            one_at_a_time(conn, module.tenant_id).await?;
            if before.course_id != module.course_id && !asks_for(conn, module, before.course_id).await? {
                return Err(CourseError::PrerequisiteElsewhere);
            }
            if module.id == before.id || leads_to(conn, before, module.id).await? {
                return Err(CourseError::PrerequisiteCycle);
            }
            let count: i64 = module_prerequisites::table
                .filter(module_prerequisites::tenant_id.eq(module.tenant_id))
                .filter(module_prerequisites::module_id.eq(module.id))
                .count()
                .get_result(conn)
                .await?;
            if count >= Self::MOST {
                return Err(CourseError::TooMany(Self::MOST));
            }
            let id = ModulePrerequisiteId::new();
            let inserted = diesel::insert_into(module_prerequisites::table)
                .values(Self {
                    id,
                    tenant_id: module.tenant_id,
                    course_id: module.course_id,
                    module_id: module.id,
                    prerequisite_course_id: before.course_id,
                    prerequisite_module_id: before.id,
                    prerequisite_type,
                    created_at: now,
                })
                .on_conflict((module_prerequisites::module_id, module_prerequisites::prerequisite_module_id))
                .do_nothing()
                .execute(conn)
                .await
                .map_err(broken)?;
            if inserted == 0 {
                return Err(CourseError::PrerequisiteTwice);
            }
            Self::find(conn, module, id, user).await?.ok_or(CourseError::Gone)
        })
        .await
    }

    /// A prerequisite of this module, and how far `user` is with it.
    pub async fn find(
        conn: &mut Conn,
        module: &Module,
        id: ModulePrerequisiteId,
        user: UserId,
    ) -> Result<Option<ModulePrerequisiteRow>, Error> {
        let rows = rows(conn, module.tenant_id, user, Wanted::One(module.id, id)).await?;
        Ok(rows.into_iter().next())
    }

    /// What comes before the modules of these courses, in the modules' order, and how far `user` is with it.
    pub(super) async fn of_courses(
        conn: &mut Conn,
        tenant: TenantId,
        courses: &[CourseId],
        user: UserId,
    ) -> Result<Vec<ModulePrerequisiteRow>, Error> {
        rows(conn, tenant, user, Wanted::OfCourses(courses)).await
    }

    /// What comes before a course's modules, and how far each of these people is with it: two queries,
    /// however many people there are.
    pub(super) async fn of_people(
        conn: &mut Conn,
        course: &Course,
        people: &[UserId],
    ) -> Result<HashMap<UserId, Vec<ModulePrerequisiteRow>>, Error> {
        let rows = rows(conn, course.tenant_id, None, Wanted::OfCourses(&[course.id])).await?;
        let modules: Vec<ModuleId> = rows.iter().map(|row| row.prerequisite.prerequisite_module_id).collect();
        let done = done_by(conn, course.tenant_id, people, &modules).await?;
        let of = |user: UserId, row: &ModulePrerequisiteRow| {
            let done = done.get(&(user, row.prerequisite.prerequisite_module_id)).copied().unwrap_or(0);
            ModulePrerequisiteRow { done, ..row.clone() }
        };
        Ok(people.iter().map(|&user| (user, rows.iter().map(|row| of(user, row)).collect())).collect())
    }

    /// What comes before a module: what is required first, then in the modules' order. What is in a
    /// draft is left out for those who may not know of it.
    pub async fn list(
        conn: &mut Conn,
        module: &Module,
        user: UserId,
        with_drafts: bool,
        page: Numbered,
    ) -> Result<Page<ModulePrerequisiteRow>, Error> {
        let found = rows(conn, module.tenant_id, user, Wanted::OfModule(module.id, with_drafts, page)).await?;
        let total = module_prerequisites::table
            .inner_join(courses::table.on(courses::id.eq(module_prerequisites::prerequisite_course_id)))
            .filter(module_prerequisites::tenant_id.eq(module.tenant_id))
            .filter(module_prerequisites::module_id.eq(module.id))
            .filter(courses::status.ne(CourseStatus::Draft).or(with_drafts.into_sql::<Bool>()))
            .count()
            .get_result(conn)
            .await?;
        Ok(Page::numbered(found, total))
    }

    /// Asks for it in another way.
    pub async fn update(&self, conn: &mut Conn, prerequisite_type: PrerequisiteType) -> Result<Self, CourseError> {
        let changed = diesel::update(self)
            .set(module_prerequisites::prerequisite_type.eq(prerequisite_type))
            .returning(Self::as_returning())
            .get_result(conn)
            .await
            .optional()?;
        changed.ok_or(CourseError::Gone)
    }

    /// Asks for it no more.
    pub async fn delete(&self, conn: &mut Conn) -> Result<(), Error> {
        diesel::delete(self).execute(conn).await?;
        Ok(())
    }
}

/// The required, published items that somebody has done.
#[auto_type]
fn done_items() -> _ {
    enrollments::table
        .inner_join(learner_progress::table.on(learner_progress::enrollment_id.eq(enrollments::id)))
        .inner_join(content_items::table.on(content_items::id.eq(learner_progress::content_item_id)))
        .filter(learner_progress::completed_at.is_not_null())
        .filter(content_items::is_published)
        .filter(content_items::is_required)
}

diesel::allow_columns_to_appear_in_same_group_by_clause!(enrollments::user_id, content_items::module_id);

/// How many of these modules' required items each of these people has done.
async fn done_by(
    conn: &mut Conn,
    tenant: TenantId,
    people: &[UserId],
    modules: &[ModuleId],
) -> Result<HashMap<(UserId, ModuleId), i64>, Error> {
    let counts = done_items()
        .filter(enrollments::tenant_id.eq(tenant))
        .filter(enrollments::user_id.eq_any(people))
        .filter(enrollments::course_id.eq(content_items::course_id))
        .filter(content_items::module_id.eq_any(modules))
        .group_by((enrollments::user_id, content_items::module_id))
        .select((enrollments::user_id, content_items::module_id, count_star()))
        .load::<(UserId, ModuleId, i64)>(conn)
        .await?;
    Ok(counts.into_iter().map(|(user, module, done)| ((user, module), done)).collect())
}

/// How far `user` is, or nobody: then nothing is done.
async fn rows(
    conn: &mut Conn,
    tenant: TenantId,
    user: impl Into<Option<UserId>>,
    wanted: Wanted<'_>,
) -> Result<Vec<ModulePrerequisiteRow>, Error> {
    let user: Option<UserId> = user.into();
    let required = content_items::table
        .filter(content_items::tenant_id.eq(modules::tenant_id))
        .filter(content_items::course_id.eq(modules::course_id))
        .filter(content_items::module_id.eq(modules::id))
        .filter(content_items::is_published)
        .filter(content_items::is_required)
        .count()
        .single_value();
    let done = done_items()
        .filter(enrollments::tenant_id.eq(modules::tenant_id))
        .filter(enrollments::course_id.eq(modules::course_id))
        .filter(enrollments::user_id.nullable().eq(user))
        .filter(content_items::module_id.eq(modules::id))
        .count()
        .single_value();
    let query = module_prerequisites::table
        .inner_join(
            modules::table.on(modules::tenant_id
                .eq(module_prerequisites::tenant_id)
                .and(modules::id.eq(module_prerequisites::prerequisite_module_id))),
        )
        .inner_join(courses::table.on(courses::id.eq(module_prerequisites::prerequisite_course_id)))
        .filter(module_prerequisites::tenant_id.eq(tenant))
        .order((module_prerequisites::prerequisite_type, modules::position, module_prerequisites::id))
        .select((ModulePrerequisite::as_select(), (modules::title, modules::position, courses::status), required, done))
        .into_boxed::<Pg>();
    let query = match wanted {
        Wanted::OfCourses(ids) => query.filter(module_prerequisites::course_id.eq_any(ids)),
        Wanted::OfModule(module, with_drafts, page) => query
            .filter(module_prerequisites::module_id.eq(module))
            .filter(courses::status.ne(CourseStatus::Draft).or(with_drafts.into_sql::<Bool>()))
            .limit(page.limit())
            .offset(page.offset()),
        Wanted::One(module, id) => {
            query.filter(module_prerequisites::module_id.eq(module)).filter(module_prerequisites::id.eq(id))
        }
    };
    let found: Vec<Columns> = query.load(conn).await?;
    Ok(found.into_iter().map(ModulePrerequisiteRow::from).collect())
}

/// One of the two may be gone by now.
fn broken(error: Error) -> CourseError {
    match broken_constraint(&error) {
        Some("module_prerequisites_module") => CourseError::Gone,
        Some("module_prerequisites_prerequisite") => CourseError::NoSuchPrerequisiteModule,
        _ => CourseError::Database(error),
    }
}

/// Whether the module's course asks for that course.
async fn asks_for(conn: &mut Conn, module: &Module, course: CourseId) -> Result<bool, Error> {
    let asked = course_prerequisites::table
        .filter(course_prerequisites::tenant_id.eq(module.tenant_id))
        .filter(course_prerequisites::course_id.eq(module.course_id))
        .filter(course_prerequisites::prerequisite_course_id.eq(course));
    diesel::select(diesel::dsl::exists(asked)).get_result(conn).await
}

/// Whether `from` asks for `to`, directly or by others.
async fn leads_to(conn: &mut Conn, from: &Module, to: ModuleId) -> Result<bool, Error> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let row: Found = diesel::sql_query(
        "with recursive before (module_id) as (
             select $2
             union
             select p.prerequisite_module_id
             from module_prerequisites p
             join before on p.tenant_id = $1 and p.module_id = before.module_id
         )
         select exists (select from before where module_id = $3) as found",
    )
    .bind::<SqlUuid, _>(from.tenant_id)
    .bind::<SqlUuid, _>(from.id)
    .bind::<SqlUuid, _>(to)
    .get_result(conn)
    .await?;
    Ok(row.found)
}
