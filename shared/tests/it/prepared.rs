//! What is asked again and again is parsed and planned once for a connection. It is nothing that
//! diesel does for all: it takes an UPDATE, and an INSERT that leaves a value to its default, for new each
//! time, and sends them by one journey more.

use std::time::Duration;

use chrono::Utc;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use serde_json::Map;
use shared::db::Conn;
use shared::db::schema::jobs;
use shared::enrollments::{Progress, ProgressReport, ProgressStatus};
use shared::ids::JobId;
use shared::jobs::{Ticket, ledger};
use shared::secret::TokenSeal;
use shared::testing::{TestDb, make, queries_of};
use shared::users::{NewUser, User, UserRole};

/// Does `work` twice on a connection, and wants nothing of the second time to be parsed anew.
async fn is_prepared(conn: &mut Conn, mut work: impl AsyncFnMut(&mut Conn)) {
    work(conn).await;
    let ((), sent) = queries_of(work(conn)).await;
    let kept = kept(conn).await;
    assert!(!sent.is_empty(), "it asked nothing");
    let is_simple = |text: &str| ["BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"].iter().any(|word| text.starts_with(word));
    let anew: Vec<&String> = sent.iter().filter(|text| !is_simple(text) && !kept.contains(text)).collect();
    assert!(anew.is_empty(), "parsed anew each time: {anew:#?}");
}

/// The texts that the server keeps for a connection.
async fn kept(conn: &mut Conn) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        statement: String,
    }
    let rows: Vec<Row> =
        diesel::sql_query("select statement from pg_prepared_statements").load(conn).await.expect("rows");
    rows.into_iter().map(|row| row.statement).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn to_invite_somebody_and_to_do_the_job_of_it() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    let seal = TokenSeal::new(&"the tests' secret".into());
    let mut people = 0;
    is_prepared(&mut *db.tenant(tenant).await, async |conn| {
        people += 1;
        let new = NewUser {
            tenant: Some(tenant),
            email: format!("learner{people}@example.org"),
            first_name: String::new(),
            last_name: String::new(),
            role: UserRole::Learner,
            password_hash: None,
        };
        User::create(conn, new, None, &seal, Utc::now()).await.expect("somebody new");
        let job: JobId = jobs::table.order(jobs::id.desc()).select(jobs::id).first(conn).await.expect("their job");
        let claim = ledger::claim(conn, Ticket { job, tenant }, "w", Duration::from_secs(30)).await;
        let claim = claim.expect("an answer").expect("a claim");
        assert!(ledger::set_progress(conn, &claim, 50, None).await.expect("an answer"));
        assert!(ledger::succeed(conn, &claim, None).await.expect("an answer"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn to_tell_how_far_one_is() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    let learner = make::user(tenant).make(&db).await;
    let course = make::course(tenant).published().with_modules(1, 3).make(&db).await;
    make::enrollment(&learner, &course).make(&db).await;
    let mut items = course.items.iter();
    is_prepared(&mut *db.tenant(tenant).await, async |conn| {
        let item = items.next().expect("one more").id;
        let report = ProgressReport { item, status: ProgressStatus::Completed, details: Map::new() };
        Progress::record(conn, tenant, learner.id, report, make::morning()).await.expect("recorded");
    })
    .await;
}
