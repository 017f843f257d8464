//! What is on or off about threads and replies: each call turns it over and says how it is now.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::discussions::{self, ThreadStatus};
use shared::ids::{ReplyId, ThreadId};
use utoipa::ToSchema;

use super::UseDiscussions;
use super::policy::{self, Action};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiResult, Body, Db, Path};

/// Whether one likes it, and how many do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Liked {
    liked: bool,
    #[schema(example = 3)]
    like_count: i64,
}

/// Whether one has marked it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Bookmarked {
    bookmarked: bool,
}

/// Whether one is told of replies.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Following {
    is_following: bool,
}

/// That one has seen it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Viewed {
    /// Always true.
    viewed: bool,
    /// How many people have.
    view_count: i64,
    last_viewed_at: DateTime<Utc>,
}

/// Whether it stands before the others.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Pinned {
    is_pinned: bool,
}

/// Whether it is replied to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Locked {
    #[schema(inline)]
    status: ThreadStatus,
}

/// Whether it is hidden, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Hidden {
    is_hidden: bool,
    hidden_reason: String,
}

/// Why it is hidden.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Hide {
    #[garde(inner(length(chars, max = 255)))]
    #[schema(example = "Off topic")]
    reason: Option<String>,
}

/// Like a thread, or not any more.
#[utoipa::path(post, path = "/api/discussions/threads/{thread}/like/", tag = "discussions",
    params(("thread" = ThreadId, Path)), responses((status = OK, body = Liked)))]
pub async fn like_thread(
    caller: Can<UseDiscussions>,
    State(app): State<App>,
    Path(id): Path<ThreadId>,
    db: Db,
) -> ApiResult<Json<Liked>> {
    let mut conn = db.conn().await?;
    policy::thread(&mut conn, &caller, id, Action::Read).await?;
    policy::require_member(&caller)?;
    let (tenant, now) = (caller.tenant(), app.clock.now());
    let (liked, like_count) = discussions::like_thread(&mut conn, tenant, id, caller.user, now).await?;
    Ok(Json(Liked { liked, like_count }))
}

/// Mark a thread, or take the mark away.
#[utoipa::path(post, path = "/api/discussions/threads/{thread}/bookmark/", tag = "discussions",
    params(("thread" = ThreadId, Path)), responses((status = OK, body = Bookmarked)))]
pub async fn bookmark_thread(
    caller: Can<UseDiscussions>,
    State(app): State<App>,
    Path(id): Path<ThreadId>,
    db: Db,
) -> ApiResult<Json<Bookmarked>> {
    let mut conn = db.conn().await?;
    let row = policy::thread(&mut conn, &caller, id, Action::Read).await?;
    policy::require_member(&caller)?;
    let bookmarked = row.thread.toggle_bookmark(&mut conn, caller.user, app.clock.now()).await?;
    Ok(Json(Bookmarked { bookmarked }))
}

/// Be told of replies in a thread, or not any more.
#[utoipa::path(post, path = "/api/discussions/threads/{thread}/follow/", tag = "discussions",
    params(("thread" = ThreadId, Path)), responses((status = OK, body = Following)))]
pub async fn follow_thread(
    caller: Can<UseDiscussions>,
    State(app): State<App>,
    Path(id): Path<ThreadId>,
    db: Db,
) -> ApiResult<Json<Following>> {
    let mut conn = db.conn().await?;
    let row = policy::thread(&mut conn, &caller, id, Action::Read).await?;
    policy::require_member(&caller)?;
    let is_following = row.thread.toggle_follow(&mut conn, caller.user, app.clock.now()).await?;
    Ok(Json(Following { is_following }))
}

/// Say that one has seen a thread as it is now.
#[utoipa::path(post, path = "/api/discussions/threads/{thread}/view/", tag = "discussions",
    params(("thread" = ThreadId, Path)), responses((status = OK, body = Viewed)))]
pub async fn view_thread(
    caller: Can<UseDiscussions>,
    State(app): State<App>,
    Path(id): Path<ThreadId>,
    db: Db,
) -> ApiResult<Json<Viewed>> {
    let mut conn = db.conn().await?;
    policy::thread(&mut conn, &caller, id, Action::Read).await?;
    policy::require_member(&caller)?;
    let now = app.clock.now();
    let view_count = discussions::look_at(&mut conn, caller.tenant(), id, caller.user, now).await?;
    Ok(Json(Viewed { viewed: true, view_count, last_viewed_at: now }))
}

