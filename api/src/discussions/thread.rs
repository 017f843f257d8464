//! Threads over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::db::{Conn, Numbered};
use shared::discussions::{
    NewThread, RepliesWanted, Reply, Thread, ThreadChanges, ThreadFilter, ThreadOrdering, ThreadRow, ThreadStatus,
};
use shared::ids::{ContentItemId, CourseId, ModuleId, ThreadId, UserId};
use utoipa::{IntoParams, ToSchema};

use super::UseDiscussions;
use super::policy::{self, Action, reader};
use super::reply::ReplyOut;
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, CourseRef, Db, IfMatch, Listing, Paging, Path, Query, Tagged};

/// How many replies a thread's page shows at once.
const RECENT: Numbered = Numbered { number: 1, size: 3 };

/// Who wrote something.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DiscussionAuthor)]
pub(super) struct AuthorOut {
    id: UserId,
    #[schema(example = "Alice")]
    first_name: String,
    #[schema(example = "Williams")]
    last_name: String,
    #[schema(example = "Alice Williams")]
    full_name: String,
    avatar_url: Option<String>,
}

impl AuthorOut {
    pub(super) fn new(id: UserId, first_name: String, last_name: String, avatar_url: Option<String>) -> Self {
        let full_name = format!("{first_name} {last_name}").trim().to_owned();
        Self { id, first_name, last_name, full_name, avatar_url }
    }
}

/// A thread, as lists show it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[schema(as = Thread)]
pub(super) struct ThreadOut {
    id: ThreadId,
    course: CourseId,
    #[schema(example = "python-programming-fundamentals")]
    course_slug: String,
    module: Option<ModuleId>,
    content_item: Option<ContentItemId>,
    author: AuthorOut,
    #[schema(example = "Where do I begin?")]
    title: String,
    #[schema(inline)]
    status: ThreadStatus,
    is_pinned: bool,
    is_announcement: bool,
    /// From all but its author and those who run the course.
    is_hidden: bool,
    #[schema(example = "")]
    hidden_reason: String,
    reply_count: i64,
    like_count: i64,
    /// How many people have seen it.
    view_count: i64,
    is_liked: bool,
    is_bookmarked: bool,
    /// Whether one is told of replies.
    is_following: bool,
    /// Whether something happened in it since one saw it last.
    has_new_replies: bool,
    /// Whether its words were changed.
    is_edited: bool,
    edited_at: Option<DateTime<Utc>>,
    last_activity_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<ThreadRow> for ThreadOut {
    fn from(row: ThreadRow) -> Self {
        Self::split(row).0
    }
}

impl ThreadOut {
    /// The row, and its words.
    fn split(row: ThreadRow) -> (Self, String) {
        let has_new_replies = row.has_news();
        let Thread {
            id,
            tenant_id: _,
            course_id,
            module_id,
            content_item_id,
            author_id,
            title,
            content,
            status,
            is_pinned,
            is_announcement,
            is_hidden,
            hidden_reason,
            last_activity_at,
            edited_at,
            deleted_at: _,
            created_at,
            updated_at,
            version: _,
        } = row.thread;
        let out = Self {
            id,
            course: course_id,
            course_slug: row.course_slug,
            module: module_id,
            content_item: content_item_id,
            author: AuthorOut::new(author_id, row.first_name, row.last_name, row.avatar_url),
            title,
            status,
            is_pinned,
            is_announcement,
            is_hidden,
            hidden_reason,
            reply_count: row.reply_count,
            like_count: row.like_count,
            view_count: row.view_count,
            is_liked: row.is_liked,
            is_bookmarked: row.is_bookmarked,
            is_following: row.is_following,
            has_new_replies,
            is_edited: edited_at.is_some(),
            edited_at,
            last_activity_at,
            created_at,
            updated_at,
        };
        (out, content)
    }
}

/// A thread with its words and its first replies.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ThreadDetail)]
pub(super) struct ThreadDetailOut {
    #[serde(flatten)]
    thread: ThreadOut,
    /// Markdown; HTML in it is free of anything that a browser would run.
    #[schema(example = "I know no programming at all.")]
    content: String,
    /// The first three that answer the thread itself.
    recent_replies: Vec<ReplyOut>,
}

/// Which threads.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListThreads {
    /// Of this course, by id or slug.
    #[serde(alias = "course")]
    #[param(value_type = Option<String>)]
    course_id: Option<CourseRef>,
    /// About this module.
    module_id: Option<ModuleId>,
    /// About this item.
    content_item_id: Option<ContentItemId>,
    /// With these words in their title or first post.
    search: Option<String>,
    /// Also those that are archived.
    include_archived: Option<bool>,
    /// `last_activity_at`, `created_at` or `title`, with `-` before it for the other way round; pinned ones first and
    /// then the liveliest unless said otherwise.
    #[param(example = "-created_at")]
    ordering: Option<String>,
}

