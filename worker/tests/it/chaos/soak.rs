//! Steady load with small faults for a long time, to see what grows. `./lms chaos --soak MINUTES`
//! says for how long, and prints what was measured.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use shared::jobs::Queue;

use super::api::Api;
use super::checker::{Account, Wanted, calm};
use super::faults;
use super::world::World;
use crate::process::Program;

/// Invitations a second, and orders. Together some three times as many jobs.
const RATE: u32 = 20;
const MIB: u64 = 1024 * 1024;

/// One look at everything that could grow.
#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Duration,
    /// Bytes in memory, and open files: the API, and a worker.
    api: (u64, u64),
    worker: (u64, u64),
    redis: u64,
    dead_rows: u64,
    /// The indexes of what is not finished, without those that wait for ever.
    indexes: u64,
    oldest_due: u64,
}

/// How long it lasts; a minute when nobody says.
fn length() -> Duration {
    let minutes = std::env::var("LMS_SOAK_MINUTES").ok().and_then(|minutes| minutes.parse().ok());
    Duration::from_secs(minutes.map_or(60, |minutes: u64| minutes * 60))
}

/// Bytes in memory and open files of a process, where the system tells.
fn footprint(program: &Program) -> (u64, u64) {
    let process = PathBuf::from(format!("/proc/{}", program.id()));
    let status = std::fs::read_to_string(process.join("status")).unwrap_or_default();
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok());
    let files = std::fs::read_dir(process.join("fd")).map_or(0, Iterator::count);
    (kib.unwrap_or(0_u64) * 1024, files as u64)
}

async fn sample(world: &World, begun: Instant, api: &Program, worker: &Program) -> Sample {
    let mut redis = world.redis().await;
    let memory: redis::InfoDict = redis::cmd("INFO").arg("memory").query_async(&mut redis).await.expect("an answer");
    let number = async |query: &str| world.ask(query).await.unsigned_abs();
    Sample {
        at: begun.elapsed(),
        api: footprint(api),
        worker: footprint(worker),
        redis: memory.get("used_memory").unwrap_or_default(),
        dead_rows: number("select coalesce(n_dead_tup, 0) from pg_stat_user_tables where relname = 'jobs'").await,
        // Each order leaves a mark, which is a job that waits for ever: its entry, some 140 bytes of a page
        // that is two thirds full, is no growth of what should be empty.
        indexes: number(
            "select greatest(0, sum(pg_relation_size(name::regclass))
                - 140 * (select count(*) from jobs where state = 'available'))::bigint
             from unnest(array['jobs_ready', 'jobs_dispatched', 'jobs_load', 'jobs_lease']) as name",
        )
        .await,
        oldest_due: number(
            "select coalesce(extract(epoch from now() - min(run_at)), 0)::bigint from jobs
             where queue = 'within_5s' and state in ('available', 'dispatched') and run_at <= now()",
        )
        .await,
    }
}

/// One small fault after the other.
async fn harm(world: &World, victim: &mut Program, turn: usize) {
    match turn % 6 {
        0 => faults::flush(world).await,
        1 => drop(faults::disconnect_from_redis(world).await),
        2 => {
            world.servers().signal_redis("STOP");
            tokio::time::sleep(Duration::from_secs(2)).await; // how long the fault lasts
            world.servers().signal_redis("CONT");
        }
        3 => victim.kill_and_restart(),
        4 => drop(faults::end_connections(world, 4).await),
        _ => faults::depose(world).await,
    }
}

/// The middle of what was measured in one part of the time.
fn middle(samples: &[Sample], what: impl Fn(&Sample) -> u64) -> u64 {
    let mut values: Vec<u64> = samples.iter().map(what).collect();
    values.sort_unstable();
    values[values.len() / 2]
}

#[expect(clippy::cast_precision_loss, reason = "nobody has so much memory")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / MIB as f64
}

/// MiB an hour, by least squares.
fn slope(samples: &[Sample], what: impl Fn(&Sample) -> u64) -> f64 {
    let points: Vec<(f64, f64)> =
        samples.iter().map(|sample| (sample.at.as_secs_f64() / 3600.0, mib(what(sample)))).collect();
    let count = f64::from(u32::try_from(points.len()).expect("few"));
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let (above, below) = points.iter().fold((0.0, 0.0), |(above, below), point| {
        (above + (point.0 - x) * (point.1 - y), below + (point.0 - x).powi(2))
    });
    above / below
}

