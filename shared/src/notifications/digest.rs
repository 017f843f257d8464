//! One mail in place of many: what can wait is summed up daily or weekly.

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::delivery::{DeliveryChannel, DeliveryStatus, for_people};
use super::jobs::SendDigest;
use super::notification::Notification;
use crate::db::schema::{notification_deliveries, notification_digests, notifications, sql_types};
use crate::db::{Conn, Error, sql_enum};
use crate::ids::{DigestId, TenantId, UserId};
use crate::jobs::{JobOptions, enqueue_with};
use crate::locale;
use crate::tenants::{Letterhead, Tenant};
use crate::users::User;

sql_enum! {
    /// How often mails that can wait are summed up.
    DigestFrequency: sql_types::DigestFrequency {
        /// Never: each comes by itself.
        Off = "OFF" | "NONE",
        /// Every day.
        Daily = "DAILY",
        /// Every week.
        Weekly = "WEEKLY",
    }
}

/// When a person wants mails summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DigestChoice {
    pub frequency: DigestFrequency,
    /// At which hour of their own clock.
    pub hour: u32,
    /// On which day a weekly one comes: 1 is Monday.
    pub weekday: u32,
}

impl Default for DigestChoice {
    fn default() -> Self {
        Self { frequency: DigestFrequency::Off, hour: 8, weekday: 1 }
    }
}

/// What happens just before a digest goes into the next one: its own is perhaps being written.
const CLOSING: TimeDelta = TimeDelta::minutes(5);

impl DigestChoice {
    /// When the digest is due that carries what happens at `now`; none when there are none.
    pub fn due_after(self, zone: Tz, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let time = NaiveTime::from_hms_opt(self.hour, 0, 0)?;
        let today = now.with_timezone(&zone).date_naive();
        let days = (0..=14).filter_map(|days| today.checked_add_signed(TimeDelta::days(days)));
        let wanted = days.filter(|day| match self.frequency {
            DigestFrequency::Off => false,
            DigestFrequency::Daily => true,
            DigestFrequency::Weekly => day.weekday().number_from_monday() == self.weekday,
        });
        wanted.map(|day| locale::instant(zone, day.and_time(time))).find(|due| *due > now + CLOSING)
    }
}

/// A digest of a person.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = notification_digests, treat_none_as_default_value = false)]
pub struct Digest {
    pub id: DigestId,
    pub tenant_id: TenantId,
    pub user_id: UserId,
    pub due_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
}

/// All that the mail of a digest needs to know.
#[derive(Debug, Clone, PartialEq)]
pub struct DigestToSend {
    pub digest: Digest,
    pub recipient: User,
    pub tenant: Tenant,
    /// Where the tenant's people write to for help.
    pub support_email: Option<String>,
    /// The first of what it sums up, oldest first.
    pub notifications: Vec<Notification>,
    /// How many it sums up.
    pub total: usize,
}

/// How many notifications a digest names; it says how many more there are.
const MOST_NAMED: i64 = 30;

/// The digests of these people for these instants: those that are there, or new ones, each with
/// the job that will send it.
pub(super) async fn digests_for(
    conn: &mut Conn,
    tenant: TenantId,
    wanted: &[(UserId, DateTime<Utc>)],
) -> Result<Vec<Digest>, Error> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<_> = wanted
        .iter()
        .map(|&(user_id, due_at)| Digest { id: DigestId::new(), tenant_id: tenant, user_id, due_at, sent_at: None })
        .collect();
    let made: Vec<Digest> = diesel::insert_into(notification_digests::table)
        .values(&rows)
        .on_conflict_do_nothing()
        .returning(Digest::as_returning())
        .get_results(conn)
        .await?;
    // One for each person and day, however much happens.
    for digest in &made {
        let job = SendDigest { tenant_id: tenant, digest_id: digest.id };
        enqueue_with(conn, &job, JobOptions { run_at: Some(digest.due_at), ..JobOptions::default() }).await?;
    }
    let (people, instants): (Vec<_>, Vec<_>) = wanted.iter().copied().unzip();
    notification_digests::table
        .filter(notification_digests::tenant_id.eq(tenant))
        .filter(notification_digests::user_id.eq_any(people))
        .filter(notification_digests::due_at.eq_any(instants))
        .select(Digest::as_select())
        .load(conn)
        .await
}

