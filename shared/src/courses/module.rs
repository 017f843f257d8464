//! A module: a chapter of a course.

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, max};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::jobs::RecountProgress;
use super::standing::TakesPart;
use super::{ContentItem, Course, CourseError, Standing, rich_text};
use crate::db::schema::{content_items, courses, enrollments, modules};
use crate::db::{Conn, Error, Numbered, Page};
use crate::ids::{CourseId, ModuleId, TenantId, UserId};
use crate::jobs;

/// A chapter of a course.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = modules)]
pub struct Module {
    pub id: ModuleId,
    pub tenant_id: TenantId,
    pub course_id: CourseId,
    pub title: String,
    pub description: String,
    /// From 1, usually; equal ones are in the order of their ids.
    pub position: i32,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A module about to be made.
#[derive(Debug, Clone)]
pub struct NewModule {
    pub title: String,
    pub description: String,
    /// Behind the others when none.
    pub position: Option<i32>,
}

/// What changes of a module. What is none stays.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = modules)]
pub struct ModuleChanges {
    pub title: Option<String>,
    pub description: Option<String>,
    pub position: Option<i32>,
}

/// A module with what is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct ModuleWithItems {
    pub module: Module,
    pub items: Vec<ContentItem>,
}

/// How much of a course's content somebody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Drafts too.
    Everything,
    /// What is published.
    Published,
    /// What is published, without its text and links.
    Outline,
}

impl Module {
    /// Modules of a course at most: they are read whole.
    pub const MOST: i64 = 200;

    /// Adds a module to a course: behind the others, or at a position, from where the others move
    /// on by one.
    pub async fn create(
        conn: &mut Conn,
        course: &Course,
        new: NewModule,
        now: DateTime<Utc>,
    ) -> Result<Self, CourseError> {
        conn.transaction(async |conn| {
            let course = Course::lock(conn, course.tenant_id, course.id).await?.ok_or(CourseError::Gone)?;
            let (count, last) = modules::table
                .filter(modules::tenant_id.eq(course.tenant_id))
                .filter(modules::course_id.eq(course.id))
                .select((count_star(), max(modules::position)))
                .first::<(i64, Option<i32>)>(conn)
                .await?;
            if count >= Self::MOST {
                return Err(CourseError::TooMany(Self::MOST));
            }
            let position = new.position.unwrap_or_else(|| last.unwrap_or(0).saturating_add(1));
            make_room(conn, &course, position, None, now).await?;
            let module = Self {
                id: ModuleId::new(),
                tenant_id: course.tenant_id,
                course_id: course.id,
                title: new.title,
                description: rich_text::clean(&new.description),
                position,
                version: 1,
                created_at: now,
                updated_at: now,
            };
            diesel::insert_into(modules::table).values(&module).execute(conn).await?;
            Ok(module)
        })
        .await
    }

