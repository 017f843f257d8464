//! Threads, as their readers find them.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::{Reader, Thread};
use crate::db::{Conn, Error, Numbered, Page, UnknownValue, containing};
use crate::ids::{ContentItemId, CourseId, ModuleId, TenantId, ThreadId};

/// A thread as its reader sees it.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct ThreadRow {
    #[diesel(embed)]
    pub thread: Thread,
    #[diesel(sql_type = Text)]
    pub course_slug: String,
    #[diesel(sql_type = Text)]
    pub course_title: String,
    /// The author's.
    #[diesel(sql_type = Text)]
    pub first_name: String,
    /// The author's.
    #[diesel(sql_type = Text)]
    pub last_name: String,
    /// The author's.
    #[diesel(sql_type = Nullable<Text>)]
    pub avatar_url: Option<String>,
    /// Those that everybody sees.
    #[diesel(sql_type = BigInt)]
    pub reply_count: i64,
    #[diesel(sql_type = BigInt)]
    pub like_count: i64,
    /// How many people have seen it.
    #[diesel(sql_type = BigInt)]
    pub view_count: i64,
    /// By the reader.
    #[diesel(sql_type = Bool)]
    pub is_liked: bool,
    /// By the reader.
    #[diesel(sql_type = Bool)]
    pub is_bookmarked: bool,
    /// By the reader.
    #[diesel(sql_type = Bool)]
    pub is_following: bool,
    /// When the reader last saw it.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_viewed_at: Option<DateTime<Utc>>,
    /// Whether the reader moderates it.
    #[diesel(sql_type = Bool)]
    pub runs: bool,
    /// How many threads the whole list has.
    #[diesel(sql_type = BigInt)]
    total: i64,
}

impl ThreadRow {
    /// Whether something happened in it since the reader saw it last.
    pub fn has_news(&self) -> bool {
        self.last_viewed_at.is_none_or(|seen| self.thread.last_activity_at > seen)
    }
}

/// In which order threads are listed; ties are broken by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThreadOrdering {
    /// Pinned ones first, then the liveliest.
    #[default]
    Activity,
    /// As it is written.
    By(&'static str),
}

impl FromStr for ThreadOrdering {
    type Err = UnknownValue;

    fn from_str(given: &str) -> Result<Self, Self::Err> {
        const ALLOWED: &[&str] =
            &["last_activity_at", "-last_activity_at", "created_at", "-created_at", "title", "-title"];
        let known = ALLOWED.iter().find(|name| **name == given);
        known.map(|name| Self::By(name)).ok_or(UnknownValue { given: given.to_owned(), allowed: ALLOWED })
    }
}

impl ThreadOrdering {
    fn as_str(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::By(name) => name,
        }
    }
}

/// Which threads are wanted; what is left out does not matter.
#[derive(Debug, Clone, Default)]
pub struct ThreadFilter {
    /// Of this course.
    pub course: Option<CourseId>,
    /// Of this course, by its name in addresses.
    pub course_slug: Option<String>,
    /// About this module.
    pub module: Option<ModuleId>,
    /// About this item.
    pub content_item: Option<ContentItemId>,
    /// With these words in their title or first post.
    pub search: Option<String>,
    /// Also those that are archived.
    pub archived: bool,
    /// Those that the reader has marked.
    pub bookmarked: bool,
    pub ordering: ThreadOrdering,
}

impl Thread {
    /// The threads that the reader may read, in one query.
    pub async fn list(
        conn: &mut Conn,
        tenant: TenantId,
        reader: Reader,
        filter: &ThreadFilter,
        page: Numbered,
    ) -> Result<Page<ThreadRow>, Error> {
        let rows = rows(conn, tenant, reader, None, filter, page).await?;
        let total = match rows.as_slice().first() {
            Some(row) => row.total,
            None if page.number == 1 => 0,
            // Beyond the end nobody tells how many there are: ask the first page.
            None => {
                let first = self::rows(conn, tenant, reader, None, filter, Numbered { number: 1, size: 1 }).await?;
                first.as_slice().first().map_or(0, |row| row.total)
            }
        };
        Ok(Page::numbered(rows, total))
    }

    /// A thread, if the reader may read it.
    pub async fn find(
        conn: &mut Conn,
        tenant: TenantId,
        reader: Reader,
        id: ThreadId,
    ) -> Result<Option<ThreadRow>, Error> {
        let filter = ThreadFilter { archived: true, ..ThreadFilter::default() };
        let rows = rows(conn, tenant, reader, Some(id), &filter, Numbered { number: 1, size: 1 }).await?;
        Ok(rows.into_iter().next())
    }
}

async fn rows(
    conn: &mut Conn,
    tenant: TenantId,
    reader: Reader,
    id: Option<ThreadId>,
    filter: &ThreadFilter,
    page: Numbered,
) -> Result<Vec<ThreadRow>, Error> {
    diesel::sql_query(include_str!("sql/threads.sql"))
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(reader.user)
        .bind::<Bool, _>(reader.runs_all())
        .bind::<Bool, _>(reader.runs_own())
        .bind::<Nullable<SqlUuid>, _>(id)
        .bind::<Nullable<SqlUuid>, _>(filter.course)
        .bind::<Nullable<SqlUuid>, _>(filter.module)
        .bind::<Nullable<SqlUuid>, _>(filter.content_item)
        .bind::<Bool, _>(filter.archived)
        .bind::<Nullable<Text>, _>(filter.search.as_deref().map(containing))
        .bind::<Bool, _>(filter.bookmarked)
        .bind::<Text, _>(filter.ordering.as_str())
        .bind::<BigInt, _>(page.limit())
        .bind::<BigInt, _>(page.offset())
        .bind::<Nullable<Text>, _>(filter.course_slug.as_deref())
        .bind::<Timestamptz, _>(reader.at)
        .load(conn)
        .await
}
