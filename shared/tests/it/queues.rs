//! Looking at the queues and the dead costs the same, however much waits and is dead.

use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use shared::db::Conn;
use shared::jobs::operate::{self, DeadGroup, Filter, QueueRow};
use shared::jobs::{Queue, backlog};
use shared::testing::{TestDb, vacuum};

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
    vacuum(conn, "jobs").await;
}

/// The pages that one look at the queues reads.
async fn pages(conn: &mut Conn) -> u32 {
    pages_of(conn, include_str!("../../src/jobs/sql/queues.sql")).await
}

async fn pages_of(conn: &mut Conn, look: &str) -> u32 {
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
        // The rows are as many, the index is higher.
        assert!(many <= few + 100, "{few} pages, and {many} with fifty times as much");
        assert!(many < 500, "{many} pages");
    }
}

/// Adds so many that have died, of seven kinds and three errors.
async fn kill(conn: &mut Conn, dead: u32) {
    conn.batch_execute(&format!(
        "insert into jobs (id, tenant_id, kind, queue, max_attempts, args, state, finished_at, error_class)
         select gen_random_uuid(), md5((n % 50)::text)::uuid, 'test.dead' || (n % 7), 'within_1h', 3, '{{}}', 'dead', now(),
             (array['timeout', 'retry', 'gave_up'])[1 + n % 3]
         from generate_series(1, {dead}) as n"
    ))
    .await
    .expect("killed");
    vacuum(conn, "jobs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dead_are_told_by_groups_and_no_more_pages_are_read_when_ten_times_as_many_are_dead() {
    let db = TestDb::lease().await;
    let mut conn = db.owner().await;
    let look = include_str!("../../src/jobs/sql/dead_groups.sql");
    kill(&mut conn, 20_000).await;
    let few = pages_of(&mut *db.relay().await, look).await;
    let groups = operate::dead_groups(&mut *db.relay().await).await.expect("groups");
    assert_eq!(groups.len(), 21);
    let told: i64 = groups.iter().map(|group| group.jobs).sum();
    assert_eq!(told, 20_000, "each has fewer than a thousand, and is told exactly");
    assert!(groups.iter().all(|group| !group.are_more));

    kill(&mut conn, 180_000).await;
    let many = pages_of(&mut *db.relay().await, look).await;
    println!("pages read for the groups of the dead: {few} of 20,000, {many} of 200,000");
    assert!(many < few + 300 && many < 1_000, "{few} pages, and {many} with ten times as many");
    let groups = operate::dead_groups(&mut *db.relay().await).await.expect("groups");
    assert!(groups.iter().all(|group| group.are_more && group.jobs == 1_000), "{groups:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_the_dead_is_what_a_replay_would_take_and_is_gone_afterwards() {
    let db = TestDb::lease().await;
    let mut conn = db.owner().await;
    conn.batch_execute(
        "insert into jobs (id, tenant_id, kind, queue, max_attempts, args, state, finished_at, error_class, unique_key) values
             (gen_random_uuid(), md5('1')::uuid, 'test.a', 'within_1h', 3, '{}', 'dead', now(), 'timeout', null),
             (gen_random_uuid(), md5('2')::uuid, 'test.a', 'within_1h', 3, '{}', 'dead', now(), 'timeout', 'one'),
             (gen_random_uuid(), md5('2')::uuid, 'test.a', 'within_1h', 3, '{}', 'dead', now(), null, null),
             (gen_random_uuid(), md5('2')::uuid, 'test.b', 'within_1h', 3, '{}', 'dead', now(), 'retry', 'one');
         -- A living successor of the last.
         insert into jobs (id, tenant_id, kind, queue, max_attempts, args, unique_key)
         values (gen_random_uuid(), md5('2')::uuid, 'test.b', 'within_1h', 3, '{}', 'one')",
    )
    .await
    .expect("filled");
    let mut relay = db.relay().await;
    let group = |kind: &str, class: Option<&str>, jobs| DeadGroup {
        kind: kind.to_owned(),
        error_class: class.map(str::to_owned),
        jobs,
        are_more: false,
    };
    let told = operate::dead_groups(&mut relay).await.expect("groups");
    assert_eq!(told, [group("test.a", Some("timeout"), 2), group("test.a", None, 1)]);
    let would: i64 =
        operate::dead(&mut relay, &Filter::default(), &[]).await.expect("counted").iter().map(|row| row.jobs).sum();
    assert_eq!(would, 3);
    assert_eq!(operate::replay(&mut relay, &Filter::default(), &[], 10).await.expect("replayed").len(), 3);
    assert_eq!(operate::dead_groups(&mut relay).await.expect("groups"), []);
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
