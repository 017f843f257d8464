//! Keeping the claims of what runs.
//!
//! One task renews the leases of all jobs of the process, a third of a lease after the last time,
//! in one statement. From the answer it learns which claims are lost and which jobs are to stop.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use anyhow::Context;
use shared::db::{Pool, Scope};
use shared::ids::JobId;
use shared::jobs::ledger::{self, Claim, Held};
use shared::jobs::mutant::{Mutant, is_on};
use tokio_util::sync::CancellationToken;

use crate::registry::Failure;

/// How often it is looked whether a lease wants renewing.
const LOOK: Duration = Duration::from_millis(500);
/// A database that takes longer is asked again: it may hang without a word, and this task must not.
const PATIENCE: Duration = Duration::from_secs(3);

/// The claims of this process.
#[derive(Debug)]
pub(crate) struct Leases {
    control: Pool,
    running: Mutex<HashMap<JobId, Running>>,
    looked: Mutex<Instant>,
}

/// How certain a claim is: for one lease from when it was last asked for, by this process's clock,
/// which also goes on while the process is stopped.
#[derive(Debug)]
pub(crate) struct Hold {
    lease: Duration,
    renewed: Mutex<Instant>,
}

impl Hold {
    fn new(lease: Duration) -> Self {
        Self { lease, renewed: Mutex::new(Instant::now()) }
    }

    /// The lease.
    pub(crate) fn lease(&self) -> Duration {
        self.lease
    }

    /// Notes that the ledger has granted a whole lease to who asked at `asked`.
    pub(crate) fn renew(&self, asked: Instant) {
        let mut renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        *renewed = asked.max(*renewed);
    }

    /// Goes on with `effect` for as long as the claim is certain. A process that was stopped for
    /// longer than its lease (a laptop's lid, a frozen container) would otherwise take up the
    /// conversation where it was, and do a second time what another has done meanwhile.
    ///
    /// # Errors
    /// [`Failure::Lost`] when the lease may have ended; or what `effect` says.
    pub(crate) async fn guard<T>(&self, effect: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let mut effect = pin!(effect);
        poll_fn(|context| {
            if self.is_certain() || is_on(Mutant::NoFence) {
                effect.as_mut().poll(context)
            } else {
                Poll::Ready(Err(Failure::Lost))
            }
        })
        .await
    }

    /// Whether nobody else can have the job.
    fn is_certain(&self) -> bool {
        self.age() < self.lease
    }

    fn age(&self) -> Duration {
        self.renewed.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}

#[derive(Debug)]
struct Running {
    held: Held,
    hold: Arc<Hold>,
    lost: CancellationToken,
    cancelled: CancellationToken,
}

/// A job that is being watched; dropped when it is over.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    leases: &'a Leases,
    held: Held,
    hold: Arc<Hold>,
    lost: CancellationToken,
    cancelled: CancellationToken,
}

impl Watch<'_> {
    /// Until the claim is lost.
    pub(crate) async fn lost(&self) {
        self.lost.cancelled().await;
    }

    /// The claim.
    pub(crate) fn held(&self) -> Held {
        self.held
    }

    /// How certain it is.
    pub(crate) fn hold(&self) -> Arc<Hold> {
        self.hold.clone()
    }

    /// Set when somebody asks for the job to stop.
    pub(crate) fn cancelled(&self) -> CancellationToken {
        self.cancelled.clone()
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut running = self.leases.running();
        // The same job may have been claimed again by this very process meanwhile.
        if running.get(&self.held.id).is_some_and(|job| job.held.token == self.held.token) {
            running.remove(&self.held.id);
        }
    }
}

impl Leases {
    pub(crate) fn new(control: Pool) -> Self {
        Self { control, running: Mutex::default(), looked: Mutex::new(Instant::now()) }
    }

