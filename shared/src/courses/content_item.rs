//! A content item: a text, a video, a link… of a module.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::{Map, Value};

use super::jobs::RecountProgress;
use super::{
    Access, Authorship, ContentVersion, Course, CourseError, ItemGate, Module, SeenItem, Standing, Window,
    WindowChanges, metadata, news, places, rich_text,
};
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
#[diesel(table_name = content_items, treat_none_as_default_value = false)]
pub struct ContentItem {
    pub id: ContentItemId,
    pub tenant_id: TenantId,
    /// The module's.
    pub course_id: CourseId,
    pub module_id: ModuleId,
    pub title: String,
    pub content_type: ContentType,
    /// From 1, without gaps.
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
    pub release_at: Option<DateTime<Utc>>,
    /// Days after the learner began to take part.
    pub release_after_days: Option<i32>,
    pub available_until: Option<DateTime<Utc>>,
    /// Learners are told of it once.
    pub first_published_at: Option<DateTime<Utc>>,
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
    pub window: Window,
}

/// What changes of an item. What is none stays.
#[derive(Debug, Clone, Default)]
pub struct ContentItemChanges {
    pub title: Option<String>,
    pub content_type: Option<ContentType>,
    pub position: Option<i32>,
    pub text_content: Option<Option<String>>,
    pub external_url: Option<Option<String>>,
    pub metadata: Option<Value>,
    pub is_published: Option<bool>,
    pub is_required: Option<bool>,
    pub window: WindowChanges,
}

/// An item with its module and course, and how somebody stands to that.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundItem {
    pub item: ContentItem,
    pub module: Module,
    pub course: Course,
    pub standing: Option<Standing>,
}

impl ContentItem {
    /// Items of a module at most: they are read whole.
    pub const MOST: i64 = 200;

    /// Whether it counts towards completion.
    pub const fn counts(&self) -> bool {
        self.is_published && self.is_required
    }

    /// When it is open.
    pub const fn window(&self) -> Window {
        Window {
            release_at: self.release_at,
            release_after_days: self.release_after_days,
            available_until: self.available_until,
        }
    }

    /// It, as far as deciding about it goes.
    pub const fn gate(&self) -> ItemGate {
        ItemGate { is_published: self.is_published, window: self.window() }
    }

    /// Takes out what only those may see who may see it whole.
    pub(super) fn take_body(&mut self) {
        self.text_content = None;
        self.external_url = None;
        self.metadata = Value::Object(Map::new());
    }

    /// Refuses an item that its kind does not allow.
    pub(super) fn check(&self) -> Result<(), CourseError> {
        if self.content_type == ContentType::Url && self.external_url.is_none() {
            return Err(CourseError::UrlMissing);
        }
        Ok(metadata::check(self.content_type, &self.metadata)?)
    }

    /// Adds an item to a module: behind the others, or at a place, from where the others move on.
    pub async fn create(
        conn: &mut Conn,
        module: &Module,
        new: NewContentItem,
        by: Authorship<'_>,
        now: DateTime<Utc>,
    ) -> Result<Self, CourseError> {
        if new.window.is_empty() {
            return Err(CourseError::WindowEmpty);
        }
        conn.transaction(async |conn| {
            let course = Course::lock(conn, module.tenant_id, module.course_id).await?.ok_or(CourseError::Gone)?;
            let module = Module::reload(conn, module).await?.ok_or(CourseError::Gone)?;
            let others = places::items_of(conn, &module).await?;
            if i64::try_from(others.len()).is_ok_and(|count| count >= Self::MOST) {
                return Err(CourseError::TooMany(Self::MOST));
            }
            let id = ContentItemId::new();
            let order = places::with(&others, id, new.position);
            let item = Self::made(id, &module, new, places::place_of(&order, &id), now);
            item.check()?;
            diesel::insert_into(content_items::table).values(&item).execute(conn).await?;
            places::arrange_items(conn, &module, &order, now).await?;
            ContentVersion::first(conn, &item, by, now).await?;
            news::tell_of(conn, &course, None, &item, now).await?;
            if item.counts() {
                recount(conn, &item).await?;
            }
            Ok(item)
        })
        .await
    }

