//! The rule about who takes part is spelled twice, in Rust and in SQL: they say the same, and the
//! planner looks into the one in SQL.

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use shared::courses::{EnrollmentStatus, Standing};
use shared::ids::EnrollmentId;
use shared::testing::{TestDb, make};

#[tokio::test(flavor = "multi_thread")]
async fn rust_and_sql_agree_on_who_takes_part() {
    let db = TestDb::lease().await;
    let now = make::morning();
    let moments = [None, Some(now - TimeDelta::seconds(1)), Some(now), Some(now + TimeDelta::seconds(1))];
    let text = |at: Option<DateTime<Utc>>| at.map_or_else(|| "null".to_owned(), |at| format!("'{at}'"));
    for &status in EnrollmentStatus::ALL {
        for expires_at in moments {
            let standing = Standing {
                id: EnrollmentId::new(),
                status,
                progress: 0,
                enrolled_at: now,
                started_at: Some(now),
                expires_at,
            };
            let asked = format!("select takes_part('{status}', {}, '{now}')::text as text", text(expires_at));
            assert_eq!(db.texts(&asked).await, [standing.takes_part(now).to_string()], "{status} {expires_at:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_those_who_take_part_serves_the_rule() {
    #[derive(diesel::QueryableByName)]
    struct Line {
        #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
        line: String,
    }
    let db = TestDb::lease().await;
    let mut owner = db.owner().await;
    // In an empty table all indexes are alike: the others that begin with tenant and course step aside.
    let question = "
        begin;
        drop index enrollments_by_course, enrollments_by_group;
        alter table enrollments drop constraint enrollments_one_per_learner;
        alter table enrollments drop constraint enrollments_course_key cascade;
        set local enable_seqscan = off;
        set local role lms_app;
        select set_config('app.tenant_id', 'ffffffff-0000-7000-8000-000000000001', true)";
    owner.batch_execute(question).await.expect("asked");
    let explained = "explain (costs off) select from enrollments e
        where e.tenant_id = 'ffffffff-0000-7000-8000-000000000001' and e.course_id = 'ffffffff-0000-7000-8000-000000000002'
            and takes_part(e.status, e.expires_at, '2026-01-05')";
    let plan: Vec<Line> = diesel::sql_query(explained).load(&mut owner).await.expect("a plan");
    owner.batch_execute("rollback").await.expect("undone");
    let plan: Vec<String> = plan.into_iter().map(|line| line.line).collect();
    let plan = plan.join("\n");
    assert!(plan.contains("enrollments_taking_part") && !plan.contains("takes_part("), "{plan}");
}
