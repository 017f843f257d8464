//! The queues: what waits in each, and how it is set.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Integer, Nullable, Text, Timestamptz};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::Serialize;

use super::super::Queue;
use super::super::relay::wake;
use crate::db::schema::job_queues;
use crate::db::{Conn, Error};

/// A queue as operators see it.
#[derive(Debug, Clone, Serialize, QueryableByName)]
pub struct QueueRow {
    #[diesel(sql_type = Text)]
    pub queue: String,
    #[diesel(sql_type = Bool)]
    pub is_paused: bool,
    /// So much waits that requests for more are refused.
    #[diesel(sql_type = Bool)]
    pub is_full: bool,
    /// Due, and not started.
    #[diesel(sql_type = BigInt)]
    pub ready: i64,
    /// Waits for its time.
    #[diesel(sql_type = BigInt)]
    pub scheduled: i64,
    #[diesel(sql_type = BigInt)]
    pub running: i64,
    #[diesel(sql_type = BigInt)]
    pub dead: i64,
    /// How long the oldest job is due: the number to scale by, and to be woken by.
    #[diesel(sql_type = Double)]
    pub oldest_due_seconds: f64,
    #[diesel(sql_type = Integer)]
    pub ticket_window: i32,
    #[diesel(sql_type = Integer)]
    pub tenant_cap: i32,
    #[diesel(sql_type = Integer)]
    pub max_backlog: i32,
    #[diesel(sql_type = Integer)]
    pub tenant_backlog: i32,
    /// When what waits and what is dead was counted: just now, or, where there are more than a
    /// thousand, by the relay. None when it never was: then there are at least as many.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub counted_at: Option<DateTime<Utc>>,
}

/// All queues. What this costs does not grow with what waits. `conn` is in the relay's scope, or
/// the platform's.
///
/// # Errors
/// The database's.
pub async fn queues(conn: &mut Conn) -> Result<Vec<QueueRow>, Error> {
    let mut rows: Vec<QueueRow> = diesel::sql_query(include_str!("../sql/queues.sql")).load(conn).await?;
    rows.sort_by_key(|row| row.queue.parse::<Queue>().ok());
    Ok(rows)
}

/// How hard a queue presses: what to scale by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pressure {
    /// How much of the promise the oldest due job has waited, in per cent: over 50 wants more
    /// workers, under 10 fewer. A queue that is held presses nobody.
    pub value: f64,
    /// Due, and not started.
    pub ready: i64,
    /// Under way, on all workers.
    pub running: i64,
}

impl QueueRow {
    /// How hard it presses.
    pub fn pressure(&self, queue: Queue) -> Pressure {
        let share = if self.is_paused { 0.0 } else { self.oldest_due_seconds / queue.promise().as_secs_f64() };
        Pressure { value: (share * 100.0).round(), ready: self.ready, running: self.running }
    }
}

/// How hard a queue presses. `conn` is in the relay's scope, or the platform's.
///
/// # Errors
/// The database's.
pub async fn pressure(conn: &mut Conn, queue: Queue) -> Result<Option<Pressure>, Error> {
    let rows = queues(conn).await?;
    Ok(rows.iter().find(|row| row.queue == queue.name()).map(|row| row.pressure(queue)))
}

/// Holds a queue: nothing of it starts from now on. What waits in Redis is called back.
///
/// # Errors
/// The database's.
pub async fn pause(conn: &mut Conn, queue: Queue) -> Result<(), Error> {
    conn.transaction(async |conn| {
        diesel::sql_query("update job_queues set paused_at = coalesce(paused_at, now()) where queue = $1")
            .bind::<Text, _>(queue.name())
            .execute(conn)
            .await?;
        diesel::sql_query(
            "update jobs set state = 'available', dispatched_at = null where queue = $1 and state = 'dispatched'",
        )
        .bind::<Text, _>(queue.name())
        .execute(conn)
        .await?;
        Ok(())
    })
    .await
}

/// Lets it go on.
///
/// # Errors
/// The database's.
pub async fn resume(conn: &mut Conn, queue: Queue) -> Result<(), Error> {
    diesel::sql_query("update job_queues set paused_at = null where queue = $1")
        .bind::<Text, _>(queue.name())
        .execute(conn)
        .await?;
    wake(conn).await
}

/// How a queue is to be set; what is left out stays.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = job_queues)]
pub struct QueueChange {
    /// Tickets in Redis at most, up to 4,000.
    pub ticket_window: Option<i32>,
    /// Jobs of one tenant under way at most.
    pub tenant_cap: Option<i32>,
    /// Jobs waiting at most, before requests for more are refused.
    pub max_backlog: Option<i32>,
    /// Jobs of one tenant and kind waiting at most, before its requests for more are refused; a
    /// limit of the kind goes before it.
    pub tenant_backlog: Option<i32>,
}

/// Changes how a queue is set. The relay reads it at its next look.
///
/// # Errors
/// The database's, also about a number that is too large.
pub async fn set_queue(conn: &mut Conn, queue: Queue, change: &QueueChange) -> Result<(), Error> {
    if let QueueChange { ticket_window: None, tenant_cap: None, max_backlog: None, tenant_backlog: None } = change {
        return Ok(());
    }
    diesel::update(job_queues::table.find(queue.name())).set(change).execute(conn).await?;
    Ok(())
}
