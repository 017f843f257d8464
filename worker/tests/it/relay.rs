//! What the relay does when things are not as usual: Redis away or silent, hardly anybody due, another
//! in its place. On the binary, and on its own statements.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use devtools::proxy::Proxy;
use diesel_async::SimpleAsyncConnection;
use shared::ids::TenantId;
use shared::jobs::{Job, JobState, Queue, enqueue, enqueue_many, ledger, relay};
use shared::testing::{TestDb, vacuum};
use url::Url;
use worker::rehearsal::Nothing;

use crate::process::{Worker, until, until_within};
use crate::support::show;

/// So many tenants with work for tomorrow, and one job that is due, of a tenant behind all of them.
async fn tomorrow(db: &TestDb, tenants: u32) -> TenantId {
    let last: TenantId = "ffffffff-ffff-7fff-8fff-ffffffffffff".parse().expect("an id");
    let fill = format!(
        "insert into jobs (id, tenant_id, kind, queue, max_attempts, args, run_at)
         select gen_random_uuid(), ('00000000-0000-7000-8000-' || lpad(t::text, 12, '0'))::uuid, 'rehearsal.nothing',
                'within_1m', 3, '{{}}', now() + interval '1 day'
         from generate_series(1, {tenants}) t"
    );
    db.owner().await.batch_execute(&fill).await.expect("filled");
    enqueue(&mut *db.tenant(last).await, &Nothing { tenant: last }).await.expect("enqueued");
    last
}

