//! A notification, as its reader sees it.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::Notice;
use super::delivery::{Delivery, DeliveryChannel, DeliveryStatus};
use crate::db::schema::{notification_deliveries, notifications, sql_types};
use crate::db::{Conn, Error, Keyset, LongPage, Part, sql_enum};
use crate::ids::{AnnouncementId, NotificationId, TenantId, UserId};

sql_enum! {
    /// What a notification is about.
    NotificationType: sql_types::NotificationType {
        /// One is enrolled.
        CourseEnrollment = "COURSE_ENROLLMENT",
        /// One has completed a course.
        CourseCompletion = "COURSE_COMPLETION",
        /// Something waits to be graded.
        AssessmentSubmission = "ASSESSMENT_SUBMISSION",
        /// It was graded.
        AssessmentGraded = "ASSESSMENT_GRADED",
        /// A certificate is there.
        CertificateIssued = "CERTIFICATE_ISSUED",
        /// Something is due soon.
        DeadlineReminder = "DEADLINE_REMINDER",
        /// A course has grown.
        NewContentAvailable = "NEW_CONTENT_AVAILABLE",
        /// Words of an instructor or an administrator.
        Announcement = "ANNOUNCEMENT",
        /// Something needs a person.
        SystemAlert = "SYSTEM_ALERT",
        /// Somebody has replied in a discussion that one follows.
        DiscussionReply = "DISCUSSION_REPLY",
    }
}

impl NotificationType {
    /// For people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::CourseEnrollment => "Course enrollment",
            Self::CourseCompletion => "Course completion",
            Self::AssessmentSubmission => "Assessment submission",
            Self::AssessmentGraded => "Assessment graded",
            Self::CertificateIssued => "Certificate issued",
            Self::DeadlineReminder => "Deadline reminder",
            Self::NewContentAvailable => "New content available",
            Self::Announcement => "Announcement",
            Self::SystemAlert => "System alert",
            Self::DiscussionReply => "Discussion reply",
        }
    }

    /// Whether it would come too late after a night: such do not wait for the end of quiet hours,
    /// nor for a summary.
    pub const fn is_urgent(self) -> bool {
        matches!(self, Self::DeadlineReminder | Self::SystemAlert)
    }
}

/// Something that a person should know.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = notifications, treat_none_as_default_value = false)]
pub struct Notification {
    pub id: NotificationId,
    pub tenant_id: TenantId,
    pub recipient_id: UserId,
    pub notification_type: NotificationType,
    pub subject: String,
    pub message: String,
    /// A path of the web client, or an address.
    pub action_url: Option<String>,
    /// See [`Notice`](super::Notice).
    pub facts: Value,
    pub dedupe_key: String,
    pub created_at: DateTime<Utc>,
    pub read_at: Option<DateTime<Utc>>,
    pub dismissed_at: Option<DateTime<Utc>>,
    /// What it passes on, if it does.
    pub announcement_id: Option<AnnouncementId>,
}

/// Reading and delivering in one word, for those who want one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationStatus {
    /// Unread, and still on its way by some channel.
    Pending,
    /// Unread, and delivered by every channel.
    Sent,
    /// Unread, and some channel has given up.
    Failed,
    /// Read.
    Read,
    /// Put away.
    Dismissed,
}

impl NotificationStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Sent, Self::Failed, Self::Read, Self::Dismissed];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Sent => "SENT",
            Self::Failed => "FAILED",
            Self::Read => "READ",
            Self::Dismissed => "DISMISSED",
        }
    }

    /// For people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Sent => "Sent",
            Self::Failed => "Failed",
            Self::Read => "Read",
            Self::Dismissed => "Dismissed",
        }
    }
}

/// A notification with its deliveries.
#[derive(Debug, Clone, PartialEq)]
pub struct NotificationRow {
    pub notification: Notification,
    pub deliveries: Vec<Delivery>,
}

impl NotificationRow {
    /// Reading and delivering in one word.
    pub fn status(&self) -> NotificationStatus {
        let any = |status| self.deliveries.iter().any(|delivery| delivery.status == status);
        if self.notification.dismissed_at.is_some() {
            NotificationStatus::Dismissed
        } else if self.notification.read_at.is_some() {
            NotificationStatus::Read
        } else if any(DeliveryStatus::Failed) {
            NotificationStatus::Failed
        } else if any(DeliveryStatus::Pending) {
            NotificationStatus::Pending
        } else {
            NotificationStatus::Sent
        }
    }
}

