//! The audit log: every change leaves its line, and nobody takes it away.

use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use serde_json::{Value, json};
use shared::audit::{self, AuditEntry, AuditFilter, Performer};
use shared::db::{Acting, Part, Scope};
use shared::ids::{JobId, TenantId, UserId};
use shared::jobs::operate::{self, Filter};
use shared::testing::{TestDb, count_queries, make};
use shared::users::{User, UserChanges, UserRole};

/// As many lines as a test makes.
const FIRST: Part = Part::Behind { last: None, size: 100 };

async fn log_of(db: &TestDb, tenant: TenantId, subject: &str) -> Vec<AuditEntry> {
    let filter = AuditFilter { tenant: Some(tenant), subject_type: Some(subject.to_owned()), ..AuditFilter::default() };
    audit::list(&mut *db.tenant(tenant).await, filter, FIRST).await.expect("the log").items
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_says_who_made_what_of_what_and_keeps_no_secret() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    let admin = make::user(tenant).role(UserRole::Admin).name("Ada", "Admin").make(&db).await;
    let user = make::user(tenant).name("Lea", "Learner").password_hash("old-hash").make(&db).await;

    let acting = Acting::request(Some(admin.id), "req-1");
    let mut conn = db.pool.get_for(Scope::Tenant(tenant), &acting).await.expect("a connection");
    let changes = UserChanges { role: Some(UserRole::Instructor), ..UserChanges::default() };
    User::change(&mut conn, Some(tenant), user.id, changes, None, make::morning()).await.expect("changed");
    conn.batch_execute(&format!("update users set password_hash = 'new-hash' where id = '{}'", user.id))
        .await
        .expect("set");
    drop(conn);

    let log = log_of(&db, tenant, "users").await;
    let [secret, role, made, ..] = &log[..] else { panic!("{log:?}") };
    assert_eq!(
        (role.before.clone(), role.after.clone()),
        (Some(json!({"role": "LEARNER"})), Some(json!({"role": "INSTRUCTOR"})))
    );
    assert_eq!(role.actor.as_ref().map(|(_, first, last)| format!("{first} {last}")).as_deref(), Some("Ada Admin"));
    assert_eq!(
        (role.actor_id, role.request_id.as_deref(), role.performer()),
        (Some(admin.id), Some("req-1"), Performer::User)
    );
    assert_eq!((role.action.as_str(), role.subject_id.clone()), ("update", Some(user.id.to_string())));
    assert_eq!(role.subject_name.as_deref(), Some(user.email.as_str()));
    assert_eq!(secret.after, Some(json!({"password_hash": "(hidden)"})));
    assert_eq!((made.action.as_str(), made.before.clone(), made.performer()), ("insert", None, Performer::System));
    let after = made.after.clone().unwrap_or_default();
    assert_eq!((&after["first_name"], &after["password_hash"]), (&json!("Lea"), &json!("(hidden)")));
    let kept = db.texts("select (before::text || after::text) as text from audit_log where before is not null and after is not null").await;
    assert!(!kept.concat().contains("-hash\""), "{kept:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_handed_on_speaks_for_its_next_holder_without_a_round_trip() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    let scope = Scope::Tenant(tenant);
    drop(db.tenant(tenant).await);

    for person in [UserId::new(), UserId::new()] {
        let acting = Acting::request(Some(person), "");
        let (conn, statements) = count_queries(db.pool.get_for(scope, &acting)).await;
        assert_eq!(statements, 0);
        assert_eq!(speaker(&mut conn.expect("a connection")).await, person.to_string());
    }
    let job = JobId::new();
    let acting = Acting::job(job, None, None);
    let mut conn = db.pool.get_for(scope, &acting).await.expect("a connection");
    assert_eq!(speaker(&mut conn).await, "");
    drop(conn);
    // Nobody in particular is not whoever came before.
    assert_eq!(speaker(&mut *db.tenant(tenant).await).await, "");
}

async fn speaker(conn: &mut shared::db::Conn) -> String {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        person: String,
    }
    let row: Row =
        diesel::sql_query("select current_setting('app.actor_id') as person").get_result(conn).await.expect("one");
    row.person
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_serves_can_change_the_log_or_sign_for_another() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    let lines = db.texts("select id::text as text from audit_log order by id").await;
    assert!(!lines.is_empty());
    for mut conn in [db.tenant(tenant).await, db.platform().await, db.relay().await] {
        for statement in [
            "update audit_log set action = 'nothing'",
            "delete from audit_log",
            "truncate audit_log",
            "alter table tenants disable trigger audit",
            "drop table audit_log",
            "insert into audit_log (action, subject_type, actor_id) values ('forge', 'users', gen_random_uuid())",
            "insert into audit_log (action, subject_type, at) values ('forge', 'users', now())",
        ] {
            conn.batch_execute(statement).await.expect_err(statement);
        }
    }
    assert_eq!(db.texts("select id::text as text from audit_log order by id").await, lines);
    // Nor write into another tenant's.
    let foreign = format!(
        "insert into audit_log (tenant_id, action, subject_type) values ('{}', 'forge', 'users')",
        TenantId::new()
    );
    db.tenant(tenant).await.batch_execute(&foreign).await.expect_err("another tenant's log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_reads_its_own_log_only_and_the_platform_reads_all() {
    let db = TestDb::lease().await;
    let (ours, theirs) = (make::tenant(&db).await.id, make::tenant(&db).await.id);
    make::user(ours).make(&db).await;
    make::user(theirs).make(&db).await;
    let everything = AuditFilter::default;
    let seen = audit::list(&mut *db.tenant(ours).await, everything(), FIRST).await.expect("the log").items;
    assert!(!seen.is_empty() && seen.iter().all(|entry| entry.tenant_id == Some(ours)), "{seen:?}");
    let seen = audit::list(&mut *db.platform().await, everything(), FIRST).await.expect("the log").items;
    assert!([ours, theirs].iter().all(|tenant| seen.iter().any(|entry| entry.tenant_id == Some(*tenant))));
}

#[tokio::test(flavor = "multi_thread")]
async fn bookkeeping_leaves_no_line_and_neither_does_what_was_rolled_back() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    let user = make::user(tenant).make(&db).await;
    let lines = log_of(&db, tenant, "users").await.len();
    let mut conn = db.tenant(tenant).await;
    for set in ["last_login_at = now(), updated_at = now()", "version = version + 1", "first_name = first_name"] {
        conn.batch_execute(&format!("update users set {set} where id = '{}'", user.id)).await.expect("updated");
    }
    conn.batch_execute("begin; update users set first_name = 'Nobody'; rollback").await.expect("rolled back");
    assert_eq!(log_of(&db, tenant, "users").await.len(), lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_keeps_what_was_there_and_a_long_text_is_told_by_its_length() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    let made = make::course(tenant).make(&db).await;
    let mut conn = db.tenant(tenant).await;
    conn.batch_execute("update courses set description = repeat('x', 100000)").await.expect("updated");
    conn.batch_execute("delete from courses").await.expect("deleted");
    drop(conn);
    let log = log_of(&db, tenant, "courses").await;
    assert_eq!(log[1].after.as_ref().map(|after| after["description"].clone()), Some(json!("(100002 bytes)")));
    assert_eq!((log[0].action.as_str(), log[0].after.clone()), ("delete", None));
    let before = log[0].before.clone().unwrap_or(Value::Null);
    assert_eq!(before["id"], json!(made.course.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_operators_do_to_queues_and_dead_jobs_leaves_a_line_and_the_machinery_none() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    let mut owner = db.owner().await;
    owner
        .batch_execute(&format!(
            "insert into jobs (id, tenant_id, kind, queue, args, max_attempts, state) values ('{}', '{tenant}', 'a.b', 'within_1m', '{{}}', 1, 'dead')",
            JobId::new()
        ))
        .await
        .expect("a dead job");
    let mut relay = db.relay().await;
    for statement in [
        "update job_queues set cursor_tenant = gen_random_uuid()",
        "update job_queues set paused_at = now() where queue = 'within_1m'",
        "update job_queues set is_full = not is_full",
        "update jobs set state = 'dispatched'",
        "update jobs set state = 'available'",
    ] {
        relay.batch_execute(statement).await.expect(statement);
    }
    relay.batch_execute("update jobs set state = 'dead'").await.expect("dead");
    let replayed = operate::replay(&mut relay, &Filter::default(), &[], 10).await.expect("replayed");
    assert_eq!(replayed.len(), 1);
    let lines = db.texts("select subject_type || ' ' || coalesce(subject_id, '') as text from audit_log where subject_type like 'job%' order by 1").await;
    let [queue, job] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(queue, "job_queues within_1m");
    assert!(job.starts_with("jobs "), "{job}");
}
