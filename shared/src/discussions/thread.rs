//! A thread: opened, changed, pinned, locked, hidden, deleted.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::DiscussionError;
use super::reaction::follow_by_writing;
use crate::courses::clean_rich_text;
use crate::db::schema::{content_items, discussion_threads, modules, sql_types};
use crate::db::{Conn, Error, broken_constraint, sql_enum};
use crate::ids::{ContentItemId, CourseId, ModuleId, TenantId, ThreadId, UserId};

sql_enum! {
    /// Whether a thread goes on.
    ThreadStatus: sql_types::ThreadStatus {
        /// It does.
        Active = "ACTIVE" | "OPEN",
        /// Read, but not replied to.
        Locked = "LOCKED",
        /// Locked, and out of sight unless asked for.
        Archived = "ARCHIVED",
    }
}

/// A thread.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable, QueryableByName)]
#[diesel(table_name = discussion_threads, treat_none_as_default_value = false)]
pub struct Thread {
    pub id: ThreadId,
    pub tenant_id: TenantId,
    pub course_id: CourseId,
    /// What it is about, more closely.
    pub module_id: Option<ModuleId>,
    /// What it is about, yet more closely.
    pub content_item_id: Option<ContentItemId>,
    pub author_id: UserId,
    pub title: String,
    /// Markdown, without anything that a browser would run.
    pub content: String,
    pub status: ThreadStatus,
    /// Before the others in lists.
    pub is_pinned: bool,
    /// Said by those who run the course.
    pub is_announcement: bool,
    /// From all but its author and those who moderate, with all replies in it.
    pub is_hidden: bool,
    pub hidden_reason: String,
    /// When somebody last replied, else when it was opened.
    pub last_activity_at: DateTime<Utc>,
    pub edited_at: Option<DateTime<Utc>>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Goes up with each change; what is said in it is none.
    pub version: i32,
}

/// A thread about to be opened.
#[derive(Debug, Clone)]
pub struct NewThread {
    pub tenant: TenantId,
    pub course: CourseId,
    pub module: Option<ModuleId>,
    pub content_item: Option<ContentItemId>,
    pub author: UserId,
    /// Whether the author runs the course, and so sees what is not published yet.
    pub runs: bool,
    pub title: String,
    pub content: String,
    pub is_announcement: bool,
}

/// What changes of a thread. What is none stays.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = discussion_threads)]
pub struct ThreadChanges {
    pub title: Option<String>,
    pub content: Option<String>,
    pub status: Option<ThreadStatus>,
    pub is_announcement: Option<bool>,
}

impl ThreadChanges {
    fn is_empty(&self) -> bool {
        let Self { title, content, status, is_announcement } = self;
        title.is_none() && content.is_none() && status.is_none() && is_announcement.is_none()
    }

    /// Whether other words are read afterwards.
    fn edits(&self) -> bool {
        self.title.is_some() || self.content.is_some()
    }
}

/// Words without anything that a browser would run, if any are left.
pub(super) fn cleaned(text: &str) -> Result<String, DiscussionError> {
    let text = clean_rich_text(text);
    if text.trim().is_empty() { Err(DiscussionError::Empty) } else { Ok(text) }
}

