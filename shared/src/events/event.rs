//! One thing that happened.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::jobs::RollUpDay;
use crate::db::schema::events;
use crate::db::{Conn, Error};
use crate::ids::{CourseId, EventId, TenantId, UserId};
use crate::jobs::{JobOptions, enqueue_with};

/// The kinds that the server itself tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// Somebody signed in.
    SignIn,
    /// Somebody was enrolled in a course.
    CourseEnrolled,
    /// A learner worked on an item: told once for a person and five minutes.
    ContentProgressed,
    /// A learner finished an item.
    ContentCompleted,
    /// A learner finished all that a module asks for.
    ModuleCompleted,
    /// A learner finished a course.
    CourseCompleted,
    /// A certificate was issued.
    CertificateIssued,
}

impl EventKind {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "SIGN_IN",
            Self::CourseEnrolled => "COURSE_ENROLLED",
            Self::ContentProgressed => "CONTENT_PROGRESSED",
            Self::ContentCompleted => "CONTENT_COMPLETED",
            Self::ModuleCompleted => "MODULE_COMPLETED",
            Self::CourseCompleted => "COURSE_COMPLETED",
            Self::CertificateIssued => "CERTIFICATE_ISSUED",
        }
    }
}

/// Something that happened, about to be written down.
#[derive(Debug, Clone)]
pub struct Event {
    pub tenant: TenantId,
    pub kind: EventKind,
    /// Who did it or to whom it happened.
    pub user: Option<UserId>,
    /// In which course.
    pub course: Option<CourseId>,
    /// Details, as JSON.
    pub context: Value,
    /// Names the event: told again, it is written once.
    pub dedupe_key: Option<String>,
}

/// Events of one such stretch are counted by one job.
const BUCKET: TimeDelta = TimeDelta::seconds(5);

impl Event {
    /// Writes it down, in the caller's transaction, and has its day counted anew. Says whether it was
    /// not told before.
    ///
    /// The job runs after its stretch of time has ended, and the next stretch has a job of its own,
    /// so that no event falls between two counts; what a slow transaction brings later, the hourly
    /// count of the day finds.
    pub async fn record(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<bool, Error> {
        let written = diesel::insert_into(events::table)
            .values(self.clone().into_row(now))
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
        if written == 0 {
            return Ok(false);
        }
        count_later(conn, self.tenant, now).await?;
        Ok(true)
    }

    /// Writes many of one tenant down, as [`Event::record`] does with one. Says how many were not told
    /// before.
    pub async fn record_all(
        conn: &mut Conn,
        tenant: TenantId,
        events: impl Iterator<Item = Self>,
        now: DateTime<Utc>,
    ) -> Result<usize, Error> {
        let mut written = 0;
        let rows: Vec<_> = events.map(|event| event.into_row(now)).collect();
        for rows in rows.chunks(1_000) {
            written += diesel::insert_into(events::table).values(rows).on_conflict_do_nothing().execute(conn).await?;
        }
        if written > 0 {
            count_later(conn, tenant, now).await?;
        }
        Ok(written)
    }

    fn into_row(self, now: DateTime<Utc>) -> Row {
        Row {
            id: EventId::new(),
            tenant_id: self.tenant,
            user_id: self.user,
            event_type: self.kind.as_str(),
            course_id: self.course,
            context: self.context,
            occurred_at: now,
            dedupe_key: self.dedupe_key,
        }
    }
}

/// Has the day counted anew when this stretch of time has ended.
async fn count_later(conn: &mut Conn, tenant: TenantId, now: DateTime<Utc>) -> Result<(), Error> {
    let bucket = now.duration_trunc(BUCKET).unwrap_or(now);
    let job = RollUpDay { tenant_id: tenant, day: now.date_naive(), since: Some(bucket) };
    let options = JobOptions { run_at: Some(bucket + BUCKET), ..JobOptions::default() };
    enqueue_with(conn, &job, options).await?;
    Ok(())
}

#[derive(Debug, Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
struct Row {
    id: EventId,
    tenant_id: TenantId,
    user_id: Option<UserId>,
    event_type: &'static str,
    course_id: Option<CourseId>,
    context: Value,
    occurred_at: DateTime<Utc>,
    dedupe_key: Option<String>,
}
