//! PostgreSQL fails over: its address leads to another server, or for a while to one that may only be
//! read.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use devtools::proxy::Proxy;
use shared::jobs::Queue;

use super::api::Api;
use super::checker::{Account, Wanted, calm};
use super::size;
use super::standby::Standby;
use super::world::World;
use crate::process::{Program, until_within};

/// How soon all work again when the server may be written.
const RECOVERY: Duration = Duration::from_secs(10);

/// Ends all connections of the programs; says how many there were.
const END_ALL: &str = "select count(pg_terminate_backend(pid)) from pg_stat_activity
     where application_name = 'lms' and datname = current_database() and pid <> pg_backend_pid()";

/// Connections of the programs that were made while the server could only be read keep that: they
/// stand for connections to a machine that has become a copy of another.
async fn demote(world: &World) -> i64 {
    world.order_of_the_owner("alter database lms set default_transaction_read_only = on").await;
    world.ask(END_ALL).await
}

async fn are_ready(programs: impl Iterator<Item = &Program>) {
    for program in programs {
        until_within(RECOVERY, "it is ready", async || program.probe("/health/ready").await == Some(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_becomes_a_copy_and_all_leave_it_for_the_one_that_takes_its_place() {
    let Some(world) = World::of_its_own().await else { return };
    let api = Api::start(&world).await;
    let workers = [world.worker_of(Queue::Within5s, 8), world.worker_of(Queue::Within5s, 8)];
    let (people, orders, third) = (size(300, 3_000), size(200, 1_000), size(5, 20));
    world.order(0..orders, 300).await;
    let admin = api.admin.clone();
    let inviting = tokio::spawn(async move { admin.invite_all(0..people, Duration::from_secs(3 * third)).await });

    tokio::time::sleep(Duration::from_secs(third)).await; // the pace of the load
    let ended = demote(&world).await;
    tokio::time::sleep(Duration::from_secs(third)).await; // how long the fault lasts
    let done = world.ask("select count(*) from jobs where state = 'succeeded'").await;
    world.order_of_the_owner("alter database lms reset default_transaction_read_only").await;
    let recovery = until_within(RECOVERY, "all work again", async || {
        world.ask("select count(distinct worker) from jobs where started_at > now() - interval '1 second'").await == 2
    })
    .await;

    let invited = inviting.await.expect("all are invited");
    calm(&world, Duration::from_secs(90)).await;
    let account = Account::settle(&world, Wanted { people: 0..people, orders: 0..orders, ..Wanted::default() }).await;
    println!(
        "failover: {ended} connections ended, {done} jobs done before; {} requests told to come back, {} otherwise; all work again after {recovery:?}; {account:?}",
        invited.refused,
        invited.untold.len(),
    );
    assert!(ended >= 5 && invited.refused > 0, "nobody noticed that the server may only be read");
    assert_eq!(invited.untold, Vec::<String>::new(), "not told when to come back");
    are_ready(workers.iter().chain([&api.program])).await;
    account.assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_killed_its_copy_takes_its_place_and_nothing_that_was_accepted_is_lost() {
    let Some(mut world) = World::of_its_own().await else { return };
    let standby = Standby::of(world.servers());
    // What is committed is on both.
    world.order_of_the_owner("alter system set synchronous_standby_names = '*'").await;
    world.ask("select pg_reload_conf()::int::bigint").await;
    until_within(RECOVERY, "the copy is in step", async || {
        world.ask("select count(*) from pg_stat_replication where sync_state = 'sync'").await == 1
    })
    .await;
    let port = world.servers().get("POSTGRES_PORT").parse().expect("a port");
    let way = Proxy::start(SocketAddr::from(([127, 0, 0, 1], port))).await.expect("a proxy");
    world.reach_database_by(way.address().port());
    let api = Api::start(&world).await;
    let workers = [world.worker_of(Queue::Within5s, 8), world.worker_of(Queue::Within5s, 8)];
    let (people, orders, third) = (size(300, 3_000), size(200, 1_000), size(5, 20));
    world.order(0..orders, 300).await;
    let admin = api.admin.clone();
    let inviting = tokio::spawn(async move { admin.invite_all(0..people, Duration::from_secs(3 * third)).await });

    tokio::time::sleep(Duration::from_secs(third)).await; // the pace of the load
    world.servers().kill_postgres();
    let killed = Instant::now();
    standby.promote();
    way.lead_to(standby.address());
    let took = killed.elapsed();
    until_within(RECOVERY, "all work again", async || {
        api.program.probe("/health/ready").await == Some(200)
            && world.ask("select count(distinct worker) from jobs where started_at > now() - interval '1 second'").await
                == 2
    })
    .await;
    let recovery = killed.elapsed();

    let invited = inviting.await.expect("all are invited");
    calm(&world, Duration::from_secs(90)).await;
    let account = Account::settle(&world, Wanted { people: 0..people, orders: 0..orders, ..Wanted::default() }).await;
    println!(
        "failover: the copy took over after {took:?}, all work again after {recovery:?}; {} requests told to come back, {} otherwise, {} in all had trouble; {account:?}",
        invited.refused - u32::try_from(invited.untold.len()).expect("few"),
        invited.untold.len(),
        invited.troubles,
    );
    assert!(invited.troubles > 0, "nobody noticed that the server was killed");
    assert_eq!(invited.untold, Vec::<String>::new(), "not told when to come back");
    assert_eq!(world.ask("select count(*) from pg_stat_replication").await, 0, "the new one has no copy");
    are_ready(workers.iter().chain([&api.program])).await;
    account.assert_kept();
}
