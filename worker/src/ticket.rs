//! From a ticket to a finished job: claim, run, finish, each fenced.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use shared::db::{Pool, Scope, ScopedConn};
use shared::jobs::ledger::{self, Claim, Held};
use shared::jobs::{JobState, Queue, Ticket};
use shared::kinds;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::context::{Ctx, Services};
use crate::lease::{Leases, Watch};
use crate::limits::Limits;
use crate::registry::{Kind, Registry};
use crate::verdict::{End, Ending, judge};
use crate::work;

/// A job that is asked to stop may do so by itself for this long.
const CANCEL_GRACE: Duration = Duration::from_secs(1);
/// An outcome is written as soon as the database is back, if that is within this time.
const FINISH_PATIENCE: Duration = Duration::from_secs(60);
/// A job that was lost with its worker so often is dead the next time.
const LAST_CHANCE: i32 = 2;
/// While another has its last chance here, such a job looks again after this.
const LATER: Duration = Duration::from_secs(1);
/// How often a database that is away is tried.
const AGAIN: Duration = Duration::from_millis(250);

/// Runs jobs. One for a process.
#[derive(Debug)]
pub struct Executor {
    registry: Registry,
    services: Arc<Services>,
    worker: String,
    slots: BTreeMap<Queue, Arc<Semaphore>>,
    leases: Leases,
    limits: Limits,
    /// Held by the one that has its last chance.
    last_chance: Semaphore,
    /// Tickets in hand, from before the claim is asked for until the outcome is written.
    in_hand: AtomicUsize,
    /// No more claims.
    closing: CancellationToken,
    /// No more running.
    broken_off: CancellationToken,
    /// Claims of what was broken off.
    left: Mutex<Vec<Held>>,
}

/// A ticket in hand.
struct InHand<'a>(&'a AtomicUsize);

