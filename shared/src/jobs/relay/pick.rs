//! Which jobs go next: tenants take turns, the urgent first within each.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::super::{Queue, RoadError, Ticket};
use super::RelayError;
use crate::db::{Conn, Error};
use crate::ids::{JobId, TenantId};

/// What operators have set for a queue.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Which.
    pub queue: Queue,
    /// Tickets at most.
    pub window: u32,
    /// Of these, and of what runs, at most so many for one tenant.
    pub tenant_cap: u32,
    /// Nothing is to start.
    pub is_paused: bool,
}

/// How many jobs of a queue are under way, and whether there are more.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Load {
    pub(super) dispatched: u32,
    pub(super) running: u32,
    pub(super) has_available: bool,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    queue: String,
    #[diesel(sql_type = Integer)]
    ticket_window: i32,
    #[diesel(sql_type = Integer)]
    tenant_cap: i32,
    #[diesel(sql_type = Bool)]
    is_paused: bool,
    #[diesel(sql_type = BigInt)]
    dispatched: i64,
    #[diesel(sql_type = BigInt)]
    running: i64,
    #[diesel(sql_type = Bool)]
    has_available: bool,
}

/// Reads the settings and the load of all queues that this release knows, the most urgent first:
/// one statement for a whole round, which an idle relay makes four times a second.
pub(super) async fn look(conn: &mut Conn) -> Result<Vec<(Settings, Load)>, Error> {
    let rows: Vec<Row> = diesel::sql_query(include_str!("../sql/look.sql")).load(conn).await?;
    let mut known: Vec<(Settings, Load)> = rows
        .into_iter()
        .filter_map(|row| {
            let settings = Settings {
                queue: row.queue.parse().ok()?,
                window: u32::try_from(row.ticket_window).ok()?,
                tenant_cap: u32::try_from(row.tenant_cap).ok()?,
                is_paused: row.is_paused,
            };
            let load = Load {
                dispatched: u32::try_from(row.dispatched).unwrap_or(u32::MAX),
                running: u32::try_from(row.running).unwrap_or(u32::MAX),
                has_available: row.has_available,
            };
            Some((settings, load))
        })
        .collect();
    known.sort_by_key(|(settings, _)| settings.queue);
    Ok(known)
}

#[derive(QueryableByName)]
struct Picked {
    #[diesel(sql_type = SqlUuid)]
    id: JobId,
    #[diesel(sql_type = SqlUuid)]
    tenant_id: TenantId,
}

/// Marks up to `free` due jobs of a queue as dispatched and returns their tickets, a tenant's turn
/// after the other's, starting behind the tenant that was served last.
///
/// # Errors
/// The database's.
pub async fn take(conn: &mut Conn, queue: Queue, free: u32, tenant_cap: u32) -> Result<Vec<Ticket>, Error> {
    let rows: Vec<Picked> = diesel::sql_query(include_str!("../sql/pick.sql"))
        .bind::<Text, _>(queue.name())
        .bind::<Integer, _>(i32::try_from(free).unwrap_or(i32::MAX))
        .bind::<Integer, _>(i32::try_from(tenant_cap).unwrap_or(i32::MAX))
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| Ticket { job: row.id, tenant: row.tenant_id }).collect())
}

/// [`take`] for a worker that has no Redis: by the same rules, and nothing of a queue that is held.
///
/// # Errors
/// The database's.
pub async fn take_directly(conn: &mut Conn, queue: Queue, free: u32) -> Result<Vec<Ticket>, Error> {
    match look(conn).await?.into_iter().find(|(settings, _)| settings.queue == queue) {
        Some((settings, _)) if !settings.is_paused => take(conn, queue, free, settings.tenant_cap).await,
        _ => Ok(Vec::new()),
    }
}

/// Takes due jobs and has their tickets pushed. When that fails, the jobs go back at once.
///
/// The push comes after the commit: a worker that is faster than the commit would find nothing. A
/// process that dies in between leaves jobs without tickets, which the sweep and the epoch find.
pub(super) async fn hand_over<P>(conn: &mut Conn, settings: &Settings, free: u32, push: P) -> Result<u32, RelayError>
where
    P: AsyncFnOnce(Vec<Ticket>) -> Result<(), RoadError>,
{
    let tickets = take(conn, settings.queue, free, settings.tenant_cap).await?;
    if tickets.is_empty() {
        return Ok(0);
    }
    let count = u32::try_from(tickets.len()).unwrap_or(u32::MAX);
    let ids: Vec<JobId> = tickets.iter().map(|ticket| ticket.job).collect();
    if let Err(error) = push(tickets).await {
        put_back(conn, &ids).await?;
        return Err(error.into());
    }
    Ok(count)
}

async fn put_back(conn: &mut Conn, ids: &[JobId]) -> Result<usize, Error> {
    diesel::sql_query(
        "update jobs set state = 'available', dispatched_at = null where id = any ($1) and state = 'dispatched'",
    )
    .bind::<diesel::sql_types::Array<SqlUuid>, _>(ids)
    .execute(conn)
    .await
}
