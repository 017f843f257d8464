//! A content item: a text, a video, a link… of a module.

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, max};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::Value;

use super::jobs::RecountProgress;
use super::standing::TakesPart;
use super::{Course, CourseError, Depth, Module, Standing, rich_text};
use crate::db::schema::{content_items, courses, enrollments, modules, sql_types};
use crate::db::{Conn, Error, Numbered, Page, sql_enum};
use crate::ids::{ContentItemId, CourseId, ModuleId, TenantId, UserId};
use crate::jobs;

sql_enum! {
    /// What an item is.
    ContentType: sql_types::ContentType {
        /// Markdown or HTML.
        Text = "TEXT",
        /// A file to read.
        Document = "DOCUMENT" | "FILE",
        /// A picture.
        Image = "IMAGE",
        /// A film.
        Video = "VIDEO",
        /// A sound.
        Audio = "AUDIO",
        /// A page elsewhere.
        Url = "URL" | "LINK",
        /// A package of H5P.
        H5p = "H5P",
        /// A package of SCORM.
        Scorm = "SCORM",
        /// An assessment.
        Quiz = "QUIZ",
    }
}

/// A text, a video, a link… of a module.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = content_items)]
pub struct ContentItem {
    pub id: ContentItemId,
    pub tenant_id: TenantId,
    /// The module's.
    pub course_id: CourseId,
    pub module_id: ModuleId,
    pub title: String,
    pub content_type: ContentType,
    pub position: i32,
    pub text_content: Option<String>,
    pub external_url: Option<String>,
    pub metadata: Value,
    pub is_published: bool,
    /// Counts towards completion while it is published.
    pub is_required: bool,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// An item about to be made.
#[derive(Debug, Clone)]
pub struct NewContentItem {
    pub title: String,
    pub content_type: ContentType,
    /// Behind the others when none.
    pub position: Option<i32>,
    pub text_content: Option<String>,
    pub external_url: Option<String>,
    pub metadata: Value,
    pub is_published: bool,
    pub is_required: bool,
}

/// What changes of an item. What is none stays.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = content_items)]
pub struct ContentItemChanges {
    pub title: Option<String>,
    pub content_type: Option<ContentType>,
    pub position: Option<i32>,
    pub text_content: Option<Option<String>>,
    pub external_url: Option<Option<String>>,
    pub metadata: Option<Value>,
    pub is_published: Option<bool>,
    pub is_required: Option<bool>,
}

impl ContentItem {
    /// Items of a module at most: they are read whole.
    pub const MOST: i64 = 200;

    /// Whether it counts towards completion.
    pub const fn counts(&self) -> bool {
        self.is_published && self.is_required
    }

    /// As much of it as may be seen.
    pub(super) fn at(mut self, depth: Depth) -> Self {
        if depth == Depth::Outline {
            self.text_content = None;
            self.external_url = None;
            self.metadata = Value::Object(serde_json::Map::new());
        }
        self
    }

    /// Adds an item to a module: behind the others, or at a position, from where the others move
    /// on by one.
    pub async fn create(
        conn: &mut Conn,
        module: &Module,
        new: NewContentItem,
        now: DateTime<Utc>,
    ) -> Result<Self, CourseError> {
        if new.content_type == ContentType::Url && new.external_url.is_none() {
            return Err(CourseError::UrlMissing);
        }
        conn.transaction(async |conn| {
            Course::lock(conn, module.tenant_id, module.course_id).await?.ok_or(CourseError::Gone)?;
            let still_there =
                modules::table.find(module.id).select(modules::id).first::<ModuleId>(conn).await.optional()?;
            still_there.ok_or(CourseError::Gone)?;
            let (count, last) = of_module(module)
                .select((count_star(), max(content_items::position)))
                .first::<(i64, Option<i32>)>(conn)
                .await?;
            if count >= Self::MOST {
                return Err(CourseError::TooMany(Self::MOST));
            }
            let position = new.position.unwrap_or_else(|| last.unwrap_or(0).saturating_add(1));
            make_room(conn, module.tenant_id, module.id, position, None, now).await?;
            let item = Self {
                id: ContentItemId::new(),
                tenant_id: module.tenant_id,
                course_id: module.course_id,
                module_id: module.id,
                title: new.title,
                content_type: new.content_type,
                position,
                text_content: new.text_content.map(|text| rich_text::clean(&text)),
                external_url: new.external_url,
                metadata: new.metadata,
                is_published: new.is_published,
                is_required: new.is_required,
                version: 1,
                created_at: now,
                updated_at: now,
            };
            diesel::insert_into(content_items::table).values(&item).execute(conn).await?;
            if item.counts() {
                recount(conn, &item).await?;
            }
            Ok(item)
        })
        .await
    }