impl DigestToSend {
    /// The mail of this digest, unless it is gone or there is nothing left to tell.
    pub async fn find(conn: &mut Conn, tenant: TenantId, id: DigestId) -> Result<Option<Self>, Error> {
        let digest = notification_digests::table
            .filter(notification_digests::tenant_id.eq(tenant))
            .filter(notification_digests::id.eq(id))
            .filter(notification_digests::sent_at.is_null())
            .select(Digest::as_select())
            .first(conn)
            .await
            .optional()?;
        let Some(digest) = digest else { return Ok(None) };
        let Some(recipient) = User::find(conn, tenant, digest.user_id).await? else { return Ok(None) };
        let Some(Letterhead { tenant, support_email }) = Letterhead::of(conn, tenant).await? else { return Ok(None) };
        let carried = || {
            notification_deliveries::table
                .inner_join(notifications::table)
                .filter(notification_deliveries::tenant_id.eq(digest.tenant_id))
                .filter(notification_deliveries::digest_id.eq(digest.id))
                .filter(notification_deliveries::channel.eq(DeliveryChannel::Email))
                .filter(notification_deliveries::status.eq(DeliveryStatus::Pending))
        };
        let total: i64 = carried().count().get_result(conn).await?;
        let notifications = carried()
            .order((notifications::created_at, notifications::id))
            .limit(MOST_NAMED)
            .select(Notification::as_select())
            .load(conn)
            .await?;
        let total = usize::try_from(total).unwrap_or_default();
        Ok((total > 0).then_some(Self { digest, recipient, tenant, support_email, notifications, total }))
    }
}

impl Digest {
    /// Notes how it ended, for all that it carries.
    pub async fn ended(
        &self,
        conn: &mut Conn,
        status: DeliveryStatus,
        reason: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let sent_at = (status == DeliveryStatus::Sent).then_some(now);
        let reason = reason.map(for_people);
        conn.transaction(async |conn| {
            diesel::update(notification_deliveries::table)
                .filter(notification_deliveries::tenant_id.eq(self.tenant_id))
                .filter(notification_deliveries::digest_id.eq(self.id))
                .filter(notification_deliveries::status.ne(DeliveryStatus::Sent))
                .set((
                    notification_deliveries::status.eq(status),
                    notification_deliveries::sent_at.eq(sent_at),
                    notification_deliveries::failure_reason.eq(reason),
                    notification_deliveries::updated_at.eq(now),
                ))
                .execute(conn)
                .await?;
            diesel::update(self)
                .filter(notification_digests::tenant_id.eq(self.tenant_id))
                .set(notification_digests::sent_at.eq(sent_at))
                .execute(conn)
                .await?;
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(frequency: DigestFrequency, zone: Tz, now: &str) -> Option<String> {
        let choice = DigestChoice { frequency, hour: 2, weekday: 7 };
        let due = choice.due_after(zone, now.parse().expect("an instant"));
        due.map(|due| due.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    }

    #[test]
    fn a_digest_comes_at_the_hour_of_the_persons_own_clock() {
        use DigestFrequency::{Daily, Off, Weekly};
        for (frequency, zone, now, expected) in [
            (Off, Tz::UTC, "2026-01-05T09:00:00Z", None),
            (Daily, Tz::UTC, "2026-01-05T01:00:00Z", Some("2026-01-05T02:00:00Z")),
            (Daily, Tz::UTC, "2026-01-05T02:00:00Z", Some("2026-01-06T02:00:00Z")),
            // So shortly before, it goes into the next one.
            (Daily, Tz::UTC, "2026-01-05T01:57:00Z", Some("2026-01-06T02:00:00Z")),
            (Daily, Tz::Africa__Nairobi, "2026-01-05T09:00:00Z", Some("2026-01-05T23:00:00Z")),
            (Weekly, Tz::UTC, "2026-01-05T09:00:00Z", Some("2026-01-11T02:00:00Z")),
            (Weekly, Tz::UTC, "2026-01-11T02:30:00Z", Some("2026-01-18T02:00:00Z")),
            // Two o'clock is left out in Berlin's night of spring, and comes twice in that of autumn.
            (Daily, Tz::Europe__Berlin, "2026-03-28T20:00:00Z", Some("2026-03-29T01:00:00Z")),
            (Daily, Tz::Europe__Berlin, "2026-10-24T20:00:00Z", Some("2026-10-25T00:00:00Z")),
        ] {
            assert_eq!(due(frequency, zone, now).as_deref(), expected, "{frequency} {zone} {now}");
        }
    }
}
