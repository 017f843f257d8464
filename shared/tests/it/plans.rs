//! What the relay asks many times a second reads what waits and runs, and not what is done: held by
//! the plans of its statements, over tables in which one tenant has done nearly everything. They are
//! explained as the role that asks: under row-level security the planner trusts fewer conditions.

use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use shared::testing::TestDb;

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// The statement with its binds written out.
fn with(statement: &str, binds: &[&str]) -> String {
    let numbered = binds.iter().enumerate();
    numbered.fold(statement.to_owned(), |text, (number, bind)| text.replace(&format!("${}", number + 1), bind))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_does_not_read_what_is_done_or_not_yet_due() {
    let db = TestDb::lease().await;
    let mut owner = db.owner().await;
    owner
        .batch_execute(
            // One that runs meanwhile holds a snapshot, and ours could not tell the planner what all can see.
            "alter table jobs set (autovacuum_enabled = off);
         insert into jobs (id, tenant_id, kind, queue, max_attempts, args, state, finished_at)
         select gen_random_uuid(), 'ffffffff-0000-7000-8000-000000000001', 'test.done', 'within_1m', 3, '{}', 'succeeded', now()
         from generate_series(1, 50000);
         insert into jobs (id, tenant_id, kind, queue, max_attempts, args, run_at)
         select gen_random_uuid(), 'ffffffff-0000-7000-8000-000000000001', 'test.later', 'within_1m', 3, '{}', now() + interval '1 day'
         from generate_series(1, 5000);
         insert into jobs (id, tenant_id, kind, queue, max_attempts, args)
         select gen_random_uuid(), t, 'test.now', 'within_1m', 3, '{}'
         from (select gen_random_uuid() from generate_series(1, 20) union all select 'ffffffff-0000-7000-8000-000000000001'::uuid) as tenants (t)",
        )
        .await
        .expect("filled");
    owner.batch_execute("vacuum (freeze, analyze) jobs").await.expect("as autovacuum does in time");
    let mut conn = db.relay().await;
    for (name, statement, most_pages) in [
        ("pick", with(include_str!("../../src/jobs/sql/pick.sql"), &["'within_1m'", "32", "500"]), 3_000),
        ("look", include_str!("../../src/jobs/sql/look.sql").to_owned(), 100),
        ("queues", include_str!("../../src/jobs/sql/queues.sql").to_owned(), 10_000),
        ("sweep", include_str!("../../src/jobs/sql/sweep.sql").to_owned(), 300),
    ] {
        conn.batch_execute("begin").await.expect("begun");
        let explained = format!("explain (analyze, buffers, costs off, timing off) {statement}");
        let plan: Vec<Line> = diesel::sql_query(explained).load(&mut *conn).await.expect("a plan");
        conn.batch_execute("rollback").await.expect("undone");
        let plan: Vec<String> = plan.into_iter().map(|line| line.line).collect();
        for line in &plan {
            assert!(!line.contains("Seq Scan on jobs"), "{name} reads all jobs:\n{}", plan.join("\n"));
            assert!(!line.contains("jobs_newest"), "{name} reads all that a tenant has done:\n{}", plan.join("\n"));
        }
        let pages =
            plan.iter().find_map(|line| line.trim().strip_prefix("Buffers: shared hit=")).expect("the pages read");
        let pages: u32 = pages.split_whitespace().next().and_then(|hit| hit.parse().ok()).expect("a number");
        assert!(pages < most_pages, "{name} reads {pages} pages:\n{}", plan.join("\n"));
    }
}
