//! Taking back what nobody works on: claims of dead workers, lost tickets, work that came too late.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Text};
use diesel_async::RunQueryDsl;

use super::super::Queue;
use super::super::mutant::{Mutant, is_on};
use crate::db::{Conn, Error};

/// What a sweep has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Swept {
    /// Claims whose worker died: tried again.
    #[diesel(sql_type = BigInt)]
    pub revived: i64,
    /// Claims whose worker died once too often.
    #[diesel(sql_type = BigInt)]
    pub buried: i64,
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
        return Ok(Swept { revived: 0, buried: 0, late: 0 });
    }
    let swept: Swept = diesel::sql_query(include_str!("../sql/sweep.sql")).get_result(conn).await?;
    if swept.revived + swept.buried > 0 {
        tracing::warn!(jobs.revived = swept.revived, jobs.buried = swept.buried, "Took back jobs of lost workers");
        metrics::counter!("job_lease_expired_total")
            .increment(u64::try_from(swept.revived + swept.buried).unwrap_or_default());
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
    if is_on(Mutant::NoEpoch) || is_on(Mutant::RedisIsTruth) {
        return Ok(0);
    }
    let seconds = if waiting == 0 { 3.0 } else { 30.0 };
    diesel::sql_query(
        "update jobs set state = 'available', dispatched_at = null
         where queue = $1 and state = 'dispatched' and dispatched_at < now() - make_interval(secs => $2)",
    )
    .bind::<Text, _>(queue.name())
    .bind::<Double, _>(seconds)
    .execute(conn)
    .await
}
