//! What apalis-redis 1.0.0 really does, and we work around.
//!
//! Each test states a fault of the library as a fact. When one of them fails after an upgrade, the
//! library has changed: read the new behaviour, then take the workaround out or keep it, and say so
//! in docs/adr/0002. The numbers are those of that document.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use apalis::layers::WorkerBuilderExt;
use apalis::prelude::{BackendExt, Metrics, Monitor, TaskBuilder, TaskSink, WorkerBuilder};
use apalis_core::backend::Vacuum;
use apalis_redis::{Config, RedisStorage};
use redis::AsyncCommands;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

type Storage = RedisStorage<u32, ConnectionManager>;

/// A queue of its own in the tests' Redis.
async fn storage(adjust: impl Fn(Config) -> Config) -> Storage {
    let url = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL names a Redis for tests; `./lms test` starts one");
    // A Redis that is slow is none of the library's faults.
    let patience = Some(Duration::from_secs(20));
    let settings = ConnectionManagerConfig::new().set_response_timeout(patience).set_connection_timeout(patience);
    let client = redis::Client::open(url).expect("a URL");
    let redis = client.get_connection_manager_with_config(settings).await.expect("Redis answers");
    let queue = format!("contract:{}", uuid::Uuid::new_v4());
    RedisStorage::new(redis).with_config(adjust(Config::default().queue(queue).emit_events(false)))
}

/// What one worker did.
#[derive(Debug, PartialEq)]
struct Observed {
    runs: usize,
    /// How it ended, if it did so by itself.
    ended: Option<String>,
}

/// Runs one worker until it ends by itself or `is_enough`, asked with the number of runs.
async fn work(
    storage: &Storage,
    name: &str,
    interval: Option<Duration>,
    fails: bool,
    mut is_enough: impl AsyncFnMut(usize) -> bool,
) -> Observed {
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = runs.clone();
    let handler = move |_: u32| {
        let counter = counter.clone();
        async move {
            counter.fetch_add(1, Ordering::SeqCst);
            if fails { Err(std::io::Error::other("no luck")) } else { Ok(()) }
        }
    };
    let (backend, name) = (storage.clone(), name.to_owned());
    // In a task of its own: nothing of ours wakes it.
    let mut worker = tokio::spawn(async move {
        match interval {
            Some(interval) => {
                let backend = backend.poll_with_interval(interval);
                WorkerBuilder::new(name).backend(backend).concurrency(50).build(handler).run().await
            }
            None => WorkerBuilder::new(name).backend(backend).concurrency(50).build(handler).run().await,
        }
    });
    let enough = async {
        let begun = Instant::now();
        // Longer than a heartbeat: on a machine that is busy it may be the first thing that wakes a worker.
        while !is_enough(runs.load(Ordering::SeqCst)).await && begun.elapsed() < Duration::from_secs(50) {
            tokio::time::sleep(Duration::from_millis(20)).await; // between two questions
        }
    };
    let ended = tokio::select! {
        ended = &mut worker => {
            let ended = ended.expect("no panic");
            Some(ended.map_or_else(|error| error.to_string(), |()| "without an error".to_owned()))
        }
        () = enough => None,
    };
    if ended.is_none() {
        worker.abort();
        // Until it does nothing any more.
        let _ = worker.await;
    }
    Observed { runs: runs.load(Ordering::SeqCst), ended }
}

/// Long enough for what is claimed not to happen.
async fn pause(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await; // between two questions
}

const POLL: Option<Duration> = Some(Duration::from_millis(50));

#[tokio::test(flavor = "multi_thread")]
async fn a1_eight_thousand_due_tickets_break_a_queue_for_good() {
    let mut storage = storage(|config| config.batch_size(100)).await;
    for _ in 0..9 {
        storage.push_bulk((0..1_000).collect()).await.expect("pushed");
    }
    for life in 0..2 {
        let seen = work(&storage, &format!("w{life}"), POLL, false, async |runs| runs > 0).await;
        assert_eq!(seen.runs, 0, "it runs now: the window may be larger");
        assert!(seen.ended.is_some_and(|error| error.contains("too many results to unpack")));
    }
    const { assert!(shared::jobs::MOST_TICKETS < 8_000) };
}

