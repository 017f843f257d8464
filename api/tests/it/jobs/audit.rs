//! Each act on the machinery leaves a line in the audit log, for those who may read it.

use axum::http::Method;
use serde_json::{Value, json};
use shared::ids::{TenantId, UserId};
use shared::users::UserRole;

use super::admin::died;
use super::asked;
use super::schedules::declare;
use crate::support::{Client, TestApp};

/// The lines about the machinery that `reader` sees, the newest first.
async fn log(reader: &Client) -> Vec<Value> {
    let answer = reader.get("/api/admin/audit-log/?page_size=200").await.expect(200);
    let is_ours = |line: &&Value| line["subject"]["type"].as_str().is_some_and(|kind| kind.starts_with("job"));
    answer.results().iter().filter(is_ours).cloned().collect()
}

/// What `client` does leaves one line, and this is it.
async fn line_of(client: &Client, method: Method, path: &str, body: Value) -> Value {
    let before = log(client).await;
    let answer = client.send(method.clone(), path, Some(body)).await;
    assert!(answer.status.is_success(), "{method} {path}: {} {}", answer.status, answer.body);
    let after = log(client).await;
    assert_eq!(after.len(), before.len() + 1, "{method} {path} left {:?}", &after[..after.len() - before.len()]);
    let line = after[0].clone();
    assert_eq!(line["actor"]["kind"], "USER", "{line}");
    assert_eq!(line["actor"]["id"], json!(client.id()), "{line}");
    assert!(line["request_id"].is_string(), "{line}");
    line
}

