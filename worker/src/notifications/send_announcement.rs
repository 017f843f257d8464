//! Sending an announcement to all whom it is for.

use shared::db::Conn;
use shared::jobs::enqueue;
use shared::notifications::jobs::{FanOutAnnouncement, SendScheduledAnnouncement};
use shared::notifications::{Announcement, AnnouncementStatus, News, Notice, notify_all};

use crate::context::Ctx;
use crate::registry::{Failure, Outcome};

/// How many are told in one turn, and so in one transaction.
const TURN: usize = 1_000;

/// Exactly once: it begins to be sent, or is given up, in the transaction that ends this job.
pub async fn begin(conn: &mut Conn, ctx: &Ctx, job: SendScheduledAnnouncement) -> Outcome {
    let found = Announcement::find(conn, ctx.tenant(), job.announcement_id).await?;
    let Some(announcement) = found.map(|row| row.announcement) else { return Ok(()) };
    let is_due =
        announcement.status == AnnouncementStatus::Scheduled && announcement.scheduled_at == Some(job.scheduled_at);
    if !is_due {
        return Ok(()); // Sent by hand, given up, or scheduled for another time.
    }
    if job.scheduled_at > ctx.now() {
        // Started by hand, or by a clock that is ahead.
        return Err(Failure::Snooze((job.scheduled_at - ctx.now()).to_std().unwrap_or_default()));
    }
    announcement.send_on_time(conn, ctx.now()).await?;
    Ok(())
}

/// Exactly once: who is told, the count of them and the turn after this one are committed with the
/// job's outcome. A crash between two turns loses nobody and tells nobody twice.
pub async fn fan_out(conn: &mut Conn, ctx: &Ctx, job: FanOutAnnouncement) -> Outcome {
    let found = Announcement::find(conn, ctx.tenant(), job.announcement_id).await?;
    let Some(row) = found.filter(|row| row.announcement.status == AnnouncementStatus::Sending) else {
        return Ok(());
    };
    let most = i64::try_from(TURN)?;
    let people = row.announcement.audience(conn, job.after, most, ctx.now()).await?;
    let announcement = row.announcement;
    let notice = Notice::Announcement {
        title: announcement.title.clone(),
        message: announcement.message.clone(),
        author_name: row.author.map(|author| author.full_name()),
        course_slug: row.course_slug,
    };
    let news = News {
        tenant: ctx.tenant(),
        recipients: &people,
        notice: &notice,
        dedupe_key: &format!("announcement:{}", announcement.id),
        announcement: Some(announcement.id),
    };
    notify_all(conn, &news, ctx.now()).await?;
    let is_last = people.len() < TURN;
    announcement.reached(conn, people.len(), is_last, ctx.now()).await?;
    if let (false, Some(last)) = (is_last, people.last()) {
        enqueue(conn, &FanOutAnnouncement { after: Some(*last), ..job }).await?;
    }
    Ok(())
}