impl ListThreads {
    fn filter(self) -> ApiResult<ThreadFilter> {
        let ordering = self.ordering.map(|given| given.parse::<ThreadOrdering>()).transpose();
        let (course, course_slug) = match self.course_id {
            Some(CourseRef::Id(id)) => (Some(id), None),
            Some(CourseRef::Slug(slug)) => (None, Some(slug)),
            None => (None, None),
        };
        Ok(ThreadFilter {
            course,
            course_slug,
            module: self.module_id,
            content_item: self.content_item_id,
            search: self.search,
            archived: self.include_archived.unwrap_or_default(),
            bookmarked: false,
            ordering: ordering.map_err(|error| ApiError::field("ordering", error.to_string()))?.unwrap_or_default(),
        })
    }
}

/// A thread to be opened.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenThread {
    /// Its id or slug.
    #[garde(skip)]
    #[schema(value_type = String, example = "01935b7e-2c1f-7d3a-8f60-0242ac120002")]
    course: CourseRef,
    /// What it is about, more closely.
    #[garde(skip)]
    module: Option<ModuleId>,
    /// What it is about, yet more closely.
    #[garde(skip)]
    content_item: Option<ContentItemId>,
    #[garde(length(chars, min = 1, max = 255), custom(not_blank))]
    #[schema(example = "Where do I begin?")]
    title: String,
    /// Markdown; HTML in it is kept as far as it only formats.
    #[garde(length(chars, min = 1, max = 20_000), custom(not_blank))]
    #[schema(example = "I know no programming at all.")]
    content: String,
    /// Said by those who run the course; only they may.
    #[garde(skip)]
    is_announcement: Option<bool>,
}

/// Changes of a thread. What is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateThread {
    #[garde(inner(length(chars, min = 1, max = 255), custom(not_blank)))]
    #[schema(example = "Where should I begin?")]
    title: Option<String>,
    #[garde(inner(length(chars, min = 1, max = 20_000), custom(not_blank)))]
    content: Option<String>,
    /// Only by those who run the course.
    #[garde(skip)]
    #[schema(inline)]
    status: Option<ThreadStatus>,
    /// Only by those who run the course.
    #[garde(skip)]
    is_announcement: Option<bool>,
}

/// Something is to be read.
pub(super) fn not_blank(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("must not be blank")) } else { Ok(()) }
}

/// List the threads of one's courses, pinned ones first and then the liveliest.
#[utoipa::path(get, path = "/api/discussions/threads/", tag = "discussions", params(ListThreads, Paging),
    responses((status = OK, body = Listing<ThreadOut>)))]
pub async fn list_threads(
    caller: Can<UseDiscussions>,
    Query(filter): Query<ListThreads>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<ThreadOut>>> {
    let filter = filter.filter()?;
    let mut conn = db.conn().await?;
    let page = Thread::list(&mut conn, caller.tenant(), reader(&caller), &filter, paging.numbered()).await?;
    Ok(paging.answer(page))
}

/// Open a thread in a course that one takes part in, teaches or administers. One follows it.
#[utoipa::path(post, path = "/api/discussions/threads/", tag = "discussions", request_body = OpenThread,
    responses((status = CREATED, body = ThreadDetailOut)))]
