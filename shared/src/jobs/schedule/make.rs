//! Schedules that operators make, and take away again.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::super::ledger::database_time;
use super::{EditError, Misfire, Schedulable, ScheduleRow, Timetable};
use crate::db::schema::job_schedules;
use crate::db::{Conn, broken_constraint};
use crate::ids::ScheduleId;

/// A schedule as an operator wants it.
#[derive(Debug, Clone)]
pub struct NewSchedule {
    /// Names it, for good: letters, digits, dots, dashes and underscores.
    pub name: String,
    /// The payload of its jobs.
    pub args: Value,
    /// Five fields, or six that begin with seconds.
    pub cron: String,
    /// An IANA zone.
    pub timezone: String,
    /// Whether it fires.
    pub is_enabled: bool,
    /// What to do about missed instants.
    pub misfire: Misfire,
    /// Up to which age they are made up for.
    pub misfire_grace_seconds: i32,
    /// Whether it may fire while the job of the last time is unfinished.
    pub may_overlap: bool,
}

/// Whether a schedule may be called so.
pub fn is_name(text: &str) -> bool {
    (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// Makes a schedule of jobs of `kind`. No release changes it or switches it off.
///
/// # Errors
/// See [`EditError`].
pub async fn create(conn: &mut Conn, kind: &Schedulable, new: &NewSchedule) -> Result<ScheduleRow, EditError> {
    if !is_name(&new.name) {
        return Err(EditError::Name);
    }
    if new.misfire_grace_seconds < 0 {
        return Err(EditError::Grace);
    }
    kind.check(&new.args).map_err(EditError::Args)?;
    let now = database_time(conn).await?;
    let next = Timetable::new(&new.cron, &new.timezone)?.next_after(now)?;
    let made = diesel::insert_into(job_schedules::table)
        .values((
            job_schedules::id.eq(ScheduleId::new()),
            job_schedules::name.eq(&new.name),
            job_schedules::kind.eq(kind.kind),
            job_schedules::args.eq(&new.args),
            job_schedules::queue.eq(kind.queue.name()),
            job_schedules::max_attempts.eq(kind.max_attempts),
            job_schedules::cron.eq(&new.cron),
            job_schedules::timezone.eq(&new.timezone),
            job_schedules::is_enabled.eq(new.is_enabled),
            job_schedules::is_edited.eq(true),
            job_schedules::is_declared.eq(false),
            job_schedules::misfire.eq(new.misfire.as_str()),
            job_schedules::misfire_grace_seconds.eq(new.misfire_grace_seconds),
            job_schedules::overlap.eq(if new.may_overlap { "allow" } else { "skip" }),
            job_schedules::next_run_at.eq(next),
            (job_schedules::created_at.eq(now), job_schedules::updated_at.eq(now)),
        ))
        .returning(ScheduleRow::as_returning())
        .get_result(conn)
        .await;
    made.map_err(|error| match broken_constraint(&error) {
        Some("job_schedules_name_unique") => EditError::NameTaken,
        _ => EditError::Database(error),
    })
}

/// Deletes a schedule that no release declares, with its history. Jobs that it has asked for stay.
///
/// # Errors
/// See [`EditError`].
pub async fn delete(conn: &mut Conn, name: &str) -> Result<(), EditError> {
    let named = job_schedules::table.filter(job_schedules::name.eq(name));
    let deleted = diesel::delete(named.filter(job_schedules::is_declared.eq(false))).execute(conn).await?;
    if deleted == 1 {
        return Ok(());
    }
    let is_there = named.select(job_schedules::id).first::<ScheduleId>(conn).await.optional()?.is_some();
    Err(if is_there { EditError::Declared } else { EditError::NotFound })
}
