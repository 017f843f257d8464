//! One's notifications.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::ids::{NotificationId, UserId};
use shared::notifications::{
    DeliveryChannel, DeliveryStatus, Notification, NotificationFilter, NotificationRow, NotificationStatus,
    NotificationType,
};
use utoipa::{IntoParams, ToSchema};

use super::ReadNotifications;
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, LongListing, LongPaging, Path, Query};

/// Something that one should know.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notification)]
pub(super) struct NotificationOut {
    id: NotificationId,
    /// Oneself.
    recipient: UserId,
    recipient_email: String,
    notification_type: NotificationType,
    /// The type for people.
    #[schema(example = "Certificate issued")]
    notification_type_display: &'static str,
    /// Reading and delivering in one word: `DISMISSED`, `READ`, else `FAILED` when some channel has
    /// given up, `PENDING` while one is under way, `SENT`.
    #[schema(example = "SENT")]
    status: &'static str,
    /// The status for people.
    #[schema(example = "Sent")]
    status_display: &'static str,
    is_read: bool,
    #[schema(example = "Your certificate for Knots")]
    subject: String,
    message: String,
    /// A page of the web client, or an address.
    #[schema(example = "/learner/courses/knots")]
    action_url: Option<String>,
    /// When it was last handed over by some channel.
    sent_at: Option<DateTime<Utc>>,
    read_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    /// How it goes, channel by channel.
    deliveries: Vec<DeliveryOut>,
}

/// A channel by which it goes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
struct DeliveryOut {
    channel: DeliveryChannel,
    status: DeliveryStatus,
    sent_at: Option<DateTime<Utc>>,
}

impl NotificationOut {
    /// Everybody sees their own only, so the recipient is the caller.
    fn new(row: NotificationRow, caller: &Can<ReadNotifications>) -> Self {
        let status = row.status();
        let NotificationRow { notification, deliveries } = row;
        let Notification {
            id,
            tenant_id: _,
            recipient_id,
            notification_type,
            subject,
            message,
            action_url,
            facts: _,
            dedupe_key: _,
            created_at,
            read_at,
            dismissed_at: _,
            announcement_id: _,
        } = notification;
        Self {
            id,
            recipient: recipient_id,
            recipient_email: caller.person.email.clone(),
            notification_type,
            notification_type_display: notification_type.label(),
            status: status.as_str(),
            status_display: status.label(),
            is_read: read_at.is_some(),
            subject,
            message,
            action_url,
            sent_at: deliveries.iter().filter_map(|delivery| delivery.sent_at).max(),
            read_at,
            created_at,
            deliveries: deliveries
                .into_iter()
                .map(|delivery| DeliveryOut {
                    channel: delivery.channel,
                    status: delivery.status,
                    sent_at: delivery.sent_at,
                })
                .collect(),
        }
    }
}

/// Which notifications.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListNotifications {
    /// In one of these, separated by commas: `PENDING`, `SENT`, `FAILED`, `READ`, `DISMISSED`.
    /// Without it, those that were put away are left out.
    #[param(example = "SENT,READ")]
    status: Option<String>,
    /// Read, or not.
    is_read: Option<bool>,
    /// `true` is `is_read=false`.
    unread: Option<bool>,
    /// Of this type.
    notification_type: Option<NotificationType>,
}

impl ListNotifications {
    fn filter(self) -> ApiResult<NotificationFilter> {
        let given = self.status.unwrap_or_default();
        let words = given.split(',').map(str::trim).filter(|word| !word.is_empty());
        let statuses = words.map(read_status).collect::<Result<_, _>>()?;
        let is_read = self.is_read.or(self.unread.map(|unread| !unread));
        Ok(NotificationFilter { statuses, is_read, kind: self.notification_type })
    }
}

fn read_status(word: &str) -> ApiResult<NotificationStatus> {
    let known = NotificationStatus::ALL;
    known.into_iter().find(|status| status.as_str().eq_ignore_ascii_case(word)).ok_or_else(|| {
        let names = known.map(NotificationStatus::as_str).join(", ");
        ApiError::field("status", format!("`{word}` is not one of {names}"))
    })
}

/// How many are unread.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UnreadCount {
    #[schema(example = 3)]
    unread_count: i64,
}

/// How many were changed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UpdatedCount {
    #[schema(example = 3)]
    updated_count: usize,
}

/// What may be changed.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateNotification {
    /// Whether one has read it.
    #[garde(skip)]
    #[schema(example = true)]
    is_read: Option<bool>,
}

const MISSING: ApiError = ApiError::NotFound("notification");

