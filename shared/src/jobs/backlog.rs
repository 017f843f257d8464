//! Saying no in time: a queue, or a tenant's kind of job, of which too much waits.
//!
//! Nobody counts half a million rows to answer a request. The relay's keeper counts now and then,
//! for whoever looks at the queues, and marks what is full; an insert looks at the marks, in the
//! statement that it is anyway, and is refused by name. Between two counts a burst may pass the
//! limit: it is there to keep the system usable, not to be exact
//! (`docs/adr/0007-a-full-queue-refuses.md`).

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;

use super::Queue;
use crate::db::schema::job_backlogs;
use crate::db::{Conn, Error, Pool, Scope};
use crate::ids::TenantId;

/// How often it is counted, when that is quick.
const LOOK: Duration = Duration::from_secs(1);
/// Counting may take so large a part of the time: one in twenty.
const SHARE: u32 = 20;

/// Why a job was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backlog {
    /// Its tenant has too much of this kind waiting: its own doing.
    OfTenant,
    /// Its queue has: ours.
    OfQueue,
}

impl Backlog {
    /// Whether `error` is a refusal of [`super::enqueue`] and its like. The transaction in which it
    /// happened is lost, and nothing of it was done.
    pub fn refused(error: &Error) -> Option<Self> {
        let Error::DatabaseError(_, about) = error else { return None };
        match about.constraint_name()? {
            "jobs_backlog_of_tenant" => Some(Self::OfTenant),
            "jobs_backlog_of_queue" => Some(Self::OfQueue),
            _ => None,
        }
    }

    /// When it is worth trying again.
    pub const fn retry_after_seconds(self) -> u64 {
        match self {
            Self::OfTenant => 60,
            Self::OfQueue => 30,
        }
    }
}

/// What a count has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Counted {
    /// Jobs that wait, of all queues.
    #[diesel(sql_type = BigInt)]
    pub waiting: i64,
    /// Queues that are full.
    #[diesel(sql_type = BigInt)]
    pub full_queues: i64,
    /// Kinds of which some tenant has too many.
    #[diesel(sql_type = BigInt)]
    pub full_tenants: i64,
}

/// Counts what waits, writes it down and marks what is full. `conn` is in the relay's scope.
///
/// # Errors
/// The database's.
pub async fn count(conn: &mut Conn) -> Result<Counted, Error> {
    diesel::sql_query(include_str!("sql/backlog.sql")).get_result(conn).await
}

/// A kind of which a tenant has as many jobs waiting as it may have.
#[derive(Debug, Clone, PartialEq, Serialize, Queryable, Selectable)]
#[diesel(table_name = job_backlogs)]
pub struct FullKind {
    pub tenant_id: TenantId,
    pub kind: String,
    /// When it was counted last.
    pub waiting: i64,
    pub counted_at: DateTime<Utc>,
}

/// The kinds of which tenants are refused more, those of which most waits first, `limit` at most.
/// `conn` is in the relay's scope, or the platform's.
///
/// # Errors
/// The database's.
pub async fn full_kinds(conn: &mut Conn, limit: i64) -> Result<Vec<FullKind>, Error> {
    job_backlogs::table
        .order((job_backlogs::waiting.desc(), job_backlogs::tenant_id, job_backlogs::kind))
        .limit(limit)
        .select(FullKind::as_select())
        .load(conn)
        .await
}

/// Whether no more jobs of `kind` should be asked for: what a job that makes others waits for.
///
/// # Errors
/// The database's.
pub async fn is_full(conn: &mut Conn, tenant: TenantId, kind: &str, queue: Queue) -> Result<bool, Error> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        is_full: bool,
    }
    let row: Row = diesel::sql_query(
        "select exists (select from job_queues where queue = $1 and is_full)
             or exists (select from job_backlogs where tenant_id = $2 and kind = $3) as is_full",
    )
    .bind::<Text, _>(queue.name())
    .bind::<SqlUuid, _>(tenant)
    .bind::<Text, _>(kind)
    .get_result(conn)
    .await?;
    Ok(row.is_full)
}

/// Counts for as long as it is let, the more rarely the longer it takes. On a connection of the
/// pool: the relay's own is never held up by it.
pub(super) async fn watch(pool: Pool) {
    let mut last = None;
    loop {
        let begun = Instant::now();
        let counted = async {
            let mut conn = pool.get(Scope::Relay).await?;
            anyhow::Ok(count(&mut conn).await?)
        };
        match counted.await {
            Ok(counted) => {
                let full = counted.full_queues + counted.full_tenants;
                if last.replace(full) != Some(full) && full > 0 {
                    tracing::warn!(
                        jobs.waiting = counted.waiting,
                        "Refusing jobs: {} queues and {} kinds of single tenants are full",
                        counted.full_queues,
                        counted.full_tenants
                    );
                }
            }
            Err(error) => tracing::warn!("What waits cannot be counted yet: {error:#}"),
        }
        tokio::time::sleep(LOOK.max(begun.elapsed() * SHARE)).await;
    }
}
