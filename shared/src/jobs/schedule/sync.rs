//! What a release declares becomes rows, and what operators have changed stays.

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::ledger::database_time;
use super::super::release::FORGOTTEN;
use super::{EditError, Schedule, Timetable};
use crate::db::schema::job_schedules;
use crate::db::{Conn, Error};
use crate::ids::ScheduleId;

/// Writes the schedules of this release: new ones are added, changed ones changed unless an
/// operator has done so; and [`keep`]s them. `conn` is in the relay's scope.
///
/// # Errors
/// The database's; or a declaration that cannot be read.
pub async fn sync(conn: &mut Conn, declared: &[Schedule]) -> Result<(), EditError> {
    let now = database_time(conn).await?;
    for schedule in declared {
        let next = Timetable::new(schedule.cron, schedule.timezone)?.next_after(now)?;
        let declared = (
            job_schedules::kind.eq(schedule.kind),
            job_schedules::args.eq(&schedule.args),
            job_schedules::queue.eq(schedule.queue.name()),
            job_schedules::max_attempts.eq(schedule.max_attempts),
            job_schedules::cron.eq(schedule.cron),
            job_schedules::timezone.eq(schedule.timezone),
            job_schedules::misfire.eq(schedule.misfire.as_str()),
            job_schedules::misfire_grace_seconds.eq(schedule.grace_seconds),
            job_schedules::overlap.eq(if schedule.may_overlap { "allow" } else { "skip" }),
            job_schedules::updated_at.eq(now),
        );
        diesel::insert_into(job_schedules::table)
            .values((
                job_schedules::id.eq(ScheduleId::new()),
                job_schedules::name.eq(schedule.name),
                job_schedules::next_run_at.eq(next),
                job_schedules::created_at.eq(now),
                declared,
            ))
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
        // Only what differs: a start must not move the next instant of a schedule that is due.
        let as_before = job_schedules::cron.eq(schedule.cron).and(job_schedules::timezone.eq(schedule.timezone));
        let named = job_schedules::name.eq(schedule.name).and(job_schedules::is_edited.eq(false));
        diesel::update(job_schedules::table.filter(named).filter(diesel::dsl::not(as_before)))
            .set(job_schedules::next_run_at.eq(next))
            .execute(conn)
            .await?;
        diesel::update(job_schedules::table.filter(named))
            .set((declared, job_schedules::is_enabled.eq(true)))
            .execute(conn)
            .await?;
    }
    Ok(keep(conn, declared).await?)
}

/// Says that this release still declares these schedules, and switches off what no release has
/// declared for a while. Not what this one does not know: another may, that is rolled out at the
/// moment.
///
/// # Errors
/// The database's.
pub async fn keep(conn: &mut Conn, declared: &[Schedule]) -> Result<(), Error> {
    let now = database_time(conn).await?;
    let names: Vec<&str> = declared.iter().map(Schedule::name).collect();
    let ours = || job_schedules::table.filter(job_schedules::name.eq_any(&names));
    // One that was forgotten comes back.
    diesel::update(ours().filter(job_schedules::is_declared.eq(false)).filter(job_schedules::is_edited.eq(false)))
        .set((job_schedules::is_enabled.eq(true), job_schedules::updated_at.eq(now)))
        .execute(conn)
        .await?;
    diesel::update(ours())
        .set((job_schedules::is_declared.eq(true), job_schedules::declared_at.eq(now)))
        .execute(conn)
        .await?;

    let forgotten = now - TimeDelta::minutes(FORGOTTEN.into());
    let gone = || {
        let declared = job_schedules::table.filter(job_schedules::is_declared.eq(true));
        declared.filter(job_schedules::declared_at.lt(forgotten))
    };
    let switched_off = diesel::update(gone())
        .filter(job_schedules::is_edited.eq(false))
        .filter(job_schedules::is_enabled.eq(true))
        .set((job_schedules::is_enabled.eq(false), job_schedules::updated_at.eq(now)))
        .returning(job_schedules::name)
        .get_results::<String>(conn)
        .await?;
    for name in switched_off {
        tracing::warn!(schedule.name = %name, "No release declares the schedule {name} any more: switched off");
    }
    // It is told from those that operators have made, and may be deleted like them.
    diesel::update(gone()).set(job_schedules::is_declared.eq(false)).execute(conn).await?;
    Ok(())
}