    /// Changes it, if `seen` is its version or none is asked for.
    pub async fn update(
        &self,
        conn: &mut Conn,
        mut changes: ModuleChanges,
        seen: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<Self, CourseError> {
        changes.description = changes.description.map(|text| rich_text::clean(&text));
        conn.transaction(async |conn| {
            let course = Course::lock(conn, self.tenant_id, self.course_id).await?.ok_or(CourseError::Gone)?;
            let module = modules::table
                .filter(modules::tenant_id.eq(self.tenant_id))
                .filter(modules::id.eq(self.id))
                .select(Self::as_select())
                .first(conn)
                .await
                .optional()?
                .ok_or(CourseError::Gone)?;
            if seen.is_some_and(|seen| seen != module.version) {
                return Err(CourseError::Changed);
            }
            if let Some(position) = changes.position.filter(|&position| position != module.position) {
                make_room(conn, &course, position, Some(module.id), now).await?;
            }
            Ok(diesel::update(&module)
                .set((&changes, modules::version.eq(modules::version + 1), modules::updated_at.eq(now)))
                .returning(Self::as_returning())
                .get_result(conn)
                .await?)
        })
        .await
    }

    /// Deletes it with what is in it.
    pub async fn delete(&self, conn: &mut Conn) -> Result<(), Error> {
        conn.transaction(async |conn| {
            diesel::delete(self).execute(conn).await?;
            // What learners have to do may be less than before.
            jobs::enqueue(conn, &RecountProgress { tenant_id: self.tenant_id, course_id: self.course_id }).await?;
            Ok(())
        })
        .await
    }

    /// Puts a course's modules in a new order. Those that are not named follow in the order that
    /// they had: nothing is lost by a list that is out of date.
    pub async fn reorder(
        conn: &mut Conn,
        course: &Course,
        wanted: &[ModuleId],
        now: DateTime<Utc>,
    ) -> Result<(), CourseError> {
        conn.transaction(async |conn| {
            let course = Course::lock(conn, course.tenant_id, course.id).await?.ok_or(CourseError::Gone)?;
            let now_there = modules::table
                .filter(modules::tenant_id.eq(course.tenant_id))
                .filter(modules::course_id.eq(course.id))
                .order((modules::position, modules::id))
                .select((modules::id, modules::position))
                .load::<(ModuleId, i32)>(conn)
                .await?;
            if let Some(foreign) = wanted.iter().find(|wanted| now_there.iter().all(|(id, _)| id != *wanted)) {
                return Err(CourseError::ForeignModule(foreign.0));
            }
            let rest = now_there.iter().map(|(id, _)| id).filter(|id| !wanted.contains(id));
            let order: Vec<_> = wanted.iter().chain(rest).zip(1_i32..).collect();
            for (id, position) in order {
                if now_there.contains(&(*id, position)) {
                    continue;
                }
                diesel::update(modules::table.find(id))
                    .set((
                        modules::position.eq(position),
                        modules::version.eq(modules::version + 1),
                        modules::updated_at.eq(now),
                    ))
                    .execute(conn)
                    .await?;
            }
            Ok(())
        })
        .await
    }

    /// A module, its course, and how `user` takes part in that.
    pub async fn find(
        conn: &mut Conn,
        tenant: TenantId,
        id: ModuleId,
        user: UserId,
    ) -> Result<Option<(Self, Course, Option<Standing>)>, Error> {
        modules::table
            .inner_join(courses::table)
            .left_join(
                enrollments::table.on(enrollments::tenant_id
                    .eq(courses::tenant_id)
                    .and(enrollments::course_id.eq(courses::id))
                    .and(enrollments::user_id.eq(user))
                    .and(TakesPart)),
            )
            .filter(modules::tenant_id.eq(tenant))
            .filter(modules::id.eq(id))
            .select((Self::as_select(), Course::as_select(), Option::<Standing>::as_select()))
            .first(conn)
            .await
            .optional()
    }

    /// The modules of a course with their items, in order: two queries, however many there are.
    pub async fn list(
        conn: &mut Conn,
        course: &Course,
        depth: Depth,
        page: Numbered,
    ) -> Result<Page<ModuleWithItems>, Error> {
        let of_course =
            || modules::table.filter(modules::tenant_id.eq(course.tenant_id)).filter(modules::course_id.eq(course.id));
        let found = of_course()
            .order((modules::position, modules::id))
            .limit(page.limit())
            .offset(page.offset())
            .select((Self::as_select(), count_star().over()))
            .load::<(Self, i64)>(conn)
            .await?;
        let total = match found.as_slice().first() {
            Some((_, total)) => *total,
            None if page.number == 1 => 0,
            None => of_course().count().get_result(conn).await?,
        };
        let modules = found.into_iter().map(|(module, _)| module).collect();
        Ok(Page::numbered(Self::with_items(conn, modules, depth).await?, total))
    }

    /// Modules of one course with their items, in one query.
    pub async fn with_items(conn: &mut Conn, modules: Vec<Self>, depth: Depth) -> Result<Vec<ModuleWithItems>, Error> {
        let Some(first) = modules.as_slice().first() else { return Ok(Vec::new()) };
        let ids: Vec<_> = modules.iter().map(|module| module.id).collect();
        let mut query = content_items::table
            .filter(content_items::tenant_id.eq(first.tenant_id))
            .filter(content_items::course_id.eq(first.course_id))
            .filter(content_items::module_id.eq_any(ids))
            .order((content_items::position, content_items::id))
            .select(ContentItem::as_select())
            .into_boxed::<Pg>();
        if depth != Depth::Everything {
            query = query.filter(content_items::is_published);
        }
        let mut items = std::collections::HashMap::<ModuleId, Vec<ContentItem>>::new();
        for item in query.load(conn).await? {
            items.entry(item.module_id).or_default().push(item.at(depth));
        }
        let with_items = |module: Self| ModuleWithItems { items: items.remove(&module.id).unwrap_or_default(), module };
        Ok(modules.into_iter().map(with_items).collect())
    }
}

/// Moves the modules from `position` on by one, if that place is taken by another than `moving`.
async fn make_room(
    conn: &mut Conn,
    course: &Course,
    position: i32,
    moving: Option<ModuleId>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let others = || {
        modules::table
            .filter(modules::tenant_id.eq(course.tenant_id))
            .filter(modules::course_id.eq(course.id))
            .filter(modules::id.ne(moving.unwrap_or(ModuleId(uuid::Uuid::nil()))))
    };
    let taken = diesel::select(diesel::dsl::exists(others().filter(modules::position.eq(position))));
    if !taken.get_result::<bool>(conn).await? {
        return Ok(());
    }
    diesel::update(others().filter(modules::position.between(position, i32::MAX - 1)))
        .set((
            modules::position.eq(modules::position + 1),
            modules::version.eq(modules::version + 1),
            modules::updated_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
