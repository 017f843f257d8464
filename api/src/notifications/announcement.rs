//! Announcements over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::db::Conn;
use shared::ids::{AnnouncementId, CourseId, GroupId, UserId};
use shared::notifications::{
    Announcement, AnnouncementChanges, AnnouncementObstacle, AnnouncementRow, AnnouncementStats, AnnouncementStatus,
    AnnouncementTarget, NewAnnouncement,
};
use shared::users::UserRole;
use utoipa::{IntoParams, ToSchema};

use super::WriteAnnouncements;
use super::target::{self, Named};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, CourseRef, Db, Listing, Paging, Path, Query, dated, present_dated};

/// Words of an administrator or an instructor to many.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Announcement)]
pub(super) struct AnnouncementOut {
    id: AnnouncementId,
    author: Option<UserId>,
    #[schema(example = "Admin Acme")]
    author_name: Option<String>,
    author_email: Option<String>,
    #[schema(example = "Maintenance on Sunday")]
    title: String,
    message: String,
    #[schema(inline)]
    target_type: AnnouncementTarget,
    target_course: Option<CourseId>,
    target_course_title: Option<String>,
    target_group: Option<GroupId>,
    target_group_name: Option<String>,
    target_user_ids: Vec<UserId>,
    #[schema(inline)]
    status: AnnouncementStatus,
    scheduled_at: Option<DateTime<Utc>>,
    /// When sending began.
    sent_at: Option<DateTime<Utc>>,
    /// How many people were meant, also those who do not want to hear of it.
    recipients_count: i32,
    /// Why it was not sent when its time came; null for what was given up by somebody.
    #[schema(inline)]
    cancelled_because: Option<AnnouncementObstacle>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<AnnouncementRow> for AnnouncementOut {
    fn from(row: AnnouncementRow) -> Self {
        let AnnouncementRow { announcement, author, course_title, course_slug: _, group_name, people } = row;
        let Announcement {
            id,
            tenant_id: _,
            author_id,
            title,
            message,
            target_type,
            target_course_id,
            target_group_id,
            status,
            scheduled_at,
            sent_at,
            recipients_count,
            created_at,
            updated_at,
            cancelled_because,
        } = announcement;
        Self {
            id,
            author: author_id,
            author_name: author.as_ref().map(shared::users::Person::full_name),
            author_email: author.map(|author| author.email),
            title,
            message,
            target_type,
            target_course: target_course_id,
            target_course_title: course_title,
            target_group: target_group_id,
            target_group_name: group_name,
            target_user_ids: people,
            status,
            scheduled_at,
            sent_at,
            recipients_count,
            cancelled_because,
            created_at,
            updated_at,
        }
    }
}

/// What became of an announcement.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AnnouncementStats)]
pub(super) struct StatsOut {
    /// How many people were meant.
    recipients_count: i32,
    /// How many of them were told: the others do not want to hear of it.
    notified_count: i64,
    /// How many it has reached by some channel.
    delivered_count: i64,
    emails_sent: i64,
    emails_pending: i64,
    emails_failed: i64,
    /// To people, however many devices they have.
    pushes_sent: i64,
    pushes_pending: i64,
    pushes_failed: i64,
    /// How many have read it in the application.
    read_count: i64,
}

/// Which announcements.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListAnnouncements {
    /// How far they are.
    #[param(inline)]
    status: Option<AnnouncementStatus>,
}

/// An announcement to be written.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateAnnouncement {
    #[garde(length(chars, min = 1, max = 255))]
    #[schema(example = "Maintenance on Sunday")]
    title: String,
    #[garde(length(chars, min = 1, max = 10_000))]
    #[schema(example = "The platform is away between two and four o'clock.")]
    message: String,
    /// `ALL_TENANT` unless said otherwise.
    #[garde(skip)]
    #[schema(inline)]
    target_type: Option<AnnouncementTarget>,
    /// Of `COURSE_ENROLLED`: its id or slug.
    #[garde(skip)]
    #[schema(value_type = Option<String>)]
    target_course: Option<CourseRef>,
    /// Of `GROUP`.
    #[garde(skip)]
    target_group: Option<GroupId>,
    /// Of `SPECIFIC_USERS`.
    #[garde(inner(length(max = 200)))]
    target_user_ids: Option<Vec<UserId>>,
    /// Sent then by itself; a draft without it.
    #[garde(skip)]
    #[serde(default, deserialize_with = "dated")]
    scheduled_at: Option<DateTime<Utc>>,
}