/// Which of a person's notifications are meant; what is left out does not matter.
#[derive(Debug, Clone, Default)]
pub struct NotificationFilter {
    /// In one of these. When it is empty, those that were put away are left out.
    pub statuses: Vec<NotificationStatus>,
    /// Read, or not.
    pub is_read: Option<bool>,
    /// About this.
    pub kind: Option<NotificationType>,
}

type Condition = Box<dyn BoxableExpression<notifications::table, Pg, SqlType = Bool>>;

/// Conditions on the deliveries of a notification.
fn has_delivery(status: DeliveryStatus) -> Condition {
    Box::new(exists(
        notification_deliveries::table
            .filter(notification_deliveries::notification_id.eq(notifications::id))
            .filter(notification_deliveries::status.eq(status)),
    ))
}

/// Who does not want something in the application does not see it there.
fn is_in_app() -> Condition {
    Box::new(exists(
        notification_deliveries::table
            .filter(notification_deliveries::notification_id.eq(notifications::id))
            .filter(notification_deliveries::channel.eq(DeliveryChannel::InApp)),
    ))
}

fn is_in(status: NotificationStatus) -> Condition {
    use DeliveryStatus::{Failed, Pending};
    let unread = || notifications::dismissed_at.is_null().and(notifications::read_at.is_null());
    match status {
        NotificationStatus::Dismissed => Box::new(notifications::dismissed_at.is_not_null()),
        NotificationStatus::Read => {
            Box::new(notifications::dismissed_at.is_null().and(notifications::read_at.is_not_null()))
        }
        NotificationStatus::Failed => Box::new(unread().and(has_delivery(Failed))),
        NotificationStatus::Pending => Box::new(unread().and(has_delivery(Pending)).and(not(has_delivery(Failed)))),
        NotificationStatus::Sent => Box::new(unread().and(not(has_delivery(Pending))).and(not(has_delivery(Failed)))),
    }
}

impl NotificationFilter {
    fn conditions(&self, tenant: TenantId, recipient: UserId) -> Vec<Condition> {
        let mut conditions: Vec<Condition> = vec![
            Box::new(notifications::tenant_id.eq(tenant)),
            Box::new(notifications::recipient_id.eq(recipient)),
            is_in_app(),
        ];
        let by_status = self.statuses.iter().map(|&status| is_in(status)).reduce(|one, or| Box::new(one.or(or)));
        conditions.push(by_status.unwrap_or_else(|| Box::new(notifications::dismissed_at.is_null())));
        match self.is_read {
            Some(true) => conditions.push(Box::new(notifications::read_at.is_not_null())),
            Some(false) => conditions.push(Box::new(notifications::read_at.is_null())),
            None => {}
        }
        if let Some(kind) = self.kind {
            conditions.push(Box::new(notifications::notification_type.eq(kind)));
        }
        conditions
    }
}

impl Notification {
    /// Whether it may disturb its reader at any hour.
    pub fn is_urgent(&self) -> bool {
        // Rows of before have no facts.
        let usual = self.notification_type.is_urgent();
        Notice::from_facts(&self.facts).map_or(usual, |notice| notice.is_urgent())
    }

    /// A person's notifications, newest first.
    pub async fn list(
        conn: &mut Conn,
        tenant: TenantId,
        recipient: UserId,
        filter: &NotificationFilter,
        part: Part,
    ) -> Result<LongPage<NotificationRow>, Error> {
        let matching = || {
            filter.conditions(tenant, recipient).into_iter().fold(notifications::table.into_boxed(), QueryDsl::filter)
        };
        let total = match part {
            Part::Numbered(_) => Some(matching().count().get_result(conn).await?),
            Part::Behind { .. } => None,
        };
        let mut rows = matching();
        if let Some(Keyset { at, id }) = part.last() {
            // The first condition says what the second one does, so that an index can begin there.
            let behind = notifications::created_at.lt(at).or(notifications::id.lt(NotificationId(id)));
            rows = rows.filter(notifications::created_at.le(at)).filter(behind);
        }
        let items = rows
            .order((notifications::created_at.desc(), notifications::id.desc()))
            .limit(part.limit())
            .offset(part.offset())
            .select(Self::as_select())
            .load::<Self>(conn)
            .await?;
        let LongPage { items, total, next } =
            LongPage::of(part, items, total, |row: &Self| Keyset { at: row.created_at, id: row.id.0 });
        Ok(LongPage { items: with_deliveries(conn, tenant, items).await?, total, next })
    }