#[tokio::test(flavor = "multi_thread")]
async fn each_act_on_queues_and_limits_says_who_did_what_from_what_to_what() {
    let app = TestApp::start().await;
    let root = app.as_superuser().await;
    let rate = json!({"starts": 30, "seconds": 60, "burst": 5});
    for (method, path, body, [action, subject, id], (before, after)) in [
        (
            Method::POST,
            "queues/within_1m/pause/",
            json!({}),
            ["update", "job_queues", "within_1m"],
            ("paused_at", "paused_at"),
        ),
        (
            Method::POST,
            "queues/within_1m/resume/",
            json!({}),
            ["update", "job_queues", "within_1m"],
            ("paused_at", "paused_at"),
        ),
        (
            Method::PATCH,
            "queues/within_1m/",
            json!({"tenant_cap": 7}),
            ["update", "job_queues", "within_1m"],
            ("tenant_cap", "tenant_cap"),
        ),
        (
            Method::PATCH,
            "queues/within_1m/",
            json!({"tenant_backlog": 9}),
            ["update", "job_queues", "within_1m"],
            ("tenant_backlog", "tenant_backlog"),
        ),
        (
            Method::PUT,
            "limits/provider:smtp/",
            json!({"rate": rate}),
            ["insert", "job_limits", "provider:smtp"],
            ("", "starts"),
        ),
        (
            Method::PUT,
            "limits/provider:smtp/",
            json!({}),
            ["update", "job_limits", "provider:smtp"],
            ("starts", "starts"),
        ),
        (
            Method::DELETE,
            "limits/provider:smtp/",
            json!({}),
            ["delete", "job_limits", "provider:smtp"],
            ("is_edited", ""),
        ),
    ] {
        let line = line_of(&root, method, &format!("/api/admin/{path}"), body).await;
        assert_eq!(
            (&line["action"], &line["subject"]["type"], &line["subject"]["id"]),
            (&json!(action), &json!(subject), &json!(id)),
            "{path}"
        );
        for (side, field) in [("before", before), ("after", after)] {
            assert!(field.is_empty() || line[side].get(field).is_some(), "{path}: {side} says {}", line[side]);
        }
        assert_eq!(line["tenant"], Value::Null);
    }
    let tenant_cap = log(&root).await.into_iter().find(|line| line["after"]["tenant_cap"] == 7).expect("a line");
    assert_eq!(tenant_cap["before"]["tenant_cap"], 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_that_changes_nothing_leaves_no_line() {
    let app = TestApp::start().await;
    let root = app.as_superuser().await;
    for (path, body) in [("within_1m/", json!({"tenant_cap": 500})), ("within_5s/", json!({}))] {
        root.patch(&format!("/api/admin/queues/{path}"), body).await.expect(200);
    }
    root.post("/api/admin/queues/within_1m/resume/", json!({})).await.expect(200);
    root.delete("/api/admin/limits/provider:smtp/").await.expect(404);
    assert!(log(&root).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_act_on_schedules_says_who_did_what_from_what_to_what() {
    let app = TestApp::start().await;
    declare(&app).await;
    let root = app.as_superuser().await;
    let new = json!({"name": "prune.often", "kind": "jobs.prune", "cron": "0 5 * * *"});
    for (method, path, body, action, before, after) in [
        (
            Method::PATCH,
            "certificates.sweep/",
            json!({"is_enabled": false}),
            "update",
            json!({"is_enabled": true}),
            json!({"is_enabled": false}),
        ),
        (
            Method::PATCH,
            "certificates.sweep/",
            json!({"is_enabled": true}),
            "update",
            json!({"is_enabled": false}),
            json!({"is_enabled": true}),
        ),
        (
            Method::PATCH,
            "certificates.sweep/",
            json!({"cron": "1 2 * * *"}),
            "update",
            json!({"cron": "17 3 * * *"}),
            json!({"cron": "1 2 * * *"}),
        ),
        (
            Method::PATCH,
            "certificates.sweep/",
            json!({"misfire_grace_seconds": 5}),
            "update",
            json!({"misfire_grace_seconds": 86_400}),
            json!({"misfire_grace_seconds": 5}),
        ),
        (Method::POST, "certificates.sweep/run-now/", json!({}), "run_now", Value::Null, json!({})),
        (
            Method::POST,
            "certificates.sweep/reset/",
            json!({}),
            "update",
            json!({"is_edited": true}),
            json!({"is_edited": false}),
        ),
        (Method::POST, "", new, "insert", Value::Null, json!({"kind": "jobs.prune", "cron": "0 5 * * *"})),
        (Method::DELETE, "prune.often/", json!({}), "delete", json!({"cron": "0 5 * * *"}), Value::Null),
    ] {
        let line = line_of(&root, method, &format!("/api/admin/schedules/{path}"), body).await;
        assert_eq!((&line["action"], &line["subject"]["type"]), (&json!(action), &json!("job_schedules")), "{path}");
        let name = path.split('/').next().filter(|name| !name.is_empty()).unwrap_or("prune.often");
        assert_eq!(line["subject"]["name"], json!(name));
        for (side, said) in [("before", before), ("after", after)] {
            assert_eq!(said.is_null(), line[side].is_null(), "{path}: {side} says {}", line[side]);
            for (field, value) in said.as_object().into_iter().flatten() {
                assert_eq!(line[side][field], *value, "{path}: {side} says {}", line[side]);
            }
        }
        if action == "run_now" {
            let job = line["after"]["job"].as_str().expect("the job");
            root.get(&format!("/api/admin/jobs/{job}/")).await.expect(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cancels_and_replays_stands_in_the_log_of_the_jobs_tenant() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let (waiting, running) = (asked(&app, tenant, admin.id()).await, asked(&app, tenant, admin.id()).await);
    app.db.texts(&format!("update jobs set state = 'running' where id = '{running}' returning '' as text")).await;

    let line = line_of(&admin, Method::POST, &format!("/api/admin/jobs/{waiting}/cancel/"), json!({})).await;
    assert_eq!((&line["action"], &line["subject"]["id"]), (&json!("cancel"), &json!(waiting)));
    assert_eq!(line["subject"]["name"], "certificates.render");
    assert_eq!((&line["before"], &line["after"]), (&json!({"state": "available"}), &json!({"state": "cancelled"})));
    let line = line_of(&admin, Method::POST, &format!("/api/admin/jobs/{running}/cancel/"), json!({})).await;
    assert_eq!(line["after"], json!({"state": "running", "is_asked_to_stop": true}));
    let lines = log(&admin).await.len();
    admin.post(&format!("/api/admin/jobs/{running}/cancel/"), json!({})).await.expect(200);
    admin.post(&format!("/api/admin/jobs/{waiting}/cancel/"), json!({})).await.expect(409);
    assert_eq!(log(&admin).await.len(), lines, "what changes nothing leaves no line");

    let dead = died(&app, tenant, "timeout").await;
    admin.post("/api/admin/jobs/replay/", json!({"error_class": "timeout"})).await.expect(200);
    assert_eq!(log(&admin).await.len(), lines, "a dry run leaves no line");
    let replay = json!({"error_class": "timeout", "dry_run": false});
    let line = line_of(&admin, Method::POST, "/api/admin/jobs/replay/", replay.clone()).await;
    assert_eq!((&line["action"], &line["subject"]["id"]), (&json!("replay"), &json!(dead)));
    assert_eq!(line["before"], json!({"state": "dead"}));
    assert_eq!(line["after"], json!({"state": "available", "jobs": 1, "error_class": "timeout", "ids": [dead]}));
    let lines = log(&admin).await.len();
    admin.post("/api/admin/jobs/replay/", replay).await.expect(200);
    assert_eq!(log(&admin).await.len(), lines, "nothing lived again");

    // A person's own job, too.
    let learner = app.as_role(tenant, UserRole::Learner).await;
    let own = asked(&app, tenant, learner.id()).await;
    learner.post(&format!("/api/jobs/{own}/cancel/"), json!({})).await.expect(200);
    let line = log(&admin).await[0].clone();
    assert_eq!((&line["action"], &line["actor"]["id"]), (&json!("cancel"), &json!(learner.id())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_reads_what_was_done_to_its_own_jobs_and_nothing_of_the_platforms() {
    let app = TestApp::start().await;
    let (tenant, elsewhere) = (app.tenant().await, app.tenant().await);
    let (admin, stranger) = (app.as_role(tenant, UserRole::Admin).await, app.as_role(elsewhere, UserRole::Admin).await);
    let root = app.as_superuser().await;
    let mut ours = Vec::new();
    for _ in 0..3 {
        ours.push(died(&app, tenant, "timeout").await);
    }
    let theirs = died(&app, elsewhere, "timeout").await;
    app.db.texts("insert into jobs (id, tenant_id, kind, queue, args, max_attempts, state) values (gen_random_uuid(), '00000000-0000-0000-0000-000000000001', 'jobs.prune', 'within_1h', '{}', 1, 'dead') returning '' as text").await;

    root.post("/api/admin/jobs/replay/", json!({"dry_run": false})).await.expect(200);
    root.post("/api/admin/queues/within_1m/pause/", json!({})).await.expect(200);

    // A line for each tenant concerned, of its own jobs only.
    let [line] = &log(&admin).await[..] else { panic!("{:?}", log(&admin).await) };
    assert_eq!((&line["after"]["jobs"], &line["after"]["ids"]), (&json!(3), &json!(ours)));
    assert_eq!((&line["subject"]["id"], &line["actor"]["id"]), (&Value::Null, &json!(root.id())));
    assert_eq!(line["actor"]["email"], Value::Null, "superusers are no business of a tenant");
    let [line] = &log(&stranger).await[..] else { panic!("{:?}", log(&stranger).await) };
    assert_eq!(line["subject"]["id"], json!(theirs));
    let all = log(&root).await;
    assert_eq!(all.len(), 4, "{all:?}");
    assert_eq!(all.iter().filter(|line| line["tenant"].is_null()).count(), 2, "a platform job's and the queue's");
    // Nor can it be had by naming it.
    let named = admin.get("/api/admin/audit-log/?subject_type=job_queues").await.expect(200);
    assert!(named.results().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_without_an_account_is_told_to_superusers_only() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let id = asked(&app, tenant, UserId::new()).await;
    let acting = shared::db::Acting::operator("command line, ada@host-7");
    let mut relay = app.db.pool.get_for(shared::db::Scope::Relay, &acting).await.expect("a connection");
    shared::jobs::operate::cancel(&mut relay, id).await.expect("cancelled");
    drop(relay);

    let seen = log(&app.as_superuser().await).await;
    assert_eq!(
        (&seen[0]["actor"]["kind"], &seen[0]["actor"]["operator"]),
        (&json!("OPERATOR"), &json!("command line, ada@host-7"))
    );
    assert_eq!(seen[0]["tenant"], json!(tenant));
    let seen = log(&app.as_role(tenant, UserRole::Admin).await).await;
    assert_eq!((&seen[0]["actor"]["kind"], &seen[0]["actor"]["operator"]), (&json!("OPERATOR"), &Value::Null));
    let elsewhere: TenantId = app.tenant().await;
    assert!(log(&app.as_role(elsewhere, UserRole::Admin).await).await.is_empty());
}
