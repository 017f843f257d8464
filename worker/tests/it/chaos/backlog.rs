//! A long queue that nobody has served.

use std::time::Duration;

use shared::jobs::{MOST_TICKETS, Queue};
use worker::rehearsal::{Nothing, Sleep};

use super::size;
use super::world::World;
use crate::process::{until, until_within};

#[tokio::test(flavor = "multi_thread")]
async fn a_long_queue_without_workers_is_begun_at_once_and_never_fills_redis() {
    let Some(world) = World::on_shared_servers().await else { return };
    let jobs = size(20_000, 200_000);
    let batch: Vec<Nothing> = (0..1_000).map(|_| Nothing { tenant: world.tenant }).collect();
    for _ in 0..jobs / 1_000 {
        world.enqueue(&batch).await;
    }
    let window = world.ask("select ticket_window::bigint from job_queues where queue = 'within_1m'").await;
    let window = usize::try_from(window).expect("a number");
    assert!(window <= MOST_TICKETS);

    let spawned = world.ask("select (extract(epoch from clock_timestamp()) * 1000)::bigint").await;
    let _first = world.worker_of(Queue::Within1m, 16);
    let begun = "select coalesce((extract(epoch from min(started_at)) * 1000)::bigint, 0) from jobs
                 where kind = 'rehearsal.nothing'";
    until("the first job starts", async || world.ask(begun).await > 0).await;
    let first = Duration::from_millis((world.ask(begun).await - spawned).unsigned_abs());
    println!("backlog: {jobs} jobs, the first started after {first:?}");
    assert!(first <= Duration::from_secs(2), "the first started after {first:?}");

    let mut most = 0;
    let drained = until_within(Duration::from_secs(240), "all are done", async || {
        most = most.max(world.tickets(Queue::Within1m).await);
        world.count::<Nothing>("state = 'succeeded'").await == jobs
    })
    .await;
    println!("backlog: drained in {drained:?}, {most} tickets at the most");
    assert!(most > 0, "nobody looked while there were tickets");
    assert!(most <= window, "{most} tickets waited in Redis");
    assert_eq!(world.count::<Nothing>("attempt <> 1").await, 0, "some ran more than once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_enough_for_workers_that_come_later() {
    let Some(world) = World::on_shared_servers().await else { return };
    let sleep = Sleep { tenant: world.tenant, milliseconds: 50 };
    let batch: Vec<Sleep> = (0..1_000).map(|_| sleep.clone()).collect();
    world.enqueue(&batch).await;
    let _first = world.worker_of(Queue::Within1m, 2);
    let _second = world.worker_of(Queue::Within1m, 2);
    // For one alone it is work for half a minute.
    let at_work = "select count(distinct worker) from jobs where kind = 'rehearsal.sleep'";
    until("both have begun something", async || world.ask(at_work).await == 2).await;
    until("all are done", async || world.count::<Sleep>("state = 'succeeded'").await == 1_000).await;
}
