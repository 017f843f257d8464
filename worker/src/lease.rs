//! Keeping the claims of what runs.
//!
//! One task renews the leases of all jobs of the process, a third of a lease after the last time,
//! in one statement. From the answer it learns which claims are lost and which jobs are to stop.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use shared::db::{Pool, Scope};
use shared::ids::JobId;
use shared::jobs::ledger::{self, Claim, Held};
use tokio_util::sync::CancellationToken;

/// How often it is looked whether a lease wants renewing.
const LOOK: Duration = Duration::from_millis(500);

/// The claims of this process.
#[derive(Debug)]
pub(crate) struct Leases {
    control: Pool,
    running: Mutex<HashMap<JobId, Running>>,
    looked: Mutex<Instant>,
}

#[derive(Debug)]
struct Running {
    held: Held,
    renewed: Instant,
    lost: CancellationToken,
    cancelled: CancellationToken,
}

/// A job that is being watched; dropped when it is over.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    leases: &'a Leases,
    held: Held,
    lost: CancellationToken,
    cancelled: CancellationToken,
}

impl Watch<'_> {
    /// Until the claim is lost.
    pub(crate) async fn lost(&self) {
        self.lost.cancelled().await;
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
        let job = Running { held, renewed: Instant::now(), lost: lost.clone(), cancelled: cancelled.clone() };
        if let Some(before) = self.running().insert(claim.id, job) {
            before.lost.cancel();
        }
        Watch { leases: self, held, lost, cancelled }
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
                .filter(|job| job.renewed.elapsed() + LOOK >= job.held.lease / 3)
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
        let mut conn = self.control.get(Scope::Relay).await?;
        Ok(ledger::renew(&mut conn, due).await?)
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
                    job.renewed = asked;
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
