//! Redis is away, hangs, hangs up, and comes back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use shared::jobs::Queue;

use super::api::Api;
use super::checker::{Account, Wanted, calm};
use super::world::World;
use super::{faults, size};
use crate::process::{Program, until, until_within};

/// Invitations a second.
const RATE: u32 = 50;
/// Seconds of peace, to compare with.
const PEACE: u64 = 6;
/// Mails whose tickets Redis takes along.
const TAKEN_ALONG: u32 = 10;
/// Connections that are cut, at the least.
const MANY: i64 = 10;
/// How old a due job may become without Redis, in seconds: for ten of them nobody does without it, and
/// what has come meanwhile takes some more.
const OLDEST: i64 = 17;

/// For how many seconds the oldest job is due that has not begun, of those that the workers take.
const OLDEST_DUE: &str = "select coalesce(max(extract(epoch from now() - run_at)), 0)::bigint from jobs
                          where state in ('available', 'dispatched') and queue = 'within_5s' and run_at <= now()";

/// Kills Redis, which takes the tickets of some mails along; says when, in milliseconds of the database's
/// time.
async fn take_away(world: &World) -> i64 {
    world.servers().signal_redis("KILL");
    let gone = world.ask("select (extract(epoch from now()) * 1000)::bigint").await;
    world.mail(0..TAKEN_ALONG, 0).await;
    let taken_along = "update jobs set state = 'dispatched', dispatched_at = now() where kind = 'rehearsal.mail'";
    world.order_of_the_owner(taken_along).await;
    gone
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_the_api_accepts_work_as_fast_and_the_work_is_done() {
    let Some(world) = World::of_its_own().await else { return };
    let api = Api::start(&world).await;
    let _workers = [world.worker_of(Queue::Within5s, 8), world.worker_of(Queue::Within5s, 8)];
    let away: u64 = size(22, 120);
    let seconds = PEACE + away;
    let people = RATE * u32::try_from(seconds).expect("few");
    let begun = Instant::now();
    let admin = api.admin.clone();
    let inviting = tokio::spawn(async move { admin.invite_all(0..people, Duration::from_secs(seconds)).await });

    // Asked for in peace, too: what the questions cost is in both times that are compared.
    let (mut gone, mut oldest) = (None, 0);
    while !inviting.is_finished() {
        let due = world.ask(OLDEST_DUE).await;
        if gone.is_some() {
            oldest = oldest.max(due);
        } else if begun.elapsed() >= Duration::from_secs(PEACE) {
            gone = Some(take_away(&world).await);
        }
        tokio::time::sleep(Duration::from_millis(200)).await; // between two questions
    }
    let invited = inviting.await.expect("all are invited");
    let gone = gone.expect("Redis was taken away");
    let without = format!("select count(*) from jobs where extract(epoch from finished_at) * 1000 > {gone} + 11000");
    let done_without = world.ask(&without).await;
    world.servers().start_what_is_down();
    let drained = calm(&world, Duration::from_secs(60)).await;

    let (before, during) = (invited.usual_p99(1, PEACE), invited.usual_p99(PEACE + 1, seconds));
    let wanted = Wanted { people: 0..people, mails: 0..TAKEN_ALONG, ..Wanted::default() };
    let account = Account::settle(&world, wanted).await;
    println!(
        "redis away: p99 {before:?} before, {during:?} without; {done_without} jobs done without, \
         the oldest waited {oldest} s; drained in {drained:?}; {account:?}"
    );
    assert_eq!(invited.troubles, 0, "the API was in trouble");
    assert!(during <= before + Duration::from_millis(50), "p99 went from {before:?} to {during:?}");
    assert!(done_without > 0, "nothing was done without Redis");
    assert!(oldest <= OLDEST, "a job was due for {oldest} s without Redis");
    assert!(drained <= Duration::from_secs(30), "the backlog took {drained:?}");
    account.assert_exact();
}

/// Until both workers have begun something new; none of them has ended, and both say that they live.
async fn both_work(world: &World, workers: &mut [Program; 2]) -> Duration {
    let since = world.ask("select (extract(epoch from clock_timestamp()) * 1000)::bigint").await;
    let working =
        format!("select count(distinct worker) from jobs where extract(epoch from started_at) * 1000 > {since}");
    let took = until_within(Duration::from_secs(5), "both work again", async || world.ask(&working).await == 2).await;
    for worker in workers {
        assert!(!worker.has_ended(), "a worker has ended");
        assert_eq!(worker.probe("/health/live").await, Some(200));
    }
    took
}

/// Does harm; says how many connections were cut, and how long the workers needed at the most.
async fn harm(world: &World, workers: &mut [Program; 2]) -> (i64, Duration) {
    let mut slowest = both_work(world, workers).await;
    for stall in 0..size(2, 10) {
        world.servers().signal_redis("STOP");
        // The even ones are shorter than what a client waits for an answer, the odd ones longer.
        tokio::time::sleep(Duration::from_secs(3 + stall % 2 * 4)).await; // how long the fault lasts
        world.servers().signal_redis("CONT");
        slowest = slowest.max(both_work(world, workers).await);
    }
    let (mut rounds, mut cut) = (0, 0);
    while rounds < size(5, 100) || (cut < MANY && rounds < 50) {
        rounds += 1;
        cut += faults::disconnect_from_redis(world).await;
        slowest = slowest.max(both_work(world, workers).await);
    }
    world.servers().signal_redis("KILL");
    world.servers().start_what_is_down();
    (cut, slowest.max(both_work(world, workers).await))
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_hangs_hangs_up_and_restarts_and_workers_go_on_within_seconds() {
    let Some(world) = World::of_its_own().await else { return };
    let mut workers = [world.worker_of(Queue::Within5s, 4), world.worker_of(Queue::Within5s, 4)];
    let is_over = AtomicBool::new(false);
    let feed = async {
        let mut placed = 0;
        while !is_over.load(Ordering::Relaxed) {
            world.order(placed..placed + 4, 20).await;
            placed += 4;
            tokio::time::sleep(Duration::from_millis(100)).await; // the pace of the load
        }
        placed
    };
    for worker in &workers {
        until("it is ready", async || worker.probe("/health/ready").await == Some(200)).await;
    }
    let harm = async {
        let harmed = harm(&world, &mut workers).await;
        is_over.store(true, Ordering::Relaxed);
        harmed
    };
    let (orders, (cut, slowest)) = tokio::join!(feed, harm);
    calm(&world, Duration::from_secs(60)).await;
    let account = Account::settle(&world, Wanted { orders: 0..orders, ..Wanted::default() }).await;
    println!("redis stalls: {cut} connections cut, workers needed {slowest:?} at the most; {account:?}");
    assert!(cut >= MANY, "only {cut} connections were cut");
    account.assert_exact();
}
