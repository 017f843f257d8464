//! What goes wrong, and how often it did.

use rand::Rng;
use shared::jobs::JobState;
use shared::jobs::relay::Window;

use super::Simulation;

/// What went wrong, to be sure that something did.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Harm {
    pub(super) kills: u32,
    pub(super) pauses: u32,
    pub(super) wipes: u32,
    pub(super) leaders: u32,
    pub(super) restarts: u32,
    pub(super) fenced: u32,
    pub(super) forgotten: u32,
}

impl Simulation {
    pub(super) fn hurt(&mut self) {
        let worker = self.random.random_range(0..self.workers.len());
        if self.chance(3) {
            self.kill(worker);
        }
        if self.chance(2) {
            // Stopped, perhaps for longer than its lease, and then it goes on as if nothing were.
            self.harm.pauses += 1;
            self.workers[worker].back_at = self.now + self.random.random_range(500..12_000);
        }
        if self.chance(2) {
            self.harm.wipes += 1;
            self.redis.clear();
            self.epoch.0 += 1;
        }
        if self.chance(5) {
            self.redis.pop_front(); // lost by its carrier
        }
        if self.chance(5)
            && let Some(twice) = self.redis.front().copied()
        {
            self.redis.push_back(twice);
        }
        if self.chance(2) {
            self.harm.leaders += 1;
            self.leading_since = self.now + 500;
            self.window = Window::default();
        }
        if self.chance(1) {
            self.restart_database();
        }
    }

    pub(super) fn kill(&mut self, worker: usize) {
        self.harm.kills += 1;
        self.workers[worker].tasks.clear();
        self.workers[worker].back_at = self.now + 500;
    }

    /// The claims of the last moments were not on disk yet, and some of them are forgotten.
    fn restart_database(&mut self) {
        self.harm.restarts += 1;
        self.database_back_at = self.now + 500;
        for job in &mut self.jobs {
            let is_young = job.model.state == JobState::Running && job.claimed_at + 200 > self.now;
            if is_young && self.random.random_bool(0.5) {
                self.harm.forgotten += 1;
                job.model.state = JobState::Dispatched;
                job.model.attempt -= 1;
            }
        }
    }
}