    /// How many a person has not read.
    pub async fn unread_count(conn: &mut Conn, tenant: TenantId, recipient: UserId) -> Result<i64, Error> {
        notifications::table
            .filter(notifications::tenant_id.eq(tenant))
            .filter(notifications::recipient_id.eq(recipient))
            .filter(notifications::read_at.is_null())
            .filter(notifications::dismissed_at.is_null())
            .filter(is_in_app())
            .count()
            .get_result(conn)
            .await
    }

    /// A person's notification with this id.
    pub async fn find(
        conn: &mut Conn,
        tenant: TenantId,
        recipient: UserId,
        id: NotificationId,
    ) -> Result<Option<NotificationRow>, Error> {
        let found = notifications::table
            .filter(notifications::tenant_id.eq(tenant))
            .filter(notifications::recipient_id.eq(recipient))
            .filter(notifications::id.eq(id))
            .select(Self::as_select())
            .load(conn)
            .await?;
        Ok(with_deliveries(conn, tenant, found).await?.pop())
    }

    /// Notes that a person has read it, or has not. When it was first read stays. No delivery
    /// changes by it.
    pub async fn set_read(
        conn: &mut Conn,
        tenant: TenantId,
        recipient: UserId,
        id: NotificationId,
        is_read: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<NotificationRow>, Error> {
        let read_at = is_read.then_some(now);
        diesel::update(notifications::table.find(id))
            .filter(notifications::tenant_id.eq(tenant))
            .filter(notifications::recipient_id.eq(recipient))
            .filter(notifications::read_at.is_null().eq(is_read))
            .set(notifications::read_at.eq(read_at))
            .execute(conn)
            .await?;
        Self::find(conn, tenant, recipient, id).await
    }

    /// Puts it away; what is put away counts as read.
    pub async fn dismiss(
        conn: &mut Conn,
        tenant: TenantId,
        recipient: UserId,
        id: NotificationId,
        now: DateTime<Utc>,
    ) -> Result<Option<NotificationRow>, Error> {
        diesel::update(notifications::table.find(id))
            .filter(notifications::tenant_id.eq(tenant))
            .filter(notifications::recipient_id.eq(recipient))
            .filter(notifications::dismissed_at.is_null())
            .set((
                notifications::dismissed_at.eq(now),
                notifications::read_at.eq(coalesce(notifications::read_at, Some(now))),
            ))
            .execute(conn)
            .await?;
        Self::find(conn, tenant, recipient, id).await
    }

    /// Notes that a person has read everything, and says how many that were.
    pub async fn read_all(
        conn: &mut Conn,
        tenant: TenantId,
        recipient: UserId,
        now: DateTime<Utc>,
    ) -> Result<usize, Error> {
        diesel::update(notifications::table)
            .filter(notifications::tenant_id.eq(tenant))
            .filter(notifications::recipient_id.eq(recipient))
            .filter(notifications::read_at.is_null())
            .filter(notifications::dismissed_at.is_null())
            .set(notifications::read_at.eq(now))
            .execute(conn)
            .await
    }
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// The first that is not null.
    fn coalesce(
        first: diesel::sql_types::Nullable<diesel::sql_types::Timestamptz>,
        second: diesel::sql_types::Nullable<diesel::sql_types::Timestamptz>,
    ) -> diesel::sql_types::Nullable<diesel::sql_types::Timestamptz>;
}

/// Each with its deliveries, by one query for all.
async fn with_deliveries(
    conn: &mut Conn,
    tenant: TenantId,
    notifications: Vec<Notification>,
) -> Result<Vec<NotificationRow>, Error> {
    let ids: Vec<_> = notifications.iter().map(|notification| notification.id).collect();
    let mut deliveries: Vec<Delivery> = notification_deliveries::table
        .filter(notification_deliveries::tenant_id.eq(tenant))
        .filter(notification_deliveries::notification_id.eq_any(ids))
        .order((notification_deliveries::notification_id, notification_deliveries::channel))
        .select(Delivery::as_select())
        .load(conn)
        .await?;
    Ok(notifications
        .into_iter()
        .map(|notification| {
            let (own, others) = deliveries.drain(..).partition(|delivery| delivery.notification_id == notification.id);
            deliveries = others;
            NotificationRow { notification, deliveries: own }
        })
        .collect())
}
