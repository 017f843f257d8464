//! Which jobs go next: tenants take turns, the urgent first within each.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::super::{Queue, RoadError, Ticket};
use super::RelayError;
use super::sweep::without_redis;
use crate::db::{Conn, Error, prepared};
use crate::ids::{JobId, TenantId};

/// Tenants that one statement looks at.
const MOST_TENANTS: u32 = 256;
/// Statements in one go: many tenants may have nothing but work for tomorrow, and whoever is due
/// behind them should not wait for a round each.
const MOST_LOOKS: usize = 8;

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

/// How many jobs of a queue are under way, and whether more are due.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Load {
    pub(super) dispatched: u32,
    pub(super) running: u32,
    pub(super) has_due: bool,
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
    has_due: bool,
}

/// Reads the settings and the load of all queues that this release knows, the most urgent first:
/// one statement for a whole round, which an idle relay makes four times a second.
pub(super) async fn look(conn: &mut Conn) -> Result<Vec<(Settings, Load)>, Error> {
    let rows: Vec<Row> = prepared(diesel::sql_query(include_str!("../sql/look.sql"))).load(conn).await?;
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
                has_due: row.has_due,
            };
            Some((settings, load))
        })
        .collect();
    known.sort_by_key(|(settings, _)| settings.queue);
    Ok(known)
}

#[derive(QueryableByName)]
struct Picked {
    /// The same in each row; the only thing in the one row of a look that found nothing.
    #[diesel(sql_type = BigInt)]
    tenants: i64,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    id: Option<JobId>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    tenant_id: Option<TenantId>,
}

/// Marks up to `free` due jobs of a queue as dispatched and returns their tickets, a tenant's turn
/// after the other's, starting behind the tenant that was served last.
///
/// The first look is at as many tenants as there is room for: mostly each has something. When that
/// is not enough, more are looked at, also for what those with little work leave of their equal
/// shares.
///
/// # Errors
/// The database's.
pub async fn take(conn: &mut Conn, queue: Queue, free: u32, tenant_cap: u32) -> Result<Vec<Ticket>, Error> {
    let mut tickets = Vec::new();
    let mut most_tenants = free.min(MOST_TENANTS);
    for _ in 0..MOST_LOOKS {
        let left = free.saturating_sub(u32::try_from(tickets.len()).unwrap_or(u32::MAX));
        if left == 0 {
            break;
        }
        let (found, tenants) = match pick(conn, queue, left, tenant_cap, most_tenants).await {
            Ok(looked) => looked,
            // What is marked already must be handed out; the next round tells what is wrong.
            Err(_) if !tickets.is_empty() => break,
            Err(error) => return Err(error),
        };
        let were_all = tenants < most_tenants;
        if found.is_empty() && were_all {
            break;
        }
        tickets.extend(found);
        most_tenants = MOST_TENANTS;
    }
    Ok(tickets)
}

/// One look at up to `most_tenants`; says how many there were to look at.
async fn pick(
    conn: &mut Conn,
    queue: Queue,
    free: u32,
    tenant_cap: u32,
    most_tenants: u32,
) -> Result<(Vec<Ticket>, u32), Error> {
    let whole = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let pick = diesel::sql_query(include_str!("../sql/pick.sql"))
        .bind::<Text, _>(queue.name())
        .bind::<Integer, _>(whole(free))
        .bind::<Integer, _>(whole(tenant_cap))
        .bind::<Integer, _>(whole(most_tenants));
    let rows: Vec<Picked> = prepared(pick).load(conn).await?;
    let tenants = rows.as_slice().first().and_then(|row| u32::try_from(row.tenants).ok()).unwrap_or_default();
    let tickets = rows.into_iter().filter_map(|row| Some(Ticket { job: row.id?, tenant: row.tenant_id? }));
    Ok((tickets.collect(), tenants))
}

/// [`take`] for a worker that has no Redis: by the same rules, and nothing of a queue that is held.
/// Also what had a ticket already, if that is old.
///
/// # Errors
/// The database's.
pub async fn take_directly(conn: &mut Conn, queue: Queue, free: u32) -> Result<Vec<Ticket>, Error> {
    without_redis(conn, queue).await?;
    match look(conn).await?.into_iter().find(|(settings, _)| settings.queue == queue) {
        Some((settings, load)) if !settings.is_paused && load.has_due => {
            take(conn, queue, free, settings.tenant_cap).await
        }
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
