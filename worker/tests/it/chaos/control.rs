//! Operators hold a queue, let it go on, and cancel, by the command line, while workers run.

use std::time::Duration;

use shared::jobs::{Job, Queue};
use worker::rehearsal::Mail;

use super::checker::{Account, Wanted, unfinished};
use super::size;
use super::world::World;
use crate::process::until;

/// Has the command line do it, as an operator.
pub(super) fn operate(world: &World, arguments: &[&str]) {
    let output = world.command("worker", arguments).output().expect("started");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_queue_starts_nothing_and_loses_nothing() {
    let Some(world) = World::on_shared_servers().await else { return };
    let _workers = [world.worker_of(Queue::Within5s, 8), world.worker_of(Queue::Within5s, 8)];
    let rounds: u32 = size(3, 30);
    let (mut stopped, mut late) = (0, 0);
    for round in 0..rounds {
        let first = round * 300;
        world.mail(first..first + 300, 100).await;
        until("the queue is at work", async || world.count::<Mail>("state = 'running'").await >= 8).await;
        operate(&world, &["queues", "pause", "within_5s"]);
        let is_long_held = "select count(*) from job_queues where paused_at < now() - interval '3 seconds'";
        until("it was held for a while", async || world.ask(is_long_held).await == 1).await;
        stopped += world.count::<Mail>("state = 'available'").await;
        late += world
            .ask(
                "select count(*) from jobs, job_queues
                 where jobs.queue = job_queues.queue and started_at > paused_at + interval '2 seconds'",
            )
            .await;
        operate(&world, &["queues", "resume", "within_5s"]);
        until("all are done", async || unfinished(&world).await == 0).await;
    }
    println!("control: {rounds} times held, {stopped} jobs waited, {late} started nevertheless");
    assert!(stopped > 0, "nothing was left to be held");
    assert_eq!(late, 0, "jobs started while the queue was held");
    Account::settle(&world, Wanted { mails: 0..rounds * 300, ..Wanted::default() }).await.assert_exact();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_never_starts_or_stops_soon() {
    let Some(world) = World::on_shared_servers().await else { return };
    let jobs: u32 = size(8, 40);
    let half = jobs / 2;
    operate(&world, &["queues", "pause", "within_5s"]);
    world.mail(0..half, 0).await;
    for id in world.texts("select id::text from jobs where state = 'available'").await {
        operate(&world, &["jobs", "cancel", &id]);
    }
    operate(&world, &["queues", "resume", "within_5s"]);
    let _worker = world.worker_of(Queue::Within5s, usize::try_from(half).expect("few"));
    world.mail(half..jobs, 25_000).await;
    until("all run", async || world.count::<Mail>("state = 'running'").await == i64::from(half)).await;
    for id in world.texts("select id::text from jobs where state = 'running'").await {
        operate(&world, &["jobs", "cancel", &id]);
    }
    until("all have stopped", async || unfinished(&world).await == 0).await;

    assert_eq!(world.count::<Mail>("state = 'cancelled' and attempt = 0").await, i64::from(half));
    assert_eq!(world.count::<Mail>("state = 'cancelled' and attempt = 1").await, i64::from(half));
    assert!(world.sink.messages().is_empty(), "a cancelled mail was sent");
    let slowest = "select (extract(epoch from max(finished_at - cancel_requested_at)) * 1000)::bigint from jobs";
    let slowest = Duration::from_millis(world.ask(slowest).await.unsigned_abs());
    println!("control: the slowest of {half} running jobs stopped after {slowest:?}");
    // It is heard of at the next renewal, a third of the lease away; a second to end by itself, and
    // a moment to write it down.
    let promise = Mail::QUEUE.lease() / 3 + Duration::from_millis(1_300);
    assert!(slowest <= promise, "it took {slowest:?}");
}
