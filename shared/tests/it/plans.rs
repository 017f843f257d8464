//! What the relay asks many times a second reads what waits and runs, and not what is done: held by
//! the plans of its statements, over tables in which one tenant has done nearly everything. They are
//! explained as the role that asks: under row-level security the planner trusts fewer conditions.

use diesel::sql_types::{BigInt, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use shared::db::Conn;
use shared::ids::TenantId;
use shared::jobs::JobState;
use shared::jobs::operate::{self, Filter};
use shared::testing::{TestDb, vacuum};

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
            "insert into jobs (id, tenant_id, kind, queue, max_attempts, args, state, finished_at)
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
    vacuum(&mut owner, "jobs").await;
    let mut conn = db.relay().await;
    for (name, statement, most_pages) in [
        ("pick", with(include_str!("../../src/jobs/sql/pick.sql"), &["'within_1m'", "32", "500", "256"]), 3_000),
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

/// How many rows of jobs a list reads.
async fn read(conn: &mut Conn, filter: &Filter) -> (usize, i64) {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        rows: i64,
    }
    // What is counted is counted for the transaction.
    conn.batch_execute("begin").await.expect("begun");
    let found = operate::list(conn, filter, 20).await.expect("jobs").len();
    let counted = "select (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint as rows
                   from pg_stat_xact_user_tables where relname = 'jobs'";
    let row: Row = diesel::sql_query(counted).get_result(conn).await.expect("a count");
    conn.batch_execute("rollback").await.expect("undone");
    (found, row.rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_the_few_does_not_read_what_has_succeeded() {
    let db = TestDb::lease().await;
    let tenant: TenantId = "ffffffff-0000-7000-8000-000000000001".parse().expect("an id");
    let mut owner = db.owner().await;
    owner
        .batch_execute(
            // The few are older than all the rest: whoever looks for them from the newest on reads everything.
            "insert into jobs (id, tenant_id, kind, queue, max_attempts, args, state, created_at, finished_at)
         select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'ffffffff-0000-7000-8000-000000000001',
                'test.few', 'within_1m', 3, '{}', state, now() - interval '1 day',
                case when state in ('dead', 'cancelled') then now() end
         from generate_series(1, 15) n
         cross join lateral (select (array['dead', 'cancelled', 'available', 'dispatched', 'running'])[1 + n % 5]::job_state) as s (state);
         insert into jobs (id, tenant_id, kind, queue, max_attempts, args, state, finished_at)
         select ('00000000-0000-7000-9000-' || lpad(n::text, 12, '0'))::uuid, 'ffffffff-0000-7000-8000-000000000001',
                'test.done', 'within_1m', 3, '{}', 'succeeded', now()
         from generate_series(1, 50000) n;",
        )
        .await
        .expect("filled");
    vacuum(&mut owner, "jobs").await;
    for state in [JobState::Dead, JobState::Cancelled, JobState::Available, JobState::Dispatched, JobState::Running] {
        let all = Filter { state: Some(state), ..Filter::default() };
        let theirs = Filter { tenant: Some(tenant), ..all.clone() };
        for (role, conn, filter) in [
            ("relay", &mut db.relay().await, &all),
            ("platform", &mut db.platform().await, &all),
            ("tenant", &mut db.tenant(tenant).await, &theirs),
        ] {
            if state == JobState::Cancelled && role == "tenant" {
                continue;
            }
            let (found, rows) = read(conn, filter).await;
            assert_eq!(found, 3, "{state} for the {role}");
            assert!(rows < 100, "{rows} rows were read for 3 that are {state}, for the {role}");
        }
    }
    let done = Filter { state: Some(JobState::Succeeded), ..Filter::default() };
    let (found, rows) = read(&mut *db.relay().await, &done).await;
    assert!(found == 20 && rows < 100, "{rows} rows were read for the newest 20");
}
