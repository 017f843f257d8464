//! Limits of kinds and providers, for superusers.

use serde_json::{Value, json};
use shared::jobs::Rate;
use shared::jobs::limits::{self, Declared};
use shared::testing::make;
use shared::users::UserRole;

use crate::support::TestApp;

/// A release that limits a kind.
async fn declare(app: &TestApp) {
    let rate = Some(Rate::each_minute(30));
    let declared = [Declared { kind: "files.scan", rate, tenant_rate: None, tenant_backlog: Some(50) }];
    limits::sync(&mut *app.db.relay().await, &declared).await.expect("declared");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_sees_sets_and_takes_back_limits() {
    let app = TestApp::start().await;
    declare(&app).await;
    let superuser = app.as_superuser().await;

    let declared = json!({"subject": "kind:files.scan", "rate": {"starts": 30, "seconds": 60, "burst": 1},
        "tenant_rate": null, "tenant_backlog": 50, "is_edited": false});
    let answer = superuser.get("/api/admin/limits/").await.expect(200);
    assert_eq!(answer.body, json!({"results": [declared], "full": []}));

    let rate = json!({"starts": 5, "seconds": 1, "burst": 20});
    let set = superuser.put("/api/admin/limits/kind:files.scan/", json!({"tenant_rate": rate})).await.expect(200);
    assert_eq!((&set.body["rate"], &set.body["tenant_rate"]), (&Value::Null, &rate));
    assert_eq!((&set.body["tenant_backlog"], &set.body["is_edited"]), (&Value::Null, &json!(true)));
    superuser.put("/api/admin/limits/provider:smtp/", json!({"rate": rate})).await.expect(200);
    declare(&app).await;
    let listed = superuser.get("/api/admin/limits/").await.expect(200);
    assert_eq!(listed.results()[0], set.body, "a release does not change it back");
    assert_eq!(listed.results()[1]["subject"], "provider:smtp");

    superuser.delete("/api/admin/limits/kind:files.scan/").await.expect(204);
    superuser.delete("/api/admin/limits/provider:smtp/").await.expect(204);
    superuser.delete("/api/admin/limits/provider:smtp/").await.expect(404);
    declare(&app).await;
    assert_eq!(superuser.get("/api/admin/limits/").await.expect(200).body["results"], json!([declared]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_makes_no_sense_is_refused_by_its_field() {
    let app = TestApp::start().await;
    let superuser = app.as_superuser().await;
    let path = "/api/admin/limits/provider:smtp/";
    for (body, field) in [
        (json!({"rate": {"starts": 0, "seconds": 1, "burst": 1}}), "rate.starts"),
        (json!({"rate": {"starts": 1, "seconds": -1, "burst": 1}}), "rate.seconds"),
        (json!({"tenant_rate": {"starts": 1, "seconds": 1, "burst": 0}}), "tenant_rate.burst"),
        (json!({"tenant_rate": {"starts": 1, "seconds": 1}}), "tenant_rate.burst"),
        (json!({"rate": "10/60"}), "rate"),
        (json!({"tenant_backlog": 5}), "tenant_backlog"),
        (json!({"burst": 5}), "burst"),
    ] {
        let refused = superuser.put(path, body.clone()).await.expect(400);
        assert!(refused.body["errors"][field].is_array(), "{body}: {}", refused.body);
    }
    superuser.put("/api/admin/limits/kind:files.scan/", json!({"tenant_backlog": 0})).await.expect(400);
    for subject in ["smtp", "queue:within_1m", "kind:", "kind:Files.Scan", "kind:a%00b"] {
        superuser.put(&format!("/api/admin/limits/{subject}/"), json!({})).await.expect(404);
    }
    // Well written, but nobody does it or is called: it would limit nothing.
    for subject in ["kind:files.scam", "provider:post", "kind:smtp", "provider:files.scan"] {
        let refused = superuser.put(&format!("/api/admin/limits/{subject}/"), json!({})).await.expect(400);
        assert_eq!(refused.body["code"], "invalid", "{}", refused.body);
        let said = refused.body["errors"]["subject"][0].as_str().unwrap_or_default();
        assert!(said.contains(subject), "{}", refused.body);
    }
    assert!(superuser.get("/api/admin/limits/").await.expect(200).results().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_more_is_told_and_a_queue_that_is_full_says_so() {
    let app = TestApp::start().await;
    let tenant = make::tenant(&app.db).await.id;
    let superuser = app.as_superuser().await;
    app.db.texts("update job_queues set is_full = true where queue = 'within_1m' returning '' as text").await;
    app.db
        .texts(&format!("insert into job_backlogs (tenant_id, kind, waiting) values ('{tenant}', 'files.scan', 70) returning '' as text"))
        .await;

    let queues = superuser.get("/api/admin/queues/").await.expect(200);
    let full: Vec<_> = queues.results().iter().filter(|queue| queue["is_full"] == true).collect();
    assert_eq!((full.len(), &full[0]["queue"]), (1, &json!("within_1m")));
    let answer = superuser.get("/api/admin/limits/").await.expect(200);
    let [told] = &answer.body["full"].as_array().expect("a list")[..] else { panic!("{}", answer.body) };
    assert_eq!((&told["tenant"], &told["kind"], &told["waiting"]), (&json!(tenant), &json!("files.scan"), &json!(70)));

    let set = superuser.patch("/api/admin/queues/within_1m/", json!({"tenant_backlog": 80})).await.expect(200);
    assert_eq!((&set.body["tenant_backlog"], &set.body["max_backlog"]), (&json!(80), &json!(500_000)));
    for wrong in [0, -1, 1_000_000_001] {
        superuser.patch("/api/admin/queues/within_1m/", json!({"tenant_backlog": wrong})).await.expect(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_no_business_of_a_tenant() {
    let app = TestApp::start().await;
    let admin = app.as_role(app.tenant().await, UserRole::Admin).await;
    admin.get("/api/admin/limits/").await.expect(403);
    admin.put("/api/admin/limits/provider:smtp/", json!({})).await.expect(403);
    admin.delete("/api/admin/limits/provider:smtp/").await.expect(403);
}
