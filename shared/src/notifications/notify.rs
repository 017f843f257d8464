//! Telling somebody something.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::delivery::{DeliveryChannel, DeliveryStatus};
use super::jobs::DeliverEmail;
use super::{Notice, Notification, Preferences};
use crate::db::schema::{notification_deliveries, notifications};
use crate::db::{Conn, Error};
use crate::ids::{DeliveryId, NotificationId, TenantId, UserId};
use crate::jobs::enqueue;

/// Something to tell to somebody.
#[derive(Debug, Clone, PartialEq)]
pub struct NewNotification {
    pub tenant: TenantId,
    /// To whom.
    pub recipient: UserId,
    /// What.
    pub notice: Notice,
    /// Names the event: the same person is told of it once.
    pub dedupe_key: String,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "held for a moment, once for each event")]
pub enum Notified {
    /// Told now.
    New(Notification),
    /// Told before.
    Already,
    /// The person does not want to hear of it.
    Unwanted,
}

/// The longest subject that a row takes.
const LONGEST_SUBJECT: usize = 255;

/// Tells a person of this tenant something, by the channels that they want, in the caller's
/// transaction. However often it is called for the same event, the person is told once.
pub async fn notify(conn: &mut Conn, new: &NewNotification, now: DateTime<Utc>) -> Result<Notified, Error> {
    conn.transaction(async |conn| {
        let kind = new.notice.kind();
        let preferences = Preferences::of(conn, new.tenant, new.recipient).await?;
        let channels: Vec<_> =
            DeliveryChannel::AVAILABLE.into_iter().filter(|&channel| preferences.allows(kind, channel)).collect();
        if channels.is_empty() {
            return Ok(Notified::Unwanted);
        }
        let notification = Notification {
            id: NotificationId::new(),
            tenant_id: new.tenant,
            recipient_id: new.recipient,
            notification_type: kind,
            subject: shortened(&new.notice.subject()),
            message: new.notice.message(),
            action_url: Some(new.notice.action_url()),
            facts: new.notice.facts(),
            dedupe_key: new.dedupe_key.clone(),
            created_at: now,
            read_at: None,
            dismissed_at: None,
        };
        let written = diesel::insert_into(notifications::table)
            .values(&notification)
            .on_conflict((notifications::tenant_id, notifications::recipient_id, notifications::dedupe_key))
            .do_nothing()
            .execute(conn)
            .await?;
        if written == 0 {
            return Ok(Notified::Already);
        }
        for channel in channels {
            deliver(conn, &notification, channel, now).await?;
        }
        Ok(Notified::New(notification))
    })
    .await
}

/// What stands in the application is delivered by standing there; the rest is a job's.
async fn deliver(
    conn: &mut Conn,
    notification: &Notification,
    channel: DeliveryChannel,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let id = DeliveryId::new();
    let is_there = channel == DeliveryChannel::InApp;
    let status = if is_there { DeliveryStatus::Sent } else { DeliveryStatus::Pending };
    diesel::insert_into(notification_deliveries::table)
        .values((
            notification_deliveries::id.eq(id),
            notification_deliveries::tenant_id.eq(notification.tenant_id),
            notification_deliveries::notification_id.eq(notification.id),
            notification_deliveries::channel.eq(channel),
            notification_deliveries::status.eq(status),
            notification_deliveries::sent_at.eq(is_there.then_some(now)),
            notification_deliveries::updated_at.eq(now),
        ))
        .execute(conn)
        .await?;
    if channel == DeliveryChannel::Email {
        enqueue(conn, &DeliverEmail { tenant_id: notification.tenant_id, delivery_id: id }).await?;
    }
    Ok(())
}

fn shortened(subject: &str) -> String {
    if subject.chars().count() <= LONGEST_SUBJECT {
        return subject.to_owned();
    }
    let kept: String = subject.chars().take(LONGEST_SUBJECT - 1).collect();
    format!("{}…", kept.trim_end())
}
