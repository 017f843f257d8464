//! The threads that a reader has marked.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::thread_list::{ThreadFilter, ThreadRow};
use super::{Reader, Thread};
use crate::db::schema::discussion_bookmarks;
use crate::db::{Conn, Error, Numbered, Page};
use crate::ids::{BookmarkId, TenantId, ThreadId};

/// A mark on a thread that its owner may still read.
#[derive(Debug, Clone, PartialEq)]
pub struct BookmarkRow {
    pub id: BookmarkId,
    pub thread: ThreadRow,
    pub created_at: DateTime<Utc>,
}

impl BookmarkRow {
    /// The reader's marks, the liveliest thread first. Threads that the reader may not read any
    /// more are left out.
    pub async fn list(conn: &mut Conn, tenant: TenantId, reader: Reader, page: Numbered) -> Result<Page<Self>, Error> {
        let filter = ThreadFilter { bookmarked: true, archived: true, ..ThreadFilter::default() };
        let Page { items, total } = Thread::list(conn, tenant, reader, &filter, page).await?;
        let ids: Vec<ThreadId> = items.iter().map(|row| row.thread.id).collect();
        let marks: Vec<(ThreadId, BookmarkId, DateTime<Utc>)> = discussion_bookmarks::table
            .filter(discussion_bookmarks::tenant_id.eq(tenant))
            .filter(discussion_bookmarks::user_id.eq(reader.user))
            .filter(discussion_bookmarks::thread_id.eq_any(ids))
            .select((discussion_bookmarks::thread_id, discussion_bookmarks::id, discussion_bookmarks::created_at))
            .load(conn)
            .await?;
        let marked = |thread: ThreadRow| {
            let (_, id, created_at) = marks.iter().find(|(id, ..)| *id == thread.thread.id)?;
            Some(Self { id: *id, created_at: *created_at, thread })
        };
        Ok(Page { items: items.into_iter().filter_map(marked).collect(), total })
    }
}