impl<'a> InHand<'a> {
    fn one_more(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Executor {
    /// An executor named `worker` with so many slots a queue. Leases are renewed through `control`,
    /// so that they do not wait behind the jobs that they are for.
    pub fn new(
        worker: String,
        registry: Registry,
        services: Services,
        control: Pool,
        slots: &BTreeMap<Queue, usize>,
    ) -> Self {
        Self {
            registry,
            limits: Limits::new(control.clone(), services.pool.clone(), services.clock.clone()),
            services: Arc::new(services),
            worker,
            slots: slots.iter().map(|(queue, slots)| (*queue, Arc::new(Semaphore::new(*slots)))).collect(),
            leases: Leases::new(control),
            last_chance: Semaphore::new(1),
            in_hand: AtomicUsize::new(0),
            closing: CancellationToken::new(),
            broken_off: CancellationToken::new(),
            left: Mutex::default(),
        }
    }

    /// Renews the leases of what runs, for ever.
    pub async fn keep_leases(&self) {
        self.leases.keep().await;
    }

    /// How long ago the leases were last looked at: the pulse of this process.
    pub fn pulse(&self) -> Duration {
        self.leases.pulse()
    }

    /// Connections of the jobs in use, and jobs that wait for one.
    pub fn pool_load(&self) -> (usize, usize) {
        self.services.pool.load()
    }

    /// Jobs under way.
    pub fn running(&self) -> usize {
        self.leases.count()
    }

    /// Slots of a queue that are free.
    pub fn free(&self, queue: Queue) -> usize {
        self.slots.get(&queue).map_or(0, |slots| slots.available_permits())
    }

    /// Takes no more jobs, lets those under way end within `patience`, breaks the rest off and gives
    /// it back without counting an attempt. Returns how many were given back.
    pub async fn drain(&self, patience: Duration) -> usize {
        // Whoever counts itself later sees that nothing is to be claimed any more.
        self.closing.cancel();
        self.until_nothing_is_in_hand(patience).await;
        self.broken_off.cancel();
        self.until_nothing_is_in_hand(Duration::from_secs(1)).await;
        // First what does not end though it was told to: it may do so now, and be in the other list.
        let mut left = self.leases.held();
        left.append(&mut self.left.lock().unwrap_or_else(PoisonError::into_inner));
        if left.is_empty() { 0 } else { self.leases.release(&left).await }
    }

    async fn until_nothing_is_in_hand(&self, patience: Duration) {
        let begun = Instant::now();
        while self.in_hand.load(Ordering::SeqCst) > 0 && begun.elapsed() < patience {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Does what `ticket` asks for, and returns when that is over.
    ///
    /// The work is a task of its own: when the caller is dropped, as apalis does with all that it
    /// runs whenever Redis stumbles, the job goes on.
    pub async fn accept(self: Arc<Self>, ticket: Ticket, queue: Queue) {
        let executor = self.clone();
        if let Err(error) = tokio::spawn(async move { executor.serve(ticket, queue).await }).await {
            tracing::error!(error = %error, job.id = %ticket.job, "A job's task broke down: {error}");
        }
    }

    async fn serve(&self, ticket: Ticket, queue: Queue) {
        let Some(slots) = self.slots.get(&queue) else { return };
        let Ok(slot) = slots.clone().acquire_owned().await else { return };
        let _in_hand = InHand::one_more(&self.in_hand);
        if let Some((conn, claim)) = self.claim(ticket, queue).await {
            self.run(conn, claim, queue, Some(slot)).await;
        }
    }

    /// Claims and runs one job here and now; says what became of it, or none if it was not there to
    /// be taken.
    pub async fn run_one(&self, ticket: Ticket, queue: Queue) -> Option<&'static str> {
        let _in_hand = InHand::one_more(&self.in_hand);
        let (conn, claim) = self.claim(ticket, queue).await?;
        Some(self.run(conn, claim, queue, None).await)
    }

    /// Claims the job; tries again while the database is away, because a ticket that is let fall
    /// costs seconds.
    async fn claim(&self, ticket: Ticket, queue: Queue) -> Option<(ScopedConn, Claim)> {
        for _ in 0..40 {
            if self.closing.is_cancelled() {
                return None;
            }
            match self.try_claim(ticket, queue).await {
                Ok(None) => {
                    metrics::counter!("job_tickets_stale_total", "queue" => queue.name()).increment(1);
                    return None;
                }
                Ok(claimed) => return claimed,
                Err(error) => {
                    tracing::warn!(job.id = %ticket.job, "Could not claim yet: {error:#}");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
        None
    }

    async fn try_claim(&self, ticket: Ticket, queue: Queue) -> anyhow::Result<Option<(ScopedConn, Claim)>> {
        let mut conn = self.services.pool.get(Scope::of(Some(ticket.tenant))).await?;
        let claim = ledger::claim(&mut conn, ticket, &self.worker, queue.lease()).await?;
        Ok(claim.map(|claim| (conn, claim)))
    }

    /// Runs a claimed job to its end, and writes that down.
    async fn run(
        &self,
        conn: ScopedConn,
        claim: Claim,
        queue: Queue,
        slot: Option<OwnedSemaphorePermit>,
    ) -> &'static str {
        let span = tracing::info_span!(
            "job",
            job.id = %claim.id, job.name = %claim.kind, job.attempt = claim.attempt, tenant.id = %claim.tenant,
            request.id = claim.request_id.as_deref(),
        );
        let begun = Instant::now();
        let kind = self.registry.get(&claim.kind);
        let outcome = async {
            let (end, result) = match kind {
                Some(kind) if claim.version <= kind.version => self.begin(conn, kind, &claim, queue).await,
                _ => {
                    drop(conn);
                    (End::Unknown { is_announced: self.is_announced(&claim).await }, None)
                }
            };
            let outcome = self.finish(&claim, judge(end, result, kind.map(AsRef::as_ref), &claim)).await;
            // Any text may stand in the row; only names that we know become labels.
            let name = kind.map_or(kinds::UNKNOWN, |kind| kind.name);
            metrics::counter!("job_attempts_total", "kind" => name, "outcome" => outcome).increment(1);
            metrics::histogram!("job_duration_seconds", "kind" => name, "outcome" => outcome)
                .record(begun.elapsed().as_secs_f64());
            let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(outcome, duration_ms, "{}: {outcome}", claim.kind);
            outcome
        };
        let outcome = outcome.instrument(span).await;
        drop(slot);
        outcome
    }

    /// Whether another release knows what this one does not. If that cannot be asked, it may.
    async fn is_announced(&self, claim: &Claim) -> bool {
        let asked = async {
            let mut conn = self.services.pool.get(Scope::Relay).await?;
            anyhow::Ok(shared::jobs::is_announced(&mut conn, &claim.kind, claim.version).await?)
        };
        asked.await.unwrap_or(true)
    }

    /// Runs the handler, unless a limit says that it is not its turn.
    async fn begin(
        &self,
        conn: ScopedConn,
        kind: &Arc<Kind>,
        claim: &Claim,
        queue: Queue,
    ) -> (End, Option<serde_json::Value>) {
        let watch = self.leases.watch(claim, queue.lease());
        // Of several that are lost with this process one has killed it, and nobody knows which. Who
        // would be buried for that runs while no other suspect does.
        let _alone = match self.last_chance.try_acquire() {
            _ if claim.crashes < LAST_CHANCE => None,
            Ok(alone) => Some(alone),
            Err(_) => return (End::NotItsTurn(LATER), None),
        };
        let conn = match self.turn(conn, kind, claim).await {
            Ok(Ok(conn)) => conn,
            Ok(Err(wait)) => return (End::NotItsTurn(wait), None),
            Err(error) => {
                tracing::warn!("The limits do not answer yet: {error:#}");
                return (End::NotItsTurn(Duration::from_secs(1)), None);
            }
        };
        metrics::histogram!("job_start_latency_seconds", "queue" => queue.name()).record(claim.waited_seconds());
        let ctx = Ctx::new(self.services.clone(), claim.clone(), watch.hold(), watch.cancelled());
        let end = self.supervise(conn, kind, &ctx, &watch).await;
        if matches!(end, End::BrokenOff) {
            self.left.lock().unwrap_or_else(PoisonError::into_inner).push(watch.held());
        }
        (end, ctx.result())
    }

    /// The connection again, when the job may start; otherwise how long it must wait.
    async fn turn(&self, conn: ScopedConn, kind: &Kind, claim: &Claim) -> anyhow::Result<Result<ScopedConn, Duration>> {
        let buckets = self.limits.buckets(claim, kind).await?;
        if buckets.is_empty() {
            return Ok(Ok(conn));
        }
        // Nobody holds one connection while waiting for another.
        drop(conn);
        if let Some(wait) = self.limits.wait(claim, &buckets).await? {
            return Ok(Err(wait));
        }
        Ok(Ok(self.services.pool.get(Scope::of(Some(claim.tenant))).await?))
    }

    /// Runs the handler as a task, which panics alone, and watches the time, the lease and the
    /// operators meanwhile.
    async fn supervise(&self, conn: ScopedConn, kind: &Arc<Kind>, ctx: &Ctx, watch: &Watch<'_>) -> End {
        let work = work::run(conn, kind.clone(), ctx.clone()).instrument(tracing::Span::current());
        let mut task = tokio::spawn(work);
        let stop = watch.cancelled();
        let cancelled = async {
            stop.cancelled().await;
            tokio::time::sleep(CANCEL_GRACE).await;
        };
        let end = tokio::select! {
            joined = &mut task => return joined.unwrap_or_else(|error| End::Panicked(work::message(error))),
            () = tokio::time::sleep(kind.timeout) => End::TimedOut,
            () = watch.lost() => End::Fenced,
            () = cancelled => End::Cancelled,
            () = self.broken_off.cancelled() => End::BrokenOff,
        };
        task.abort();
        // It may have ended in the same moment; then that counts. One that cannot be stopped is left
        // alone: whatever it does, it is fenced.
        match tokio::time::timeout(Duration::from_secs(2), task).await {
            Ok(Ok(ended @ (End::Committed | End::Done))) => ended,
            _ => end,
        }
    }

    /// Writes the end down, and names it.
    async fn finish(&self, claim: &Claim, ending: Ending) -> &'static str {
        match &ending {
            Ending::Written => return "succeeded",
            Ending::GivenBack => return "released",
            Ending::Fenced => return fenced(),
            Ending::Success(_) | Ending::Failure { verdict: ledger::Verdict::Wait(_), .. } => {}
            Ending::Failure { class, error, .. } => {
                tracing::warn!(job.error_class = class, "{} did not succeed: {error}", claim.kind);
            }
        }
        let Some(written) = self.write(claim, &ending).await else { return "unwritten" };
        match (written, &ending) {
            (None, _) => fenced(),
            (Some(JobState::Succeeded), _) => "succeeded",
            (Some(JobState::Cancelled), _) => "cancelled",
            (Some(JobState::Dead), _) => {
                tracing::error!("{} is dead after attempt {}", claim.kind, claim.attempt);
                "dead"
            }
            (_, Ending::Failure { verdict: ledger::Verdict::Wait(_), .. }) => "limited",
            (_, Ending::Failure { verdict: ledger::Verdict::Defer(_) | ledger::Verdict::PutBack(_), .. }) => "deferred",
            _ => "retried",
        }
    }

    /// Writes an ending, and does not let go while the database is away for a moment.
    async fn write(&self, claim: &Claim, ending: &Ending) -> Option<Option<JobState>> {
        let begun = Instant::now();
        loop {
            match self.try_write(claim, ending).await {
                Ok(written) => return Some(written),
                Err(error) if begun.elapsed() < FINISH_PATIENCE => {
                    tracing::warn!("The outcome cannot be written yet: {error:#}");
                    tokio::time::sleep(AGAIN).await;
                }
                Err(error) => {
                    tracing::error!("The outcome is not written: {error:#}");
                    return None;
                }
            }
        }
    }

    async fn try_write(&self, claim: &Claim, ending: &Ending) -> anyhow::Result<Option<JobState>> {
        let mut conn = self.services.pool.get(Scope::of(Some(claim.tenant))).await?;
        Ok(match ending {
            Ending::Failure { verdict, class, error } => ledger::fail(&mut conn, claim, *verdict, class, error).await?,
            Ending::Success(result) => {
                let is_ours = ledger::succeed(&mut conn, claim, result.as_ref()).await?;
                is_ours.then_some(JobState::Succeeded)
            }
            Ending::Written | Ending::Fenced | Ending::GivenBack => None,
        })
    }
}

fn fenced() -> &'static str {
    metrics::counter!("job_fenced_total").increment(1);
    tracing::warn!("The claim was lost: whatever was done is not counted");
    "fenced"
}
