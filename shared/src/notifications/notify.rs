//! Telling somebody something, or many people the same.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::delivery::{Delivery, DeliveryChannel, DeliveryStatus};
use super::device::PushDevice;
use super::digest::digests_for;
use super::jobs::{DeliverEmail, DeliverPush};
use super::preferences::Wishes;
use super::{Notice, Notification};
use crate::db::schema::{notification_deliveries, notifications};
use crate::db::{Conn, Error};
use crate::ids::{AnnouncementId, DeliveryId, DigestId, NotificationId, TenantId, UserId};
use crate::jobs::{Job, JobOptions, enqueue_many, enqueue_with};

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

/// Something to tell to many, at most a thousand at once.
#[derive(Debug, Clone, PartialEq)]
pub struct News<'a> {
    pub tenant: TenantId,
    /// To whom.
    pub recipients: &'a [UserId],
    /// What.
    pub notice: &'a Notice,
    /// Names the event: the same person is told of it once.
    pub dedupe_key: &'a str,
    /// What it passes on, if it does.
    pub announcement: Option<AnnouncementId>,
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

/// What became of it, of many.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Told now.
    pub new: Vec<Notification>,
    /// How many were told before.
    pub already: usize,
    /// How many do not want to hear of it.
    pub unwanted: usize,
}

/// The longest subject that a row takes.
const LONGEST_SUBJECT: usize = 255;

/// How a channel is used for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It is there by standing there.
    Standing,
    /// A job sends it, at once or at the end of quiet hours.
    Sent(Option<DateTime<Utc>>),
    /// The digest for this instant carries it.
    Summed(DateTime<Utc>),
}

/// Tells a person of this tenant something, by the channels that they want, in the caller's
/// transaction. However often it is called for the same event, the person is told once.
pub async fn notify(conn: &mut Conn, new: &NewNotification, now: DateTime<Utc>) -> Result<Notified, Error> {
    let news = News {
        tenant: new.tenant,
        recipients: &[new.recipient],
        notice: &new.notice,
        dedupe_key: &new.dedupe_key,
        announcement: None,
    };
    let Told { new, already, unwanted: _ } = notify_all(conn, &news, now).await?;
    Ok(match new.into_iter().next() {
        Some(notification) => Notified::New(notification),
        None if already > 0 => Notified::Already,
        None => Notified::Unwanted,
    })
}

/// [`notify`] for many people, by as many statements as for one.
pub async fn notify_all(conn: &mut Conn, news: &News<'_>, now: DateTime<Utc>) -> Result<Told, Error> {
    conn.transaction(async |conn| {
        let wishes = Wishes::of_all(conn, news.tenant, news.recipients).await?;
        let pushed = pushed(conn, news, &wishes).await?;
        let ways: BTreeMap<UserId, Vec<(DeliveryChannel, Way)>> = wishes
            .iter()
            .map(|wishes| (wishes.preferences.user, ways(wishes, news.notice, now)))
            .map(|(user, ways)| (user, without_push_unless(pushed.contains(&user), ways)))
            .filter(|(_, ways)| !ways.is_empty())
            .collect();
        let unwanted = wishes.len() - ways.len();
        let rows: Vec<_> = ways.keys().map(|&recipient| notification(news, recipient, now)).collect();
        let new = write(conn, rows).await?;
        let already = ways.len() - new.len();
        deliver(conn, news.tenant, &new, &ways, now).await?;
        Ok(Told { new, already, unwanted })
    })
    .await
}

/// By which channels a person hears of `notice`, and how.
fn ways(wishes: &Wishes, notice: &Notice, now: DateTime<Utc>) -> Vec<(DeliveryChannel, Way)> {
    let Wishes { preferences, zone } = wishes;
    let quiet_until = |at| preferences.quiet.and_then(|quiet| quiet.end_after(*zone, at));
    let way = |channel| match channel {
        DeliveryChannel::InApp => Way::Standing,
        _ if notice.is_urgent() => Way::Sent(None),
        DeliveryChannel::Email => match preferences.digest.due_after(*zone, now) {
            Some(due) => Way::Summed(quiet_until(due).unwrap_or(due)),
            None => Way::Sent(quiet_until(now)),
        },
        DeliveryChannel::Push | DeliveryChannel::Sms => Way::Sent(quiet_until(now)),
    };
    let wanted = DeliveryChannel::AVAILABLE.into_iter().filter(|&channel| preferences.allows(notice.kind(), channel));
    wanted.map(|channel| (channel, way(channel))).collect()
}

/// Who wants it pushed, and has a device for that.
async fn pushed(conn: &mut Conn, news: &News<'_>, wishes: &[Wishes]) -> Result<HashSet<UserId>, Error> {
    let wants = |wishes: &&Wishes| wishes.preferences.allows(news.notice.kind(), DeliveryChannel::Push);
    let who: Vec<UserId> = wishes.iter().filter(wants).map(|wishes| wishes.preferences.user).collect();
    PushDevice::owners_among(conn, news.tenant, &who).await
}

