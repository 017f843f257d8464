//! Taking back what nobody works on: claims of dead workers, lost tickets, work that came too late.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Double, Text};
use diesel_async::RunQueryDsl;

use super::super::Queue;
use super::super::mutant::{Mutant, is_on};
use super::REDIS_PATIENCE;
use crate::db::{Conn, Error, prepared};
use crate::kinds;

/// What a sweep has found.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Swept {
    /// Claims whose worker died: tried again.
    #[diesel(sql_type = BigInt)]
    pub revived: i64,
    /// Claims whose worker died once too often: the kind of each.
    #[diesel(sql_type = Array<Text>)]
    pub buried: Vec<String>,
    /// Jobs whose deadline passed before they ran.
    #[diesel(sql_type = BigInt)]
    pub late: i64,
}

/// Looks for leases that ran out and for work that is too late.
///
/// # Errors
/// The database's.
pub async fn sweep(conn: &mut Conn) -> Result<Swept, Error> {
    if is_on(Mutant::RedisIsTruth) {
        return Ok(Swept { revived: 0, buried: Vec::new(), late: 0 });
    }
    let swept: Swept = prepared(diesel::sql_query(include_str!("../sql/sweep.sql"))).get_result(conn).await?;
    let buried = swept.buried.len();
    let taken = usize::try_from(swept.revived).unwrap_or_default() + buried;
    if taken > 0 {
        tracing::warn!(jobs.revived = swept.revived, jobs.buried = buried, "Took back jobs of lost workers");
        metrics::counter!("job_lease_expired_total").increment(u64::try_from(taken).unwrap_or_default());
    }
    // Their workers cannot count them any more.
    for kind in &swept.buried {
        let kind = kinds::named(kind).map_or(kinds::UNKNOWN, |kind| kind.name);
        metrics::counter!("job_attempts_total", "kind" => kind, "outcome" => "dead").increment(1);
    }
    if swept.revived > 0 {
        super::wake(conn).await?;
    }
    Ok(swept)
}

/// Tickets that were pushed long ago and never claimed: the worker died with them in its hands, or
/// the relay died before it pushed. With an empty queue in Redis a few seconds are long; otherwise
/// they may well be waiting.
///
/// # Errors
/// The database's.
pub(super) async fn stale(conn: &mut Conn, queue: Queue, waiting: usize) -> Result<usize, Error> {
    take_back(conn, queue, Duration::from_secs(if waiting == 0 { 3 } else { 30 })).await
}

/// For a worker that has no Redis: takes back what was dispatched as long ago as it has none. The
/// ticket may be out of reach; or another took the job straight, and died before it claimed it.
///
/// # Errors
/// The database's.
pub(super) async fn without_redis(conn: &mut Conn, queue: Queue) -> Result<usize, Error> {
    take_back(conn, queue, REDIS_PATIENCE).await
}

async fn take_back(conn: &mut Conn, queue: Queue, older_than: Duration) -> Result<usize, Error> {
    if is_on(Mutant::NoEpoch) || is_on(Mutant::RedisIsTruth) {
        return Ok(0);
    }
    let back = diesel::sql_query(
        "update jobs set state = 'available', dispatched_at = null
         where queue = $1 and state = 'dispatched' and dispatched_at < now() - make_interval(secs => $2)",
    )
    .bind::<Text, _>(queue.name())
    .bind::<Double, _>(older_than.as_secs_f64());
    prepared(back).execute(conn).await
}
