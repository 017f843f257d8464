//! A module: a chapter of a course.

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::jobs::RecountProgress;
use super::{
    Access, ContentItem, Course, CourseError, ModuleGate, SeenItem, SeenModule, Standing, Window, WindowChanges,
    places, rich_text,
};
use crate::db::schema::{content_items, courses, enrollments, modules};
use crate::db::{Conn, Error, Numbered, Page};
use crate::ids::{CourseId, ModuleId, TenantId, UserId};
use crate::jobs;

/// A chapter of a course.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = modules, treat_none_as_default_value = false)]
pub struct Module {
    pub id: ModuleId,
    pub tenant_id: TenantId,
    pub course_id: CourseId,
    pub title: String,
    pub description: String,
    /// From 1, without gaps.
    pub position: i32,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub release_at: Option<DateTime<Utc>>,
    /// Days after the learner began to take part.
    pub release_after_days: Option<i32>,
    pub available_until: Option<DateTime<Utc>>,
}

/// A module about to be made.
#[derive(Debug, Clone)]
pub struct NewModule {
    pub title: String,
    pub description: String,
    /// Behind the others when none.
    pub position: Option<i32>,
    pub window: Window,
}

/// What changes of a module. What is none stays.
#[derive(Debug, Clone, Default)]
pub struct ModuleChanges {
    pub title: Option<String>,
    pub description: Option<String>,
    pub position: Option<i32>,
    pub window: WindowChanges,
}

/// A module with its course, and how somebody stands to that.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundModule {
    pub module: Module,
    pub course: Course,
    pub standing: Option<Standing>,
}

impl Module {
    /// Modules of a course at most: they are read whole.
    pub const MOST: i64 = 200;

    /// When it is open.
    pub const fn window(&self) -> Window {
        Window {
            release_at: self.release_at,
            release_after_days: self.release_after_days,
            available_until: self.available_until,
        }
    }

    /// It, as far as deciding about it goes.
    pub const fn gate(&self) -> ModuleGate {
        ModuleGate { id: self.id, window: self.window() }
    }

    /// Adds a module to a course: behind the others, or at a place, from where the others move on.
    pub async fn create(
        conn: &mut Conn,
        course: &Course,
        new: NewModule,
        now: DateTime<Utc>,
    ) -> Result<Self, CourseError> {
        if new.window.is_empty() {
            return Err(CourseError::WindowEmpty);
        }
        conn.transaction(async |conn| {
            let course = Course::lock(conn, course.tenant_id, course.id).await?.ok_or(CourseError::Gone)?;
            let others = places::modules_of(conn, &course).await?;
            if i64::try_from(others.len()).is_ok_and(|count| count >= Self::MOST) {
                return Err(CourseError::TooMany(Self::MOST));
            }
            let id = ModuleId::new();
            let order = places::with(&others, id, new.position);
            let Window { release_at, release_after_days, available_until } = new.window;
            let module = Self {
                id,
                tenant_id: course.tenant_id,
                course_id: course.id,
                title: new.title,
                description: rich_text::clean(&new.description),
                position: places::place_of(&order, &id),
                version: 1,
                created_at: now,
                updated_at: now,
                release_at,
                release_after_days,
                available_until,
            };
            diesel::insert_into(modules::table).values(&module).execute(conn).await?;
            places::arrange_modules(conn, &course, &order, now).await?;
            Ok(module)
        })
        .await
    }

