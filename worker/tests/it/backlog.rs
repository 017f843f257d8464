//! What is refused when too much waits, and what is not.

use diesel_async::SimpleAsyncConnection;
use serde_json::json;
use shared::db::{Error, Pool, PoolSettings, Scope};
use shared::ids::TenantId;
use shared::jobs::limits::{self, LimitRow};
use shared::jobs::schedule::{self, Schedule};
use shared::jobs::{Backlog, Enqueued, backlog, enqueue, enqueue_many};
use shared::testing::TestDb;

use crate::support::{Mark, Try, count};

async fn behind_the_curtain(db: &TestDb, statement: &str) {
    db.owner().await.batch_execute(statement).await.expect("done");
}

async fn ask(db: &TestDb, tenant: TenantId) -> Result<Enqueued, Error> {
    enqueue(&mut *db.tenant(tenant).await, &Try::in_tenant(tenant)).await
}

async fn fill(db: &TestDb, tenant: TenantId, jobs: usize) {
    let jobs: Vec<Try> = (0..jobs).map(|_| Try::in_tenant(tenant)).collect();
    enqueue_many(&mut *db.tenant(tenant).await, &jobs).await.expect("enqueued");
    backlog::count(&mut *db.relay().await).await.expect("counted");
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Error>) -> Option<Backlog> {
    Backlog::refused(&answer.expect_err("it was not refused"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_everybody_until_it_is_emptied() {
    let db = TestDb::lease().await;
    let (crowd, other) = (TenantId::new(), TenantId::new());
    behind_the_curtain(&db, "update job_queues set max_backlog = 10 where queue = 'within_5s'").await;
    fill(&db, crowd, 9).await;
    assert!(ask(&db, other).await.is_ok(), "refused below the limit");
    backlog::count(&mut *db.relay().await).await.expect("counted");

    assert_eq!(refused(ask(&db, other).await), Some(Backlog::OfQueue));
    let many = enqueue_many(&mut *db.tenant(other).await, &[Try::in_tenant(other)]).await;
    assert_eq!(refused(many), Some(Backlog::OfQueue));
    let elsewhere = Mark { tenant: other, of: shared::ids::JobId::new() };
    assert!(enqueue(&mut *db.tenant(other).await, &elsewhere).await.is_ok(), "another queue is not full");
    assert_eq!(count(&db, "test.try").await, 10, "something was half-written");

    behind_the_curtain(&db, "update jobs set state = 'succeeded' where kind = 'test.try'").await;
    let counted = backlog::count(&mut *db.relay().await).await.expect("counted");
    assert_eq!((counted.waiting, counted.full_queues, counted.full_tenants), (1, 0, 0));
    assert!(ask(&db, other).await.is_ok(), "still refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_with_too_much_of_one_kind_is_refused_that_kind_alone() {
    let db = TestDb::lease().await;
    let (crowd, other) = (TenantId::new(), TenantId::new());
    let three = LimitRow::new("kind:test.try".to_owned(), None, None, Some(3));
    limits::set(&mut *db.relay().await, &three).await.expect("set");
    fill(&db, crowd, 3).await;

    assert_eq!(refused(ask(&db, crowd).await), Some(Backlog::OfTenant));
    assert!(ask(&db, other).await.is_ok(), "another tenant was refused");
    let elsewhere = Mark { tenant: crowd, of: shared::ids::JobId::new() };
    assert!(enqueue(&mut *db.tenant(crowd).await, &elsewhere).await.is_ok(), "another kind was refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_waits_already_is_no_new_one() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    let job = Try { tenant, note: json!({ "unique": "one" }) };
    let id = enqueue(&mut *db.tenant(tenant).await, &job).await.expect("enqueued").id();
    behind_the_curtain(&db, "update job_queues set is_full = true").await;
    let again = enqueue(&mut *db.tenant(tenant).await, &job).await.expect("an answer");
    assert_eq!(again, Enqueued::Already(id));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_jobs_and_schedules_ask_for_is_never_refused() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    behind_the_curtain(&db, "update job_queues set is_full = true").await;
    assert_eq!(refused(ask(&db, tenant).await), Some(Backlog::OfQueue));

    let worker = Pool::new(&PoolSettings { does_jobs: true, size: 1, ..PoolSettings::new(&db.url) }).expect("a pool");
    let mut conn = worker.get(Scope::Tenant(tenant)).await.expect("a connection");
    enqueue(&mut conn, &Try::in_tenant(tenant)).await.expect("a worker was refused");

    let mut relay = db.relay().await;
    let schedule = Schedule::new("hourly", "0 * * * *", &Try::in_tenant(TenantId::PLATFORM)).expect("a schedule");
    schedule::sync(&mut relay, &[schedule]).await.expect("synced");
    let due = schedule::list(&mut relay).await.expect("schedules")[0].next_run_at;
    assert_eq!(schedule::fire(&mut relay, due).await.expect("the clock was refused").1, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn counting_hundreds_of_thousands_is_nothing_that_a_request_does() {
    let db = TestDb::lease().await;
    let tenant = TenantId::new();
    behind_the_curtain(
        &db,
        "insert into jobs (id, tenant_id, kind, queue, max_attempts, args)
         select gen_random_uuid(), gen_random_uuid(), 'test.bulk', 'within_1h', 3, '{}' from generate_series(1, 100000);
         analyze jobs",
    )
    .await;
    let counted = backlog::count(&mut *db.relay().await).await.expect("counted");
    assert_eq!(counted.waiting, 100_000);
    // What a request does is seen in the plan of the trigger's questions: no scan of the jobs.
    let plan = db
        .texts("select coalesce(string_agg(query, ' '), '') as text from (select prosrc as query from pg_proc where proname = 'refuse_jobs_when_full') as source")
        .await;
    assert!(!plan[0].contains("from jobs"), "{plan:?}");
    let ((), statements) = shared::testing::count_queries(async {
        ask(&db, tenant).await.expect("enqueued");
    })
    .await;
    assert_eq!(statements, 1);
}