    /// Changes it, if `seen` is its version or none is asked for.
    pub async fn update(
        &self,
        conn: &mut Conn,
        mut changes: ContentItemChanges,
        seen: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<Self, CourseError> {
        changes.text_content = changes.text_content.map(|text| text.map(|text| rich_text::clean(&text)));
        conn.transaction(async |conn| {
            Course::lock(conn, self.tenant_id, self.course_id).await?.ok_or(CourseError::Gone)?;
            let item = content_items::table
                .filter(content_items::tenant_id.eq(self.tenant_id))
                .filter(content_items::id.eq(self.id))
                .select(Self::as_select())
                .first(conn)
                .await
                .optional()?
                .ok_or(CourseError::Gone)?;
            if seen.is_some_and(|seen| seen != item.version) {
                return Err(CourseError::Changed);
            }
            let kind = changes.content_type.unwrap_or(item.content_type);
            let address = changes.external_url.as_ref().unwrap_or(&item.external_url);
            if kind == ContentType::Url && address.is_none() {
                return Err(CourseError::UrlMissing);
            }
            if let Some(position) = changes.position.filter(|&position| position != item.position) {
                make_room(conn, item.tenant_id, item.module_id, position, Some(item.id), now).await?;
            }
            let changed: Self = diesel::update(&item)
                .set((
                    &changes,
                    content_items::version.eq(content_items::version + 1),
                    content_items::updated_at.eq(now),
                ))
                .returning(Self::as_returning())
                .get_result(conn)
                .await?;
            if changed.counts() != item.counts() {
                recount(conn, &changed).await?;
            }
            Ok(changed)
        })
        .await
    }

    /// Deletes it, and what learners did with it.
    pub async fn delete(&self, conn: &mut Conn) -> Result<(), Error> {
        conn.transaction(async |conn| {
            let deleted = diesel::delete(self).execute(conn).await?;
            if deleted == 1 && self.counts() {
                recount(conn, self).await?;
            }
            Ok(())
        })
        .await
    }

    /// An item, its course, and how `user` takes part in that.
    pub async fn find(
        conn: &mut Conn,
        tenant: TenantId,
        id: ContentItemId,
        user: UserId,
    ) -> Result<Option<(Self, Course, Option<Standing>)>, Error> {
        content_items::table
            .inner_join(
                courses::table
                    .on(courses::tenant_id.eq(content_items::tenant_id).and(courses::id.eq(content_items::course_id))),
            )
            .left_join(
                enrollments::table.on(enrollments::tenant_id
                    .eq(courses::tenant_id)
                    .and(enrollments::course_id.eq(courses::id))
                    .and(enrollments::user_id.eq(user))
                    .and(TakesPart)),
            )
            .filter(content_items::tenant_id.eq(tenant))
            .filter(content_items::id.eq(id))
            .select((Self::as_select(), Course::as_select(), Option::<Standing>::as_select()))
            .first(conn)
            .await
            .optional()
    }

    /// The item as much of it as may be seen; none when it may not be seen at all.
    pub fn seen_at(self, depth: Depth) -> Option<Self> {
        (self.is_published || depth == Depth::Everything).then(|| self.at(depth))
    }

    /// The items of a module, in order.
    pub async fn list(conn: &mut Conn, module: &Module, depth: Depth, page: Numbered) -> Result<Page<Self>, Error> {
        let wanted = || {
            let query = of_module(module).into_boxed::<Pg>();
            if depth == Depth::Everything { query } else { query.filter(content_items::is_published) }
        };
        let found = wanted()
            .order((content_items::position, content_items::id))
            .limit(page.limit())
            .offset(page.offset())
            .select(Self::as_select())
            .load::<Self>(conn)
            .await?;
        let total = wanted().count().get_result(conn).await?;
        Ok(Page::numbered(found.into_iter().map(|item| item.at(depth)).collect(), total))
    }
}

type OfModule = diesel::dsl::Filter<
    diesel::dsl::Filter<content_items::table, diesel::dsl::Eq<content_items::tenant_id, TenantId>>,
    diesel::dsl::Eq<content_items::module_id, ModuleId>,
>;

fn of_module(module: &Module) -> OfModule {
    content_items::table
        .filter(content_items::tenant_id.eq(module.tenant_id))
        .filter(content_items::module_id.eq(module.id))
}

/// What learners have to do is another than before: their percentages are counted anew.
async fn recount(conn: &mut Conn, item: &ContentItem) -> Result<(), Error> {
    let job = RecountProgress { tenant_id: item.tenant_id, course_id: item.course_id };
    jobs::enqueue(conn, &job).await?;
    Ok(())
}

/// Moves the items from `position` on by one, if that place is taken by another than `moving`.
async fn make_room(
    conn: &mut Conn,
    tenant: TenantId,
    module: ModuleId,
    position: i32,
    moving: Option<ContentItemId>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let others = || {
        content_items::table
            .filter(content_items::tenant_id.eq(tenant))
            .filter(content_items::module_id.eq(module))
            .filter(content_items::id.ne(moving.unwrap_or(ContentItemId(uuid::Uuid::nil()))))
    };
    let taken = diesel::select(diesel::dsl::exists(others().filter(content_items::position.eq(position))));
    if !taken.get_result::<bool>(conn).await? {
        return Ok(());
    }
    diesel::update(others().filter(content_items::position.between(position, i32::MAX - 1)))
        .set((
            content_items::position.eq(content_items::position + 1),
            content_items::version.eq(content_items::version + 1),
            content_items::updated_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
