//! Relay, Redis, workers and a database that fail at random, by a seed and a clock of their own.
//!
//! The ledger is the model that `same_as_sql` holds against the real statements, the window is the
//! relay's own; the rest is played, in steps of ten milliseconds. A seed that fails is printed, and
//! `SIMULATION_SEED` runs it alone; `SIMULATION_SEEDS` says how many are tried.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use shared::jobs::effects::Permit;
use shared::jobs::ledger::Verdict;
use shared::jobs::relay::Window;
use shared::jobs::{Backoff, JobState, MOST_TICKETS};
use shared::testing::job_model::JobModel;

const STEP: u64 = 10;
const LEASE: u64 = 5_000;
const SLOTS: usize = 4;
const JOBS: usize = 40;
/// Until then things go wrong, and then no more.
const FAULTS_END: u64 = 15_000;
/// Everything is over by then, or never.
const END: u64 = 150_000;
const BACKOFF: Backoff = Backoff::exponential(1, 4);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Nothing,
    Fence,
    Memory,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One transaction with its outcome.
    Database,
    /// Sends something.
    External,
    /// Fails the first time.
    Flaky,
    /// Kills its worker.
    Poison,
}

#[derive(Debug)]
struct Job {
    model: JobModel,
    kind: Kind,
    run_at: u64,
    lease_until: u64,
    dispatched_at: u64,
    claimed_at: u64,
    database_effects: u32,
    sends: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Working,
    Permitted,
    Sent,
}

#[derive(Debug)]
struct Task {
    job: usize,
    token: u8,
    phase: Phase,
    wakes_at: u64,
    renews_at: u64,
}

#[derive(Debug, Default)]
struct Worker {
    /// Dead or stopped until then.
    back_at: u64,
    tasks: Vec<Task>,
}

/// What went wrong, to be sure that something did.
#[derive(Debug, Default, Clone, Copy)]
struct Harm {
    kills: u32,
    pauses: u32,
    wipes: u32,
    leaders: u32,
    restarts: u32,
    fenced: u32,
    forgotten: u32,
}

struct Simulation {
    random: StdRng,
    missing: Missing,
    now: u64,
    begun: Instant,
    jobs: Vec<Job>,
    redis: VecDeque<usize>,
    /// Which life of Redis this is, and which the relay knows.
    epoch: (u32, u32),
    database_back_at: u64,
    leading_since: u64,
    next_round: u64,
    window: Window,
    workers: [Worker; 3],
    harm: Harm,
}

impl Simulation {
    fn new(seed: u64, missing: Missing) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let jobs = (0..JOBS)
            .map(|number| Job {
                model: JobModel::default(),
                kind: match number % 10 {
                    0 if number == 0 => Kind::Poison,
                    1..=4 => Kind::External,
                    5 => Kind::Flaky,
                    _ => Kind::Database,
                },
                run_at: random.random_range(0..FAULTS_END),
                lease_until: 0,
                dispatched_at: 0,
                claimed_at: 0,
                database_effects: 0,
                sends: 0,
            })
            .collect();
        Self {
            random,
            missing,
            now: 0,
            begun: Instant::now(),
            jobs,
            redis: VecDeque::new(),
            epoch: (0, 0),
            database_back_at: 0,
            leading_since: 0,
            next_round: 0,
            window: Window::default(),
            workers: Default::default(),
            harm: Harm::default(),
        }
    }

    /// Plays it to its end: what went wrong, and what is wrong with the outcome.
    fn play(mut self) -> Result<Harm, String> {
        while self.now < END && !self.jobs.iter().all(|job| job.model.is_over()) {
            self.now += STEP;
            if self.now < FAULTS_END {
                self.hurt();
            }
            self.relay();
            for worker in 0..self.workers.len() {
                self.work(worker);
            }
            if self.redis.len() > MOST_TICKETS {
                return Err(format!("{} tickets in Redis", self.redis.len()));
            }
        }
        for (number, job) in self.jobs.iter().enumerate() {
            let is_done = job.model.state == JobState::Succeeded;
            let fault = match job.kind {
                _ if !job.model.is_over() => Some("never ended"),
                _ if job.database_effects > 1 => Some("had its effect twice"),
                Kind::Poison => (job.model.state != JobState::Dead).then_some("was poison and is not dead"),
                Kind::External if is_done && job.sends == 0 => Some("is done and was not sent"),
                Kind::Database | Kind::Flaky if is_done != (job.database_effects == 1) => {
                    Some("says of its effect what is not so")
                }
                _ => None,
            };
            if let Some(fault) = fault {
                return Err(format!("job {number} {fault}: {job:?}"));
            }
        }
        Ok(self.harm)
    }

    fn chance(&mut self, per_mille: u32) -> bool {
        self.random.random_ratio(per_mille, 1_000)
    }

    fn hurt(&mut self) {
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

    fn kill(&mut self, worker: usize) {
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

    fn has_database(&self) -> bool {
        self.now >= self.database_back_at
    }

    fn relay(&mut self) {
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

    fn work(&mut self, worker: usize) {
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

fn seeds() -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SIMULATION_SEEDS").unwrap_or(1_000),
    }
}

#[test]
fn whatever_fails_every_job_ends_and_none_has_its_effect_twice() {
    let mut harm = Harm::default();
    let seeds = seeds();
    let is_whole = seeds.end - seeds.start > 100;
    for seed in seeds {
        match Simulation::new(seed, Missing::Nothing).play() {
            Ok(done) => {
                harm.kills += done.kills;
                harm.pauses += done.pauses;
                harm.wipes += done.wipes;
                harm.leaders += done.leaders;
                harm.restarts += done.restarts;
                harm.fenced += done.fenced;
                harm.forgotten += done.forgotten;
            }
            Err(fault) => panic!("seed {seed}: {fault}\nSIMULATION_SEED={seed} runs it alone"),
        }
    }
    let least = [harm.kills, harm.pauses, harm.wipes, harm.leaders, harm.restarts, harm.fenced, harm.forgotten];
    assert!(!is_whole || least.iter().all(|count| *count > 20), "hardly anything went wrong: {harm:?}");
}

#[test]
fn the_simulation_sees_a_missing_fence_and_a_relay_that_forgets() {
    for (missing, fault) in [(Missing::Fence, "twice"), (Missing::Memory, "never ended")] {
        let seen = (0..200).find_map(|seed| Simulation::new(seed, missing).play().err());
        let seen = seen.unwrap_or_else(|| panic!("nobody noticed: {missing:?}"));
        assert!(seen.contains(fault), "{missing:?}: {seen}");
    }
}

#[test]
fn a_seed_plays_the_same_each_time() {
    let play = || format!("{:?}", Simulation::new(7, Missing::Nothing).play());
    assert_eq!(play(), play());
}