    fn made(id: ContentItemId, module: &Module, new: NewContentItem, position: i32, now: DateTime<Utc>) -> Self {
        let Window { release_at, release_after_days, available_until } = new.window;
        Self {
            id,
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
            release_at,
            release_after_days,
            available_until,
            first_published_at: new.is_published.then_some(now),
        }
    }

    /// Changes it, if `seen` is its version or none is asked for.
    pub async fn update(
        &self,
        conn: &mut Conn,
        changes: ContentItemChanges,
        seen: Option<i32>,
        by: Authorship<'_>,
        now: DateTime<Utc>,
    ) -> Result<Self, CourseError> {
        conn.transaction(async |conn| {
            let course = Course::lock(conn, self.tenant_id, self.course_id).await?.ok_or(CourseError::Gone)?;
            let before = Self::reload(conn, self).await?.ok_or(CourseError::Gone)?;
            if seen.is_some_and(|seen| seen != before.version) {
                return Err(CourseError::Changed);
            }
            let place = changes.position;
            let mut item = before.with(changes, now)?;
            item.check()?;
            let module = Module::of_item(conn, &item).await?.ok_or(CourseError::Gone)?;
            let order = places::items_of(conn, &module).await?;
            let order = places::with(&order, item.id, Some(place.unwrap_or(item.position)));
            item.position = places::place_of(&order, &item.id);
            let changed = item.write(conn, now).await?;
            places::arrange_items(conn, &module, &order, now).await?;
            ContentVersion::next(conn, &before, &changed, by, now).await?;
            news::tell_of(conn, &course, Some(&before), &changed, now).await?;
            if changed.counts() != before.counts() {
                recount(conn, &changed).await?;
            }
            Ok(changed)
        })
        .await
    }

    /// It with these changes. Its place is not among them: the others move with it.
    fn with(&self, changes: ContentItemChanges, now: DateTime<Utc>) -> Result<Self, CourseError> {
        let window = changes.window.on(self.window())?;
        let Window { release_at, release_after_days, available_until } = window;
        let text = changes.text_content.map(|text| text.map(|text| rich_text::clean(&text)));
        let is_published = changes.is_published.unwrap_or(self.is_published);
        let item = self.clone();
        Ok(Self {
            title: changes.title.unwrap_or(item.title),
            content_type: changes.content_type.unwrap_or(item.content_type),
            text_content: text.unwrap_or(item.text_content),
            external_url: changes.external_url.unwrap_or(item.external_url),
            metadata: changes.metadata.unwrap_or(item.metadata),
            is_published,
            first_published_at: news::first_published(self, is_published, now),
            is_required: changes.is_required.unwrap_or(item.is_required),
            release_at,
            release_after_days,
            available_until,
            ..item
        })
    }