/// A way to Redis that can be cut off, and its URL.
async fn way_to_redis() -> (Proxy, String) {
    let mut redis: Url = std::env::var("TEST_REDIS_URL").expect("a Redis").parse().expect("a URL");
    let server = redis.socket_addrs(|| None).expect("an address").remove(0);
    let way = Proxy::start(server).await.expect("a proxy");
    redis.set_port(Some(way.address().port())).expect("a port");
    (way, redis.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_due_does_not_wait_behind_thousands_of_tenants_that_are_not() {
    let db = TestDb::lease().await;
    // Thirty-two in a round, which an idle relay makes four times a second, would take over a minute.
    tomorrow(&db, 8_000).await;
    // As autovacuum does soon: for each tenant, a planner that takes the table to be empty reads all of it.
    vacuum(&mut db.owner().await, "jobs").await;
    let _worker = Worker::start(&db, &["--queues", "within_1m=4"], &[]);
    let done = "select state::text as text from jobs
                where kind = 'rehearsal.nothing' and run_at <= now() and state = 'succeeded'";
    until_within(Duration::from_secs(40), "the due one is done", async || !db.texts(done).await.is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_takes_jobs_straight_finds_who_is_due_among_thousands() {
    let db = TestDb::lease().await;
    let last = tomorrow(&db, 2_000).await;
    let mut conn = db.relay().await;
    let mut found = Vec::new();
    for _ in 0..2 {
        found.extend(relay::take_directly(&mut conn, Queue::Within1m, 4).await.expect("tickets"));
    }
    assert_eq!(found.iter().map(|ticket| ticket.tenant).collect::<Vec<_>>(), [last]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_had_a_ticket_when_redis_went_is_done_without_it() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let jobs: Vec<Nothing> = (0..20).map(|_| Nothing { tenant }).collect();
    enqueue_many(&mut *db.tenant(tenant).await, &jobs).await.expect("enqueued");
    // Ten tickets were in Redis, and ten jobs with a worker that took them straight and died.
    let sent = "update jobs set state = 'dispatched', dispatched_at = now()";
    db.owner().await.batch_execute(sent).await.expect("sent");
    let nowhere = [("REDIS_URL", "redis://127.0.0.1:1")];
    let _worker = Worker::start(&db, &["--queues", "within_1m=4"], &nowhere);
    // Of these: the worker leads, and by the clock more is asked for, of queues that it does not serve.
    let left = "select state::text as text from jobs where kind = 'rehearsal.nothing' and state <> 'succeeded'";
    until("all are done", async || db.texts(left).await.is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_does_not_answer_holds_up_neither_the_sweep_nor_the_clock() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let id = enqueue(&mut *db.tenant(tenant).await, &Nothing { tenant }).await.expect("enqueued").id();
    // It takes connections, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("redis://{}", silent.local_addr().expect("an address"));
    let worker = Worker::start(&db, &["--queues", "within_10m=1"], &[("REDIS_URL", &url)]);
    until("it keeps the clock", async || worker.metric("relay_keeper").await > 0.0).await;
    let known = "select name as text from job_schedules where name = 'jobs.prune'";
    until("the schedules are written", async || !db.texts(known).await.is_empty()).await;
    let round = async || {
        let lost = format!(
            "update jobs set state = 'running', attempt = 1, crashes = 0, lease_until = now() where id = '{id}';
             update job_schedules set is_enabled = true, next_run_at = now() where name = 'jobs.prune'"
        );
        db.owner().await.batch_execute(&lost).await.expect("lost");
        let back = async || show(&db, id).await.0.state == JobState::Available;
        until("the lost one is taken back", back).await;
        let due = "select name as text from job_schedules where name = 'jobs.prune' and next_run_at <= now()";
        until("the schedule has fired", async || db.texts(due).await.is_empty()).await;
    };
    // At first a keeper leaves others' leases alone.
    round().await;
    let begun = Instant::now();
    for _ in 0..6 {
        round().await;
    }
    // Held up by Redis, each round would cost the five seconds that an answer may take.
    assert!(begun.elapsed() < Duration::from_secs(30), "six rounds took {:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leads_no_more_tells_no_numbers_of_a_leader() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    // Nobody works in this queue: its ticket stays out.
    enqueue(&mut *db.tenant(tenant).await, &Nothing { tenant }).await.expect("enqueued");
    assert_eq!(Nothing::QUEUE, Queue::Within1m);
    let worker = Worker::start(&db, &["--queues", "within_10m=1"], &[]);
    until("its ticket is out", async || worker.metric("relay_window_used").await > 0.0).await;

    // Another is in its place before it can ask again.
    let mut other = db.owner().await;
    let depose = "select pg_terminate_backend(pid) from pg_locks
                  where locktype = 'advisory' and objid = 7203302 and granted
                    and database = (select oid from pg_database where datname = current_database())";
    let next = tokio::spawn(async move {
        other.batch_execute("select pg_advisory_lock(7203302)").await.expect("it leads");
        other
    });
    let waits = "select pid::text as text from pg_locks where locktype = 'advisory' and objid = 7203302 and not granted
                   and database = (select oid from pg_database where datname = current_database())";
    until("the other waits", async || !db.texts(waits).await.is_empty()).await;
    db.owner().await.batch_execute(depose).await.expect("deposed");
    let _leads = next.await.expect("it leads");

    until("it says that it does not lead", async || worker.metric("relay_leader").await < 1.0).await;
    let out = worker.metric("relay_window_used").await;
    assert!(out < 1.0, "it still tells of {out} tickets");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_reach_redis_leaves_the_lead_to_who_does_and_keeps_the_clock() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let (way, redis) = way_to_redis().await;
    let namespace = format!("test:{}", uuid::Uuid::new_v4());
    let through = [("REDIS_URL", redis.as_str()), ("REDIS_NAMESPACE", &namespace)];
    let first = Worker::start(&db, &["--queues", "within_10m=1"], &through);
    until("the first leads", async || first.metric("relay_leader").await > 0.0).await;
    until("and keeps the clock", async || first.metric("relay_keeper").await > 0.0).await;
    let second = Worker::start(&db, &["--queues", "within_1m=1"], &[("REDIS_NAMESPACE", &namespace)]);

    way.stall();
    let id = enqueue(&mut *db.tenant(tenant).await, &Nothing { tenant }).await.expect("enqueued").id();
    until("the second does it", async || show(&db, id).await.0.state == JobState::Succeeded).await;
    assert!(second.metric("relay_leader").await > 0.0, "it was not by its ticket");
    until("the first leads no more", async || first.metric("relay_leader").await < 1.0).await;
    assert!(first.metric("relay_keeper").await > 0.0, "the clock needs no Redis");
    assert!(second.metric("relay_keeper").await < 1.0, "one keeps it");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_leads_while_redis_is_away_and_who_hears_of_it_again_does() {
    let db = TestDb::lease().await;
    let (way, redis) = way_to_redis().await;
    let worker = Worker::start(&db, &["--queues", "within_10m=1"], &[("REDIS_URL", &redis)]);
    let leader = async || {
        let row = ledger::leader(&mut *db.relay().await).await.expect("an answer");
        row.map(|(name, _)| name)
    };
    let name = format!("worker {}", worker.id());
    until("it leads", async || leader().await.as_ref() == Some(&name)).await;
    way.stall();
    until("nobody leads", async || leader().await.is_none()).await;
    way.flow();
    until("it leads again", async || leader().await.as_ref() == Some(&name)).await;
}
