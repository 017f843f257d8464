//! Looking at the queues costs the same, however much waits and is dead.

use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use shared::db::Conn;
use shared::jobs::operate::{self, QueueRow};
use shared::jobs::{Queue, backlog};
use shared::testing::TestDb;

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// Adds so many jobs that are due, that wait for their time and that have died.
async fn fill(conn: &mut Conn, due: u32, later: u32, dead: u32) {
    conn.batch_execute(&format!(
        "insert into jobs (id, tenant_id, kind, queue, max_attempts, args, run_at)
         select gen_random_uuid(), md5((n % 50)::text)::uuid, 'test.due', 'within_1m', 3, '{{}}', now() - interval '1 minute' - n * interval '1 ms'
         from generate_series(1, {due}) as n;
         insert into jobs (id, tenant_id, kind, queue, max_attempts, args, run_at)
         select gen_random_uuid(), md5((n % 50)::text)::uuid, 'test.later', 'within_1m', 3, '{{}}', now() + interval '1 day'
         from generate_series(1, {later}) as n;
         insert into jobs (id, tenant_id, kind, queue, max_attempts, args, state, finished_at)
         select gen_random_uuid(), md5((n % 50)::text)::uuid, 'test.dead', 'within_1h', 3, '{{}}', 'dead', now()
         from generate_series(1, {dead}) as n"
    ))
    .await
    .expect("filled");
    conn.batch_execute("vacuum analyze jobs").await.expect("as autovacuum does");
}

/// The pages that one look reads.
async fn pages(conn: &mut Conn) -> u32 {
    let look = include_str!("../../src/jobs/sql/queues.sql");
    let plan: Vec<Line> = diesel::sql_query(format!("explain (analyze, buffers, costs off, timing off) {look}"))
        .load(conn)
        .await
        .expect("a plan");
    let plan: Vec<String> = plan.into_iter().map(|line| line.line).collect();
    let buffers = plan.iter().find_map(|line| line.trim().strip_prefix("Buffers: shared ")).expect("the pages read");
    let number = |name: &str| {
        let found = buffers.split_whitespace().find_map(|word| word.strip_prefix(name)?.parse::<u32>().ok());
        found.unwrap_or_default()
    };
    number("hit=") + number("read=")
}

async fn look(db: &TestDb, queue: Queue) -> QueueRow {
    let rows = operate::queues(&mut *db.relay().await).await.expect("queues");
    rows.into_iter().find(|row| row.queue == queue.name()).expect("the queue")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_at_the_queues_reads_no_more_pages_when_fifty_times_as_much_waits_and_is_dead() {
    let db = TestDb::lease().await;
    let mut conn = db.owner().await;
    fill(&mut conn, 2_000, 500, 2_000).await;
    // As the roles that look: under row-level security the planner knows less.
    let few = [pages(&mut *db.relay().await).await, pages(&mut *db.platform().await).await];
    fill(&mut conn, 98_000, 500, 50_000).await;
    let many = [pages(&mut *db.relay().await).await, pages(&mut *db.platform().await).await];
    println!("pages read by the relay and the platform: {few:?} with 2,500 waiting, {many:?} with 101,000");
    for (few, many) in few.into_iter().zip(many) {
        // The rows are as many; a few more of them are on pages of their own.
        assert!(many <= few + 500, "{few} pages, and {many} with fifty times as much");
        assert!(many < 2_000, "{many} pages");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn few_are_counted_on_the_spot_and_many_as_the_relay_has_counted_them() {
    let db = TestDb::lease().await;
    let mut conn = db.owner().await;
    fill(&mut conn, 600, 400, 1_000).await;
    let row = look(&db, Queue::Within1m).await;
    assert_eq!((row.ready, row.scheduled), (600, 400));
    assert_eq!(look(&db, Queue::Within1h).await.dead, 1_000);
    assert!(row.counted_at.is_some() && (60.0..120.0).contains(&row.oldest_due_seconds), "{row:?}");

    // One more, and nobody has counted: at least so many, and it says that it does not know.
    fill(&mut conn, 2_000, 0, 500).await;
    let row = look(&db, Queue::Within1m).await;
    assert!((600..2_600).contains(&row.ready) && row.counted_at.is_none(), "{row:?}");
    assert!(row.oldest_due_seconds > 60.0, "{row:?}");

    backlog::count(&mut *db.relay().await).await.expect("counted");
    let row = look(&db, Queue::Within1m).await;
    assert_eq!((row.ready, row.scheduled), (2_600, 400));
    assert!(row.counted_at.is_some() && row.oldest_due_seconds >= 62.0, "the oldest is two seconds older: {row:?}");
    assert_eq!(look(&db, Queue::Within1h).await.dead, 1_500);
    assert_eq!(look(&db, Queue::Within5s).await.ready, 0);

    // When it has drained, nobody waits for another count.
    conn.batch_execute("update jobs set state = 'succeeded', finished_at = now()").await.expect("drained");
    let row = look(&db, Queue::Within1m).await;
    assert_eq!((row.ready, row.scheduled, row.dead), (0, 0, 0));
    assert!(row.oldest_due_seconds < 0.001, "{row:?}");
}
