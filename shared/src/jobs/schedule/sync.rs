//! What a release declares becomes rows, and what operators have changed stays.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::ledger::database_time;
use super::{EditError, Schedule, Timetable};
use crate::db::schema::job_schedules;
use crate::db::{Conn, Error};
use crate::ids::ScheduleId;

/// Writes the schedules of this release: new ones are added, changed ones changed unless an
/// operator has done so, and those that are gone are switched off. `conn` is in the relay's scope.
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
    let names: Vec<&str> = declared.iter().map(|schedule| schedule.name).collect();
    mark(conn, &names).await?;
    let gone = diesel::update(job_schedules::table)
        .filter(job_schedules::name.ne_all(names))
        .filter(job_schedules::is_edited.eq(false))
        .filter(job_schedules::is_enabled.eq(true))
        .set((job_schedules::is_enabled.eq(false), job_schedules::updated_at.eq(now)))
        .returning(job_schedules::name)
        .get_results::<String>(conn)
        .await?;
    for name in gone {
        tracing::warn!(schedule.name = %name, "This release does not know the schedule {name}: switched off");
    }
    Ok(())
}

/// Tells the schedules that a release declares from those that operators have made.
async fn mark(conn: &mut Conn, declared: &[&str]) -> Result<(), Error> {
    diesel::update(job_schedules::table.filter(job_schedules::name.eq_any(declared)))
        .filter(job_schedules::is_declared.eq(false))
        .set(job_schedules::is_declared.eq(true))
        .execute(conn)
        .await?;
    diesel::update(job_schedules::table.filter(job_schedules::name.ne_all(declared)))
        .filter(job_schedules::is_declared.eq(true))
        .set(job_schedules::is_declared.eq(false))
        .execute(conn)
        .await?;
    Ok(())
}