fn without_push_unless(has_device: bool, mut ways: Vec<(DeliveryChannel, Way)>) -> Vec<(DeliveryChannel, Way)> {
    ways.retain(|(channel, _)| has_device || *channel != DeliveryChannel::Push);
    ways
}

fn notification(news: &News<'_>, recipient: UserId, now: DateTime<Utc>) -> Notification {
    Notification {
        id: NotificationId::new(),
        tenant_id: news.tenant,
        recipient_id: recipient,
        notification_type: news.notice.kind(),
        subject: shortened(&news.notice.subject()),
        message: news.notice.message(),
        action_url: news.notice.action_url(),
        facts: news.notice.facts(),
        dedupe_key: news.dedupe_key.to_owned(),
        created_at: now,
        read_at: None,
        dismissed_at: None,
        announcement_id: news.announcement,
    }
}

/// Writes those of which nobody was told before, and says which.
async fn write(conn: &mut Conn, mut rows: Vec<Notification>) -> Result<Vec<Notification>, Error> {
    if rows.is_empty() {
        return Ok(rows);
    }
    let written: HashSet<NotificationId> = diesel::insert_into(notifications::table)
        .values(&rows)
        .on_conflict((notifications::tenant_id, notifications::recipient_id, notifications::dedupe_key))
        .do_nothing()
        .returning(notifications::id)
        .get_results(conn)
        .await?
        .into_iter()
        .collect();
    rows.retain(|row| written.contains(&row.id));
    Ok(rows)
}

/// What stands in the application is delivered by standing there; the rest is a job's.
async fn deliver(
    conn: &mut Conn,
    tenant: TenantId,
    told: &[Notification],
    ways: &BTreeMap<UserId, Vec<(DeliveryChannel, Way)>>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let pairs: Vec<_> = told
        .iter()
        .flat_map(|row| {
            ways.get(&row.recipient_id).into_iter().flatten().map(move |&(channel, way)| (row, channel, way))
        })
        .collect();
    let summed: Vec<_> = pairs
        .iter()
        .filter_map(|(row, _, way)| if let Way::Summed(due) = way { Some((row.recipient_id, *due)) } else { None })
        .collect();
    let digests = digests_for(conn, tenant, &summed).await?;
    let digest_of = |user: UserId, due: DateTime<Utc>| -> Option<DigestId> {
        digests.iter().find(|digest| digest.user_id == user && digest.due_at == due).map(|digest| digest.id)
    };
    let rows: Vec<_> = pairs
        .iter()
        .map(|&(row, channel, way)| Delivery {
            id: DeliveryId::new(),
            tenant_id: tenant,
            notification_id: row.id,
            channel,
            status: if way == Way::Standing { DeliveryStatus::Sent } else { DeliveryStatus::Pending },
            sent_at: (way == Way::Standing).then_some(now),
            failure_reason: None,
            updated_at: now,
            held_until: if let Way::Sent(held) = way { held } else { None },
            digest_id: if let Way::Summed(due) = way { digest_of(row.recipient_id, due) } else { None },
        })
        .collect();
    diesel::insert_into(notification_deliveries::table).values(&rows).execute(conn).await?;
    ask_to_send(conn, &rows).await
}

async fn ask_to_send(conn: &mut Conn, deliveries: &[Delivery]) -> Result<(), Error> {
    let mail = |row: &Delivery| DeliverEmail { tenant_id: row.tenant_id, delivery_id: row.id };
    ask_for(conn, deliveries, DeliveryChannel::Email, mail).await?;
    let push = |row: &Delivery| DeliverPush { tenant_id: row.tenant_id, delivery_id: row.id };
    ask_for(conn, deliveries, DeliveryChannel::Push, push).await
}

/// A job for each delivery by `channel` that no digest carries.
async fn ask_for<J: Job>(
    conn: &mut Conn,
    deliveries: &[Delivery],
    channel: DeliveryChannel,
    job: impl Fn(&Delivery) -> J,
) -> Result<(), Error> {
    let alone: Vec<_> = deliveries.iter().filter(|row| row.channel == channel && row.digest_id.is_none()).collect();
    let (held, at_once): (Vec<&Delivery>, Vec<_>) = alone.into_iter().partition(|row| row.held_until.is_some());
    let at_once: Vec<J> = at_once.into_iter().map(&job).collect();
    enqueue_many(conn, &at_once).await?;
    // Few: those who sleep now.
    for row in held {
        let later = JobOptions { run_at: row.held_until, ..JobOptions::default() };
        enqueue_with(conn, &job(row), later).await?;
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
