//! Relay, Redis, workers and a database that fail at random, by a seed and a clock of their own.
//!
//! The ledger is the model that `same_as_sql` holds against the real statements, the window is the
//! relay's own; the rest is played, in steps of ten milliseconds. A seed that fails is printed, and
//! `SIMULATION_SEED` runs it alone; `SIMULATION_SEEDS` says how many are tried.

mod harm;
mod relay;
mod workers;

use std::collections::VecDeque;
use std::time::Instant;

use harm::Harm;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use shared::jobs::relay::Window;
use shared::jobs::{Backoff, JobState, MOST_TICKETS};
use shared::testing::job_model::JobModel;
use workers::Worker;

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

    fn has_database(&self) -> bool {
        self.now >= self.database_back_at
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
