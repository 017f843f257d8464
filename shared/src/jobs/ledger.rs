//! What happens to a job: claimed, kept, finished. Every rule is a condition of one statement.
//!
//! A claim draws a token. Whoever finishes the job must show it, and a claim that was lost in the
//! meantime (the worker was paused, the lease ran out, another took over) changes no row: it is
//! fenced. All time is the database's, so the clocks of workers do not matter.

use chrono::{DateTime, Utc};
use diesel::dsl::{IntervalDsl, exists, not, now};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AnsiTransactionManager, RunQueryDsl, TransactionManager};
use serde_json::Value;
use std::time::Duration;

use super::Ticket;
use super::mutant::{Mutant, is_on};
use crate::db::schema::{job_queues, job_relay, jobs, sql_types};
use crate::db::{Conn, Error, prepared, sql_enum};
use crate::ids::{JobId, TenantId, UserId};

sql_enum! {
    /// Where a job is in its life.
    JobState: sql_types::JobState {
        /// Waits for its turn.
        Available = "available",
        /// Its ticket is on the way.
        Dispatched = "dispatched",
        /// A worker has claimed it.
        Running = "running",
        /// Done.
        Succeeded = "succeeded",
        /// Not wanted any more.
        Cancelled = "cancelled",
        /// Given up; waits for an operator.
        Dead = "dead",
    }
}

/// A job that this process may run, until the lease ends.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = jobs)]
pub struct Claim {
    pub id: JobId,
    #[diesel(column_name = tenant_id)]
    pub tenant: TenantId,
    pub kind: String,
    #[diesel(column_name = schema_version)]
    pub version: i16,
    pub queue: String,
    pub args: Value,
    /// The number of this attempt, from 1.
    pub attempt: i32,
    pub max_attempts: i32,
    pub deferrals: i32,
    /// How often its worker was lost.
    pub crashes: i32,
    pub unknown_tries: i16,
    #[diesel(column_name = lease_token)]
    pub token: i64,
    pub run_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub created_by: Option<UserId>,
    pub request_id: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl Claim {
    /// How long it waited for this start, in seconds.
    pub fn waited_seconds(&self) -> f64 {
        let waited = self.started_at.map(|at| at - self.run_at).and_then(|wait| wait.to_std().ok());
        waited.map_or(0.0, |wait| wait.as_secs_f64())
    }
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// A setting of the connection, here for one transaction.
    fn set_config(name: Text, value: Text, is_local: Bool) -> Text;
}

/// Takes the job of `ticket` for `worker`, if it is there to be taken: a ticket may be a duplicate,
/// or of yesterday. `conn` is in the tenant's scope, or the relay's.
///
/// # Errors
/// The database's.
pub async fn claim(conn: &mut Conn, ticket: Ticket, worker: &str, lease: Duration) -> Result<Option<Claim>, Error> {
    let until = now.into_sql::<Timestamptz>() + milliseconds(lease).milliseconds();
    let paused =
        job_queues::table.filter(job_queues::queue.eq(jobs::queue)).filter(job_queues::paused_at.is_not_null());
    let due = jobs::state.eq(JobState::Available).and(jobs::run_at.le(now.into_sql::<Timestamptz>()));
    let useful = jobs::deadline_at.is_null().or(jobs::deadline_at.gt(now.into_sql::<Timestamptz>().nullable()));
    let claim = diesel::update(jobs::table)
        .filter(jobs::id.eq(ticket.job))
        .filter(jobs::tenant_id.eq(ticket.tenant))
        .filter(jobs::state.eq(JobState::Dispatched).or(due))
        .filter(useful.assume_not_null())
        .filter(not(exists(paused)))
        // The disk need not hear of a claim before the work begins: a claim that a crash of the
        // server forgets is taken again. The outcome is what must be kept.
        .filter(set_config("synchronous_commit", "off", true).eq("off"))
        .set((
            jobs::state.eq(JobState::Running),
            jobs::attempt.eq(jobs::attempt + 1),
            // Drawn and not counted up: a claim that the server forgot in a crash and its
            // successor would count to the same number.
            jobs::lease_token.eq(rand::random::<i64>()),
            jobs::lease_until.eq(until.nullable()),
            jobs::worker.eq(worker),
            jobs::started_at.eq(now.into_sql::<Timestamptz>().nullable()),
            jobs::dispatched_at.eq(None::<DateTime<Utc>>),
        ))
        .returning(Claim::as_returning());
    prepared(claim).get_result(conn).await.optional()
}

/// One of the claims to be kept.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// The job.
    pub id: JobId,
    /// The token of the claim.
    pub token: i64,
    /// How long the lease is to hold from now.
    pub lease: Duration,
}

