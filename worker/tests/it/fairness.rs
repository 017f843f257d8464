//! Who goes next.

use std::collections::HashMap;

use diesel_async::SimpleAsyncConnection;
use serde_json::json;
use shared::ids::{JobId, TenantId};
use shared::jobs::ledger::{self};
use shared::jobs::{Queue, Ticket, enqueue, enqueue_many, relay};
use shared::testing::TestDb;

use crate::support::Try;

async fn fill(db: &TestDb, tenant: TenantId, jobs: usize) {
    let jobs: Vec<Try> = (0..jobs).map(|_| Try::in_tenant(tenant)).collect();
    enqueue_many(&mut *db.tenant(tenant).await, &jobs).await.expect("enqueued");
}

fn by_tenant(tickets: &[Ticket]) -> HashMap<TenantId, usize> {
    let mut counts = HashMap::new();
    for ticket in tickets {
        *counts.entry(ticket.tenant).or_insert(0) += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_with_one_job_does_not_wait_behind_one_with_thousands() {
    let db = TestDb::lease().await;
    let (crowd, single) = (TenantId::new(), TenantId::new());
    fill(&db, crowd, 5_000).await;
    fill(&db, single, 1).await;
    let tickets = relay::take(&mut *db.relay().await, Queue::Within5s, 50, 500).await.expect("tickets");
    let place = tickets.iter().position(|ticket| ticket.tenant == single);
    assert!(place.is_some_and(|place| place < 2), "it is number {place:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_never_has_more_than_its_cap_under_way() {
    let db = TestDb::lease().await;
    let crowd = TenantId::new();
    fill(&db, crowd, 300).await;
    let mut relay = db.relay().await;
    assert_eq!(relay::take(&mut relay, Queue::Within5s, 100, 40).await.expect("tickets").len(), 40);
    assert_eq!(relay::take(&mut relay, Queue::Within5s, 100, 40).await.expect("tickets"), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_take_turns_and_each_gets_the_same() {
    let db = TestDb::lease().await;
    let tenants: Vec<TenantId> = (0..7).map(|_| TenantId::new()).collect();
    for tenant in &tenants {
        fill(&db, *tenant, 60).await;
    }
    let mut relay = db.relay().await;
    let mut all = Vec::new();
    // Not a multiple of seven: whoever is left out in one round comes first in the next.
    for _ in 0..35 {
        all.extend(relay::take(&mut relay, Queue::Within5s, 5, 500).await.expect("tickets"));
    }
    let counts = by_tenant(&all);
    assert_eq!(all.len(), 175);
    assert!(counts.values().all(|count| *count == 25), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_one_of_many_tenants_has_its_turn() {
    let db = TestDb::lease().await;
    db.owner()
        .await
        .batch_execute(
            "insert into jobs (id, tenant_id, kind, queue, max_attempts, args, run_at)
             select gen_random_uuid(), ('00000000-0000-7000-8000-' || lpad(t::text, 12, '0'))::uuid, 'test.try',
                    'within_5s', 3, '{}', case when t % 3 = 0 then now() + interval '1 hour' else now() end
             from generate_series(1, 900) t, generate_series(1, 3) n",
        )
        .await
        .expect("filled");
    let mut relay = db.relay().await;
    let mut all = Vec::new();
    for _ in 0..12 {
        all.extend(relay::take(&mut relay, Queue::Within5s, 100, 500).await.expect("tickets"));
    }
    // Three hundred tenants have only work for later; they must not stand in the others' way.
    assert_eq!(by_tenant(&all).len(), 600, "{} tickets", all.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_urgent_goes_first_within_a_tenant() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    fill(&db, tenant, 5).await;
    db.owner().await.batch_execute("update jobs set priority = 200").await.expect("changed");
    let urgent = enqueue(&mut *db.tenant(tenant).await, &Try::in_tenant(tenant)).await.expect("enqueued").id();
    let tickets = relay::take(&mut *db.relay().await, Queue::Within5s, 1, 10).await.expect("tickets");
    assert_eq!(tickets.iter().map(|ticket| ticket.job).collect::<Vec<_>>(), [urgent]);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_a_strand_run_one_after_the_other() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let mut ids: Vec<JobId> = Vec::new();
    for _ in 0..3 {
        let job = Try { tenant, note: json!({ "strand": "grades" }) };
        ids.push(enqueue(&mut *db.tenant(tenant).await, &job).await.expect("enqueued").id());
    }
    ids.sort();
    for id in ids {
        let tickets = relay::take(&mut *db.relay().await, Queue::Within5s, 10, 10).await.expect("tickets");
        assert_eq!(tickets, [Ticket { job: id, tenant }]);
        let mut conn = db.tenant(tenant).await;
        let lease = std::time::Duration::from_secs(30);
        let claim = ledger::claim(&mut conn, tickets[0], "w", lease).await.expect("an answer").expect("claimed");
        assert!(ledger::succeed(&mut conn, &claim, None).await.expect("an answer"));
    }
}