impl Thread {
    /// Opens a thread; its author follows it.
    pub async fn open(conn: &mut Conn, new: NewThread, now: DateTime<Utc>) -> Result<Self, DiscussionError> {
        let thread = Self {
            id: ThreadId::new(),
            tenant_id: new.tenant,
            course_id: new.course,
            module_id: new.module,
            content_item_id: new.content_item,
            author_id: new.author,
            title: new.title,
            content: cleaned(&new.content)?,
            status: ThreadStatus::Active,
            is_pinned: false,
            is_announcement: new.is_announcement,
            is_hidden: false,
            hidden_reason: String::new(),
            last_activity_at: now,
            edited_at: None,
            deleted_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        conn.transaction(async |conn| {
            require_place(conn, &thread, new.runs).await?;
            diesel::insert_into(discussion_threads::table).values(&thread).execute(conn).await.map_err(broken)?;
            follow_by_writing(conn, thread.tenant_id, thread.id, thread.author_id, now).await?;
            Ok(thread)
        })
        .await
    }

    /// Changes it, if `seen` is its version or none is asked for. That other words are read is marked;
    /// nobody is told that it is new.
    pub async fn update(
        &self,
        conn: &mut Conn,
        mut changes: ThreadChanges,
        seen: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<(), DiscussionError> {
        if changes.is_empty() {
            return Ok(());
        }
        changes.content = changes.content.as_deref().map(cleaned).transpose()?;
        let edited = changes.edits().then(|| discussion_threads::edited_at.eq(now));
        let changed = diesel::update(self)
            .filter(discussion_threads::tenant_id.eq(self.tenant_id))
            .filter(discussion_threads::deleted_at.is_null())
            .filter(discussion_threads::version.eq(seen.unwrap_or_default()).or(seen.is_none().into_sql::<Bool>()))
            .set((
                &changes,
                edited,
                discussion_threads::version.eq(discussion_threads::version + 1),
                discussion_threads::updated_at.eq(now),
            ))
            .execute(conn)
            .await?;
        if changed == 0 { Err(DiscussionError::unchanged(seen)) } else { Ok(()) }
    }

    /// Takes it out of everybody's sight.
    pub async fn delete(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<(), Error> {
        diesel::update(self)
            .filter(discussion_threads::tenant_id.eq(self.tenant_id))
            .filter(discussion_threads::deleted_at.is_null())
            .set((discussion_threads::deleted_at.eq(now), discussion_threads::updated_at.eq(now)))
            .execute(conn)
            .await?;
        Ok(())
    }

    /// Pins it, or takes the pin out; says which.
    pub async fn toggle_pin(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<bool, DiscussionError> {
        diesel::update(self)
            .filter(discussion_threads::tenant_id.eq(self.tenant_id))
            .filter(discussion_threads::deleted_at.is_null())
            .set((
                discussion_threads::is_pinned.eq(diesel::dsl::not(discussion_threads::is_pinned)),
                discussion_threads::version.eq(discussion_threads::version + 1),
                discussion_threads::updated_at.eq(now),
            ))
            .returning(discussion_threads::is_pinned)
            .get_result(conn)
            .await
            .optional()?
            .ok_or(DiscussionError::Gone)
    }

    /// Locks it, or opens it again; says which.
    pub async fn toggle_lock(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<ThreadStatus, DiscussionError> {
        let turn = |from, to| {
            diesel::update(self)
                .filter(discussion_threads::tenant_id.eq(self.tenant_id))
                .filter(discussion_threads::deleted_at.is_null())
                .filter(discussion_threads::status.eq(from))
                .set((
                    discussion_threads::status.eq(to),
                    discussion_threads::version.eq(discussion_threads::version + 1),
                    discussion_threads::updated_at.eq(now),
                ))
        };
        if turn(ThreadStatus::Active, ThreadStatus::Locked).execute(conn).await? == 1 {
            return Ok(ThreadStatus::Locked);
        }
        if turn(ThreadStatus::Locked, ThreadStatus::Active).execute(conn).await? == 1 {
            return Ok(ThreadStatus::Active);
        }
        Err(DiscussionError::Archived)
    }
}

/// What it is about may be gone by now.
fn broken(error: Error) -> DiscussionError {
    match broken_constraint(&error) {
        Some("discussion_threads_course") => DiscussionError::NoSuchCourse,
        Some("discussion_threads_module") => DiscussionError::NoSuchModule,
        Some("discussion_threads_content_item") => DiscussionError::NoSuchContentItem,
        _ => DiscussionError::Database(error),
    }
}

/// Refuses a place that the course does not have, or that the author does not see.
async fn require_place(conn: &mut Conn, thread: &Thread, sees_all: bool) -> Result<(), DiscussionError> {
    if let Some(module) = thread.module_id {
        let found = modules::table
            .filter(modules::tenant_id.eq(thread.tenant_id))
            .filter(modules::course_id.eq(thread.course_id))
            .filter(modules::id.eq(module));
        if !diesel::select(diesel::dsl::exists(found)).get_result::<bool>(conn).await? {
            return Err(DiscussionError::NoSuchModule);
        }
    }
    if let Some(item) = thread.content_item_id {
        let found = content_items::table
            .filter(content_items::tenant_id.eq(thread.tenant_id))
            .filter(content_items::course_id.eq(thread.course_id))
            .filter(content_items::id.eq(item))
            .filter(content_items::is_published.or(sees_all.into_sql::<Bool>()));
        if !diesel::select(diesel::dsl::exists(found)).get_result::<bool>(conn).await? {
            return Err(DiscussionError::NoSuchContentItem);
        }
    }
    Ok(())
}