/// A claim that still holds.
#[derive(Debug, Clone, QueryableByName)]
pub struct Kept {
    #[diesel(sql_type = SqlUuid)]
    pub id: JobId,
    #[diesel(sql_type = BigInt)]
    pub token: i64,
    /// Somebody asked for it to stop.
    #[diesel(sql_type = Bool)]
    pub is_cancel_requested: bool,
}

/// Renews leases, all in one statement. What is missing in the answer is lost: another worker may
/// have it. A lease that has run out is still ours as long as nobody has taken it away, hence no
/// condition on the time.
///
/// # Errors
/// The database's.
pub async fn renew(conn: &mut Conn, held: &[Held]) -> Result<Vec<Kept>, Error> {
    if is_on(Mutant::NoFence) {
        let kept = |held: &Held| Kept { id: held.id, token: held.token, is_cancel_requested: false };
        return Ok(held.iter().map(kept).collect());
    }
    let ids: Vec<JobId> = held.iter().map(|held| held.id).collect();
    let tokens: Vec<i64> = held.iter().map(|held| held.token).collect();
    let leases: Vec<f64> = held.iter().map(|held| held.lease.as_secs_f64()).collect();
    let renew = diesel::sql_query(include_str!("sql/renew.sql"))
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<BigInt>, _>(tokens)
        .bind::<Array<Double>, _>(leases);
    prepared(renew).load(conn).await
}

/// Opens the transaction in which a job's effects and its outcome are committed together.
///
/// # Errors
/// The database's.
pub async fn begin(conn: &mut Conn) -> Result<(), Error> {
    AnsiTransactionManager::begin_transaction(conn).await
}

/// Closes it, keeping everything.
///
/// # Errors
/// The database's; then nothing is kept.
pub async fn commit(conn: &mut Conn) -> Result<(), Error> {
    AnsiTransactionManager::commit_transaction(conn).await
}

/// Closes it, keeping nothing.
///
/// # Errors
/// The database's.
pub async fn roll_back(conn: &mut Conn) -> Result<(), Error> {
    AnsiTransactionManager::rollback_transaction(conn).await
}

/// Marks the job as done, if the claim still holds. `false` means fenced: whatever the caller has
/// done in the same transaction must be rolled back.
///
/// # Errors
/// The database's.
pub async fn succeed(conn: &mut Conn, claim: &Claim, result: Option<&Value>) -> Result<bool, Error> {
    let change = (
        jobs::state.eq(JobState::Succeeded),
        jobs::finished_at.eq(now.into_sql::<Timestamptz>().nullable()),
        jobs::lease_until.eq(None::<DateTime<Utc>>),
        jobs::result.eq(result.cloned()),
    );
    if is_on(Mutant::NoFence) {
        return Ok(diesel::update(jobs::table.find(claim.id)).set(change).execute(conn).await? > 0);
    }
    let succeed = diesel::update(jobs::table.find(claim.id))
        .filter(jobs::lease_token.eq(claim.token))
        .filter(jobs::state.eq(JobState::Running))
        .set(change);
    Ok(prepared(succeed).execute(conn).await? == 1)
}

/// How a run that did not succeed ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// Tried again after this wait, or dead if this was the last attempt.
    Retry(Duration),
    /// Tried again after this wait, and this attempt does not count.
    Defer(Duration),
    /// Did not begin, because others have their turn first: again after this wait, as if it had
    /// never been claimed.
    Wait(Duration),
    /// Left for a worker of another release, for this long; counted by itself.
    PutBack(Duration),
    /// Dead at once.
    Dead,
    /// Stopped because somebody asked.
    Cancelled,
}

