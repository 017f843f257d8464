//! What operators see and do: queues, jobs, the dead.

mod queue;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde_json::Value;

use super::Queue;
use super::ledger::JobState;
use crate::db::schema::{job_attempts, jobs, sql_types};
use crate::db::{Conn, Error, Keyset, LongPage, Part};
use crate::ids::{JobId, TenantId, UserId};
pub use queue::{Pressure, QueueChange, QueueRow, pause, pressure, queues, resume, set_queue};

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
    pub cancel_requested_at: Option<DateTime<Utc>>,
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
    match (filter.tenant, part.last()) {
        (_, None) => {}
        (None, Some(Keyset { id, .. })) => query = query.filter(jobs::id.lt(JobId(id))),
        (Some(_), Some(Keyset { at, id })) => {
            // The first condition says what the second one does: an index can begin there.
            let behind = jobs::created_at.lt(at).or(jobs::id.lt(JobId(id)));
            query = query.filter(jobs::created_at.le(at)).filter(behind);
        }
    }
    // Nearly all jobs have succeeded. The others are few and have indexes of their own: in an order
    // that is no index's, these are read and sorted, and not all the rest read through for them. The
    // cancelled share theirs, by a condition that row-level security lets a tenant use too late.
    let are_few = match filter.state {
        None | Some(JobState::Succeeded) => false,
        Some(JobState::Cancelled) => filter.tenant.is_none(),
        Some(JobState::Available | JobState::Dispatched | JobState::Running | JobState::Dead) => true,
    };
    query = match (filter.tenant, are_few) {
        // Ids are in the order of time, too: across tenants the primary key is the index.
        (None, false) => query.order(jobs::id.desc()),
        (None, true) => query.order(jobs::id.desc().nulls_last()),
        (Some(_), false) => query.order((jobs::created_at.desc(), jobs::id.desc())),
        (Some(_), true) => query.order((jobs::created_at.desc().nulls_last(), jobs::id.desc())),
    };
    let rows = query.limit(part.limit()).offset(part.offset()).load(conn).await?;
    Ok(LongPage::of(part, rows, None, |job: &JobRow| Keyset { at: job.created_at, id: job.id.0 }))
}

/// Jobs under way, those that started last first, `limit` at most.
///
/// # Errors
/// The database's.
pub async fn running(conn: &mut Conn, limit: i64) -> Result<Vec<JobRow>, Error> {
    jobs::table
        .filter(jobs::state.eq(JobState::Running))
        // How the index jobs_load says it.
        .filter(jobs::state.eq_any([JobState::Dispatched, JobState::Running]))
        .order((jobs::started_at.desc(), jobs::id.desc()))
        .limit(limit)
        .select(JobRow::as_select())
        .load(conn)
        .await
}

/// The last that died, `limit` at most.
///
/// # Errors
/// The database's.
pub async fn last_dead(conn: &mut Conn, limit: i64) -> Result<Vec<JobRow>, Error> {
    jobs::table
        .filter(jobs::state.eq(JobState::Dead))
        // As the index jobs_finished has it, see queues.sql.
        .order((jobs::state.desc(), jobs::finished_at.desc()))
        .limit(limit)
        .select(JobRow::as_select())
        .load(conn)
        .await
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
    diesel::sql_query(include_str!("../sql/replayable.sql"))
        .bind::<Nullable<Text>, _>(filter.kind.as_deref())
        .bind::<Nullable<Text>, _>(filter.queue.map(Queue::name))
        .bind::<Nullable<SqlUuid>, _>(filter.tenant)
        .bind::<Nullable<Text>, _>(filter.error_class.as_deref())
        .bind::<Array<SqlUuid>, _>(ids)
        .load(conn)
        .await
}

/// Dead jobs that died of the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, QueryableByName)]
pub struct DeadGroup {
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub error_class: Option<String>,
    /// How many a replay would take, of the oldest thousand.
    #[diesel(sql_type = BigInt)]
    pub jobs: i64,
    /// There are more than a thousand.
    #[diesel(sql_type = Bool)]
    pub are_more: bool,
}

/// What [`dead`] counts, for whoever looks often: of each group a thousand at most. What this costs
/// does not grow with how many are dead. `conn` is in the relay's scope.
///
/// # Errors
/// The database's.
pub async fn dead_groups(conn: &mut Conn) -> Result<Vec<DeadGroup>, Error> {
    diesel::sql_query(include_str!("../sql/dead_groups.sql")).load(conn).await
}

/// Those of `ids` that name no job.
///
/// # Errors
/// The database's.
pub async fn unknown(conn: &mut Conn, ids: &[JobId]) -> Result<Vec<JobId>, Error> {
    let known: Vec<JobId> = jobs::table.filter(jobs::id.eq_any(ids)).select(jobs::id).load(conn).await?;
    Ok(ids.iter().copied().filter(|id| !known.contains(id)).collect())
}

/// Whether there is a job of this kind, which may be one that no release does any more.
///
/// # Errors
/// The database's.
pub async fn has_kind(conn: &mut Conn, kind: &str) -> Result<bool, Error> {
    diesel::select(diesel::dsl::exists(jobs::table.filter(jobs::kind.eq(kind)))).get_result(conn).await
}

/// Gives dead jobs their attempts back, `limit` at most; their old errors stay. A job whose unique
/// key has a living successor stays dead. It is recorded in the audit log. Returns their ids.
///
/// # Errors
/// The database's.
pub async fn replay(conn: &mut Conn, filter: &Filter, ids: &[JobId], limit: i64) -> Result<Vec<JobId>, Error> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: JobId,
    }
    let rows: Vec<Row> = diesel::sql_query(include_str!("../sql/replay.sql"))
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

/// Cancels a job. It is recorded in the audit log.
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
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::JobState)]
        state: JobState,
    }
    let was: Option<Row> = diesel::sql_query(include_str!("../sql/cancel.sql"))
        .bind::<SqlUuid, _>(id)
        .bind::<Nullable<SqlUuid>, _>(tenant)
        .get_result(conn)
        .await
        .optional()?;
    Ok(match was.map(|row| row.state) {
        Some(JobState::Running) => Cancelled::Asked,
        Some(_) => Cancelled::AtOnce,
        None => Cancelled::TooLate,
    })
}
