//! What is answered while the database cannot do what it will do again.

use std::time::{Duration, Instant};

use serde_json::json;
use shared::users::UserRole;
use tokio_postgres::NoTls;

use crate::support::{Answer, TestApp};

/// A connection that stays the same, and does several things at once.
struct Owner(tokio_postgres::Client);

impl Owner {
    async fn of(app: &TestApp) -> Self {
        let (client, connection) = tokio_postgres::connect(&app.db.owner_url, NoTls).await.expect("a connection");
        tokio::spawn(connection);
        Self(client)
    }

    async fn run(&self, statements: &str) {
        self.0.batch_execute(statements).await.unwrap_or_else(|error| panic!("{statements}: {error}"));
    }
}

/// From now on, whoever adds a group meets this error of the server.
async fn fail(app: &TestApp, code: &str, words: &str, hint: &str) {
    let failing = format!(
        "create or replace function fail() returns trigger language plpgsql as $$
         begin raise exception using errcode = '{code}', message = '{words}', hint = '{hint}'; end $$;
         create or replace trigger fails before insert on learner_groups for each row execute function fail()"
    );
    Owner::of(app).await.run(&failing).await;
}

#[track_caller]
fn assert_busy(answer: &Answer, what: &str) {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
    assert_eq!(answer.text("/code"), "busy", "{what}");
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_no_room_or_goes_away_is_answered_with_when_to_come_back() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await.with("idempotency-key", "one");
    for (code, words, hint) in [
        ("53100", "could not extend file \"base/16384/2619\": No space left on device", "Check free disk space."),
        (
            "53100",
            "could not extend file \"base/16384/2619\": wrote only 4096 of 8192 bytes at block 7",
            "Check free disk space.",
        ),
        ("53200", "out of memory", ""),
        ("53200", "out of shared memory", "You might need to increase max_locks_per_transaction."),
        ("53300", "sorry, too many clients already", ""),
        ("57P01", "terminating connection due to administrator command", ""),
        ("57P02", "terminating connection because of crash of another server process", ""),
        ("57P03", "the database system is shutting down", ""),
        ("57014", "canceling statement due to statement timeout", ""),
        ("40P01", "deadlock detected", ""),
        ("40001", "could not serialize access due to concurrent update", ""),
        ("25006", "cannot execute INSERT in a read-only transaction", ""),
    ] {
        fail(&app, code, words, hint).await;
        let refused = admin.post("/api/groups/", json!({"name": "Cohort"})).await.expect(503);
        assert_busy(&refused, words);
    }
    // What nobody mends by waiting is a bug, and stays one.
    fail(&app, "P0001", "the colour is missing", "").await;
    assert_eq!(admin.post("/api/groups/", json!({"name": "Cohort"})).await.expect(500).text("/code"), "internal_error");

    Owner::of(&app).await.run("drop trigger fails on learner_groups; drop function fail").await;
    admin.post("/api/groups/", json!({"name": "Cohort"})).await.expect(201);
    assert_eq!(app.db.texts("select name as text from learner_groups").await, ["Cohort"], "done once, in the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_told_at_first_is_asked_to_come_back_and_what_they_want_is_done_under_its_key() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await.with("idempotency-key", "one");
    // The first question for a session meets a server that is going away, the next ones do not.
    let once = "create sequence asked;
        grant usage on sequence asked to public;
        create function is_asked_again() returns boolean language plpgsql as $$ begin
            if nextval('asked') > 1 then return true; end if;
            raise exception using errcode = '57P03', message = 'the database system is shutting down';
        end $$;
        create policy first on sessions as restrictive using (is_asked_again())";
    let owner = Owner::of(&app).await;
    owner.run(once).await;

    let refused = admin.post("/api/groups/", json!({"name": "Cohort"})).await;
    let groups = app.db.texts("select name as text from learner_groups").await;
    let made = admin.post("/api/groups/", json!({"name": "Cohort"})).await;
    let again = admin.post("/api/groups/", json!({"name": "Cohort"})).await;
    owner.run("drop policy first on sessions; drop function is_asked_again; drop sequence asked").await;

    assert_busy(&refused.expect(503), "the first");
    assert_eq!(groups, Vec::<String>::new());
    assert_eq!(made.expect(201).body, again.expect(201).body);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_to_a_server_that_became_a_copy_are_given_up_and_made_anew() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let owner = Owner::of(&app).await;
    let database = app.db.texts("select quote_ident(current_database()) as text").await.concat();
    // As at a failover: connections end, and the address leads to a server that may only be read.
    // Each connection keeps what it found when it was made, like one to a machine that was demoted.
    owner.run(&format!("alter database {database} set default_transaction_read_only = on")).await;
    let end = "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'lms'";
    owner.run(end).await;
    for _ in 0..5 {
        let refused = admin.post("/api/groups/", json!({"name": "Cohort"})).await.expect(503);
        assert_busy(&refused, "read-only");
    }
    admin.get("/api/groups/").await.expect(200);

    owner.run(&format!("alter database {database} reset default_transaction_read_only")).await;
    let promoted = Instant::now();
    while admin.post("/api/groups/", json!({"name": "Cohort"})).await.status != 201 {
        assert!(promoted.elapsed() < Duration::from_secs(10), "the pool keeps connections that cannot be written");
        tokio::time::sleep(Duration::from_millis(50)).await; // between two questions
    }
}
