//! Every state that a job, three workers, their clocks and their deaths can come to.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use shared::jobs::JobState;
use shared::jobs::effects::Permit;
use shared::jobs::ledger::Verdict;
use shared::testing::job_model::JobModel;

/// More deferrals than this are more of the same.
const MOST_DEFERRALS: u8 = 1;
const MOST_TICKETS: u8 = 2;
const SOON: Duration = Duration::ZERO;
const LATER: Duration = Duration::from_secs(3_600);

/// How far a worker is with its claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Phase {
    Working,
    Permitted,
    Sent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct World {
    job: JobModel,
    tickets: u8,
    /// What each worker believes to hold.
    workers: [Option<(u8, Phase)>; 3],
    /// Finishes that were not fenced.
    finishes: u8,
    /// Sends of an effect that may happen at most once.
    sends: u8,
}

/// A protection that is off, to see that the explorer notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Nothing,
    Fence,
    Guard,
}

impl World {
    fn new() -> Self {
        Self { job: JobModel::default(), tickets: 0, workers: [None; 3], finishes: 0, sends: 0 }
    }

    /// The same world with small numbers: a token is that of the claim that holds, or it is not and
    /// never will be; and workers have no names.
    fn normal(mut self) -> Self {
        for (token, _) in self.workers.iter_mut().flatten() {
            *token = u8::from(*token == self.job.token);
        }
        self.job.token = 1;
        self.workers.sort_unstable();
        self
    }

    /// All worlds that may come next.
    fn next(self, missing: Missing) -> Vec<Self> {
        let mut all = Vec::new();
        let mut push = |world: Self| all.push(world.normal());
        self.by_relay(&mut push);
        for worker in 0..self.workers.len() {
            match self.workers[worker] {
                None => self.by_idle_worker(worker, &mut push),
                Some((token, phase)) => self.by_worker(worker, token, phase, missing, &mut push),
            }
        }
        all
    }

    /// The relay, Redis, time and people.
    fn by_relay(self, push: &mut impl FnMut(Self)) {
        let changed = |change: &dyn Fn(&mut Self)| {
            let mut world = self;
            change(&mut world);
            world
        };
        push(changed(&|world| {
            if world.job.dispatch() {
                world.tickets = MOST_TICKETS.min(world.tickets + 1);
            }
        }));
        // Dead between the commit and the push; a ticket that comes twice; Redis emptied.
        push(changed(&|world| _ = world.job.dispatch()));
        push(changed(&|world| world.tickets = if world.tickets == 0 { 0 } else { MOST_TICKETS }));
        push(changed(&|world| world.tickets = 0));
        push(changed(&|world| _ = world.job.call_back()));
        push(changed(&|world| _ = world.job.sweep()));
        push(changed(&|world| _ = world.job.cancel()));
        push(changed(&|world| world.job.is_due = true));
        push(changed(&|world| world.job.is_lease_over |= world.job.state == JobState::Running));
    }

    fn by_idle_worker(self, worker: usize, push: &mut impl FnMut(Self)) {
        if self.tickets > 0 {
            let mut world = self;
            world.tickets -= 1;
            world.workers[worker] = world.job.claim().map(|token| (token, Phase::Working));
            push(world);
        }
    }

    fn by_worker(self, worker: usize, token: u8, phase: Phase, missing: Missing, push: &mut impl FnMut(Self)) {
        let idle = || {
            let mut world = self;
            world.workers[worker] = None;
            world
        };
        // Killed.
        push(idle());
        let mut renewed = self;
        if renewed.job.renew(token).is_none() {
            renewed.workers[worker] = None;
        }
        push(renewed);
        let mut finished = idle();
        if finished.job.succeed(token) || missing == Missing::Fence {
            finished.job.state = JobState::Succeeded;
            finished.finishes += 1;
        }
        push(finished);
        for verdict in [Verdict::Retry(LATER), Verdict::Retry(SOON), Verdict::Dead, Verdict::Wait(LATER)] {
            let mut failed = idle();
            failed.job.fail(token, verdict);
            push(failed);
        }
        if self.job.deferrals < MOST_DEFERRALS {
            let mut deferred = idle();
            deferred.job.fail(token, Verdict::Defer(LATER));
            push(deferred);
            let mut released = idle();
            released.job.release(token);
            push(released);
        }
        push(self.with_effect(worker, token, phase, missing));
    }

