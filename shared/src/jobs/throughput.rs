//! How much was done lately, out of the ledger.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use super::JobState;
use super::ledger::database_time;
use crate::db::schema::sql_types;
use crate::db::{Conn, Error};

/// What ended in one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Ended {
    /// When the stretch began.
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub queue: String,
    /// As what.
    #[diesel(sql_type = sql_types::JobState)]
    pub state: JobState,
    #[diesel(sql_type = BigInt)]
    pub jobs: i64,
}

/// How long a stretch is.
pub const STRETCH: TimeDelta = TimeDelta::seconds(10);

/// What ended since `from`, in stretches; and up to when that is told: the last that is over.
///
/// # Errors
/// The database's.
pub async fn since(conn: &mut Conn, from: DateTime<Utc>) -> Result<(Vec<Ended>, DateTime<Utc>), Error> {
    let now = database_time(conn).await?;
    let until = now
        - TimeDelta::seconds(now.timestamp().rem_euclid(STRETCH.num_seconds()))
        - TimeDelta::nanoseconds(i64::from(now.timestamp_subsec_nanos()));
    let ended = diesel::sql_query(
        "select date_bin('10 seconds', finished_at, '1970-01-01 00:00:00+00') as at, queue, state, count(*) as jobs
         from jobs
         where state in ('succeeded', 'cancelled', 'dead') and finished_at >= $1 and finished_at < $2
         group by 1, 2, 3",
    )
    .bind::<Timestamptz, _>(from)
    .bind::<Timestamptz, _>(until)
    .load(conn)
    .await?;
    Ok((ended, until))
}
