//! Which function does which kind of job, and what it may answer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;
use shared::db::Conn;
use shared::jobs::limits::Declared;
use shared::jobs::{Backoff, Job, JobKind, Queue};

use crate::bulk::{self, Bulk};
use crate::context::Ctx;

/// What became of a run.
pub type Outcome = Result<(), Failure>;

/// Why a run did not succeed, and what is to happen next.
///
/// `?` on any error means [`Failure::Retry`]: most trouble passes. Everything else is a decision,
/// and is written out.
#[derive(Debug)]
pub enum Failure {
    /// Try again, after the kind's backoff.
    Retry(anyhow::Error),
    /// Try again after this long: the other side has said so. Does not count as an attempt, a
    /// limited number of times.
    RetryAfter(Duration, String),
    /// Not yet: look again after this long. Does not count as an attempt.
    Snooze(Duration),
    /// It will never work: dead, with this reason.
    GiveUp(String),
    /// A person must look first: dead.
    NeedsReview(String),
    /// The payload cannot be read: dead.
    Undecodable(String),
    /// The claim is lost; another worker may have the job. Nothing is written.
    Lost,
    /// Somebody has cancelled it while it ran.
    Cancelled,
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Retry(error.into())
    }
}

/// A kind of job and its function.
pub struct Kind {
    /// `<domain>.<verb>`.
    pub name: &'static str,
    /// Where it waits.
    pub queue: Queue,
    /// The newest payload that is understood.
    pub version: i16,
    /// The wait between attempts.
    pub backoff: Backoff,
    /// An attempt running longer is stopped.
    pub timeout: Duration,
    /// Whom it calls, when that has a limit.
    pub provider: Option<&'static str>,
    /// Its limits.
    pub limits: Declared,
    /// Reads a payload and writes it again: what a test of old payloads asks for.
    pub reread: fn(Value) -> Result<Value, Failure>,
    pub(crate) handler: Handler,
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kind").field("name", &self.name).field("queue", &self.queue).finish_non_exhaustive()
    }
}

type External = Box<dyn Fn(Ctx, Value) -> BoxFuture<'static, Outcome> + Send + Sync>;
type Database = Box<dyn for<'a> Fn(&'a mut Conn, &'a Ctx, Value) -> BoxFuture<'a, Outcome> + Send + Sync>;

pub(crate) enum Handler {
    /// Acts outside the database; is finished afterwards.
    External(External),
    /// Acts in the transaction that finishes it.
    Database(Database),
}

/// A function for [`Registry::on_db`]: `async fn(&mut Conn, &Ctx, J) -> Outcome`.
pub trait InTransaction<'a, J>: Send + Sync {
    /// What it returns.
    type Future: Future<Output = Outcome> + Send + 'a;
    /// Calls it.
    fn call(&self, conn: &'a mut Conn, ctx: &'a Ctx, job: J) -> Self::Future;
}

impl<'a, J, F, Fut> InTransaction<'a, J> for F
where
    F: Fn(&'a mut Conn, &'a Ctx, J) -> Fut + Send + Sync,
    Fut: Future<Output = Outcome> + Send + 'a,
{
    type Future = Fut;

    fn call(&self, conn: &'a mut Conn, ctx: &'a Ctx, job: J) -> Fut {
        self(conn, ctx, job)
    }
}

/// All kinds that this release can do.
#[derive(Debug, Default)]
pub struct Registry(BTreeMap<&'static str, Arc<Kind>>);

impl Registry {
    /// A kind whose effects are all in the database. The function works in a transaction that also
    /// finishes the job: both happen exactly once, or neither does.
    ///
    /// # Panics
    /// The name is taken: two functions for one kind.
    #[must_use]
    pub fn on_db<J, F>(self, handler: F) -> Self
    where
        J: Job,
        F: for<'a> InTransaction<'a, J> + 'static,
    {
        self.add::<J>(Handler::Database(Box::new(move |conn, ctx, args| match decode::<J>(args) {
            Ok(job) => handler.call(conn, ctx, job).boxed(),
            Err(failure) => std::future::ready(Err(failure)).boxed(),
        })))
    }

    /// A kind with effects elsewhere, or with transactions of its own. The function may run more
    /// than once for a job and says in its first comment why that does no harm.
    ///
    /// # Panics
    /// The name is taken: two functions for one kind.
    #[must_use]
    pub fn on<J, F, Fut>(self, handler: F) -> Self
    where
        J: Job,
        F: Fn(Ctx, J) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        self.add::<J>(Handler::External(Box::new(move |ctx, args| match decode::<J>(args) {
            Ok(job) => handler(ctx, job).boxed(),
            Err(failure) => std::future::ready(Err(failure)).boxed(),
        })))
    }

    /// A kind that asks for many others, in chunks that a crash neither loses nor doubles.
    ///
    /// # Panics
    /// The name is taken: two functions for one kind.
    #[must_use]
    pub fn on_bulk<B: Bulk>(self) -> Self {
        self.on(bulk::run::<B>)
    }

    /// The kind of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Kind>> {
        self.0.get(name)
    }

    /// All kinds, by name.
    pub fn kinds(&self) -> impl Iterator<Item = &Kind> {
        self.0.values().map(AsRef::as_ref)
    }

    /// What of its kinds is limited.
    pub fn limits(&self) -> Vec<Declared> {
        let is_limited = |limits: &Declared| {
            limits.rate.is_some() || limits.tenant_rate.is_some() || limits.tenant_backlog.is_some()
        };
        self.kinds().map(|kind| kind.limits).filter(is_limited).collect()
    }

    /// Whether its kinds are those that are `listed`: what the API takes for a kind must be one that
    /// somebody does.
    ///
    /// # Errors
    /// They differ; it says by which.
    pub fn agrees_with(&self, listed: &[JobKind]) -> anyhow::Result<()> {
        let done: BTreeSet<&str> = self.0.keys().copied().collect();
        let listed: BTreeSet<&str> = listed.iter().map(|kind| kind.name).collect();
        let (undone, unlisted) = (&listed - &done, &done - &listed);
        anyhow::ensure!(undone.is_empty(), "kinds of job in shared::kinds that no function does: {undone:?}");
        anyhow::ensure!(unlisted.is_empty(), "kinds of job that are missing in shared::kinds: {unlisted:?}");
        Ok(())
    }

    fn add<J: Job>(mut self, handler: Handler) -> Self {
        let JobKind { name, version, queue, provider, limits, .. } = JobKind::of::<J>();
        let kind = Kind {
            name,
            queue,
            version,
            backoff: J::BACKOFF,
            timeout: J::TIMEOUT,
            provider,
            limits,
            reread: |args| Ok(serde_json::to_value(decode::<J>(args)?)?),
            handler,
        };
        let before = self.0.insert(J::NAME, Arc::new(kind));
        assert!(before.is_none(), "two functions for {}", J::NAME);
        self
    }
}

fn decode<J: Job>(args: Value) -> Result<J, Failure> {
    serde_json::from_value(args).map_err(|error| Failure::Undecodable(format!("{}: {error}", J::NAME)))
}
