//! What operators do to schedules.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::Serialize;
use serde_json::{Value, json};

use super::super::ledger::{JobState, database_time};
use super::fire::{ask, with_instant};
use super::{CronError, Misfire, Timetable};
use crate::audit::Act;
use crate::db::schema::{job_schedules, jobs, schedule_runs};
use crate::db::{Conn, Error};
use crate::ids::{JobId, ScheduleId, UserId};

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
    /// A release declares it: it cannot be deleted.
    pub is_declared: bool,
    pub misfire: String,
    pub misfire_grace_seconds: i32,
    pub overlap: String,
    pub next_run_at: DateTime<Utc>,
    pub last_run_at: Option<DateTime<Utc>>,
}

/// A schedule cannot be made or changed so.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// There is none of this name.
    #[error("there is no schedule of this name")]
    NotFound,
    /// The line, or the zone.
    #[error(transparent)]
    Cron(#[from] CronError),
    /// The age up to which missed instants are made up for.
    #[error("missed instants cannot be made up for before they are missed")]
    Grace,
    /// Its name.
    #[error("a name has letters, digits, dots, dashes and underscores, and a hundred of them at most")]
    Name,
    /// There is one of this name.
    #[error("there is a schedule of this name")]
    NameTaken,
    /// Its payload.
    #[error("the payload cannot be read: {0}")]
    Args(String),
    /// It would come back.
    #[error("the release declares this schedule: it can be switched off, not deleted")]
    Declared,
    /// There is nothing to go back to.
    #[error("no release declares this schedule")]
    NotDeclared,
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
    /// What to do about missed instants.
    pub misfire: Option<Misfire>,
    /// Up to which age they are made up for.
    pub misfire_grace_seconds: Option<i32>,
    /// Whether it may fire while the job of the last time is unfinished.
    pub may_overlap: Option<bool>,
}

/// A run of a schedule, and what became of its job.
#[derive(Debug, Clone, Serialize, Queryable)]
pub struct RunRow {
    /// The instant; or when somebody asked.
    pub scheduled_for: DateTime<Utc>,
    /// None when the last job was still unfinished.
    pub job_id: Option<JobId>,
    /// None when there was no job, or it is so old that it was deleted.
    pub state: Option<JobState>,
    pub finished_at: Option<DateTime<Utc>>,
    /// Somebody asked for it, beside the clock.
    pub is_by_hand: bool,
    pub asked_by: Option<UserId>,
}

/// All schedules, by name. `conn` is in the relay's scope.
///
/// # Errors
/// The database's.
pub async fn list(conn: &mut Conn) -> Result<Vec<ScheduleRow>, Error> {
    job_schedules::table.order(job_schedules::name).select(ScheduleRow::as_select()).load(conn).await
}

/// One schedule.
///
/// # Errors
/// See [`EditError`].
pub async fn show(conn: &mut Conn, name: &str) -> Result<ScheduleRow, EditError> {
    job_schedules::table
        .filter(job_schedules::name.eq(name))
        .select(ScheduleRow::as_select())
        .first(conn)
        .await
        .optional()?
        .ok_or(EditError::NotFound)
}

/// The runs of a schedule, the newest first, from before `before`. Kept for a month.
///
/// # Errors
/// See [`EditError`].
pub async fn history(
    conn: &mut Conn,
    name: &str,
    before: Option<DateTime<Utc>>,
    limit: i64,
) -> Result<Vec<RunRow>, EditError> {
    let schedule = show(conn, name).await?;
    let mut runs = schedule_runs::table
        .left_join(jobs::table.on(jobs::id.nullable().eq(schedule_runs::job_id)))
        .filter(schedule_runs::schedule_id.eq(schedule.id))
        .select((
            schedule_runs::scheduled_for,
            schedule_runs::job_id,
            jobs::state.nullable(),
            jobs::finished_at.nullable(),
            schedule_runs::is_by_hand,
            schedule_runs::asked_by,
        ))
        .into_boxed();
    if let Some(before) = before {
        runs = runs.filter(schedule_runs::scheduled_for.lt(before));
    }
    Ok(runs.order(schedule_runs::scheduled_for.desc()).limit(limit).load(conn).await?)
}