    /// Writes down what may change of it, as its next version.
    pub(super) async fn write(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<Self, Error> {
        diesel::update(self)
            .set((
                (
                    content_items::title.eq(&self.title),
                    content_items::content_type.eq(self.content_type),
                    content_items::position.eq(self.position),
                    content_items::text_content.eq(&self.text_content),
                    content_items::external_url.eq(&self.external_url),
                    content_items::metadata.eq(&self.metadata),
                    content_items::is_published.eq(self.is_published),
                    content_items::is_required.eq(self.is_required),
                    content_items::first_published_at.eq(self.first_published_at),
                ),
                content_items::release_at.eq(self.release_at),
                content_items::release_after_days.eq(self.release_after_days),
                content_items::available_until.eq(self.available_until),
                content_items::version.eq(content_items::version + 1),
                content_items::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await
    }

    /// Its row as it is now; the caller holds the course.
    pub(super) async fn reload(conn: &mut Conn, item: &Self) -> Result<Option<Self>, Error> {
        content_items::table
            .filter(content_items::tenant_id.eq(item.tenant_id))
            .filter(content_items::id.eq(item.id))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()
    }

    /// Deletes it, and what learners did with it; those behind it move up.
    pub async fn delete(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<(), CourseError> {
        conn.transaction(async |conn| {
            Course::lock(conn, self.tenant_id, self.course_id).await?.ok_or(CourseError::Gone)?;
            let Some(module) = Module::of_item(conn, self).await? else { return Ok(()) };
            let deleted = diesel::delete(self).execute(conn).await?;
            let rest = places::items_of(conn, &module).await?;
            places::arrange_items(conn, &module, &rest, now).await?;
            if deleted == 1 && self.counts() {
                recount(conn, self).await?;
            }
            Ok(())
        })
        .await
    }

    /// Puts a module's items in a new order. Those that are not named follow in the order that they
    /// had.
    pub async fn reorder(
        conn: &mut Conn,
        module: &Module,
        wanted: &[ContentItemId],
        now: DateTime<Utc>,
    ) -> Result<(), CourseError> {
        conn.transaction(async |conn| {
            Course::lock(conn, module.tenant_id, module.course_id).await?.ok_or(CourseError::Gone)?;
            let there = places::items_of(conn, module).await?;
            let order = places::reordered(&there, wanted).map_err(|id| CourseError::ForeignItem(id.0))?;
            places::arrange_items(conn, module, &order, now).await?;
            Ok(())
        })
        .await
    }

    /// An item with its module and course, and how `user` stands to that.
    pub async fn find(
        conn: &mut Conn,
        tenant: TenantId,
        id: ContentItemId,
        user: UserId,
    ) -> Result<Option<FoundItem>, Error> {
        let found = content_items::table
            .inner_join(modules::table)
            .inner_join(
                courses::table
                    .on(courses::tenant_id.eq(content_items::tenant_id).and(courses::id.eq(content_items::course_id))),
            )
            .left_join(
                enrollments::table.on(enrollments::tenant_id
                    .eq(courses::tenant_id)
                    .and(enrollments::course_id.eq(courses::id))
                    .and(enrollments::user_id.eq(user))),
            )
            .filter(content_items::tenant_id.eq(tenant))
            .filter(content_items::id.eq(id))
            .select((Self::as_select(), Module::as_select(), Course::as_select(), Option::<Standing>::as_select()))
            .first(conn)
            .await
            .optional()?;
        Ok(found.map(|(item, module, course, standing)| FoundItem { item, module, course, standing }))
    }

    /// The items of a module in order, as somebody may see them.
    pub async fn list(
        conn: &mut Conn,
        module: &Module,
        access: &Access,
        page: Numbered,
    ) -> Result<Page<SeenItem>, Error> {
        let wanted = || {
            let query = content_items::table
                .filter(content_items::tenant_id.eq(module.tenant_id))
                .filter(content_items::module_id.eq(module.id))
                .into_boxed::<Pg>();
            if access.runs { query } else { query.filter(content_items::is_published) }
        };
        let found = wanted()
            .order((content_items::position, content_items::id))
            .limit(page.limit())
            .offset(page.offset())
            .select(Self::as_select())
            .load::<Self>(conn)
            .await?;
        let total = wanted().count().get_result(conn).await?;
        let mut seen: Vec<_> = found.into_iter().filter_map(|item| access.show(module, item)).collect();
        SeenItem::find_files(conn, module.tenant_id, seen.iter_mut().collect()).await?;
        Ok(Page::numbered(seen, total))
    }
}

/// What learners have to do is another than before: their percentages are counted anew.
async fn recount(conn: &mut Conn, item: &ContentItem) -> Result<(), Error> {
    let job = RecountProgress { tenant_id: item.tenant_id, course_id: item.course_id };
    jobs::enqueue(conn, &job).await?;
    Ok(())
}
