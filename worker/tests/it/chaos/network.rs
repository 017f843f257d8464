//! A bad network between the workers and their servers: slow, silent, cut.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use devtools::proxy::Proxy;
use shared::jobs::Queue;
use url::Url;

use super::checker::{Account, Wanted, calm};
use super::size;
use super::world::World;
use crate::process::{Program, until_within};

/// How soon workers work again when the weather is fine.
const RECOVERY: Duration = Duration::from_secs(10);

/// Connections that are reset on each way, at the least.
const MANY: usize = 10;

/// Puts a proxy before the server of a setting: programs that are started from now on go through it.
async fn between(world: &mut World, setting: &'static str) -> Proxy {
    let mut url: Url = world.setting(setting).parse().expect("a URL");
    let target = SocketAddr::new(
        url.host_str().and_then(|host| host.parse().ok()).expect("an address"),
        url.port().expect("a port"),
    );
    let proxy = Proxy::start(target).await.expect("a proxy");
    url.set_port(Some(proxy.address().port())).expect("a port");
    world.set(setting, url.to_string());
    proxy
}

/// Until as many workers as there are have begun something new.
async fn all_work(world: &World, workers: usize) -> Duration {
    let since = world.ask("select (extract(epoch from clock_timestamp()) * 1000)::bigint").await;
    let working =
        format!("select count(distinct worker) from jobs where extract(epoch from started_at) * 1000 > {since}");
    let workers = i64::try_from(workers).expect("few");
    until_within(RECOVERY, "all work again", async || world.ask(&working).await == workers).await
}

/// All kinds of weather on one way; says how many connections were reset by it.
async fn storm(world: &World, way: &Proxy, workers: &[Program]) -> (usize, Duration) {
    let mut slowest = all_work(world, workers.len()).await;
    way.delay(Duration::from_millis(500));
    tokio::time::sleep(Duration::from_secs(size(4, 30))).await; // how long the fault lasts
    way.delay(Duration::ZERO);
    slowest = slowest.max(all_work(world, workers.len()).await);
    // Half open: nobody is told that nobody answers. Longer than a lease.
    way.stall();
    tokio::time::sleep(Duration::from_secs(size(7, 40))).await; // how long the fault lasts
    way.flow();
    slowest = slowest.max(all_work(world, workers.len()).await);
    for _ in 0..size(2, 10) {
        assert!(way.reset() > 0, "there was nothing to reset");
        slowest = slowest.max(all_work(world, workers.len()).await);
    }
    way.break_each(100);
    tokio::time::sleep(Duration::from_secs(size(4, 30))).await; // how long the fault lasts
    until_within(RECOVERY * 3, "many are broken", async || way.broken() > MANY).await;
    way.break_each(0);
    (way.broken(), slowest.max(all_work(world, workers.len()).await))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_is_slow_silent_and_cut_and_nothing_is_lost() {
    let Some(mut world) = World::on_shared_servers().await else { return };
    let database = between(&mut world, "DATABASE_URL").await;
    let redis = between(&mut world, "REDIS_URL").await;
    let workers = [world.worker_of(Queue::Within5s, 8), world.worker_of(Queue::Within5s, 8)];
    let is_over = AtomicBool::new(false);
    let feed = async {
        let mut placed = 0;
        while !is_over.load(Ordering::Relaxed) {
            world.order(placed..placed + 4, 50).await;
            placed += 4;
            tokio::time::sleep(Duration::from_millis(200)).await; // the pace of the load
        }
        placed
    };
    let harm = async {
        let to_redis = storm(&world, &redis, &workers).await;
        let to_database = storm(&world, &database, &workers).await;
        is_over.store(true, Ordering::Relaxed);
        (to_redis, to_database)
    };
    let (orders, (to_redis, to_database)) = tokio::join!(feed, harm);
    calm(&world, Duration::from_secs(60)).await;
    let account = Account::settle(&world, Wanted { orders: 0..orders, ..Wanted::default() }).await;
    println!("network: reset and slowest recovery, Redis {to_redis:?}, PostgreSQL {to_database:?}; {account:?}");
    assert!(to_redis.0 > MANY && to_database.0 > MANY, "hardly any connection was reset");
    account.assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_cut_off_is_replaced_and_comes_back() {
    let Some(mut world) = World::on_shared_servers().await else { return };
    let direct = world.setting("DATABASE_URL").to_owned();
    let way = between(&mut world, "DATABASE_URL").await;
    let cut_off = world.worker_of(Queue::Within5s, 8);
    world.order(0..8, 6_000).await;
    until_within(RECOVERY, "it has them all", async || {
        world.ask("select count(*) from jobs where state = 'running'").await == 8
    })
    .await;
    way.stall();
    world.set("DATABASE_URL", direct);
    let heir = world.worker_of(Queue::Within5s, 8);
    calm(&world, Duration::from_secs(40)).await;
    let of_heir = format!("select count(*) from jobs where state = 'succeeded' and worker like '%-{}-%'", heir.id());
    assert_eq!(world.ask(&of_heir).await, 16, "another did not take over");
    way.flow();
    drop(heir);
    let again = format!("select count(*) from jobs where state = 'succeeded' and worker like '%-{}-%'", cut_off.id());
    world.order(8..16, 0).await;
    until_within(RECOVERY * 2, "it works again", async || world.ask(&again).await >= 16).await;
    calm(&world, Duration::from_secs(20)).await;
    let account = Account::settle(&world, Wanted { orders: 0..16, ..Wanted::default() }).await;
    println!("cut off: {account:?}");
    account.assert_exact();
}