    /// Changes it, if `seen` is its version or none is asked for.
    pub async fn update(
        &self,
        conn: &mut Conn,
        changes: ModuleChanges,
        seen: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<Self, CourseError> {
        conn.transaction(async |conn| {
            let course = Course::lock(conn, self.tenant_id, self.course_id).await?.ok_or(CourseError::Gone)?;
            let module = Self::reload(conn, self).await?.ok_or(CourseError::Gone)?;
            if seen.is_some_and(|seen| seen != module.version) {
                return Err(CourseError::Changed);
            }
            let window = changes.window.on(module.window())?;
            let order = places::modules_of(conn, &course).await?;
            let order = places::with(&order, module.id, Some(changes.position.unwrap_or(module.position)));
            let changed = diesel::update(&module)
                .set((
                    changes.title.map(|title| modules::title.eq(title)),
                    changes.description.map(|text| modules::description.eq(rich_text::clean(&text))),
                    modules::position.eq(places::place_of(&order, &module.id)),
                    modules::release_at.eq(window.release_at),
                    modules::release_after_days.eq(window.release_after_days),
                    modules::available_until.eq(window.available_until),
                    modules::version.eq(modules::version + 1),
                    modules::updated_at.eq(now),
                ))
                .returning(Self::as_returning())
                .get_result(conn)
                .await?;
            places::arrange_modules(conn, &course, &order, now).await?;
            Ok(changed)
        })
        .await
    }

    /// Its row as it is now; the caller holds the course.
    pub(super) async fn reload(conn: &mut Conn, module: &Self) -> Result<Option<Self>, Error> {
        modules::table
            .filter(modules::tenant_id.eq(module.tenant_id))
            .filter(modules::id.eq(module.id))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()
    }

    /// The module of an item.
    pub(super) async fn of_item(conn: &mut Conn, item: &ContentItem) -> Result<Option<Self>, Error> {
        modules::table
            .filter(modules::tenant_id.eq(item.tenant_id))
            .filter(modules::id.eq(item.module_id))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()
    }

    /// Deletes it with what is in it; those behind it move up.
    pub async fn delete(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<(), CourseError> {
        conn.transaction(async |conn| {
            let course = Course::lock(conn, self.tenant_id, self.course_id).await?.ok_or(CourseError::Gone)?;
            diesel::delete(self).execute(conn).await?;
            let rest = places::modules_of(conn, &course).await?;
            places::arrange_modules(conn, &course, &rest, now).await?;
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
            let there = places::modules_of(conn, &course).await?;
            let order = places::reordered(&there, wanted).map_err(|id| CourseError::ForeignModule(id.0))?;
            places::arrange_modules(conn, &course, &order, now).await?;
            Ok(())
        })
        .await
    }

    /// A module, its course, and how `user` stands to that.
    pub async fn find(
        conn: &mut Conn,
        tenant: TenantId,
        id: ModuleId,
        user: UserId,
    ) -> Result<Option<FoundModule>, Error> {
        let found = modules::table
            .inner_join(courses::table)
            .left_join(
                enrollments::table.on(enrollments::tenant_id
                    .eq(courses::tenant_id)
                    .and(enrollments::course_id.eq(courses::id))
                    .and(enrollments::user_id.eq(user))),
            )
            .filter(modules::tenant_id.eq(tenant))
            .filter(modules::id.eq(id))
            .select((Self::as_select(), Course::as_select(), Option::<Standing>::as_select()))
            .first(conn)
            .await
            .optional()?;
        Ok(found.map(|(module, course, standing)| FoundModule { module, course, standing }))
    }

    /// The modules of a course with their items, in order, as somebody may see them: three queries,
    /// however many there are.
    pub async fn list(
        conn: &mut Conn,
        course: &Course,
        access: &Access,
        page: Numbered,
    ) -> Result<Page<SeenModule>, Error> {
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
        Ok(Page::numbered(Self::with_items(conn, modules, access).await?, total))
    }

    /// Modules of one course with their items in order and the items' files, as somebody may see them.
    pub async fn with_items(conn: &mut Conn, modules: Vec<Self>, access: &Access) -> Result<Vec<SeenModule>, Error> {
        let Some(&Self { tenant_id: tenant, course_id: course, .. }) = modules.as_slice().first() else {
            return Ok(Vec::new());
        };
        let ids: Vec<_> = modules.iter().map(|module| module.id).collect();
        let mut query = content_items::table
            .filter(content_items::tenant_id.eq(tenant))
            .filter(content_items::course_id.eq(course))
            .filter(content_items::module_id.eq_any(ids))
            .order((content_items::position, content_items::id))
            .select(ContentItem::as_select())
            .into_boxed::<Pg>();
        if !access.runs {
            query = query.filter(content_items::is_published);
        }
        let mut items = std::collections::HashMap::<ModuleId, Vec<ContentItem>>::new();
        for item in query.load(conn).await? {
            items.entry(item.module_id).or_default().push(item);
        }
        let seen = |module: Self| {
            let items = items.remove(&module.id).unwrap_or_default();
            access.show_module(module, items)
        };
        let mut modules: Vec<_> = modules.into_iter().map(seen).collect();
        let items = modules.iter_mut().flat_map(|module| &mut module.items).collect();
        SeenItem::find_files(conn, tenant, items).await?;
        Ok(modules)
    }
}
