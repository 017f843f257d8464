//! The threads that one has marked.

use axum::Json;
use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::discussions::BookmarkRow;
use shared::ids::BookmarkId;
use utoipa::ToSchema;

use super::UseDiscussions;
use super::policy::reader;
use super::thread::ThreadOut;
use crate::access::Can;
use crate::http::{ApiResult, Db, Listing, Paging};

/// A thread that one has marked.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Bookmark)]
pub(super) struct BookmarkOut {
    id: BookmarkId,
    thread: ThreadOut,
    created_at: DateTime<Utc>,
}

impl From<BookmarkRow> for BookmarkOut {
    fn from(row: BookmarkRow) -> Self {
        let BookmarkRow { id, thread, created_at } = row;
        Self { id, thread: thread.into(), created_at }
    }
}

/// List the threads that one has marked and may still read, the liveliest first.
#[utoipa::path(get, path = "/api/discussions/bookmarks/", tag = "discussions", params(Paging),
    responses((status = OK, body = Listing<BookmarkOut>)))]
pub async fn list_bookmarks(
    caller: Can<UseDiscussions>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<BookmarkOut>>> {
    let mut conn = db.conn().await?;
    Ok(paging.answer(BookmarkRow::list(&mut conn, caller.tenant(), reader(&caller), paging.numbered()).await?))
}
