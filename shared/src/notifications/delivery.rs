//! A notification on its way by one channel.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Notification;
use crate::db::schema::{notification_deliveries, notifications, sql_types, tenant_settings, tenants, users};
use crate::db::{Conn, Error, prepared, sql_enum};
use crate::ids::{DeliveryId, DigestId, NotificationId, TenantId};
use crate::tenants::Tenant;
use crate::users::User;

sql_enum! {
    /// A way to reach a person.
    DeliveryChannel: sql_types::DeliveryChannel {
        /// To their address.
        Email = "EMAIL",
        /// In the application.
        InApp = "IN_APP" | "INAPP",
        /// To their devices.
        Push = "PUSH",
        /// To their telephone.
        Sms = "SMS",
    }
}

impl DeliveryChannel {
    /// Those that this server may have; push only where it is set up.
    pub const AVAILABLE: [Self; 3] = [Self::Email, Self::InApp, Self::Push];

    /// Whether a person who has not chosen is reached by it.
    pub const fn is_on_by_default(self) -> bool {
        matches!(self, Self::Email | Self::InApp)
    }
}

sql_enum! {
    /// How far a delivery is.
    DeliveryStatus: sql_types::DeliveryStatus {
        /// On its way.
        Pending = "PENDING",
        /// Handed over.
        Sent = "SENT",
        /// Given up.
        Failed = "FAILED",
        /// Not wanted any more when its turn came.
        Skipped = "SKIPPED",
    }
}

/// A notification on its way by one channel.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = notification_deliveries, treat_none_as_default_value = false)]
pub struct Delivery {
    pub id: DeliveryId,
    pub tenant_id: TenantId,
    pub notification_id: NotificationId,
    pub channel: DeliveryChannel,
    pub status: DeliveryStatus,
    pub sent_at: Option<DateTime<Utc>>,
    pub failure_reason: Option<String>,
    pub updated_at: DateTime<Utc>,
    /// The end of the person's quiet hours, when it was told during them.
    pub held_until: Option<DateTime<Utc>>,
    /// The summary that carries it, in place of a mail of its own.
    pub digest_id: Option<DigestId>,
}

/// All that a mail needs to know.
#[derive(Debug, Clone, PartialEq)]
pub struct EmailToSend {
    pub delivery: Delivery,
    pub notification: Notification,
    pub recipient: User,
    pub tenant: Tenant,
    /// Where the tenant's people write to for help.
    pub support_email: Option<String>,
}

impl EmailToSend {
    /// The mail of this delivery, unless it is gone.
    pub async fn find(conn: &mut Conn, tenant: TenantId, id: DeliveryId) -> Result<Option<Self>, Error> {
        let found = notification_deliveries::table
            .inner_join(notifications::table.inner_join(users::table))
            .inner_join(tenants::table.on(tenants::id.eq(notification_deliveries::tenant_id)))
            .left_join(tenant_settings::table.on(tenant_settings::tenant_id.eq(notification_deliveries::tenant_id)))
            .filter(notification_deliveries::tenant_id.eq(tenant))
            .filter(notification_deliveries::id.eq(id))
            .filter(notification_deliveries::channel.eq(DeliveryChannel::Email))
            .select((
                Delivery::as_select(),
                Notification::as_select(),
                User::as_select(),
                Tenant::as_select(),
                tenant_settings::support_email.nullable(),
            ))
            .first(conn)
            .await
            .optional()?;
        Ok(found.map(|(delivery, notification, recipient, tenant, support_email): (_, _, _, _, Option<String>)| Self {
            delivery,
            notification,
            recipient,
            tenant,
            support_email: support_email.filter(|it| !it.is_empty()),
        }))
    }
}

/// All that a push message needs to know.
#[derive(Debug, Clone, PartialEq)]
pub struct PushToSend {
    pub delivery: Delivery,
    pub notification: Notification,
    pub recipient: User,
}

impl PushToSend {
    /// The push message of this delivery, unless it is gone.
    pub async fn find(conn: &mut Conn, tenant: TenantId, id: DeliveryId) -> Result<Option<Self>, Error> {
        let found = notification_deliveries::table
            .inner_join(notifications::table.inner_join(users::table))
            .filter(notification_deliveries::tenant_id.eq(tenant))
            .filter(notification_deliveries::id.eq(id))
            .filter(notification_deliveries::channel.eq(DeliveryChannel::Push))
            .select((Delivery::as_select(), Notification::as_select(), User::as_select()))
            .first(conn)
            .await
            .optional()?;
        Ok(found.map(|(delivery, notification, recipient)| Self { delivery, notification, recipient }))
    }
}

/// A reason is for people: the beginning says enough.
pub(super) fn for_people(reason: &str) -> String {
    reason.chars().filter(|c| *c != '\0').take(500).collect()
}

impl Delivery {
    /// Notes how it ended. What was sent stays sent.
    pub async fn ended(
        &self,
        conn: &mut Conn,
        status: DeliveryStatus,
        reason: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let reason = reason.map(for_people);
        let settle = diesel::update(self)
            .filter(notification_deliveries::tenant_id.eq(self.tenant_id))
            .filter(notification_deliveries::status.ne(DeliveryStatus::Sent))
            .set((
                notification_deliveries::status.eq(status),
                notification_deliveries::sent_at.eq((status == DeliveryStatus::Sent).then_some(now)),
                notification_deliveries::failure_reason.eq(reason),
                notification_deliveries::updated_at.eq(now),
            ));
        prepared(settle).execute(conn).await?;
        Ok(())
    }
}