    /// The next step of an effect that may happen at most once.
    fn with_effect(mut self, worker: usize, token: u8, phase: Phase, missing: Missing) -> Self {
        match phase {
            Phase::Working => match self.job.permit(token) {
                Permit::First => self.workers[worker] = Some((token, Phase::Permitted)),
                _ if missing == Missing::Guard => self.workers[worker] = Some((token, Phase::Permitted)),
                Permit::Done(_) => self.workers[worker] = Some((token, Phase::Sent)),
                Permit::Repeat => {
                    self.job.fail(token, Verdict::Dead);
                    self.workers[worker] = None;
                }
                Permit::Cancelled => {
                    self.job.fail(token, Verdict::Cancelled);
                    self.workers[worker] = None;
                }
                Permit::Lost => self.workers[worker] = None,
            },
            Phase::Permitted => {
                self.sends += 1;
                self.workers[worker] = Some((token, Phase::Sent));
            }
            Phase::Sent => self.job.complete(),
        }
        self
    }

    /// What is wrong with it.
    fn fault(&self) -> Option<&'static str> {
        if self.finishes > 1 {
            return Some("two finishes that were not fenced");
        }
        if self.sends > 1 {
            return Some("an effect that may happen once happened twice");
        }
        let holders = self.workers.iter().flatten().filter(|(token, _)| self.job.is_held_by(*token)).count();
        if holders > 1 {
            return Some("two workers hold it");
        }
        if self.job.attempt > 3 || self.job.crashes > 3 {
            return Some("it was tried too often");
        }
        if self.job.is_cancel_requested && self.job.state == JobState::Available {
            return Some("it was cancelled and comes back");
        }
        (!self.can_end()).then_some("it never ends")
    }

    /// Whether it ends when everybody who has it dies and time goes on.
    fn can_end(&self) -> bool {
        let mut job = self.job;
        for _ in 0..4 {
            if job.is_over() {
                return true;
            }
            job.is_lease_over = true;
            job.sweep();
            job.call_back();
            job.is_due = true;
            job.dispatch();
            if let Some(token) = job.claim() {
                job.succeed(token);
            }
        }
        job.is_over()
    }
}

/// All that can be reached; or the way to the first fault.
fn explore(missing: Missing) -> Result<usize, (&'static str, World)> {
    let mut seen = HashSet::from([World::new().normal()]);
    let mut open = VecDeque::from([World::new().normal()]);
    while let Some(world) = open.pop_front() {
        if let Some(fault) = world.fault() {
            return Err((fault, world));
        }
        for next in world.next(missing) {
            if seen.insert(next) {
                open.push_back(next);
            }
        }
    }
    Ok(seen.len())
}

#[test]
fn no_state_has_two_finishes_and_each_can_come_to_an_end() {
    let states = explore(Missing::Nothing).unwrap_or_else(|(fault, world)| panic!("{fault}: {world:#?}"));
    assert!(states > 5_000, "only {states} states: that is not everything");
}

#[test]
fn the_explorer_sees_a_missing_fence() {
    assert_eq!(explore(Missing::Fence).map_err(|(fault, _)| fault), Err("two finishes that were not fenced"));
}

#[test]
fn the_explorer_sees_a_missing_guard() {
    let fault = explore(Missing::Guard).map_err(|(fault, _)| fault);
    assert_eq!(fault, Err("an effect that may happen once happened twice"));
}