    /// Watches a claim that was just made.
    pub(crate) fn watch(&self, claim: &Claim, lease: Duration) -> Watch<'_> {
        let held = Held { id: claim.id, token: claim.token, lease };
        let (lost, cancelled) = (CancellationToken::new(), CancellationToken::new());
        let hold = Arc::new(Hold::new(lease));
        let job = Running { held, hold: hold.clone(), lost: lost.clone(), cancelled: cancelled.clone() };
        if let Some(before) = self.running().insert(claim.id, job) {
            before.lost.cancel();
        }
        Watch { leases: self, held, hold, lost, cancelled }
    }

    pub(crate) fn count(&self) -> usize {
        self.running().len()
    }

    pub(crate) fn held(&self) -> Vec<Held> {
        self.running().values().map(|job| job.held).collect()
    }

    /// How long ago this task last looked.
    pub(crate) fn pulse(&self) -> Duration {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Renews, for ever.
    pub(crate) async fn keep(&self) {
        loop {
            tokio::time::sleep(LOOK).await;
            *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
            let due: Vec<Held> = self
                .running()
                .values()
                .filter(|job| job.hold.age() + LOOK >= job.held.lease / 3)
                .map(|job| job.held)
                .collect();
            if due.is_empty() {
                continue;
            }
            let asked = Instant::now();
            match self.renew(&due).await {
                Ok(kept) => self.note(&due, &kept, asked),
                Err(error) => tracing::warn!("Leases could not be renewed yet: {error:#}"),
            }
        }
    }

    async fn renew(&self, due: &[Held]) -> anyhow::Result<Vec<ledger::Kept>> {
        let renewed = async {
            let mut conn = self.control.get(Scope::Relay).await?;
            anyhow::Ok(ledger::renew(&mut conn, due).await?)
        };
        tokio::time::timeout(PATIENCE, renewed).await.context("the database does not answer")?
    }

    fn note(&self, due: &[Held], kept: &[ledger::Kept], asked: Instant) {
        let kept: HashMap<(JobId, i64), bool> =
            kept.iter().map(|kept| ((kept.id, kept.token), kept.is_cancel_requested)).collect();
        let mut running = self.running();
        for held in due {
            let Some(job) = running.get_mut(&held.id).filter(|job| job.held.token == held.token) else { continue };
            match kept.get(&(held.id, held.token)) {
                None => job.lost.cancel(),
                Some(is_cancel_requested) => {
                    job.hold.renew(asked);
                    if *is_cancel_requested {
                        job.cancelled.cancel();
                    }
                }
            }
        }
    }

    /// Gives claims back.
    pub(crate) async fn release(&self, held: &[Held]) -> usize {
        for _ in 0..4 {
            let released = async {
                let mut conn = self.control.get(Scope::Relay).await?;
                anyhow::Ok(ledger::release(&mut conn, held).await?)
            };
            match released.await {
                Ok(count) => return count,
                Err(error) => tracing::warn!("Could not give jobs back yet: {error:#}"),
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        0
    }

    fn running(&self) -> MutexGuard<'_, HashMap<JobId, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn an_effect_goes_on_while_its_claim_is_certain() {
        let hold = Hold::new(LEASE);
        let effect = async {
            tokio::task::yield_now().await;
            Ok(7)
        };
        assert_eq!(hold.guard(effect).await.expect("done"), 7);
    }

    #[tokio::test]
    async fn an_effect_takes_no_further_step_once_another_may_have_the_job() {
        let hold = Hold::new(LEASE);
        let mut steps = 0;
        let effect = async {
            steps += 1;
            // The process is stopped here, for longer than its lease.
            *hold.renewed.lock().expect("ours") = Instant::now().checked_sub(LEASE).expect("a past");
            tokio::task::yield_now().await;
            steps += 1;
            Ok(())
        };
        assert!(matches!(hold.guard(effect).await, Err(Failure::Lost)));
        assert_eq!(steps, 1);
    }

    #[test]
    fn a_claim_is_certain_again_when_the_ledger_says_so_and_never_by_an_older_answer() {
        let hold = Hold::new(LEASE);
        let long_ago = Instant::now().checked_sub(LEASE).expect("a past");
        hold.renew(long_ago);
        assert!(hold.is_certain(), "an answer that comes late takes nothing away");
        *hold.renewed.lock().expect("ours") = long_ago;
        assert!(!hold.is_certain());
        hold.renew(Instant::now());
        assert!(hold.is_certain());
    }
}