/// List one's notifications, newest first.
#[utoipa::path(get, path = "/api/notifications/", tag = "notifications", params(ListNotifications, LongPaging),
    responses((status = OK, body = LongListing<NotificationOut>)))]
pub async fn list_notifications(
    caller: Can<ReadNotifications>,
    Query(filter): Query<ListNotifications>,
    paging: LongPaging,
    db: Db,
) -> ApiResult<Json<LongListing<NotificationOut>>> {
    let filter = filter.filter()?;
    let mut conn = db.conn().await?;
    let found = Notification::list(&mut conn, caller.tenant(), caller.user, &filter, paging.part()).await?;
    Ok(paging.answer_with(found, |row| NotificationOut::new(row, &caller)))
}

/// Count one's unread notifications.
#[utoipa::path(get, path = "/api/notifications/unread-count/", tag = "notifications",
    responses((status = OK, body = UnreadCount)))]
pub async fn count_unread_notifications(caller: Can<ReadNotifications>, db: Db) -> ApiResult<Json<UnreadCount>> {
    let unread_count = Notification::unread_count(&mut *db.conn().await?, caller.tenant(), caller.user).await?;
    Ok(Json(UnreadCount { unread_count }))
}

/// Show a notification.
#[utoipa::path(get, path = "/api/notifications/{notification}/", tag = "notifications",
    params(("notification" = NotificationId, Path)), responses((status = OK, body = NotificationOut)))]
pub async fn show_notification(
    caller: Can<ReadNotifications>,
    Path(id): Path<NotificationId>,
    db: Db,
) -> ApiResult<Json<NotificationOut>> {
    let row = Notification::find(&mut *db.conn().await?, caller.tenant(), caller.user, id).await?.ok_or(MISSING)?;
    Ok(Json(NotificationOut::new(row, &caller)))
}

/// Say that one has read it, or has not. Its mail goes out all the same.
#[utoipa::path(patch, path = "/api/notifications/{notification}/", tag = "notifications",
    params(("notification" = NotificationId, Path)), request_body = UpdateNotification,
    responses((status = OK, body = NotificationOut)))]
pub async fn update_notification(
    caller: Can<ReadNotifications>,
    State(app): State<App>,
    Path(id): Path<NotificationId>,
    db: Db,
    Body(body): Body<UpdateNotification>,
) -> ApiResult<Json<NotificationOut>> {
    let mut conn = db.conn().await?;
    let (tenant, user) = (caller.tenant(), caller.user);
    let row = match body.is_read {
        Some(is_read) => Notification::set_read(&mut conn, tenant, user, id, is_read, app.clock.now()).await?,
        None => Notification::find(&mut conn, tenant, user, id).await?,
    };
    Ok(Json(NotificationOut::new(row.ok_or(MISSING)?, &caller)))
}

/// Say that one has read it.
#[utoipa::path(post, path = "/api/notifications/{notification}/mark-read/", tag = "notifications",
    params(("notification" = NotificationId, Path)), responses((status = OK, body = NotificationOut)))]
pub async fn read_notification(
    caller: Can<ReadNotifications>,
    State(app): State<App>,
    Path(id): Path<NotificationId>,
    db: Db,
) -> ApiResult<Json<NotificationOut>> {
    let mut conn = db.conn().await?;
    let row = Notification::set_read(&mut conn, caller.tenant(), caller.user, id, true, app.clock.now()).await?;
    Ok(Json(NotificationOut::new(row.ok_or(MISSING)?, &caller)))
}

/// Put it away.
#[utoipa::path(post, path = "/api/notifications/{notification}/dismiss/", tag = "notifications",
    params(("notification" = NotificationId, Path)), responses((status = OK, body = NotificationOut)))]
pub async fn dismiss_notification(
    caller: Can<ReadNotifications>,
    State(app): State<App>,
    Path(id): Path<NotificationId>,
    db: Db,
) -> ApiResult<Json<NotificationOut>> {
    let mut conn = db.conn().await?;
    let row = Notification::dismiss(&mut conn, caller.tenant(), caller.user, id, app.clock.now()).await?;
    Ok(Json(NotificationOut::new(row.ok_or(MISSING)?, &caller)))
}

/// Say that one has read them all.
#[utoipa::path(post, path = "/api/notifications/mark-all-read/", tag = "notifications",
    responses((status = OK, body = UpdatedCount)))]
pub async fn read_all_notifications(
    caller: Can<ReadNotifications>,
    State(app): State<App>,
    db: Db,
) -> ApiResult<Json<UpdatedCount>> {
    let mut conn = db.conn().await?;
    let updated_count = Notification::read_all(&mut conn, caller.tenant(), caller.user, app.clock.now()).await?;
    Ok(Json(UpdatedCount { updated_count }))
}
