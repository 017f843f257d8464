//! A crowd, those who come after it, and equals.

use std::time::{Duration, Instant};

use shared::ids::TenantId;
use shared::jobs::Queue;
use worker::rehearsal::Sleep;

use super::size;
use super::world::World;
use crate::fairness::jain;
use crate::process::until;

/// How much of one tenant may be under way at once. The relay hands out twice as much as runs, or
/// more: with 32 slots this binds the crowd while it is alone, and among five it is turns that decide.
const CAP: i64 = 48;

/// So many jobs of fifty milliseconds of each of these, made where they are counted and all at once:
/// nobody has a start.
async fn fifties(world: &World, tenants: &[TenantId], jobs: u32) {
    let tenants = tenants.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    world
        .order_of_the_owner(&format!(
            "insert into jobs (id, tenant_id, kind, queue, max_attempts, args)
             select gen_random_uuid(), tenant, 'rehearsal.sleep', 'within_1m', 3,
                 jsonb_build_object('tenant', tenant, 'milliseconds', 50)
             from unnest('{{{tenants}}}'::uuid[]) as tenant, generate_series(1, {jobs})"
        ))
        .await;
}

async fn done(world: &World, tenant: TenantId) -> i64 {
    world.count::<Sleep>(&format!("tenant_id = '{tenant}' and state = 'succeeded'")).await
}

/// The most that any tenant has under way now.
async fn most_under_way(world: &World) -> i64 {
    world
        .ask(
            "select coalesce(max(jobs), 0)
             from (select count(*) as jobs from jobs where state in ('dispatched', 'running') group by tenant_id) as loads",
        )
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_holds_nobody_up_equals_get_the_same_and_nobody_more_than_its_cap() {
    let Some(world) = World::on_shared_servers().await else { return };
    world.order_of_the_owner(&format!("update job_queues set tenant_cap = {CAP}")).await;
    let (crowd, small) = (TenantId::new(), TenantId::new());
    let jobs = size(20_000, 100_000);
    fifties(&world, &[crowd], jobs).await;
    let _workers = [world.worker_of(Queue::Within1m, 16), world.worker_of(Queue::Within1m, 16)];
    let mut most = 0;
    until("the crowd has all that it may have", async || {
        most = most_under_way(&world).await.max(most);
        most >= CAP * 9 / 10
    })
    .await;

    fifties(&world, &[small], 10).await;
    until("the small one is served", async || done(&world, small).await == 10).await;
    let p95 = world
        .ask(&format!(
            "select (percentile_disc(0.95) within group (order by extract(epoch from started_at - run_at)) * 1000)::bigint
             from jobs where tenant_id = '{small}'"
        ))
        .await;
    println!("fairness: beside {jobs} jobs of another, 95 of 100 of ten started within {p95} ms");
    assert!(p95 <= 2_000, "the small one waited {p95} ms");

    let equals: Vec<TenantId> = (0..4).map(|_| TenantId::new()).collect();
    fifties(&world, &equals, size(4_000, 16_000)).await;
    let (begun, long) = (Instant::now(), Duration::from_secs(size(10, 60)));
    while begun.elapsed() < long {
        most = most_under_way(&world).await.max(most);
        tokio::time::sleep(Duration::from_millis(100)).await; // between two questions
    }
    let mut shares = Vec::new();
    for tenant in &equals {
        shares.push(f64::from(u32::try_from(done(&world, *tenant).await).expect("few")));
    }
    let waiting = world.count::<Sleep>("state = 'available'").await;
    let of_crowd = jobs - u32::try_from(done(&world, crowd).await).expect("few");
    println!(
        "fairness: four equals had {shares:?} in {long:?}, which is {:.4} of alike; at the most {most} at once",
        jain(&shares)
    );
    assert!(of_crowd > 1_000, "there was no crowd any more");
    assert!(waiting > 1_000, "they wanted no more than they got");
    assert!(shares.iter().sum::<f64>() > 200.0, "hardly anything ran: {shares:?}");
    assert!(jain(&shares) >= 0.95, "unequal: {shares:?}");
    assert!(most <= CAP, "{most} of one tenant were under way at once");
}
