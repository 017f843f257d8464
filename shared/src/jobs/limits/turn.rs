//! Who may start now: a token from each bucket, or a promise of one.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{Array, Double, Text};
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::Rate;
use crate::db::schema::job_turns;
use crate::db::{Conn, Error, prepared};
use crate::ids::JobId;

/// How far ahead turns are promised, in seconds.
const AHEAD: f64 = 60.0;

/// A bucket of tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// The limit's subject, and the tenant if it is the tenant's.
    pub name: String,
    /// How it is filled.
    pub rate: Rate,
}

/// What a job is told that asks for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Go.
    Now,
    /// Come back after this long; then it is your turn.
    Promised(Duration),
    /// Too many are before you: come back and ask again.
    AskAgain,
}

/// Asks for the turn of `job`: a token of each of the buckets, or none of any.
///
/// # Errors
/// The database's.
pub async fn take(conn: &mut Conn, job: JobId, buckets: &[Bucket]) -> Result<Turn, Error> {
    if diesel::delete(job_turns::table.find(job)).execute(conn).await? == 1 {
        return Ok(Turn::Now);
    }
    conn.transaction(async |conn| match draw(conn, buckets).await? {
        None => Err(Refused::Full),
        Some(wait) if wait.is_zero() => Ok(Turn::Now),
        Some(wait) => {
            diesel::insert_into(job_turns::table)
                .values(job_turns::job_id.eq(job))
                .on_conflict_do_nothing()
                .execute(conn)
                .await?;
            Ok(Turn::Promised(wait))
        }
    })
    .await
    .or_else(|refused| match refused {
        Refused::Full => Ok(Turn::AskAgain),
        Refused::Database(error) => Err(error),
    })
}

/// Why nothing was taken.
enum Refused {
    Full,
    Database(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

/// Takes a token of each bucket; none if one of them has promised too much already. Returns how
/// long it is until all of these tokens are there.
async fn draw(conn: &mut Conn, buckets: &[Bucket]) -> Result<Option<Duration>, Error> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Double)]
        wait: f64,
    }
    let names: Vec<&str> = buckets.iter().map(|bucket| bucket.name.as_str()).collect();
    let rates: Vec<f64> = buckets.iter().map(|bucket| bucket.rate.per_second()).collect();
    let bursts: Vec<f64> = buckets.iter().map(|bucket| f64::from(bucket.rate.burst)).collect();
    let draw = diesel::sql_query(include_str!("../sql/draw.sql"))
        .bind::<Array<Text>, _>(names)
        .bind::<Array<Double>, _>(rates)
        .bind::<Array<Double>, _>(bursts)
        .bind::<Double, _>(AHEAD);
    let rows: Vec<Row> = prepared(draw).load(conn).await?;
    if rows.len() < buckets.len() {
        return Ok(None);
    }
    let longest = rows.iter().map(|row| row.wait).fold(0.0, f64::max);
    Ok(Some(Duration::try_from_secs_f64(longest).unwrap_or_default()))
}

/// How long a job waits before it asks again: as long again as it has waited already, between half
/// a minute and an hour, so that a crowd asks seldom and a newcomer soon. Drawn from around that,
/// so that they do not all come at once.
pub fn patience(waited: Duration) -> Duration {
    let base = waited.clamp(Duration::from_secs(30), Duration::from_secs(3_600));
    base.mul_f64(0.75 + rand::random::<f64>() / 2.0)
}
