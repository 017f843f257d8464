//! Workers: what each has in hand, and what it does next.

use rand::Rng;
use shared::jobs::effects::Permit;
use shared::jobs::ledger::Verdict;

use super::{BACKOFF, Kind, LEASE, Missing, SLOTS, Simulation};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Working,
    Permitted,
    Sent,
}

#[derive(Debug)]
pub(super) struct Task {
    pub(super) job: usize,
    pub(super) token: u8,
    pub(super) phase: Phase,
    pub(super) wakes_at: u64,
    pub(super) renews_at: u64,
}

#[derive(Debug, Default)]
pub(super) struct Worker {
    /// Dead or stopped until then.
    pub(super) back_at: u64,
    pub(super) tasks: Vec<Task>,
}

impl Simulation {
    pub(super) fn work(&mut self, worker: usize) {
        if self.now < self.workers[worker].back_at {
            return;
        }
        let mut tasks = std::mem::take(&mut self.workers[worker].tasks);
        if self.has_database() {
            tasks.retain_mut(|task| self.renew(task));
        }
        let mut left = Vec::new();
        for mut task in tasks {
            if task.wakes_at > self.now || !self.has_database() {
                left.push(task);
            } else if self.jobs[task.job].kind == Kind::Poison {
                return self.kill(worker);
            } else if self.go_on(&mut task) {
                left.push(task);
            }
        }
        while left.len() < SLOTS && self.has_database() {
            let Some(job) = self.redis.pop_front() else { break };
            left.extend(self.claim(job));
        }
        self.workers[worker].tasks = left;
    }

    fn claim(&mut self, number: usize) -> Option<Task> {
        let job = &mut self.jobs[number];
        job.model.is_due = job.run_at <= self.now;
        let token = job.model.claim()?;
        job.lease_until = self.now + LEASE;
        job.claimed_at = self.now;
        let wakes_at = self.now + self.random.random_range(10..400);
        Some(Task { job: number, token, phase: Phase::Working, wakes_at, renews_at: self.now + LEASE / 3 })
    }

    /// Whether the task still has its claim, as far as it knows.
    fn renew(&mut self, task: &mut Task) -> bool {
        if task.renews_at > self.now {
            return true;
        }
        let job = &mut self.jobs[task.job];
        task.renews_at = self.now + LEASE / 3;
        let is_ours = job.model.renew(task.token).is_some();
        if is_ours {
            job.lease_until = self.now + LEASE;
        } else if self.missing == Missing::Fence {
            return true;
        } else {
            self.harm.fenced += 1;
        }
        is_ours
    }

    /// The next thing that the handler does; whether it goes on after that.
    fn go_on(&mut self, task: &mut Task) -> bool {
        let job = &mut self.jobs[task.job];
        match (job.kind, task.phase) {
            (Kind::Flaky, _) if job.model.attempt == 1 => {
                let wait = BACKOFF.longest(1);
                if job.model.fail(task.token, Verdict::Retry(wait)).is_some() {
                    job.run_at = self.now + u64::try_from(wait.as_millis()).expect("short");
                }
                false
            }
            (Kind::External, Phase::Working) => match job.model.permit(task.token) {
                Permit::First | Permit::Repeat => {
                    job.lease_until = self.now + LEASE;
                    task.phase = Phase::Permitted;
                    task.wakes_at = self.now + self.random.random_range(10..100);
                    true
                }
                Permit::Done(_) => {
                    task.phase = Phase::Sent;
                    true
                }
                Permit::Lost | Permit::Cancelled => {
                    self.harm.fenced += 1;
                    false
                }
            },
            (Kind::External, Phase::Permitted) => {
                job.sends += 1;
                task.phase = Phase::Sent;
                true
            }
            _ => {
                job.model.complete();
                let is_ours = job.model.succeed(task.token);
                if is_ours || self.missing == Missing::Fence {
                    job.database_effects += 1;
                } else {
                    self.harm.fenced += 1;
                }
                false
            }
        }
    }
}
