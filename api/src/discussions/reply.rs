//! Replies over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::discussions::{Branch, NewReply, RepliesWanted, Reply, ReplyRow};
use shared::ids::{ReplyId, ThreadId, UserId};
use utoipa::{IntoParams, ToSchema};

use super::UseDiscussions;
use super::policy::{self, Action, reader};
use super::thread::{AuthorOut, not_blank};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, IfMatch, Listing, Paging, Path, Query, Tagged};

/// A reply, and those below it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[schema(as = Reply)]
pub(super) struct ReplyOut {
    id: ReplyId,
    thread: ThreadId,
    /// What it answers; null when that is the thread.
    parent_reply: Option<ReplyId>,
    author: AuthorOut,
    /// Markdown; HTML in it is free of anything that a browser would run. Empty when it is deleted, or hidden from
    /// the reader: its place stays while there are replies below it.
    #[schema(example = "Begin at the beginning.")]
    content: String,
    is_hidden: bool,
    /// For its author and those who run the course.
    #[schema(example = "")]
    hidden_reason: String,
    is_deleted: bool,
    like_count: i64,
    is_liked: bool,
    /// Whether its words were changed.
    is_edited: bool,
    edited_at: Option<DateTime<Utc>>,
    /// How many replies are right below it; read those that are not shown by `parent_reply`.
    child_count: i64,
    /// Oldest first.
    #[schema(no_recursion)]
    child_replies: Vec<ReplyOut>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl ReplyOut {
    /// The reply by itself, as `user` sees it.
    fn tagged(branch: Branch, user: UserId) -> Tagged<Self> {
        Tagged(branch.row.reply.version, Self::new(branch, user))
    }

    /// As `user` sees it.
    pub(super) fn new(Branch { row, below }: Branch, user: UserId) -> Self {
        let is_readable = row.is_readable(user);
        let shown = |text: String| if is_readable { text } else { String::new() };
        let ReplyRow { reply, first_name, last_name, avatar_url, like_count, child_count, is_liked, .. } = row;
        let Reply {
            id,
            tenant_id: _,
            thread_id,
            parent_id,
            root_id: _,
            depth: _,
            author_id,
            content,
            is_hidden,
            hidden_reason,
            edited_at,
            deleted_at,
            created_at,
            updated_at,
            version: _,
        } = reply;
        Self {
            id,
            thread: thread_id,
            parent_reply: parent_id,
            author: AuthorOut::new(author_id, first_name, last_name, avatar_url),
            content: shown(content),
            is_hidden,
            hidden_reason: shown(hidden_reason),
            is_deleted: deleted_at.is_some(),
            like_count,
            is_liked,
            is_edited: edited_at.is_some(),
            edited_at,
            child_count,
            child_replies: below.into_iter().map(|branch| Self::new(branch, user)).collect(),
            created_at,
            updated_at,
        }
    }
}

/// Which replies.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListReplies {
    /// Those that answer this thread itself.
    #[serde(alias = "thread")]
    thread_id: Option<ThreadId>,
    /// Those that answer this reply.
    parent_reply: Option<ReplyId>,
}

/// A reply to be written.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteReply {
    #[garde(skip)]
    thread: ThreadId,
    /// What it answers; left out when that is the thread. Three replies may stand above another.
    #[garde(skip)]
    parent_reply: Option<ReplyId>,
    /// Markdown; HTML in it is kept as far as it only formats.
    #[garde(length(chars, min = 1, max = 20_000), custom(not_blank))]
    #[schema(example = "Begin at the beginning.")]
    content: String,
}

/// Other words.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateReply {
    #[garde(inner(length(chars, min = 1, max = 20_000), custom(not_blank)))]
    #[schema(example = "Begin at the very beginning.")]
    content: Option<String>,
}

/// List replies, oldest first, each with the first below it: fifty, or fewer on a long page, which has five
/// hundred of them at most. `child_count` tells where there are more.
#[utoipa::path(get, path = "/api/discussions/replies/", tag = "discussions", params(ListReplies, Paging),
    responses((status = OK, body = Listing<ReplyOut>)))]
