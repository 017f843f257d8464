//! What operators do to schedules.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::Serialize;
use serde_json::Value;

use super::super::ledger::database_time;
use super::fire::{ask, with_instant};
use super::{CronError, Timetable};
use crate::db::schema::{job_schedules, schedule_runs};
use crate::db::{Conn, Error};
use crate::ids::{JobId, ScheduleId};

/// A schedule as operators see it.
#[derive(Debug, Clone, Serialize, Queryable, Selectable)]
#[diesel(table_name = job_schedules)]
pub struct ScheduleRow {
    pub id: ScheduleId,
    pub name: String,
    pub kind: String,
    pub args: Value,
    pub queue: String,
    pub max_attempts: i32,
    pub cron: String,
    pub timezone: String,
    pub is_enabled: bool,
    pub is_edited: bool,
    pub misfire: String,
    pub overlap: String,
    pub next_run_at: DateTime<Utc>,
    pub last_run_at: Option<DateTime<Utc>>,
}

/// A schedule cannot be changed so.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// There is none of this name.
    #[error("there is no schedule of this name")]
    NotFound,
    /// The line, or the zone.
    #[error(transparent)]
    Cron(#[from] CronError),
    /// The database's.
    #[error(transparent)]
    Database(#[from] Error),
}

/// What may be changed; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Whether it fires.
    pub is_enabled: Option<bool>,
    /// When.
    pub cron: Option<String>,
    /// In which zone.
    pub timezone: Option<String>,
}

/// All schedules, by name. `conn` is in the relay's scope.
///
/// # Errors
/// The database's.
pub async fn list(conn: &mut Conn) -> Result<Vec<ScheduleRow>, Error> {
    job_schedules::table.order(job_schedules::name).select(ScheduleRow::as_select()).load(conn).await
}

/// Changes a schedule, for good: a new release leaves it as it is.
///
/// # Errors
/// See [`EditError`].
pub async fn change(conn: &mut Conn, name: &str, change: &Change) -> Result<ScheduleRow, EditError> {
    conn.transaction(async |conn| {
        let now = database_time(conn).await?;
        let row = find(conn, name).await?;
        let cron = change.cron.as_ref().unwrap_or(&row.cron);
        let timezone = change.timezone.as_ref().unwrap_or(&row.timezone);
        let next = Timetable::new(cron, timezone)?.next_after(now)?;
        Ok(diesel::update(job_schedules::table.find(row.id))
            .set((
                job_schedules::cron.eq(cron),
                job_schedules::timezone.eq(timezone),
                job_schedules::is_enabled.eq(change.is_enabled.unwrap_or(row.is_enabled)),
                job_schedules::is_edited.eq(true),
                job_schedules::next_run_at.eq(next),
                job_schedules::updated_at.eq(now),
            ))
            .returning(ScheduleRow::as_returning())
            .get_result(conn)
            .await?)
    })
    .await
}

/// Asks for the job of a schedule at once, beside its times.
///
/// # Errors
/// See [`EditError`].
pub async fn run_now(conn: &mut Conn, name: &str) -> Result<JobId, EditError> {
    conn.transaction(async |conn| {
        let now = database_time(conn).await?;
        let row = find(conn, name).await?;
        let job = JobId::new();
        diesel::insert_into(schedule_runs::table)
            .values((
                schedule_runs::schedule_id.eq(row.id),
                schedule_runs::scheduled_for.eq(now),
                schedule_runs::job_id.eq(job),
            ))
            .execute(conn)
            .await?;
        ask(conn, job, &row.kind, &row.queue, row.max_attempts, with_instant(&row.args, now)).await?;
        Ok(job)
    })
    .await
}

async fn find(conn: &mut Conn, name: &str) -> Result<ScheduleRow, EditError> {
    job_schedules::table
        .filter(job_schedules::name.eq(name))
        .select(ScheduleRow::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()?
        .ok_or(EditError::NotFound)
}