pub async fn open_thread(
    caller: Can<UseDiscussions>,
    State(app): State<App>,
    db: Db,
    Body(body): Body<OpenThread>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Tagged<ThreadDetailOut>)> {
    let mut conn = db.conn().await?;
    let standing = policy::course(&mut conn, &caller, &body.course).await?;
    policy::require_member(&caller)?;
    let is_announcement = body.is_announcement.unwrap_or_default();
    if is_announcement && !standing.runs {
        return Err(ApiError::Forbidden("Only those who run the course announce in it.".into()));
    }
    let new = NewThread {
        tenant: caller.tenant(),
        course: standing.course,
        module: body.module,
        content_item: body.content_item,
        author: caller.user,
        runs: standing.runs,
        title: body.title.trim().to_owned(),
        content: body.content,
        is_announcement,
    };
    let thread = Thread::open(&mut conn, new, app.clock.now()).await?;
    let location = format!("/api/discussions/threads/{}/", thread.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], detail(&mut conn, &caller, thread.id).await?))
}

/// Show a thread.
#[utoipa::path(get, path = "/api/discussions/threads/{thread}/", tag = "discussions",
    params(("thread" = ThreadId, Path)), responses((status = OK, body = ThreadDetailOut)))]
pub async fn show_thread(
    caller: Can<UseDiscussions>,
    Path(id): Path<ThreadId>,
    db: Db,
) -> ApiResult<Tagged<ThreadDetailOut>> {
    detail(&mut *db.conn().await?, &caller, id).await
}

async fn detail(conn: &mut Conn, caller: &Can<UseDiscussions>, id: ThreadId) -> ApiResult<Tagged<ThreadDetailOut>> {
    let row = policy::thread(conn, caller, id, Action::Read).await?;
    let version = row.thread.version;
    let replies = Reply::list(conn, caller.tenant(), reader(caller), RepliesWanted::To(id), RECENT).await?;
    let (thread, content) = ThreadOut::split(row);
    let recent_replies = replies.items.into_iter().map(|branch| ReplyOut::new(branch, caller.user)).collect();
    Ok(Tagged(version, ThreadDetailOut { thread, content, recent_replies }))
}

/// Change a thread: its words, by its author; its state, by those who run the course.
#[utoipa::path(patch, path = "/api/discussions/threads/{thread}/", tag = "discussions",
    params(("thread" = ThreadId, Path)), request_body = UpdateThread,
    responses((status = OK, body = ThreadDetailOut)))]
pub async fn update_thread(
    caller: Can<UseDiscussions>,
    State(app): State<App>,
    Path(id): Path<ThreadId>,
    IfMatch(seen): IfMatch,
    db: Db,
    Body(body): Body<UpdateThread>,
) -> ApiResult<Tagged<ThreadDetailOut>> {
    let mut conn = db.conn().await?;
    let moderates = body.status.is_some() || body.is_announcement.is_some();
    let action = if moderates { Action::Moderate } else { Action::Edit };
    let row = policy::thread(&mut conn, &caller, id, action).await?;
    let changes = ThreadChanges {
        title: body.title.map(|title| title.trim().to_owned()),
        content: body.content,
        status: body.status,
        is_announcement: body.is_announcement,
    };
    row.thread.update(&mut conn, changes, seen, app.clock.now()).await?;
    detail(&mut conn, &caller, id).await
}

/// Delete a thread: its author, or those who run the course.
#[utoipa::path(delete, path = "/api/discussions/threads/{thread}/", tag = "discussions",
    params(("thread" = ThreadId, Path)), responses((status = NO_CONTENT)))]
pub async fn delete_thread(
    caller: Can<UseDiscussions>,
    State(app): State<App>,
    Path(id): Path<ThreadId>,
    db: Db,
) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    let row = policy::thread(&mut conn, &caller, id, Action::Edit).await?;
    row.thread.delete(&mut conn, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