pub async fn list_replies(
    caller: Can<UseDiscussions>,
    Query(query): Query<ListReplies>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<ReplyOut>>> {
    let wanted = match (query.parent_reply, query.thread_id) {
        (Some(reply), _) => RepliesWanted::Below(reply),
        (None, Some(thread)) => RepliesWanted::To(thread),
        (None, None) => RepliesWanted::Any,
    };
    let mut conn = db.conn().await?;
    let page = Reply::list(&mut conn, caller.tenant(), reader(&caller), wanted, paging.numbered()).await?;
    Ok(paging.answer(page.map(|branch| ReplyOut::new(branch, caller.user))))
}

/// Reply in an open thread. One follows it; its other followers are told.
#[utoipa::path(post, path = "/api/discussions/replies/", tag = "discussions", request_body = WriteReply,
    responses((status = CREATED, body = ReplyOut), (status = 409, description = "The thread is locked or archived")))]
pub async fn write_reply(
    caller: Can<UseDiscussions>,
    State(app): State<App>,
    db: Db,
    Body(body): Body<WriteReply>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Tagged<ReplyOut>)> {
    let mut conn = db.conn().await?;
    let thread = match policy::thread(&mut conn, &caller, body.thread, Action::Read).await {
        Err(ApiError::NotFound(_)) => return Err(ApiError::field("thread", "No such thread.")),
        other => other?.thread,
    };
    policy::require_member(&caller)?;
    let new = NewReply {
        tenant: caller.tenant(),
        thread: thread.id,
        parent: body.parent_reply,
        author: caller.user,
        content: body.content,
    };
    let reply = Reply::write(&mut conn, new, app.clock.now()).await?;
    let branch = policy::reply(&mut conn, &caller, reply.id, Action::Read).await?;
    let location = format!("/api/discussions/replies/{}/", reply.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], ReplyOut::tagged(branch, caller.user)))
}

/// Show a reply and those below it.
#[utoipa::path(get, path = "/api/discussions/replies/{reply}/", tag = "discussions",
    params(("reply" = ReplyId, Path)), responses((status = OK, body = ReplyOut)))]
pub async fn show_reply(caller: Can<UseDiscussions>, Path(id): Path<ReplyId>, db: Db) -> ApiResult<Tagged<ReplyOut>> {
    let branch = policy::reply(&mut *db.conn().await?, &caller, id, Action::Read).await?;
    Ok(ReplyOut::tagged(branch, caller.user))
}

/// Put other words in a reply: its author, or those who run the course.
#[utoipa::path(patch, path = "/api/discussions/replies/{reply}/", tag = "discussions",
    params(("reply" = ReplyId, Path)), request_body = UpdateReply, responses((status = OK, body = ReplyOut)))]
pub async fn update_reply(
    caller: Can<UseDiscussions>,
    State(app): State<App>,
    Path(id): Path<ReplyId>,
    IfMatch(seen): IfMatch,
    db: Db,
    Body(body): Body<UpdateReply>,
) -> ApiResult<Tagged<ReplyOut>> {
    let mut conn = db.conn().await?;
    let branch = policy::reply(&mut conn, &caller, id, Action::Edit).await?;
    if let Some(content) = &body.content {
        branch.row.reply.edit(&mut conn, content, seen, app.clock.now()).await?;
    }
    let branch = policy::reply(&mut conn, &caller, id, Action::Read).await?;
    Ok(ReplyOut::tagged(branch, caller.user))
}

/// Delete a reply: its author, or those who run the course. Those below it stay.
#[utoipa::path(delete, path = "/api/discussions/replies/{reply}/", tag = "discussions",
    params(("reply" = ReplyId, Path)), responses((status = NO_CONTENT)))]
pub async fn delete_reply(
    caller: Can<UseDiscussions>,
    State(app): State<App>,
    Path(id): Path<ReplyId>,
    db: Db,
) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    let branch = policy::reply(&mut conn, &caller, id, Action::Edit).await?;
    branch.row.reply.delete(&mut conn, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
