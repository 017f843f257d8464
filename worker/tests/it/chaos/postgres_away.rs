//! PostgreSQL is restarted, and its connections are ended by lot.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use shared::jobs::Queue;

use super::api::Api;
use super::checker::{Account, Wanted, calm};
use super::servers::Stop;
use super::world::World;
use super::{faults, size};
use crate::process::Program;

/// How soon a program is ready again at the latest, counted from when it was not.
const RECOVERY: Duration = Duration::from_secs(10);

/// How a program's readiness went.
#[derive(Debug, Default)]
struct Readiness {
    times_away: u32,
    longest: Duration,
}

async fn watch(program: &Program, is_over: &AtomicBool) -> Readiness {
    let mut readiness = Readiness::default();
    let mut away: Option<Instant> = None;
    loop {
        match (program.probe("/health/ready").await, away) {
            (Some(200), Some(since)) => {
                readiness.longest = readiness.longest.max(since.elapsed());
                away = None;
            }
            (Some(200), None) if is_over.load(Ordering::Relaxed) => return readiness,
            (Some(200), None) => {}
            (_, Some(since)) => assert!(since.elapsed() < RECOVERY * 3, "it is never ready again"),
            (_, None) => {
                readiness.times_away += 1;
                away = Some(Instant::now());
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await; // between two questions
    }
}

/// Each second some connections are ended; at a third of the time PostgreSQL is restarted in peace,
/// at two thirds without a warning.
async fn harm(world: &World, seconds: u64) -> (i64, u32) {
    let begun = Instant::now();
    let (mut ended, mut restarts) = (0, 0);
    for second in 1..=seconds {
        tokio::time::sleep_until((begun + Duration::from_secs(second)).into()).await;
        ended += faults::end_connections(world, 4).await;
        let stop = match second * 3 {
            third if third == seconds => Stop::Fast,
            third if third == seconds * 2 => Stop::Immediate,
            _ => continue,
        };
        restarts += u32::from(world.servers().restart_postgres(stop).await.expect("no panic"));
    }
    (ended, restarts)
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_restarted_and_its_connections_end_and_all_recover() {
    let Some(world) = World::of_its_own().await else { return };
    world.sink.take_time(Duration::from_millis(50));
    let api = Api::start(&world).await;
    let workers = [world.worker_of(Queue::Within5s, 8), world.worker_of(Queue::Within5s, 8)];
    let (people, orders, seconds) = (size(500, 4_000), size(200, 1_000), size(15, 60));
    let admin = api.admin.clone();
    let inviting = tokio::spawn(async move { admin.invite_all(0..people, Duration::from_secs(seconds)).await });
    world.order(0..orders, 300).await;

    let is_over = AtomicBool::new(false);
    let harm = async {
        let harmed = harm(&world, seconds).await;
        is_over.store(true, Ordering::Relaxed);
        harmed
    };
    let (harmed, of_api, of_worker) = tokio::join!(harm, watch(&api.program, &is_over), watch(&workers[0], &is_over));
    inviting.await.expect("all are invited");
    calm(&world, Duration::from_secs(60)).await;

    let account = Account::settle(&world, Wanted { people: 0..people, orders: 0..orders, ..Wanted::default() }).await;
    let (ended, restarts) = harmed;
    println!(
        "postgres: {ended} connections ended, {restarts} restarts; API {of_api:?}, worker {of_worker:?}; {account:?}"
    );
    assert!(ended >= 10, "only {ended} connections were ended");
    assert_eq!(restarts, 2);
    for readiness in [of_api, of_worker] {
        assert!(readiness.times_away > 0, "nobody was told that PostgreSQL is away");
        assert!(readiness.longest <= RECOVERY, "{readiness:?}");
    }
    account.assert_kept();
}