fn report(samples: &[Sample]) -> String {
    let mut text = String::from(
        "soak: second, API MiB/files, worker MiB/files, Redis KiB, dead rows, indexes KiB, oldest due s\n",
    );
    for sample in samples.iter().step_by((samples.len() / 12).max(1)) {
        let Sample { at, api, worker, redis, dead_rows, indexes, oldest_due } = sample;
        let _ = writeln!(
            text,
            "{:>6} {:>5}/{:<3} {:>5}/{:<3} {:>7} {:>7} {:>6} {:>4}",
            at.as_secs(),
            api.0 / MIB,
            api.1,
            worker.0 / MIB,
            worker.1,
            redis / 1024,
            dead_rows,
            indexes / 1024,
            oldest_due
        );
    }
    text
}

/// What has grown that must not. The first third is for warming up.
fn growth(samples: &[Sample]) -> Vec<String> {
    let third = samples.len() / 3;
    let (then, now) = (&samples[third..2 * third], &samples[2 * third..]);
    let mut grown = Vec::new();
    let mut within = |name: &str, most: u64, what: fn(&Sample) -> u64| {
        let (before, after) = (middle(then, what), middle(now, what));
        if after > before + most {
            grown.push(format!("{name} grew from {before} to {after}"));
        }
    };
    within("the API's memory", 8 * MIB, |sample| sample.api.0);
    within("the worker's memory", 8 * MIB, |sample| sample.worker.0);
    within("the API's open files", 8, |sample| sample.api.1);
    within("the worker's open files", 8, |sample| sample.worker.1);
    within("Redis' memory", 2 * MIB, |sample| sample.redis);
    within("the indexes of unfinished jobs", 2 * MIB, |sample| sample.indexes);
    within("the age of the oldest job", 5, |sample| sample.oldest_due);
    // A vacuum comes by each minute, when a fiftieth of the rows are dead.
    within("the dead rows", 60 * 4 * 3 * u64::from(RATE) * 2, |sample| sample.dead_rows);
    grown
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_time_of_load_and_small_faults_lets_nothing_grow() {
    let Some(world) = World::of_its_own().await else { return };
    let api = Api::start(&world).await;
    let worker = world.worker_of(Queue::Within5s, 8);
    let mut victim = world.worker_of(Queue::Within5s, 8);
    let length = length();
    let ticks = u32::try_from(length.as_secs()).expect("not for ever");
    let (people, orders) = (RATE * ticks, RATE * ticks);
    let admin = api.admin.clone();
    let inviting = tokio::spawn(async move { admin.invite_all(0..people, length).await });

    let begun = Instant::now();
    let is_over = AtomicBool::new(false);
    let look = async {
        let mut samples = Vec::new();
        for tick in 0..ticks {
            tokio::time::sleep_until((begun + Duration::from_secs(tick.into())).into()).await; // the pace
            world.order(tick * RATE..(tick + 1) * RATE, 20).await;
            if tick % (ticks / 60).max(1) == 0 {
                samples.push(sample(&world, begun, &api.program, &worker).await);
            }
        }
        is_over.store(true, Ordering::Relaxed);
        samples
    };
    let gap = (length / 8).min(Duration::from_secs(600));
    let faults = async {
        let mut turn = 0;
        while !is_over.load(Ordering::Relaxed) {
            let next = begun + gap * u32::try_from(turn + 1).expect("few");
            tokio::time::sleep_until(next.min(begun + length).into()).await; // until the next fault
            if begun.elapsed() < length {
                harm(&world, &mut victim, turn).await;
                turn += 1;
            }
            tokio::time::sleep(Duration::from_millis(100)).await; // between two questions
        }
        turn
    };
    let (samples, faults) = tokio::join!(look, faults);
    let invited = inviting.await.expect("all are invited");
    calm(&world, Duration::from_secs(60)).await;

    let account = Account::settle(&world, Wanted { people: 0..people, orders: 0..orders, ..Wanted::default() }).await;
    let after_warm_up = &samples[samples.len() / 3..];
    let slopes = [slope(after_warm_up, |sample| sample.api.0), slope(after_warm_up, |sample| sample.worker.0)];
    println!("{}memory, MiB an hour: {:?}", report(&samples), slopes);
    println!("soak: {length:?}, {faults} faults, {} tries in trouble, {account:?}", invited.troubles);
    assert!(faults >= 6, "only {faults} faults");
    assert_eq!(growth(&samples), Vec::<String>::new());
    if length >= Duration::from_secs(1_800) {
        assert!(slopes.iter().all(|slope| *slope < 1.0), "memory grows: {slopes:?} MiB an hour");
    }
    account.assert_kept();
}