#[tokio::test(flavor = "multi_thread")]
async fn a1_what_our_window_allows_runs() {
    let mut storage = storage(|config| config.batch_size(100)).await;
    for _ in 0..shared::jobs::MOST_TICKETS / 1_000 {
        storage.push_bulk((0..1_000).collect()).await.expect("pushed");
    }
    let seen = work(&storage, "w", POLL, false, async |runs| runs > 500).await;
    assert_eq!(seen.ended, None);
    assert!(seen.runs > 500, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_without_a_poll_interval_an_idle_worker_sleeps_until_its_next_heartbeat() {
    let storage = storage(|config| config.heartbeat_interval(Duration::from_secs(30))).await;
    let mut pusher = storage.clone();
    pusher.push(1).await.expect("pushed");
    let seen = work(&storage, "w", None, false, async |runs| {
        if runs == 0 {
            return false;
        }
        pause(3).await;
        pusher.push(2).await.expect("pushed");
        pause(4).await;
        true
    })
    .await;
    assert_eq!(seen, Observed { runs: 1, ended: None }, "it wakes by itself now: the interval may go");
    let seen = work(&storage, "other", POLL, false, async |runs| runs > 0).await;
    assert_eq!(seen, Observed { runs: 1, ended: None });
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_a_queue_that_was_wiped_ends_its_worker_and_a_monitor_calls_that_success() {
    let storage = storage(|config| config).await;
    let workers = storage.get_config().workers_set();
    let mut redis = storage.clone().get_connection().clone();
    let backend = storage.clone().poll_with_interval(Duration::from_millis(50));
    let monitor = Monitor::new()
        .register(move |_| {
            WorkerBuilder::new("w").backend(backend.clone()).build(|_: u32| async { Ok::<(), std::io::Error>(()) })
        })
        .shutdown_timeout(Duration::from_secs(1));
    let wipe = async {
        while redis.zcard::<_, usize>(&workers).await.expect("an answer") == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await; // between two questions
        }
        redis.del::<_, ()>(&workers).await.expect("wiped");
        std::future::pending::<std::io::Result<()>>().await
    };
    let ended = tokio::time::timeout(Duration::from_secs(50), monitor.run_with_signal(wipe)).await;
    assert!(matches!(ended, Ok(Ok(()))), "it survives, or says so, now: {ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a4_the_limit_of_attempts_is_ignored() {
    let mut storage = storage(|config| config).await;
    storage.push_task(TaskBuilder::new(1).max_attempts(1).build()).await.expect("pushed");
    let seen = work(&storage, "w", POLL, true, async |runs| runs > 1).await;
    assert!(seen.runs > 1, "the limit is kept now");
}

#[tokio::test(flavor = "multi_thread")]
async fn a5_an_idempotency_key_is_forgotten_at_once() {
    let mut storage = storage(|config| config).await;
    for _ in 0..3 {
        storage.push_task(TaskBuilder::new(1).idempotency_key("once").build()).await.expect("pushed");
    }
    let seen = work(&storage, "w", POLL, false, async |runs| runs == 3).await;
    assert_eq!(seen.runs, 3, "the key is kept now");
}

#[tokio::test(flavor = "multi_thread")]
async fn a7_vacuum_deletes_what_waits_for_its_next_attempt() {
    let mut storage = storage(|config| config).await;
    let (data, scheduled) = (storage.get_config().job_data_hash(), storage.get_config().scheduled_jobs_set());
    let mut redis = storage.get_connection().clone();
    storage.push(1).await.expect("pushed");
    let mut asking = redis.clone();
    // Put off for good as soon as it waits again: whoever looks slowly finds it waiting all the same.
    let seen = work(&storage, "w", POLL, true, async |runs| {
        let waiting: Vec<String> = asking.zrange(&scheduled, 0, 0).await.expect("an answer");
        let Some(id) = waiting.first().filter(|_| runs > 0) else { return false };
        let mut put_off = redis::cmd("ZADD");
        put_off.arg(&scheduled).arg(&["XX", "CH"]).arg(i64::MAX).arg(id);
        put_off.query_async::<usize>(&mut asking).await.expect("an answer") == 1
    })
    .await;
    assert!(seen.runs > 0, "{seen:?}");
    storage.vacuum().await.expect("vacuumed");
    let left: usize = redis.hlen(data).await.expect("an answer");
    let waiting: usize = redis.zcard(scheduled).await.expect("an answer");
    assert_eq!((left, waiting), (0, 1), "vacuum spares them now: the janitor may use it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a8_the_figures_of_a_queue_cannot_be_read() {
    let mut storage = storage(|config| config).await;
    storage.push(1).await.expect("pushed");
    finish_all(&storage, 1).await;
    let error = storage.fetch_by_queue().await.expect_err("they can be read now");
    assert!(error.to_string().contains("WRONGTYPE"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a10_a_name_counts_as_living_after_its_worker_is_dead() {
    let mut storage = storage(|config| config).await;
    storage.push(1).await.expect("pushed");
    finish_all(&storage, 1).await;
    storage.push(2).await.expect("pushed");
    let seen = work(&storage, "w", POLL, false, async |runs| runs > 0).await;
    assert_eq!(seen.runs, 0, "the name may be used again at once now");
    assert!(seen.ended.is_some_and(|error| error.contains("still active")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a12_finished_tasks_stay() {
    let mut storage = storage(|config| config).await;
    storage.push_bulk((0..50).collect()).await.expect("pushed");
    finish_all(&storage, 50).await;
    let data = storage.get_config().job_data_hash();
    let left: usize = storage.get_connection().hlen(data).await.expect("an answer");
    assert_eq!(left, 50, "they go now: the janitor may too");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_decoded_ends_the_worker() {
    let mut storage = storage(|config| config).await;
    storage.push(1).await.expect("pushed");
    let data = storage.get_config().job_data_hash();
    let redis = storage.get_connection();
    let id: Vec<String> = redis.hkeys(&data).await.expect("an answer");
    redis.hset::<_, _, _, ()>(&data, &id[0], "\"seven\"").await.expect("spoilt");
    let seen = work(&storage, "w", POLL, false, async |_| false).await;
    assert!(seen.ended.is_some(), "the worker survives it now: tickets may be typed");
}

/// Runs a worker until `tasks` are done and that is written down.
async fn finish_all(storage: &Storage, tasks: usize) {
    let done = storage.get_config().done_jobs_set();
    let mut redis = storage.clone().get_connection().clone();
    let seen =
        work(storage, "w", POLL, false, async |_| redis.scard::<_, usize>(&done).await.expect("an answer") == tasks)
            .await;
    assert_eq!(seen, Observed { runs: tasks, ended: None });
}