/// Put a thread before the others, or back among them.
#[utoipa::path(post, path = "/api/discussions/threads/{thread}/pin/", tag = "discussions",
    params(("thread" = ThreadId, Path)), responses((status = OK, body = Pinned)))]
pub async fn pin_thread(
    caller: Can<UseDiscussions>,
    State(app): State<App>,
    Path(id): Path<ThreadId>,
    db: Db,
) -> ApiResult<Json<Pinned>> {
    let mut conn = db.conn().await?;
    let row = policy::thread(&mut conn, &caller, id, Action::Moderate).await?;
    Ok(Json(Pinned { is_pinned: row.thread.toggle_pin(&mut conn, app.clock.now()).await? }))
}

/// Close a thread to new replies, or open it again.
#[utoipa::path(post, path = "/api/discussions/threads/{thread}/lock/", tag = "discussions",
    params(("thread" = ThreadId, Path)), responses((status = OK, body = Locked), (status = 409, description = "It is archived")))]
pub async fn lock_thread(
    caller: Can<UseDiscussions>,
    State(app): State<App>,
    Path(id): Path<ThreadId>,
    db: Db,
) -> ApiResult<Json<Locked>> {
    let mut conn = db.conn().await?;
    let row = policy::thread(&mut conn, &caller, id, Action::Moderate).await?;
    Ok(Json(Locked { status: row.thread.toggle_lock(&mut conn, app.clock.now()).await? }))
}

/// Hide a thread from all but its author and those who run the course, with all replies in it, or show it again.
#[utoipa::path(post, path = "/api/discussions/threads/{thread}/hide/", tag = "discussions",
    params(("thread" = ThreadId, Path)), request_body = Hide, responses((status = OK, body = Hidden)))]
pub async fn hide_thread(
    caller: Can<UseDiscussions>,
    State(app): State<App>,
    Path(id): Path<ThreadId>,
    db: Db,
    body: Option<Body<Hide>>,
) -> ApiResult<Json<Hidden>> {
    let mut conn = db.conn().await?;
    let row = policy::thread(&mut conn, &caller, id, Action::Moderate).await?;
    let reason = body.and_then(|Body(body)| body.reason).unwrap_or_default();
    let (is_hidden, hidden_reason) = row.thread.toggle_hidden(&mut conn, reason.trim(), app.clock.now()).await?;
    Ok(Json(Hidden { is_hidden, hidden_reason }))
}

/// Like a reply, or not any more.
#[utoipa::path(post, path = "/api/discussions/replies/{reply}/like/", tag = "discussions",
    params(("reply" = ReplyId, Path)), responses((status = OK, body = Liked)))]
pub async fn like_reply(
    caller: Can<UseDiscussions>,
    State(app): State<App>,
    Path(id): Path<ReplyId>,
    db: Db,
) -> ApiResult<Json<Liked>> {
    let mut conn = db.conn().await?;
    policy::reply(&mut conn, &caller, id, Action::Read).await?;
    policy::require_member(&caller)?;
    let (tenant, now) = (caller.tenant(), app.clock.now());
    let (liked, like_count) = discussions::like_reply(&mut conn, tenant, id, caller.user, now).await?;
    Ok(Json(Liked { liked, like_count }))
}

/// Hide a reply from all but its author and those who run the course, or show it again.
#[utoipa::path(post, path = "/api/discussions/replies/{reply}/hide/", tag = "discussions",
    params(("reply" = ReplyId, Path)), request_body = Hide, responses((status = OK, body = Hidden)))]
pub async fn hide_reply(
    caller: Can<UseDiscussions>,
    State(app): State<App>,
    Path(id): Path<ReplyId>,
    db: Db,
    body: Option<Body<Hide>>,
) -> ApiResult<Json<Hidden>> {
    let mut conn = db.conn().await?;
    let branch = policy::reply(&mut conn, &caller, id, Action::Moderate).await?;
    let reason = body.and_then(|Body(body)| body.reason).unwrap_or_default();
    let reply = &branch.row.reply;
    let (is_hidden, hidden_reason) = reply.toggle_hidden(&mut conn, reason.trim(), app.clock.now()).await?;
    Ok(Json(Hidden { is_hidden, hidden_reason }))
}