/// Changes of an announcement that is not sent yet. What is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateAnnouncement {
    #[garde(inner(length(chars, min = 1, max = 255)))]
    title: Option<String>,
    #[garde(inner(length(chars, min = 1, max = 10_000)))]
    #[schema(example = "The platform is away between two and three o'clock.")]
    message: Option<String>,
    /// With what belongs to it: whom it is for, anew.
    #[garde(skip)]
    #[schema(inline)]
    target_type: Option<AnnouncementTarget>,
    #[garde(skip)]
    #[schema(value_type = Option<String>)]
    target_course: Option<CourseRef>,
    #[garde(skip)]
    target_group: Option<GroupId>,
    #[garde(inner(length(max = 200)))]
    target_user_ids: Option<Vec<UserId>>,
    /// Null: it is a draft again.
    #[garde(skip)]
    #[serde(default, deserialize_with = "present_dated")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    scheduled_at: Option<Option<DateTime<Utc>>>,
}

/// Administrators see all of the tenant's, instructors their own.
fn author_of(caller: &Can<WriteAnnouncements>) -> Option<UserId> {
    (caller.role != UserRole::Admin).then_some(caller.user)
}

async fn find(conn: &mut Conn, caller: &Can<WriteAnnouncements>, id: AnnouncementId) -> ApiResult<AnnouncementRow> {
    let found = Announcement::find(conn, caller.tenant(), id).await?;
    let own = author_of(caller);
    let row = found.filter(|row| own.is_none() || row.announcement.author_id == own);
    row.ok_or(ApiError::NotFound("announcement"))
}

async fn answer(
    conn: &mut Conn,
    caller: &Can<WriteAnnouncements>,
    id: AnnouncementId,
) -> ApiResult<Json<AnnouncementOut>> {
    Ok(Json(find(conn, caller, id).await?.into()))
}

/// List announcements, newest first: the tenant's, or an instructor's own.
#[utoipa::path(get, path = "/api/notifications/announcements/", tag = "notifications", params(ListAnnouncements, Paging),
    responses((status = OK, body = Listing<AnnouncementOut>)))]
pub async fn list_announcements(
    caller: Can<WriteAnnouncements>,
    Query(filter): Query<ListAnnouncements>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<AnnouncementOut>>> {
    let mut conn = db.conn().await?;
    let author = author_of(&caller);
    Ok(paging.answer(Announcement::list(&mut conn, caller.tenant(), author, filter.status, paging.numbered()).await?))
}

/// Write an announcement: a draft, or one that is sent at its time. Instructors write to those who take part in the
/// courses that they teach. What is scheduled is looked at again when its time comes: when its author may not send it any
/// more, or it is for nobody, it is `CANCELLED`, and `cancelled_because` says why.
#[utoipa::path(post, path = "/api/notifications/announcements/", tag = "notifications",
    request_body = CreateAnnouncement, responses((status = CREATED, body = AnnouncementOut)))]
pub async fn create_announcement(
    caller: Can<WriteAnnouncements>,
    State(app): State<App>,
    db: Db,
    Body(body): Body<CreateAnnouncement>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Json<AnnouncementOut>)> {
    let mut conn = db.conn().await?;
    let named = Named { course: body.target_course, group: body.target_group, people: body.target_user_ids };
    let kind = body.target_type.unwrap_or(AnnouncementTarget::AllTenant);
    let new = NewAnnouncement {
        tenant: caller.tenant(),
        author: caller.person.tenant_id.map(|_| caller.user),
        title: body.title,
        message: body.message,
        target: target::read(&mut conn, &caller, kind, named).await?,
        scheduled_at: body.scheduled_at,
    };
    let made = Announcement::create(&mut conn, new, app.clock.now()).await?;
    let location = format!("/api/notifications/announcements/{}/", made.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], answer(&mut conn, &caller, made.id).await?))
}

/// Show an announcement.
#[utoipa::path(get, path = "/api/notifications/announcements/{announcement}/", tag = "notifications",
    params(("announcement" = AnnouncementId, Path)), responses((status = OK, body = AnnouncementOut)))]
pub async fn show_announcement(
    caller: Can<WriteAnnouncements>,
    Path(id): Path<AnnouncementId>,
    db: Db,
) -> ApiResult<Json<AnnouncementOut>> {
    answer(&mut *db.conn().await?, &caller, id).await
}

/// Change an announcement that is not sent yet.
#[utoipa::path(patch, path = "/api/notifications/announcements/{announcement}/", tag = "notifications",
    params(("announcement" = AnnouncementId, Path)), request_body = UpdateAnnouncement,
    responses((status = OK, body = AnnouncementOut), (status = 409, description = "It is sent or cancelled")))]
