//! Streams: what is told, to whom, and for how long.

use serde_json::json;
use shared::ids::JobId;
use shared::live::{Ear, Topic};
use shared::testing::make;
use shared::users::UserRole;

use super::asked;
use crate::support::TestApp;

/// Does to a job what a worker would.
async fn set(app: &TestApp, id: JobId, what: &str) {
    app.db.texts(&format!("update jobs set {what} where id = '{id}' returning '' as text")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_tells_how_far_a_job_is_until_it_is_over() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let alice = app.as_role(tenant, UserRole::Learner).await;
    let id = asked(&app, tenant, alice.id()).await;

    let mut stream = alice.open(&format!("/api/jobs/{id}/events/")).await;

    let first = stream.event().await.expect("how it is now");
    assert_eq!((first.name.as_str(), &first.data["state"]), ("job", &json!("available")));
    assert_eq!(first.data["id"], json!(id));
    set(&app, id, "state = 'running', attempt = 1, progress = 40, progress_note = 'drawing'").await;
    let second = stream.event().await.expect("how it goes on");
    assert_eq!(
        (&second.data["state"], &second.data["progress"], &second.data["progress_note"]),
        (&json!("running"), &json!(40), &json!("drawing"))
    );
    assert_ne!(first.id, second.id);
    set(&app, id, "state = 'succeeded', finished_at = now(), result = '{\"pages\": 1}'").await;
    let last = stream.event().await.expect("its end");
    assert_eq!((&last.data["state"], &last.data["result"]), (&json!("succeeded"), &json!({"pages": 1})));
    assert_eq!(stream.event().await, None, "nothing comes after the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_was_cut_off_reads_on_where_it_was() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let alice = app.as_role(tenant, UserRole::Learner).await;
    let id = asked(&app, tenant, alice.id()).await;
    let path = format!("/api/jobs/{id}/events/");
    let seen = alice.open(&path).await.event().await.expect("how it is now").id;
    let back = alice.with("last-event-id", &seen);

    // Nothing has happened: it is not told again what it knows.
    let mut stream = back.open(&path).await;
    set(&app, id, "state = 'running', progress = 70").await;
    assert_eq!(stream.event().await.expect("what is new").data["progress"], 70);
    drop(stream);

    // What happened while it was away is the first that it hears, and the end is the last.
    set(&app, id, "state = 'dead', error_class = 'timeout', finished_at = now()").await;
    let mut stream = back.open(&path).await;
    let last = stream.event().await.expect("what it missed");
    assert_eq!((&last.data["state"], &last.data["error_code"]), (&json!("dead"), &json!("timeout")));
    assert_eq!(stream.event().await, None);

    alice.with("last-event-id", &last.id).get(&path).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_not_ones_own_does_not_exist() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let alice = app.as_role(tenant, UserRole::Learner).await;
    let path = format!("/api/jobs/{}/events/", asked(&app, tenant, alice.id()).await);
    let elsewhere = app.tenant().await;
    for (client, status) in [
        (app.as_role(tenant, UserRole::Admin).await, 200),
        (app.as_role(tenant, UserRole::Instructor).await, 404),
        (app.as_role(tenant, UserRole::Learner).await, 404),
        (app.as_role(elsewhere, UserRole::Admin).await, 404),
    ] {
        client.get(&path).await.expect(status);
    }
    alice.get(&format!("/api/jobs/{}/events/", JobId::new())).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_at_once_when_its_session_does() {
    let app = TestApp::start_with(&[("LIVE_RECHECK_SECONDS", "60")]).await;
    let tenant = app.tenant().await;
    let alice = app.as_role(tenant, UserRole::Learner).await;
    let id = asked(&app, tenant, alice.id()).await;
    let mut stream = alice.open(&format!("/api/jobs/{id}/events/")).await;
    stream.event().await.expect("how it is now");

    make::suspend(&app.db, alice.id()).await;

    assert_eq!(stream.event().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_asks_again_and_again_whether_its_reader_still_may() {
    let app = TestApp::start_with(&[("LIVE_RECHECK_SECONDS", "1")]).await;
    let tenant = app.tenant().await;
    let alice = app.as_role(tenant, UserRole::Learner).await;
    let id = asked(&app, tenant, alice.id()).await;
    let mut stream = alice.open(&format!("/api/jobs/{id}/events/")).await;
    stream.event().await.expect("how it is now");

    // Of this nobody is told.
    app.db.texts(&format!("update users set is_active = false where id = '{}' returning '' as text", alice.id())).await;

    assert_eq!(stream.event().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missed_when_the_connection_that_listens_is_lost() {
    let app = TestApp::start_with(&[("LIVE_RECHECK_SECONDS", "60")]).await;
    let tenant = app.tenant().await;
    let alice = app.as_role(tenant, UserRole::Learner).await;
    let id = asked(&app, tenant, alice.id()).await;
    let mut stream = alice.open(&format!("/api/jobs/{id}/events/")).await;
    stream.event().await.expect("how it is now");
    // What it said last: that it listens, or since it has been quiet for long, whether anybody is there.
    let kill = "select pg_terminate_backend(pid)::text as text from pg_stat_activity
        where query in ('listen live', 'select 1') and datname = current_database()";
    while app.db.texts(kill).await.is_empty() {
        tokio::task::yield_now().await;
    }

    set(&app, id, "state = 'running', progress = 5").await;

    assert_eq!(stream.event().await.expect("after a moment").data["progress"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_only_so_many_streams_open() {
    let app = TestApp::start_with(&[("LIVE_STREAMS_PER_USER", "2")]).await;
    let tenant = app.tenant().await;
    let alice = app.as_role(tenant, UserRole::Learner).await;
    let path = format!("/api/jobs/{}/events/", asked(&app, tenant, alice.id()).await);
    let first = alice.open(&path).await;
    let _second = alice.open(&path).await;

    let refused = alice.get(&path).await.expect(429);

    assert_eq!(refused.header("retry-after"), "10");
    app.as_role(tenant, UserRole::Admin).await.get(&path).await.expect(200);
    drop(first);
    alice.get(&path).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_when_the_server_is_about_to_stop() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let alice = app.as_role(tenant, UserRole::Learner).await;
    let mut stream = alice.open(&format!("/api/jobs/{}/events/", asked(&app, tenant, alice.id()).await)).await;
    stream.event().await.expect("how it is now");

    app.app.live.close();

    assert_eq!(stream.event().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_of_jobs_that_nobody_asked_for_and_of_renewed_leases() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let alice = app.as_role(tenant, UserRole::Learner).await;
    let (lonely, watched) = (asked(&app, tenant, alice.id()).await, asked(&app, tenant, alice.id()).await);
    set(&app, lonely, "created_by = null").await;
    let mut ear = Ear::open(&app.db.pool).await.expect("an ear");

    set(&app, lonely, "state = 'running', progress = 1").await;
    set(&app, watched, "lease_until = now()").await;
    set(&app, watched, "progress = 2").await;
    set(&app, watched, "progress = 2").await;
    set(&app, lonely, "created_by = gen_random_uuid(), progress = 3").await;

    assert_eq!(ear.next().await.expect("heard"), Topic::Job(watched));
    assert_eq!(ear.next().await.expect("heard"), Topic::Job(lonely));
}
