//! One's notifications, as they come.

use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event;
use serde::Serialize;
use shared::db::{Conn, Part};
use shared::ids::{NotificationId, TenantId, UserId};
use shared::live::Topic;
use shared::notifications::{Notification, NotificationFilter};
use utoipa::ToSchema;

use super::ReadNotifications;
use crate::access::Can;
use crate::app::App;
use crate::http::ApiResult;
use crate::live::{LastSeen, Seen, Show, stream};

/// How one's notifications are: what a bell shows.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Inbox {
    #[schema(example = 3)]
    unread_count: i64,
    /// The newest that is not put away.
    latest: Option<Latest>,
}

/// The newest notification.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Latest {
    id: NotificationId,
    #[schema(example = "Your certificate for Knots")]
    subject: String,
    action_url: Option<String>,
}

/// Somebody who watches their bell.
struct WatchedInbox {
    tenant: TenantId,
    user: UserId,
    /// The id of the last event that the client has.
    last_seen: Option<String>,
}

impl Show for WatchedInbox {
    fn topic(&self) -> Topic {
        Topic::Inbox(self.user)
    }

    async fn look(&mut self, conn: &mut Conn) -> ApiResult<Seen> {
        let unread_count = Notification::unread_count(conn, self.tenant, self.user).await?;
        let newest = Part::Behind { last: None, size: 1 };
        let found = Notification::list(conn, self.tenant, self.user, &NotificationFilter::default(), newest).await?;
        let latest = found.items.into_iter().next().map(|row| Latest {
            id: row.notification.id,
            subject: row.notification.subject,
            action_url: row.notification.action_url,
        });
        let newest = latest.as_ref().map(|latest| latest.id.to_string()).unwrap_or_default();
        // What looks the same has the same id, on whichever server.
        let id = format!("{unread_count}-{newest}");
        if self.last_seen.as_ref() == Some(&id) {
            return Ok(Seen::default());
        }
        self.last_seen = Some(id.clone());
        let data = serde_json::to_string(&Inbox { unread_count, latest }).map_err(anyhow::Error::from)?;
        Ok(Seen { events: vec![Event::default().event("inbox").id(id).data(data)], is_last: false })
    }
}

/// Watch one's notifications: an event `inbox` with the unread count and the newest one, now and whenever that
/// changes. Send the last id as `Last-Event-ID` to read on after a break.
#[utoipa::path(get, path = "/api/notifications/stream/", tag = "notifications",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen")),
    responses((status = OK, body = Inbox, content_type = "text/event-stream")))]
pub async fn watch_notifications(
    caller: Can<ReadNotifications>,
    State(app): State<App>,
    LastSeen(last_seen): LastSeen,
) -> ApiResult<Response> {
    stream(&app, &caller, WatchedInbox { tenant: caller.tenant(), user: caller.user, last_seen }).await
}