pub async fn update_announcement(
    caller: Can<WriteAnnouncements>,
    State(app): State<App>,
    Path(id): Path<AnnouncementId>,
    db: Db,
    Body(body): Body<UpdateAnnouncement>,
) -> ApiResult<Json<AnnouncementOut>> {
    let mut conn = db.conn().await?;
    let row = find(&mut conn, &caller, id).await?;
    let named = Named { course: body.target_course, group: body.target_group, people: body.target_user_ids };
    let target = match body.target_type {
        Some(kind) => Some(target::read(&mut conn, &caller, kind, named).await?),
        None if named.is_nothing() => {
            if body.scheduled_at.flatten().is_some() {
                target::require_still(&mut conn, &caller, &row.announcement).await?;
            }
            None
        }
        None => Some(target::read(&mut conn, &caller, row.announcement.target_type, named).await?),
    };
    let changes =
        AnnouncementChanges { title: body.title, message: body.message, target, scheduled_at: body.scheduled_at };
    row.announcement.update(&mut conn, changes, app.clock.now()).await?;
    answer(&mut conn, &caller, id).await
}

/// Delete an announcement. Those who were told keep what they were told.
#[utoipa::path(delete, path = "/api/notifications/announcements/{announcement}/", tag = "notifications",
    params(("announcement" = AnnouncementId, Path)),
    responses((status = NO_CONTENT), (status = 409, description = "It is going out just now")))]
pub async fn delete_announcement(
    caller: Can<WriteAnnouncements>,
    Path(id): Path<AnnouncementId>,
    db: Db,
) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    find(&mut conn, &caller, id).await?.announcement.delete(&mut conn).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send an announcement now. It is `SENDING` until everybody is told. An instructor who teaches its course no more
/// may not.
#[utoipa::path(post, path = "/api/notifications/announcements/{announcement}/send/", tag = "notifications",
    params(("announcement" = AnnouncementId, Path)),
    responses((status = OK, body = AnnouncementOut), (status = 409, description = "It is sent, cancelled, or for nobody")))]
pub async fn send_announcement(
    caller: Can<WriteAnnouncements>,
    State(app): State<App>,
    Path(id): Path<AnnouncementId>,
    db: Db,
) -> ApiResult<Json<AnnouncementOut>> {
    let mut conn = db.conn().await?;
    let announcement = find(&mut conn, &caller, id).await?.announcement;
    target::require_still(&mut conn, &caller, &announcement).await?;
    announcement.send(&mut conn, app.clock.now()).await?;
    answer(&mut conn, &caller, id).await
}

/// Give an announcement up before it is sent.
#[utoipa::path(post, path = "/api/notifications/announcements/{announcement}/cancel/", tag = "notifications",
    params(("announcement" = AnnouncementId, Path)),
    responses((status = OK, body = AnnouncementOut), (status = 409, description = "It is sent or cancelled")))]
pub async fn cancel_announcement(
    caller: Can<WriteAnnouncements>,
    State(app): State<App>,
    Path(id): Path<AnnouncementId>,
    db: Db,
) -> ApiResult<Json<AnnouncementOut>> {
    let mut conn = db.conn().await?;
    find(&mut conn, &caller, id).await?.announcement.cancel(&mut conn, app.clock.now()).await?;
    answer(&mut conn, &caller, id).await
}

/// Count whom an announcement was for, whom it has reached, and who has read it.
#[utoipa::path(get, path = "/api/notifications/announcements/{announcement}/stats/", tag = "notifications",
    params(("announcement" = AnnouncementId, Path)), responses((status = OK, body = StatsOut)))]
pub async fn count_announcement(
    caller: Can<WriteAnnouncements>,
    Path(id): Path<AnnouncementId>,
    db: Db,
) -> ApiResult<Json<StatsOut>> {
    let mut conn = db.conn().await?;
    let announcement = find(&mut conn, &caller, id).await?.announcement;
    let stats = announcement.stats(&mut conn).await?;
    let AnnouncementStats {
        notified,
        delivered,
        emails_sent,
        emails_pending,
        emails_failed,
        pushes_sent,
        pushes_pending,
        pushes_failed,
        read,
    } = stats;
    Ok(Json(StatsOut {
        recipients_count: announcement.recipients_count,
        notified_count: notified,
        delivered_count: delivered,
        emails_sent,
        emails_pending,
        emails_failed,
        pushes_sent,
        pushes_pending,
        pushes_failed,
        read_count: read,
    }))
}
