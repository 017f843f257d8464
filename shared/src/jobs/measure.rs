//! How fast jobs were, by what their rows say: for benchmarks and drills.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use chrono::{DateTime, Utc};

use crate::db::{Conn, Error};

/// The jobs of a kind that were asked for since some instant.
#[derive(Debug, Clone, QueryableByName)]
pub struct Measured {
    /// Not over yet.
    #[diesel(sql_type = BigInt)]
    pub unfinished: i64,
    /// Done.
    #[diesel(sql_type = BigInt)]
    pub succeeded: i64,
    /// From the first start to the last end.
    #[diesel(sql_type = Nullable<Double>)]
    pub seconds: Option<f64>,
    /// From being due to starting, half of them…
    #[diesel(sql_type = Nullable<Double>)]
    pub start_p50_ms: Option<f64>,
    /// …and all but one in a hundred.
    #[diesel(sql_type = Nullable<Double>)]
    pub start_p99_ms: Option<f64>,
}

/// Measures them. `conn` is in the relay's scope.
///
/// # Errors
/// The database's.
pub async fn measure(conn: &mut Conn, kind: &str, since: DateTime<Utc>) -> Result<Measured, Error> {
    diesel::sql_query(
        "select count(*) filter (where finished_at is null) as unfinished,
                count(*) filter (where state = 'succeeded') as succeeded,
                extract(epoch from max(finished_at) - min(started_at))::double precision as seconds,
                1000 * percentile_cont(0.5) within group (order by extract(epoch from started_at - run_at)) as start_p50_ms,
                1000 * percentile_cont(0.99) within group (order by extract(epoch from started_at - run_at)) as start_p99_ms
         from jobs where kind = $1 and created_at >= $2",
    )
    .bind::<Text, _>(kind)
    .bind::<Timestamptz, _>(since)
    .get_result(conn)
    .await
}
