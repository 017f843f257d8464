//! Firing what is due.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::Value;

use super::super::ledger::database_time;
use super::Timetable;
use crate::db::schema::{job_schedules, jobs, schedule_runs};
use crate::db::{Conn, Error, prepared};
use crate::ids::{JobId, ScheduleId, TenantId};

/// Schedules in one transaction.
const BATCH: i64 = 100;
/// Instants of one schedule that are made up for at once.
const MOST_MISSED: usize = 200;
/// An instant is missed when it is older; a change of leader takes less.
const ON_TIME: TimeDelta = TimeDelta::seconds(60);

#[derive(Queryable, Selectable)]
#[diesel(table_name = job_schedules)]
struct Due {
    id: ScheduleId,
    name: String,
    kind: String,
    args: Value,
    queue: String,
    max_attempts: i32,
    cron: String,
    timezone: String,
    misfire: String,
    misfire_grace_seconds: i32,
    overlap: String,
    next_run_at: DateTime<Utc>,
}

/// Fires all that is due by the database's clock; says how many jobs were asked for.
///
/// # Errors
/// The database's.
pub async fn fire_due(conn: &mut Conn) -> Result<usize, Error> {
    let mut asked = 0;
    loop {
        let now = database_time(conn).await?;
        let (seen, jobs) = fire(conn, now).await?;
        asked += jobs;
        if seen < usize::try_from(BATCH).unwrap_or_default() {
            return Ok(asked);
        }
    }
}

/// Fires a batch of what is due at `now`; says how many schedules were due and how many jobs were
/// asked for. Nothing happens twice, however many processes call this.
///
/// # Errors
/// The database's.
pub async fn fire(conn: &mut Conn, now: DateTime<Utc>) -> Result<(usize, usize), Error> {
    let any: Option<ScheduleId> = job_schedules::table
        .filter(job_schedules::is_enabled)
        .filter(job_schedules::next_run_at.le(now))
        .select(job_schedules::id)
        .first(conn)
        .await
        .optional()?;
    if any.is_none() {
        return Ok((0, 0));
    }
    conn.transaction(async |conn| {
        let due: Vec<Due> = job_schedules::table
            .filter(job_schedules::is_enabled)
            .filter(job_schedules::next_run_at.le(now))
            .order(job_schedules::next_run_at)
            .limit(BATCH)
            .select(Due::as_select())
            .for_update()
            .skip_locked()
            .load(conn)
            .await?;
        let busy = busy(conn, &due).await?;
        let mut asked = 0;
        for schedule in &due {
            asked += fire_one(conn, schedule, now, busy.contains(&schedule.id)).await?;
        }
        Ok((due.len(), asked))
    })
    .await
}

/// Those whose last job is unfinished.
async fn busy(conn: &mut Conn, due: &[Due]) -> Result<HashSet<ScheduleId>, Error> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: ScheduleId,
    }
    let careful: Vec<ScheduleId> =
        due.iter().filter(|schedule| schedule.overlap == "skip").map(|schedule| schedule.id).collect();
    if careful.is_empty() {
        return Ok(HashSet::new());
    }
    let rows: Vec<Row> =
        diesel::sql_query(include_str!("../sql/busy.sql")).bind::<Array<SqlUuid>, _>(careful).load(conn).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

async fn fire_one(conn: &mut Conn, schedule: &Due, now: DateTime<Utc>, mut is_busy: bool) -> Result<usize, Error> {
    let (instants, next) = match plan(schedule, now) {
        Ok(plan) => plan,
        Err(error) => {
            tracing::error!(schedule.name = %schedule.name, "Switched off {}: {error}", schedule.name);
            diesel::update(job_schedules::table.find(schedule.id))
                .set((job_schedules::is_enabled.eq(false), job_schedules::updated_at.eq(now)))
                .execute(conn)
                .await?;
            return Ok(0);
        }
    };
    let mut asked = 0;
    for at in instants {
        // An instant at which the last job was still busy is written down without a job.
        let job = (!is_busy).then(JobId::new);
        let won = diesel::insert_into(schedule_runs::table)
            .values((
                schedule_runs::schedule_id.eq(schedule.id),
                schedule_runs::scheduled_for.eq(at),
                schedule_runs::job_id.eq(job),
            ))
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
        if let (1, Some(job)) = (won, job) {
            let args = with_instant(&schedule.args, at);
            ask(conn, job, &schedule.kind, &schedule.queue, schedule.max_attempts, args).await?;
            let late = (now - at).to_std().map_or(0.0, |late| late.as_secs_f64());
            metrics::histogram!("schedule_lateness_seconds").record(late);
            asked += 1;
            is_busy = schedule.overlap == "skip";
        }
    }
    let advance = diesel::update(job_schedules::table.find(schedule.id))
        .set((job_schedules::next_run_at.eq(next), job_schedules::last_run_at.eq(now)));
    prepared(advance).execute(conn).await?;
    Ok(asked)
}

/// Which instants fire now, and when it is due again.
fn plan(schedule: &Due, now: DateTime<Utc>) -> Result<(Vec<DateTime<Utc>>, DateTime<Utc>), super::CronError> {
    let table = Timetable::new(&schedule.cron, &schedule.timezone)?;
    let grace = TimeDelta::seconds(i64::from(schedule.misfire_grace_seconds));
    // What is older than this is not made up for, and not walked through either.
    let oldest = now - if schedule.misfire == "skip" { ON_TIME.min(grace) } else { grace };
    let mut at = schedule.next_run_at;
    if at < oldest {
        at = table.next_after(oldest)?;
    }
    if schedule.misfire == "one" && at <= now {
        // Looked for, and not walked to: a day of seconds are many.
        at = table.last_until(at, now)?;
    }
    let mut passed = Vec::new();
    while at <= now && passed.len() < MOST_MISSED {
        passed.push(at);
        at = table.next_after(at)?;
    }
    Ok((passed, at))
}

pub(super) async fn ask(
    conn: &mut Conn,
    id: JobId,
    kind: &str,
    queue: &str,
    max_attempts: i32,
    args: Value,
) -> Result<(), Error> {
    diesel::insert_into(jobs::table)
        .values((
            jobs::id.eq(id),
            jobs::tenant_id.eq(TenantId::PLATFORM),
            jobs::kind.eq(kind),
            jobs::queue.eq(queue),
            jobs::max_attempts.eq(max_attempts),
            jobs::args.eq(args),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) fn with_instant(args: &Value, at: DateTime<Utc>) -> Value {
    let mut args = args.clone();
    if let Value::Object(fields) = &mut args {
        fields.insert("scheduled_for".to_owned(), serde_json::json!(at));
    } else if args.is_null() {
        args = serde_json::json!({ "scheduled_for": at });
    }
    args
}
