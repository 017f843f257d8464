//! Queues keep out of each other's way.

use shared::jobs::Queue;
use worker::rehearsal::{Mail, Sleep};

use super::size;
use super::world::World;
use crate::process::until;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_urgent_starts_in_time_beside_a_full_queue_and_workers_run_only_their_own() {
    let Some(world) = World::on_shared_servers().await else { return };
    let bulk = world.worker_of(Queue::Within1m, 4);
    let both = world.worker(&["--queues", "within_5s=4,within_1m=4"]);
    // More than is done while the urgent ones are: nobody waits for the end of it.
    let jobs: u32 = size(3_000, 10_000);
    let sleep = Sleep { tenant: world.tenant, milliseconds: 400 };
    let batch: Vec<Sleep> = (0..jobs).map(|_| sleep.clone()).collect();
    world.enqueue(&batch).await;
    until("the bulk is at work", async || world.count::<Sleep>("state = 'running'").await >= 8).await;

    let urgent = size(50, 400);
    for number in 0..urgent {
        world.mail(number..number + 1, 0).await;
        until("the urgent one is done", async || world.count::<Mail>("finished_at is null").await == 0).await;
    }
    assert!(world.count::<Sleep>("state = 'available'").await > 0, "the bulk was not enough to be in the way");
    let wait = "select coalesce(percentile_disc(0.99) within group (order by
                    (extract(epoch from started_at - created_at) * 1000)::bigint), 0)
                from jobs where kind = 'rehearsal.mail'";
    let wait = world.ask(wait).await;
    println!("queues: 99 of 100 urgent jobs waited {wait} ms at the most");
    assert!(wait <= 5_000, "they waited {wait} ms");

    let by = |worker: u32| format!("worker like '%-{worker}-%'");
    assert_eq!(world.count::<Mail>(&by(both.id())).await, i64::from(urgent));
    assert!(world.count::<Sleep>(&by(bulk.id())).await > 0 && world.count::<Sleep>(&by(both.id())).await > 0);
}
