//! What a kind of job is, and how one is asked for.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Queue;
use super::limits::Rate;
use crate::db::schema::jobs;
use crate::db::{Conn, Error, prepared};
use crate::ids::{JobId, TenantId, UserId};

/// A kind of job. The struct is its payload: ids, never contents or secrets, because what is true
/// is read again when the job runs.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// `<domain>.<verb>[_<noun>]`, for ever: rows outlive deployments.
    const NAME: &'static str;
    /// How soon it starts.
    const QUEUE: Queue;
    /// Attempts until it is dead.
    const MAX_ATTEMPTS: i32 = 10;
    /// The wait between attempts.
    const BACKOFF: Backoff = Backoff::exponential(5, 3_600);
    /// An attempt running longer is stopped and counts as failed.
    const TIMEOUT: Duration = Duration::from_secs(30);
    /// Goes up when the payload changes in a way that an older worker cannot read.
    const VERSION: i16 = 1;
    /// Lower goes first, within a tenant and queue.
    const PRIORITY: i16 = 100;
    /// How often it may start, on the whole platform. This and what follows are starting values:
    /// operators may set others.
    const RATE: Option<Rate> = None;
    /// How often it may start for one tenant.
    const TENANT_RATE: Option<Rate> = None;
    /// How many may wait of one tenant; the queue says when left out.
    const TENANT_BACKLOG: Option<i32> = None;
    /// Whom it calls, when several kinds share that provider's limit: `smtp`.
    const PROVIDER: Option<&'static str> = None;

    /// Whether operators may make schedules of it. It is the platform's own then.
    const MAY_BE_SCHEDULED: bool = false;

    /// In which tenant it acts; [`TenantId::PLATFORM`] for the platform's own.
    fn tenant(&self) -> TenantId;

    /// Two unfinished jobs of a kind and tenant with the same key are one.
    fn unique_key(&self) -> Option<String> {
        None
    }

    /// Jobs of one strand run one after the other.
    fn strand(&self) -> Option<String> {
        None
    }
}

/// How long to wait before the next attempt. The wait is drawn between zero and the step's length
/// ("full jitter"), so that what failed together does not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backoff {
    /// `base * factor^attempt` seconds, at most `cap`.
    Exponential {
        /// Seconds of the first step.
        base: u32,
        /// By how much each step is longer.
        factor: u32,
        /// Seconds of the longest step.
        cap: u32,
    },
    /// A list of steps in seconds; the last one repeats.
    Steps(&'static [u32]),
}

impl Backoff {
    /// Doubling from `base` to `cap` seconds.
    pub const fn exponential(base: u32, cap: u32) -> Self {
        Self::Exponential { base, factor: 2, cap }
    }

    /// The longest wait after failed attempt number `attempt` (from 1).
    pub fn longest(self, attempt: u32) -> Duration {
        let step = attempt.saturating_sub(1);
        let seconds = match self {
            Self::Exponential { base, factor, cap } => base.saturating_mul(factor.saturating_pow(step)).min(cap),
            Self::Steps(steps) => {
                let index = usize::try_from(step).unwrap_or(usize::MAX);
                steps.get(index).or(steps.last()).copied().unwrap_or(0)
            }
        };
        Duration::from_secs(u64::from(seconds))
    }

    /// A wait after failed attempt number `attempt` (from 1), drawn anew each time.
    pub fn wait(self, attempt: u32) -> Duration {
        self.longest(attempt).mul_f64(rand::random::<f64>())
    }
}

/// What a single request for a job may say beyond its payload.
#[derive(Debug, Clone, Default)]
pub struct JobOptions {
    /// Not before; now when left out.
    pub run_at: Option<DateTime<Utc>>,
    /// Useless afterwards: it is cancelled rather than run.
    pub deadline_at: Option<DateTime<Utc>>,
    /// Who asked for it and may watch it.
    pub created_by: Option<UserId>,
    /// The request that asked for it, for the logs.
    pub request_id: Option<String>,
}

