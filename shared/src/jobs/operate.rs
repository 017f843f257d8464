//! What operators see and do: queues, jobs, the dead.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::Serialize;
use serde_json::Value;

use super::Queue;
use super::ledger::JobState;
use crate::db::schema::{job_attempts, job_queues, jobs};
use crate::db::{Conn, Error, Keyset, LongPage, Part};
use crate::ids::{JobId, TenantId, UserId};

/// A queue as operators see it.
#[derive(Debug, Clone, Serialize, QueryableByName)]
pub struct QueueRow {
    #[diesel(sql_type = Text)]
    pub queue: String,
    #[diesel(sql_type = Bool)]
    pub is_paused: bool,
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
}

/// All queues. `conn` is in the relay's scope.
///
/// # Errors
/// The database's.
pub async fn queues(conn: &mut Conn) -> Result<Vec<QueueRow>, Error> {
    let mut rows: Vec<QueueRow> = diesel::sql_query(include_str!("sql/queues.sql")).load(conn).await?;
    rows.sort_by_key(|row| row.queue.parse::<Queue>().ok());
    Ok(rows)
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
    diesel::sql_query("select pg_notify('jobs', '')").execute(conn).await?;
    Ok(())
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
}

/// Changes how a queue is set. The relay reads it at its next look.
///
/// # Errors
/// The database's, also about a number that is too large.
pub async fn set_queue(conn: &mut Conn, queue: Queue, change: &QueueChange) -> Result<(), Error> {
    if let QueueChange { ticket_window: None, tenant_cap: None, max_backlog: None } = change {
        return Ok(());
    }
    diesel::update(job_queues::table.find(queue.name())).set(change).execute(conn).await?;
    Ok(())
}

/// A job as operators see it.
#[derive(Debug, Clone, Serialize, Queryable, Selectable)]
#[diesel(table_name = jobs)]
pub struct JobRow {
    pub id: JobId,
    pub tenant_id: TenantId,
    pub kind: String,
    pub queue: String,
    pub state: JobState,
    pub args: Value,
    pub attempt: i32,
    pub max_attempts: i32,
    pub crashes: i32,
    pub deferrals: i32,
    pub run_at: DateTime<Utc>,
    pub deadline_at: Option<DateTime<Utc>>,
    pub lease_until: Option<DateTime<Utc>>,
    pub worker: Option<String>,
    pub progress: Option<i16>,
    pub progress_note: Option<String>,
    pub result: Option<Value>,
    pub last_error: Option<String>,
    pub error_class: Option<String>,
    pub created_by: Option<UserId>,
    pub request_id: Option<String>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// An attempt that did not succeed.
#[derive(Debug, Clone, Serialize, Queryable, Selectable)]
#[diesel(table_name = job_attempts)]
pub struct AttemptRow {
    pub attempt: i32,
    pub worker: Option<String>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: DateTime<Utc>,
    pub outcome: String,
    pub error: Option<String>,
}

/// Which jobs are meant; what is left out does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In this state.
    pub state: Option<JobState>,
    /// Of this kind.
    pub kind: Option<String>,
    /// In this queue.
    pub queue: Option<Queue>,
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// With this class of error.
    pub error_class: Option<String>,
}

/// Jobs, the newest first, `limit` at most.
///
/// # Errors
/// The database's.
pub async fn list(conn: &mut Conn, filter: &Filter, limit: i64) -> Result<Vec<JobRow>, Error> {
    let size = u32::try_from(limit.max(0)).unwrap_or(u32::MAX);
    Ok(page(conn, filter, Part::Behind { last: None, size }).await?.items)
}

/// A part of all jobs, the newest first. There are too many to count them: the whole of a part by
/// number is not known.
///
/// # Errors
/// The database's.
pub async fn page(conn: &mut Conn, filter: &Filter, part: Part) -> Result<LongPage<JobRow>, Error> {
    let mut query = jobs::table.select(JobRow::as_select()).into_boxed();
    if let Some(state) = filter.state {
        query = query.filter(jobs::state.eq(state));
    }
    if let Some(kind) = &filter.kind {
        query = query.filter(jobs::kind.eq(kind));
    }
    if let Some(queue) = filter.queue {
        query = query.filter(jobs::queue.eq(queue.name()));
    }
    if let Some(tenant) = filter.tenant {
        query = query.filter(jobs::tenant_id.eq(tenant));
    }
    if let Some(class) = &filter.error_class {
        query = query.filter(jobs::error_class.eq(class));
    }
    // Ids are in the order of time, too: across tenants the primary key is the index.
    query = match (filter.tenant, part.last()) {
        (None, None) => query.order(jobs::id.desc()),
        (None, Some(Keyset { id, .. })) => query.filter(jobs::id.lt(JobId(id))).order(jobs::id.desc()),
        (Some(_), last) => {
            if let Some(Keyset { at, id }) = last {
                // The first condition says what the second one does: an index can begin there.
                let behind = jobs::created_at.lt(at).or(jobs::id.lt(JobId(id)));
                query = query.filter(jobs::created_at.le(at)).filter(behind);
            }
            query.order((jobs::created_at.desc(), jobs::id.desc()))
        }
    };
    let rows = query.limit(part.limit()).offset(part.offset()).load(conn).await?;
    Ok(LongPage::of(part, rows, None, |job: &JobRow| Keyset { at: job.created_at, id: job.id.0 }))
}

