//! Which workers there are, by their own account: for people to look at, and for nothing else.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Jsonb, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde_json::Value;

use crate::db::{Conn, Error};

/// A worker, as it tells of itself.
#[derive(Debug, Clone)]
pub struct Presence<'a> {
    /// No two ever have the same.
    pub name: &'a str,
    /// The machine.
    pub host: &'a str,
    /// The process.
    pub process_id: i32,
    /// The release.
    pub version: &'a str,
    /// How many jobs of each queue it runs at once.
    pub queues: &'a Value,
    /// Jobs under way.
    pub running: i32,
    /// It was told to stop.
    pub is_stopping: bool,
}

/// A worker that was seen lately.
#[derive(Debug, Clone, Serialize, QueryableByName)]
pub struct WorkerRow {
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub host: String,
    #[diesel(sql_type = Integer)]
    pub process_id: i32,
    #[diesel(sql_type = Text)]
    pub version: String,
    #[diesel(sql_type = Jsonb)]
    pub queues: Value,
    #[diesel(sql_type = Integer)]
    pub running: i32,
    #[diesel(sql_type = Bool)]
    pub is_stopping: bool,
    #[diesel(sql_type = Timestamptz)]
    pub started_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub seen_at: DateTime<Utc>,
    /// It has not been seen for so long that it must be dead, or cut off.
    #[diesel(sql_type = Bool)]
    pub is_lost: bool,
}

/// Notes that a worker is there, and forgets those that were lost an hour ago. `conn` is in the
/// relay's scope.
///
/// # Errors
/// The database's.
pub async fn note(conn: &mut Conn, presence: &Presence<'_>) -> Result<(), Error> {
    diesel::sql_query(include_str!("sql/presence.sql"))
        .bind::<Text, _>(presence.name)
        .bind::<Text, _>(presence.host)
        .bind::<Integer, _>(presence.process_id)
        .bind::<Text, _>(presence.version)
        .bind::<Jsonb, _>(presence.queues)
        .bind::<Integer, _>(presence.running)
        .bind::<Bool, _>(presence.is_stopping)
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets a worker that has ended as it should.
///
/// # Errors
/// The database's.
pub async fn forget(conn: &mut Conn, name: &str) -> Result<(), Error> {
    diesel::sql_query("delete from job_workers where name = $1").bind::<Text, _>(name).execute(conn).await?;
    Ok(())
}

/// The workers that were seen in the last hour, the oldest first.
///
/// # Errors
/// The database's.
pub async fn list(conn: &mut Conn) -> Result<Vec<WorkerRow>, Error> {
    diesel::sql_query(
        "select *, seen_at < now() - interval '20 seconds' as is_lost from job_workers order by started_at, name",
    )
    .load(conn)
    .await
}
