//! Days, counted.

use shared::analytics::DailyRollup;
use shared::analytics::jobs::RollUpRecentDays;
use shared::db::Conn;
use shared::events::jobs::RollUpDay;

use crate::context::Ctx;
use crate::registry::Outcome;

/// Idempotent: the day is counted anew each time, and the counts are committed with the outcome.
pub async fn roll_up_day(conn: &mut Conn, ctx: &Ctx, job: RollUpDay) -> Outcome {
    DailyRollup::recount(conn, ctx.tenant(), job.day, ctx.now()).await?;
    Ok(())
}

/// Idempotent: a day that waits to be counted is not asked for twice.
pub async fn roll_up_recent_days(conn: &mut Conn, ctx: &Ctx, _: RollUpRecentDays) -> Outcome {
    DailyRollup::request_recent(conn, ctx.now()).await?;
    Ok(())
}
