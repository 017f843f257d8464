//! The database's roles, which belong to the server and not to one database.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use shared::db::Conn;
use shared::testing::TestDb;

use crate::schema::lines;

const ROLES: [&str; 4] = ["owner", "app", "platform", "relay"];

/// What `api migrate` runs first, with names that no other test has.
fn roles_of(prefix: &str) -> String {
    include_str!("../../src/db/roles.sql").replace("lms_", prefix)
}

/// Returns once the backend waits for another.
async fn waits(looker: &mut Conn, pid: &str) {
    let query = format!("select 'waits' as text from pg_locks where pid = {pid} and not granted");
    while lines(looker, &query).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await; // between two questions
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_databases_of_a_new_server_may_be_prepared_at_once() {
    let (one, other) = (TestDb::lease().await, TestDb::lease().await);
    let prefix = format!("race{}_", std::process::id());
    let (mut first, mut second) = (one.owner().await, other.owner().await);
    let mut looker = one.owner().await;
    looker.batch_execute(&format!("create role {prefix}login login")).await.expect("a login");
    let login = format!("set lms.login = '{prefix}login'");
    first.batch_execute(&login).await.expect("said");
    second.batch_execute(&login).await.expect("said");
    let pid = lines(&mut second, "select pg_backend_pid()::text as text").await.concat();

    // The first has made its roles and has not committed; the second finds none, and waits.
    first.batch_execute("begin").await.expect("begun");
    first.batch_execute(&roles_of(&prefix)).await.expect("made");
    let preparing = roles_of(&prefix);
    let prepared = tokio::spawn(async move { second.batch_execute(&preparing).await.map(|()| second) });
    waits(&mut looker, &pid).await;
    first.batch_execute("commit").await.expect("committed");
    let came_second = prepared.await.expect("no panic");

    let members = format!(
        "select r.rolname || ' of ' || m.rolname as text from pg_auth_members a
         join pg_roles r on r.oid = a.roleid join pg_roles m on m.oid = a.member
         where m.rolname = '{prefix}login' order by 1"
    );
    let members = lines(&mut looker, &members).await;
    for role in ROLES {
        for conn in [&mut looker, &mut other.owner().await] {
            conn.batch_execute(&format!("drop owned by {prefix}{role}")).await.expect("taken back");
        }
    }
    for role in ROLES.into_iter().chain(["login"]) {
        looker.batch_execute(&format!("drop role {prefix}{role}")).await.expect("dropped");
    }
    came_second.expect("the second finds what it wanted, made by the first");
    assert_eq!(members, ["app", "platform", "relay"].map(|role| format!("{prefix}{role} of {prefix}login")));
}
