//! Leaky buckets in the database, so that all API processes share them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Double, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use crate::db::{Conn, Error};

/// How much is let through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThrottleRule {
    /// Names what is limited; part of the bucket's name.
    pub name: &'static str,
    /// So many at once.
    pub burst: f64,
    /// And one more after each such time.
    pub every: Duration,
}

/// The answer of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Throttle {
    /// Go on.
    Pass,
    /// Come back after this time.
    Wait(Duration),
}

impl ThrottleRule {
    /// Counts one request of `who`, unless the bucket is full: what is turned away is not counted,
    /// so that hammering does not lock anybody out for longer.
    pub async fn take(&self, conn: &mut Conn, who: &str, now: DateTime<Utc>) -> Result<Throttle, Error> {
        let per_second = 1.0 / self.every.as_secs_f64();
        let counted = diesel::sql_query(
            "insert into throttles as t (bucket, level, updated_at) values ($1, 1, $2)
             on conflict (bucket) do update set
                level = greatest(0, t.level - greatest(0, extract(epoch from $2 - t.updated_at)) * $3) + 1,
                updated_at = greatest($2, t.updated_at)
             where greatest(0, t.level - greatest(0, extract(epoch from $2 - t.updated_at)) * $3) + 1 <= $4",
        )
        .bind::<Text, _>(format!("{}:{who}", self.name))
        .bind::<Timestamptz, _>(now)
        .bind::<Double, _>(per_second)
        .bind::<Double, _>(self.burst)
        .execute(conn)
        .await?;
        Ok(if counted == 1 { Throttle::Pass } else { Throttle::Wait(self.every) })
    }

    /// Takes back what [`take`](Self::take) counted: the request turned out to be harmless.
    pub async fn give_back(&self, conn: &mut Conn, who: &str) -> Result<(), Error> {
        diesel::sql_query("update throttles set level = greatest(0, level - 1) where bucket = $1")
            .bind::<Text, _>(format!("{}:{who}", self.name))
            .execute(conn)
            .await?;
        Ok(())
    }
}