/// Writes down a run that did not succeed, if the claim still holds, and says what the job is now;
/// none means fenced.
///
/// # Errors
/// The database's.
pub async fn fail(
    conn: &mut Conn,
    claim: &Claim,
    verdict: Verdict,
    class: &str,
    error: &str,
) -> Result<Option<JobState>, Error> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::JobState)]
        state: JobState,
    }
    let (state, wait) = match verdict {
        Verdict::Retry(_) if claim.attempt >= claim.max_attempts => (JobState::Dead, Duration::ZERO),
        Verdict::Retry(wait) | Verdict::Defer(wait) | Verdict::Wait(wait) | Verdict::PutBack(wait) => {
            (JobState::Available, wait)
        }
        Verdict::Dead => (JobState::Dead, Duration::ZERO),
        Verdict::Cancelled => (JobState::Cancelled, Duration::ZERO),
    };
    // Waiting is nothing to write down, and being put back only once: it may be often.
    let is_told = match verdict {
        Verdict::Wait(_) => false,
        Verdict::PutBack(_) => claim.unknown_tries == 0,
        _ => true,
    };
    let is_uncounted = matches!(verdict, Verdict::Defer(_) | Verdict::Wait(_) | Verdict::PutBack(_));
    let fail = diesel::sql_query(include_str!("sql/fail.sql"))
        .bind::<SqlUuid, _>(claim.id)
        .bind::<BigInt, _>(claim.token)
        .bind::<sql_types::JobState, _>(state)
        .bind::<Double, _>(wait.as_secs_f64())
        .bind::<Integer, _>(i32::from(is_uncounted))
        .bind::<Text, _>(class)
        .bind::<Text, _>(shortened(error))
        .bind::<Integer, _>(i32::from(matches!(verdict, Verdict::Defer(_))))
        .bind::<SmallInt, _>(i16::from(matches!(verdict, Verdict::PutBack(_))))
        .bind::<Bool, _>(is_told);
    let row: Option<Row> = prepared(fail).get_result(conn).await.optional()?;
    Ok(row.map(|row| row.state))
}

/// Gives claims back that this process will not finish, without counting an attempt: it is shutting
/// down. Returns how many were still its own.
///
/// # Errors
/// The database's.
pub async fn release(conn: &mut Conn, held: &[Held]) -> Result<usize, Error> {
    let ids: Vec<JobId> = held.iter().map(|held| held.id).collect();
    let tokens: Vec<i64> = held.iter().map(|held| held.token).collect();
    diesel::sql_query(include_str!("sql/release.sql"))
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<BigInt>, _>(tokens)
        .execute(conn)
        .await
}

/// Notes how far a job is, while the claim holds.
///
/// # Errors
/// The database's.
pub async fn set_progress(conn: &mut Conn, claim: &Claim, percent: u8, note: Option<&str>) -> Result<bool, Error> {
    let tell = diesel::update(jobs::table.find(claim.id))
        .filter(jobs::lease_token.eq(claim.token))
        .filter(jobs::state.eq(JobState::Running))
        .set((jobs::progress.eq(i16::from(percent.min(100))), jobs::progress_note.eq(note)));
    Ok(prepared(tell).execute(conn).await? == 1)
}

/// The jobs that are due at `at` or now, oldest first: what tests and drills run without Redis.
///
/// # Errors
/// The database's.
pub async fn due(conn: &mut Conn, at: DateTime<Utc>) -> Result<Vec<(Ticket, String)>, Error> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: JobId,
        #[diesel(sql_type = SqlUuid)]
        tenant_id: TenantId,
        #[diesel(sql_type = Text)]
        kind: String,
    }
    let mut rows: Vec<Row> = diesel::sql_query(
        "update jobs set run_at = least(run_at, now()) where state in ('available', 'dispatched')
           and (run_at <= $1 or run_at <= now()) returning id, tenant_id, kind",
    )
    .bind::<Timestamptz, _>(at)
    .load(conn)
    .await?;
    rows.sort_by_key(|row| row.id);
    Ok(rows.into_iter().map(|row| (Ticket { job: row.id, tenant: row.tenant_id }, row.kind)).collect())
}

/// The database's time: the only one that schedules and leases go by.
///
/// # Errors
/// The database's.
pub async fn database_time(conn: &mut Conn) -> Result<DateTime<Utc>, Error> {
    diesel::select(now.into_sql::<Timestamptz>()).get_result(conn).await
}

/// The leader's name while nobody reaches Redis.
pub(super) const NOBODY: &str = "";

/// Who leads the relay, and since when; none while nobody reaches Redis.
///
/// # Errors
/// The database's.
pub async fn leader(conn: &mut Conn) -> Result<Option<(String, DateTime<Utc>)>, Error> {
    job_relay::table
        .filter(job_relay::leader.ne(NOBODY))
        .select((job_relay::leader, job_relay::leading_since))
        .first(conn)
        .await
        .optional()
}

pub(super) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Errors are for people: the beginning says enough, and a row stays small.
fn shortened(error: &str) -> String {
    error.chars().filter(|c| *c != '\0').take(4_000).collect()
}
