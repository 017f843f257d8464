//! Workers that die, that are killed by their work, that come back from the dead; and work that is
//! longer than a lease.

use std::time::Duration;

use shared::jobs::{Job, Queue, enqueue};
use worker::rehearsal::{Abort, Mail};

use super::checker::{Account, Wanted, unfinished};
use super::world::World;
use super::{faults, size};
use crate::process::{Program, until};

async fn until_running(world: &World, jobs: i64) {
    until("all run", async || world.ask("select count(*) from jobs where state = 'running'").await == jobs).await;
}

async fn until_ready(program: &Program) {
    until("it is ready", async || program.probe("/health/ready").await == Some(200)).await;
}

/// The database's time in milliseconds.
async fn now(world: &World) -> i64 {
    world.ask("select (extract(epoch from clock_timestamp()) * 1000)::bigint").await
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_a_killed_worker_start_again_within_their_lease_and_a_second() {
    let Some(world) = World::on_shared_servers().await else { return };
    let mut dying = world.worker_of(Queue::Within5s, 20);
    world.mail(0..20, 20_000).await;
    until_running(&world, 20).await;
    let heir = world.worker_of(Queue::Within5s, 20);
    until_ready(&heir).await;

    dying.kill();
    let killed = now(&world).await;
    until("all run again", async || world.count::<Mail>("state = 'running' and attempt = 2").await == 20).await;
    let last = world.ask("select (extract(epoch from max(started_at)) * 1000)::bigint from jobs").await - killed;
    println!("orphans: the last of 20 started again after {last} ms");
    let lease = i64::try_from(Mail::QUEUE.lease().as_millis()).expect("few");
    assert!(last <= lease + 1_000, "the last started again after {last} ms");
    let of_heir = format!("worker like '%-{}-%'", heir.id());
    assert_eq!(world.count::<Mail>(&of_heir).await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_kills_its_workers_is_dead_after_three_and_its_neighbours_are_done() {
    let Some(world) = World::on_shared_servers().await else { return };
    let mut conn = world.pool.get(shared::db::Scope::Tenant(world.tenant)).await.expect("a connection");
    enqueue(&mut conn, &Abort { tenant: world.tenant }).await.expect("enqueued");
    drop(conn);
    world.mail(0..50, 100).await;
    let mut workers = [world.worker_of(Queue::Within5s, 4), world.worker_of(Queue::Within5s, 4)];
    until("the poison is dead, and all others are done", async || {
        workers.iter_mut().for_each(Program::restart_if_dead);
        unfinished(&world).await == 0
    })
    .await;
    let deaths: u32 = workers.iter().map(Program::deaths).sum();
    assert_eq!(deaths, 3, "so many workers died");
    let poison = "state = 'dead' and crashes = 3 and error_class = 'worker_lost'";
    assert_eq!(world.count::<Abort>(poison).await, 1);
    assert_eq!(world.ask("select count(*) from job_attempts where outcome = 'worker_lost' and job_id in (select id from jobs where kind = 'rehearsal.abort')").await, 3);
    let account = Account::settle(&world, Wanted { mails: 0..50, ..Wanted::default() }).await;
    // A mail that was being handed in when its worker died may come twice.
    assert_eq!((account.lost, account.phantom, account.dead), (0, 0, 1), "{account:?}");
    // They work still.
    world.mail(50..52, 0).await;
    until("another job is done", async || unfinished(&world).await == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_comes_back_from_the_dead_does_nothing_twice_and_leads_nobody() {
    let Some(world) = World::on_shared_servers().await else { return };
    let zombie = world.worker_of(Queue::Within5s, 16);
    until("it leads the relay", async || faults::leads(&world, &zombie).await).await;
    world.mail(0..8, 6_000).await;
    world.order(100..108, 6_000).await;
    until_running(&world, 16).await;

    // It holds sixteen claims, eight open transactions, and the relay's lock.
    zombie.pause();
    let heir = world.worker_of(Queue::Within5s, 16);
    let taken = until("another has done it all", async || unfinished(&world).await == 0).await;
    assert!(faults::leads(&world, &heir).await, "the dead still leads");
    zombie.resume();
    until("it has noticed", async || zombie.metric("job_fenced_total").await >= 1.0).await;
    until("it has let go", async || zombie.metric("jobs_running_here").await == 0.0).await;

    println!("zombie: taken over in {taken:?}, {} fenced", zombie.metric("job_fenced_total").await);
    let account = Account::settle(&world, Wanted { mails: 0..8, orders: 100..108, ..Wanted::default() }).await;
    assert_eq!(account.interrupted, 16, "{account:?}");
    account.assert_exact();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_longer_than_many_leases_runs_once() {
    let Some(world) = World::on_shared_servers().await else { return };
    let _workers = [world.worker_of(Queue::Within5s, 2), world.worker_of(Queue::Within5s, 2)];
    let length = Mail::QUEUE.lease() * size(3, 5);
    world.mail(0..1, u64::try_from(length.as_millis()).expect("few")).await;
    until_running(&world, 1).await;
    faults::depose(&world).await;
    until("it is done", async || unfinished(&world).await == 0).await;
    let took = world.ask("select extract(epoch from max(finished_at - started_at))::bigint from jobs").await;
    assert!(Duration::from_secs(took.unsigned_abs() + 1) >= length, "it took {took} s");
    assert_eq!(world.count::<Mail>("attempt = 1 and crashes = 0").await, 1);
    Account::settle(&world, Wanted { mails: 0..1, ..Wanted::default() }).await.assert_exact();
}
