//! What administrators see of jobs, and do with them.

use serde_json::{Value, json};
use shared::ids::{JobId, TenantId, UserId};
use shared::users::UserRole;

use super::asked;
use crate::support::{Answer, TestApp};

/// A job that has died of `class`.
async fn died(app: &TestApp, tenant: TenantId, class: &str) -> JobId {
    let id = asked(app, tenant, UserId::new()).await;
    let death = format!(
        "update jobs set state = 'dead', attempt = 10, finished_at = now(), error_class = '{class}',
             last_error = 'the password of the database', worker = 'host-7' where id = '{id}' returning '' as text"
    );
    app.db.texts(&death).await;
    let attempt = format!(
        "insert into job_attempts (job_id, tenant_id, attempt, ended_at, outcome, error, worker)
         values ('{id}', '{tenant}', 10, now(), '{class}', 'the password of the database', 'host-7') returning '' as text"
    );
    app.db.texts(&attempt).await;
    id
}

fn ids(answer: &Answer) -> Vec<Value> {
    answer.results().iter().map(|job| job["id"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sees_the_tenants_jobs_and_a_superuser_all() {
    let app = TestApp::start().await;
    let (tenant, elsewhere) = (app.tenant().await, app.tenant().await);
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let superuser = app.as_superuser().await;
    let waiting = asked(&app, tenant, admin.id()).await;
    let dead = died(&app, tenant, "timeout").await;
    let foreign = died(&app, elsewhere, "retry").await;

    let own = admin.get("/api/admin/jobs/").await.expect(200);
    assert_eq!(ids(&own), [json!(dead), json!(waiting)], "the newest first");
    assert_eq!((&own.body["count"], &own.body["next"]), (&Value::Null, &Value::Null));
    for (query, found) in [
        ("state=dead", vec![json!(dead)]),
        ("state=available", vec![json!(waiting)]),
        ("kind=certificates.render", vec![json!(dead), json!(waiting)]),
        ("kind=nothing", vec![]),
        ("queue=within_1m", vec![json!(dead), json!(waiting)]),
        ("queue=within_1h", vec![]),
        ("error_class=timeout", vec![json!(dead)]),
        (&format!("tenant={elsewhere}"), vec![json!(dead), json!(waiting)]),
    ] {
        assert_eq!(ids(&admin.get(&format!("/api/admin/jobs/?{query}")).await.expect(200)), found, "{query}");
    }
    admin.get("/api/admin/jobs/?queue=bulk").await.expect(400);
    admin.get("/api/admin/jobs/?state=done").await.expect(400);
    for role in [UserRole::Instructor, UserRole::Learner] {
        app.as_role(tenant, role).await.get("/api/admin/jobs/").await.expect(403);
    }

    let all = superuser.get("/api/admin/jobs/").await.expect(200);
    assert_eq!(ids(&all), [json!(foreign), json!(dead), json!(waiting)]);
    let one = superuser.get(&format!("/api/admin/jobs/?tenant={elsewhere}")).await.expect(200);
    assert_eq!(ids(&one), [json!(foreign)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_insides_of_the_platform_are_for_superusers() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let path = format!("/api/admin/jobs/{}/", died(&app, tenant, "timeout").await);

    let seen = app.as_role(tenant, UserRole::Admin).await.get(&path).await.expect(200);

    assert!(!seen.body.to_string().contains("password") && !seen.body.to_string().contains("host-7"), "{}", seen.body);
    assert_eq!(
        (&seen.body["error_class"], &seen.body["attempts"][0]["outcome"]),
        (&json!("timeout"), &json!("timeout"))
    );
    assert_eq!(seen.body["args"], Value::Null);
    let whole = app.as_superuser().await.get(&path).await.expect(200);
    assert_eq!(whole.body["last_error"], "the password of the database");
    assert_eq!(whole.body["attempts"][0]["error"], "the password of the database");
    assert_eq!(whole.body["worker"], "host-7");
    assert_eq!(whole.body["args"]["tenant_id"], json!(tenant));
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_leafed_through_by_cursor_while_new_ones_come() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let superuser = app.as_superuser().await;
    let mut asked_for = Vec::new();
    for _ in 0..5 {
        asked_for.insert(0, json!(asked(&app, tenant, admin.id()).await));
    }
    for client in [admin, superuser] {
        let mut seen = Vec::new();
        let mut address = "/api/admin/jobs/?state=available&page_size=2".to_owned();
        loop {
            let part = client.get(&address).await.expect(200);
            assert!(part.results().len() <= 2);
            seen.extend(ids(&part));
            let Some(next) = part.body["next"].as_str() else { break };
            address = next.trim_start_matches("http://localhost:8000").to_owned();
            asked(&app, tenant, UserId::new()).await;
        }
        assert_eq!(seen[seen.len() - 5..], asked_for, "nothing twice, nothing left out");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_cancelled_before_it_starts_asked_to_stop_while_it_runs_and_left_alone_after() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let (waiting, running) = (asked(&app, tenant, admin.id()).await, asked(&app, tenant, admin.id()).await);
    app.db.texts(&format!("update jobs set state = 'running' where id = '{running}' returning '' as text")).await;
    let cancel = async |id: JobId| admin.post(&format!("/api/admin/jobs/{id}/cancel/"), json!({})).await;

    assert_eq!(cancel(waiting).await.expect(200).body["state"], "cancelled");
    assert_eq!(cancel(running).await.expect(200).body["state"], "running");
    assert_eq!(cancel(waiting).await.expect(409).body["code"], "job_is_over");

    let asked_to_stop = app.db.texts("select id::text as text from jobs where cancel_requested_at is not null").await;
    assert_eq!(asked_to_stop, [running.to_string()]);
    let foreign = asked(&app, app.tenant().await, UserId::new()).await;
    cancel(foreign).await.expect(404);
    let state = app.db.texts(&format!("select state::text as text from jobs where id = '{foreign}'")).await;
    assert_eq!(state, ["available"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_tells_first_what_it_would_do_and_does_it_once() {
    let app = TestApp::start().await;
    let (tenant, elsewhere) = (app.tenant().await, app.tenant().await);
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let (slow, broken) = (died(&app, tenant, "timeout").await, died(&app, tenant, "retry").await);
    died(&app, elsewhere, "timeout").await;
    let path = "/api/admin/jobs/replay/";
    let living = async || app.db.texts("select id::text as text from jobs where state = 'available' order by id").await;

    let told = admin.post(path, json!({"error_class": "timeout"})).await.expect(200);
    assert_eq!(
        told.body,
        json!({"dry_run": true, "count": 1, "replayed": 0,
            "groups": [{"kind": "certificates.render", "error_class": "timeout", "jobs": 1}]})
    );
    assert!(living().await.is_empty());

    let done = admin.post(path, json!({"error_class": "timeout", "dry_run": false})).await.expect(200);
    assert_eq!((&done.body["dry_run"], &done.body["replayed"]), (&json!(false), &json!(1)));
    assert_eq!(living().await, [slow.to_string()]);
    let row = admin.get(&format!("/api/admin/jobs/{slow}/")).await.expect(200);
    assert_eq!((&row.body["attempt"], row.body["attempts"].as_array().map(Vec::len)), (&json!(0), Some(1)));
    assert_eq!(
        admin.post(path, json!({"error_class": "timeout", "dry_run": false})).await.expect(200).body["replayed"],
        0
    );

    let chosen = admin.post(path, json!({"ids": [broken, JobId::new()], "dry_run": false})).await.expect(200);
    assert_eq!(chosen.body["replayed"], 1);
    let of_all = app.as_superuser().await.post(path, json!({"dry_run": false})).await.expect(200);
    assert_eq!(of_all.body["replayed"], 1, "what was left is another tenant's");
    admin.post(path, json!({"ids": []})).await.expect(400);
    admin.post(path, json!({"limit": 0})).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn replays_are_told_any_time_and_done_ten_at_once() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    for _ in 0..10 {
        admin.post("/api/admin/jobs/replay/", json!({"dry_run": false})).await.expect(200);
    }

    let refused = admin.post("/api/admin/jobs/replay/", json!({"dry_run": false})).await.expect(429);

    assert_eq!(refused.header("retry-after"), "30");
    admin.post("/api/admin/jobs/replay/", json!({})).await.expect(200);
    let other = app.as_role(app.tenant().await, UserRole::Admin).await;
    other.post("/api/admin/jobs/replay/", json!({"dry_run": false})).await.expect(200);
}
