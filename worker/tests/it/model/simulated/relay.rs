//! The relay, as far as it hands out and takes back.

use std::time::Duration;

use rand::Rng;
use shared::jobs::JobState;

use super::{FAULTS_END, Missing, Simulation};

impl Simulation {
    pub(super) fn relay(&mut self) {
        if self.now < self.next_round || self.now < self.leading_since || !self.has_database() {
            return;
        }
        self.next_round = self.now + self.random.random_range(40..250);
        if self.epoch.0 != self.epoch.1 && self.missing != Missing::Memory {
            self.epoch.1 = self.epoch.0;
            self.call_back(0);
        }
        if self.now > self.leading_since + 2_000 {
            self.sweep();
        }
        if self.missing != Missing::Memory {
            self.call_back(if self.redis.is_empty() { 3_000 } else { 30_000 });
        }
        self.hand_out();
    }

    fn call_back(&mut self, older_than: u64) {
        for job in &mut self.jobs {
            if job.dispatched_at + older_than <= self.now {
                job.model.call_back();
            }
        }
    }

    fn sweep(&mut self) {
        for job in &mut self.jobs {
            job.model.is_lease_over = job.lease_until < self.now;
            let crashes = u64::from(job.model.crashes);
            if job.model.sweep() {
                job.run_at = self.now + 5_000 * crashes;
            }
        }
    }

    fn hand_out(&mut self) {
        let count = |state| self.jobs.iter().filter(|job| job.model.state == state).count();
        let of = |number| u32::try_from(number).expect("few");
        let (dispatched, running) = (of(count(JobState::Dispatched)), of(count(JobState::Running)));
        let at = self.begun + Duration::from_millis(self.now);
        self.window.observe(at, dispatched, running, self.redis.len());
        let mut free = self.window.free(2_000, dispatched, self.redis.len());
        let mut tickets = Vec::new();
        for (number, job) in self.jobs.iter_mut().enumerate() {
            job.model.is_due = job.run_at <= self.now;
            if free > 0 && job.model.dispatch() {
                free -= 1;
                job.dispatched_at = self.now;
                tickets.push(number);
            }
        }
        self.window.handed(of(tickets.len()));
        // Dead between the commit and the push: then they have no tickets.
        if self.now < FAULTS_END && self.chance(20) {
            self.leading_since = self.now + 500;
        } else {
            self.redis.extend(tickets);
        }
    }
}