/// What became of a request for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// A new job.
    New(JobId),
    /// One with the same unique key waits or runs already.
    Already(JobId),
}

impl Enqueued {
    /// The job that will do the work.
    pub const fn id(self) -> JobId {
        match self {
            Self::New(id) | Self::Already(id) => id,
        }
    }
}

/// Asks for `job`, in the caller's transaction: commit, and it exists; roll back, and it never did.
///
/// # Errors
/// The database's. [`super::Backlog::refused`] knows those that mean that too much waits already;
/// the API answers them with 429 and 503, wherever they come from.
pub async fn enqueue<J: Job>(conn: &mut Conn, job: &J) -> Result<Enqueued, Error> {
    enqueue_with(conn, job, JobOptions::default()).await
}

/// [`enqueue`], with more to say.
///
/// # Errors
/// The database's; a payload that cannot be written as JSON is an error of serialization.
pub async fn enqueue_with<J: Job>(conn: &mut Conn, job: &J, options: JobOptions) -> Result<Enqueued, Error> {
    let args = serde_json::to_value(job).map_err(|error| Error::SerializationError(error.into()))?;
    let unique_key = job.unique_key();
    loop {
        let id = JobId::new();
        let insert = diesel::insert_into(jobs::table)
            .values((
                jobs::id.eq(id),
                jobs::tenant_id.eq(job.tenant()),
                jobs::kind.eq(J::NAME),
                jobs::schema_version.eq(J::VERSION),
                jobs::queue.eq(J::QUEUE.name()),
                jobs::priority.eq(J::PRIORITY),
                jobs::args.eq(&args),
                options.run_at.map(|at| jobs::run_at.eq(at)),
                jobs::deadline_at.eq(options.deadline_at),
                jobs::max_attempts.eq(J::MAX_ATTEMPTS),
                jobs::unique_key.eq(&unique_key),
                jobs::strand.eq(job.strand()),
                jobs::created_by.eq(options.created_by),
                jobs::request_id.eq(&options.request_id),
            ))
            .on_conflict_do_nothing();
        if prepared(insert).execute(conn).await? == 1 {
            return Ok(Enqueued::New(id));
        }
        // The one that was in the way may have ended between the two statements: then try again.
        let live = jobs::table
            .filter(jobs::tenant_id.eq(job.tenant()))
            .filter(jobs::kind.eq(J::NAME))
            .filter(jobs::unique_key.eq(&unique_key))
            .filter(jobs::finished_at.is_null())
            .select(jobs::id)
            .first::<JobId>(conn)
            .await
            .optional()?;
        if let Some(id) = live {
            return Ok(Enqueued::Already(id));
        }
    }
}

/// [`enqueue`] for many jobs of a kind, in one statement for each thousand. Those whose unique key
/// is taken are left out. Returns how many are new.
///
/// # Errors
/// As [`enqueue_with`].
pub async fn enqueue_many<J: Job>(conn: &mut Conn, wanted: &[J]) -> Result<usize, Error> {
    let mut inserted = 0;
    for chunk in wanted.chunks(1_000) {
        let rows = chunk
            .iter()
            .map(|job| {
                let args = serde_json::to_value(job).map_err(|error| Error::SerializationError(error.into()))?;
                Ok((
                    jobs::id.eq(JobId::new()),
                    jobs::tenant_id.eq(job.tenant()),
                    jobs::kind.eq(J::NAME),
                    jobs::schema_version.eq(J::VERSION),
                    jobs::queue.eq(J::QUEUE.name()),
                    jobs::priority.eq(J::PRIORITY),
                    jobs::args.eq(args),
                    jobs::max_attempts.eq(J::MAX_ATTEMPTS),
                    jobs::unique_key.eq(job.unique_key()),
                    jobs::strand.eq(job.strand()),
                ))
            })
            .collect::<Result<Vec<_>, Error>>()?;
        inserted += diesel::insert_into(jobs::table).values(rows).on_conflict_do_nothing().execute(conn).await?;
    }
    Ok(inserted)
}