/// One job, and what went wrong with it.
///
/// # Errors
/// The database's.
pub async fn show(conn: &mut Conn, id: JobId) -> Result<Option<(JobRow, Vec<AttemptRow>)>, Error> {
    show_in(conn, None, id).await
}

/// [`show`], if it is `tenant`'s.
///
/// # Errors
/// The database's.
pub async fn show_in(
    conn: &mut Conn,
    tenant: Option<TenantId>,
    id: JobId,
) -> Result<Option<(JobRow, Vec<AttemptRow>)>, Error> {
    let mut wanted = jobs::table.filter(jobs::id.eq(id)).select(JobRow::as_select()).into_boxed();
    if let Some(tenant) = tenant {
        wanted = wanted.filter(jobs::tenant_id.eq(tenant));
    }
    let Some(job) = wanted.first(conn).await.optional()? else {
        return Ok(None);
    };
    let attempts = job_attempts::table
        .filter(job_attempts::job_id.eq(id))
        .order(job_attempts::ended_at)
        .select(AttemptRow::as_select())
        .load(conn)
        .await?;
    Ok(Some((job, attempts)))
}

/// Dead jobs that a replay would take, by kind and class of error.
#[derive(Debug, Clone, Serialize, QueryableByName)]
pub struct DeadRow {
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub error_class: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub jobs: i64,
}

/// Counts what [`replay`] would take.
///
/// # Errors
/// The database's.
pub async fn dead(conn: &mut Conn, filter: &Filter, ids: &[JobId]) -> Result<Vec<DeadRow>, Error> {
    diesel::sql_query(include_str!("sql/replayable.sql"))
        .bind::<Nullable<Text>, _>(filter.kind.as_deref())
        .bind::<Nullable<Text>, _>(filter.queue.map(Queue::name))
        .bind::<Nullable<SqlUuid>, _>(filter.tenant)
        .bind::<Nullable<Text>, _>(filter.error_class.as_deref())
        .bind::<Array<SqlUuid>, _>(ids)
        .load(conn)
        .await
}

/// Gives dead jobs their attempts back, `limit` at most; their old errors stay. A job whose unique
/// key has a living successor stays dead. Returns their ids.
///
/// # Errors
/// The database's.
pub async fn replay(conn: &mut Conn, filter: &Filter, ids: &[JobId], limit: i64) -> Result<Vec<JobId>, Error> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: JobId,
    }
    let rows: Vec<Row> = diesel::sql_query(include_str!("sql/replay.sql"))
        .bind::<Nullable<Text>, _>(filter.kind.as_deref())
        .bind::<Nullable<Text>, _>(filter.queue.map(Queue::name))
        .bind::<Nullable<SqlUuid>, _>(filter.tenant)
        .bind::<Nullable<Text>, _>(filter.error_class.as_deref())
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// What became of a wish to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It had not started, and will not.
    AtOnce,
    /// It runs; its worker will hear of it at the next renewal of the lease.
    Asked,
    /// It is over already, or there is none.
    TooLate,
}

/// Cancels a job.
///
/// # Errors
/// The database's.
pub async fn cancel(conn: &mut Conn, id: JobId) -> Result<Cancelled, Error> {
    cancel_in(conn, None, id).await
}

/// [`cancel`], if it is `tenant`'s.
///
/// # Errors
/// The database's.
pub async fn cancel_in(conn: &mut Conn, tenant: Option<TenantId>, id: JobId) -> Result<Cancelled, Error> {
    let now = diesel::dsl::now.into_sql::<Timestamptz>().nullable();
    let mut waiting = diesel::update(jobs::table.find(id))
        .filter(jobs::state.eq_any([JobState::Available, JobState::Dispatched]))
        .set((jobs::state.eq(JobState::Cancelled), jobs::finished_at.eq(now), jobs::error_class.eq("cancelled")))
        .into_boxed();
    let mut running = diesel::update(jobs::table.find(id))
        .filter(jobs::state.eq(JobState::Running))
        .set(jobs::cancel_requested_at.eq(now))
        .into_boxed();
    if let Some(tenant) = tenant {
        waiting = waiting.filter(jobs::tenant_id.eq(tenant));
        running = running.filter(jobs::tenant_id.eq(tenant));
    }
    if waiting.execute(conn).await? == 1 {
        return Ok(Cancelled::AtOnce);
    }
    Ok(if running.execute(conn).await? == 1 { Cancelled::Asked } else { Cancelled::TooLate })
}