/// Changes a schedule, for good: a new release leaves it as it is.
///
/// An instant that is due stays due unless the times themselves change; what is switched on again
/// begins anew.
///
/// # Errors
/// See [`EditError`].
pub async fn change(conn: &mut Conn, name: &str, change: &Change) -> Result<ScheduleRow, EditError> {
    if change.misfire_grace_seconds.is_some_and(|seconds| seconds < 0) {
        return Err(EditError::Grace);
    }
    conn.transaction(async |conn| {
        let now = database_time(conn).await?;
        let row = find(conn, name).await?;
        let cron = change.cron.as_ref().unwrap_or(&row.cron);
        let timezone = change.timezone.as_ref().unwrap_or(&row.timezone);
        let is_enabled = change.is_enabled.unwrap_or(row.is_enabled);
        let next = Timetable::new(cron, timezone)?.next_after(now)?;
        let goes_on = row.is_enabled && *cron == row.cron && *timezone == row.timezone;
        Ok(diesel::update(job_schedules::table.find(row.id))
            .set((
                job_schedules::cron.eq(cron),
                job_schedules::timezone.eq(timezone),
                job_schedules::is_enabled.eq(is_enabled),
                job_schedules::is_edited.eq(true),
                change.misfire.map(|misfire| job_schedules::misfire.eq(misfire.as_str())),
                change.misfire_grace_seconds.map(|seconds| job_schedules::misfire_grace_seconds.eq(seconds)),
                change.may_overlap.map(|may| job_schedules::overlap.eq(if may { "allow" } else { "skip" })),
                (!goes_on).then(|| job_schedules::next_run_at.eq(next)),
                job_schedules::updated_at.eq(now),
            ))
            .returning(ScheduleRow::as_returning())
            .get_result(conn)
            .await?)
    })
    .await
}

/// Takes an operator's changes back: the next start of a worker writes down what its release says.
///
/// # Errors
/// See [`EditError`].
pub async fn give_back(conn: &mut Conn, name: &str) -> Result<ScheduleRow, EditError> {
    let declared = job_schedules::table.filter(job_schedules::name.eq(name)).filter(job_schedules::is_declared);
    let row = diesel::update(declared)
        .set((job_schedules::is_edited.eq(false), job_schedules::updated_at.eq(diesel::dsl::now)))
        .returning(ScheduleRow::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    match row {
        Some(row) => Ok(row),
        None => Err(show(conn, name).await.map_or_else(|error| error, |_| EditError::NotDeclared)),
    }
}

/// Asks for the job of a schedule at once, beside its times; `by` whom goes into the history, and a
/// line into the audit log.
///
/// # Errors
/// See [`EditError`].
pub async fn run_now(conn: &mut Conn, name: &str, by: Option<UserId>) -> Result<JobId, EditError> {
    conn.transaction(async |conn| {
        let now = database_time(conn).await?;
        let row = find(conn, name).await?;
        let job = JobId::new();
        diesel::insert_into(schedule_runs::table)
            .values((
                schedule_runs::schedule_id.eq(row.id),
                schedule_runs::scheduled_for.eq(now),
                schedule_runs::job_id.eq(job),
                schedule_runs::is_by_hand.eq(true),
                schedule_runs::asked_by.eq(by),
            ))
            .execute(conn)
            .await?;
        ask(conn, job, &row.kind, &row.queue, row.max_attempts, with_instant(&row.args, now)).await?;
        let act = Act {
            action: "run_now",
            subject_type: "job_schedules",
            subject_id: Some(row.id.to_string()),
            subject_name: Some(row.name),
            after: Some(json!({ "job": job, "scheduled_for": now })),
            ..Act::default()
        };
        act.record(conn).await?;
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
