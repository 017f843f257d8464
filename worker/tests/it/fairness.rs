//! Who goes next.

use std::collections::HashMap;
use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use serde_json::json;
use shared::ids::{JobId, TenantId};
use shared::jobs::ledger::{self};
use shared::jobs::{Queue, Ticket, enqueue, enqueue_many, relay};
use shared::testing::TestDb;

use crate::process::{Worker, until};
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

#[tokio::test(flavor = "multi_thread")]
async fn a_strand_keeps_its_order_over_retries_and_crashes() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let mut ids: Vec<JobId> = Vec::new();
    for _ in 0..5 {
        let job = Try { tenant, note: json!({ "strand": "grades" }) };
        ids.push(enqueue(&mut *db.tenant(tenant).await, &job).await.expect("enqueued").id());
    }
    ids.sort();
    let mut done = Vec::new();
    let mut starts = 0;
    while done.len() < ids.len() {
        let tickets = relay::take(&mut *db.relay().await, Queue::Within5s, 10, 10).await.expect("tickets");
        assert!(tickets.len() <= 1, "two of one strand at once: {tickets:?}");
        if let Some(ticket) = tickets.first() {
            starts += 1;
            let mut conn = db.tenant(tenant).await;
            let lease = Duration::from_secs(30);
            let claim = ledger::claim(&mut conn, *ticket, "w", lease).await.expect("an answer").expect("claimed");
            match starts % 3 {
                0 => {
                    done.extend(ledger::succeed(&mut conn, &claim, None).await.expect("an answer").then_some(claim.id));
                }
                1 => {
                    let later = ledger::Verdict::Retry(Duration::from_secs(3_600));
                    ledger::fail(&mut conn, &claim, later, "failed", "no").await.expect("an answer");
                }
                _ => {
                    let lost = "update jobs set lease_until = now() - interval '1 second' where state = 'running'";
                    db.owner().await.batch_execute(lost).await.expect("lost");
                    relay::sweep(&mut *db.relay().await).await.expect("swept");
                }
            }
        } else {
            // The one that failed waits for its backoff, and the others for it.
            db.owner()
                .await
                .batch_execute("update jobs set run_at = now() where state = 'available'")
                .await
                .expect("later");
        }
    }
    assert_eq!(done, ids);
    assert_eq!(starts, 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_comes_back_from_the_dead_waits_for_its_strands_running_job() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let job = Try { tenant, note: json!({ "strand": "grades" }) };
    let older = enqueue(&mut *db.tenant(tenant).await, &job).await.expect("enqueued").id();
    let younger = enqueue(&mut *db.tenant(tenant).await, &job).await.expect("enqueued").id();
    let died = format!("update jobs set state = 'dead', finished_at = now() where id = '{older}'");
    db.owner().await.batch_execute(&died).await.expect("dead");
    let mut relay = db.relay().await;
    let taken = relay::take(&mut relay, Queue::Within5s, 10, 10).await.expect("tickets");
    assert_eq!(taken, [Ticket { job: younger, tenant }]);
    shared::jobs::operate::replay(&mut relay, &shared::jobs::operate::Filter::default(), &[], 10)
        .await
        .expect("replayed");
    assert_eq!(relay::take(&mut relay, Queue::Within5s, 10, 10).await.expect("tickets"), []);
}

/// How alike the shares are: one if all are the same, `1/n` if one has everything.
pub(crate) fn jain(shares: &[f64]) -> f64 {
    let count = f64::from(u32::try_from(shares.len()).expect("few"));
    let (sum, squares) = (shares.iter().sum::<f64>(), shares.iter().map(|share| share * share).sum::<f64>());
    if squares == 0.0 { 0.0 } else { sum * sum / (count * squares) }
}

/// As PostgreSQL writes it.
fn list(tenants: &[TenantId]) -> String {
    format!("{{{}}}", tenants.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
}

/// So many jobs of fifty milliseconds of each of these, made where they are counted and all at once:
/// nobody has a start.
async fn fifties(db: &TestDb, tenants: &[TenantId], jobs: usize) {
    let fill = format!(
        "insert into jobs (id, tenant_id, kind, queue, max_attempts, args)
         select gen_random_uuid(), tenant, 'rehearsal.sleep', 'within_1m', 3,
             jsonb_build_object('tenant', tenant, 'milliseconds', 50)
         from unnest('{}'::uuid[]) as tenant, generate_series(1, {jobs})",
        list(tenants)
    );
    db.owner().await.batch_execute(&fill).await.expect("filled");
}

/// How many jobs of each of these are done, at one instant.
async fn done(db: &TestDb, tenants: &[TenantId]) -> Vec<f64> {
    let query = format!(
        "select (count(*) filter (where state = 'succeeded'))::text as text
         from jobs where tenant_id = any ('{}') group by tenant_id",
        list(tenants)
    );
    db.texts(&query).await.iter().map(|jobs| jobs.parse().expect("a number")).collect()
}

/// The whole road, by the binary: a crowd with twenty thousand jobs, one with ten, then four alike.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_holds_nobody_up_and_equals_get_the_same() {
    const CAP: usize = 20;
    const FEW: usize = 10;
    let db = TestDb::lease().await;
    let (crowd, small) = (TenantId::new(), TenantId::new());
    db.owner().await.batch_execute(&format!("update job_queues set tenant_cap = {CAP}")).await.expect("set");
    fifties(&db, &[crowd], 20_000).await;
    let namespace = format!("test:{}", uuid::Uuid::new_v4());
    let serve = |slots| Worker::start(&db, &["--queues", slots], &[("REDIS_NAMESPACE", &namespace)]);
    // In one slot jobs start in the order of their tickets: places can be counted in place of seconds.
    let _one = serve("within_1m=1");
    until("the crowd is being served", async || done(&db, &[crowd]).await[0] > 10.0).await;

    fifties(&db, &[small], FEW).await;
    let asked = db.texts("select clock_timestamp()::text as text").await.concat();
    until("the small one is served", async || done(&db, &[small]).await == [10.0]).await;
    let before = format!(
        "select id::text as text from jobs where tenant_id = '{crowd}' and started_at > '{asked}'
           and started_at < (select max(started_at) from jobs where tenant_id = '{small}')"
    );
    let before = db.texts(&before).await.len();
    // What was under way, and then turn about.
    assert!(before <= CAP + FEW, "{before} of the crowd came before the small one's last");

    let equals: Vec<TenantId> = (0..4).map(|_| TenantId::new()).collect();
    let _more = serve("within_1m=16");
    fifties(&db, &equals, 3_000).await;
    let (mut most, mut shares) = (0, Vec::new());
    until("the equals are served", async || {
        let loads =
            "select count(*)::text as text from jobs where state in ('dispatched', 'running') group by tenant_id";
        let loads = db.texts(loads).await;
        most = loads.iter().map(|load| load.parse::<usize>().expect("a number")).max().unwrap_or(0).max(most);
        shares = done(&db, &equals).await;
        shares.iter().sum::<f64>() >= 400.0
    })
    .await;
    assert!(most <= CAP, "{most} of one tenant were under way");
    assert!(done(&db, &[crowd]).await[0] < 19_000.0, "there was no crowd any more");
    assert!(jain(&shares) >= 0.95, "unequal: {shares:?}");
}

#[test]
fn jains_index_is_what_it_should_be() {
    assert!((jain(&[5.0, 5.0, 5.0, 5.0]) - 1.0).abs() < 1e-9);
    assert!((jain(&[1.0, 0.0, 0.0, 0.0]) - 0.25).abs() < 1e-9);
}
