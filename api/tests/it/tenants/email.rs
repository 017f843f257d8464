//! A tenant's own mail server and storage, and the platform's settings, over HTTP.

use serde_json::{Value, json};
use shared::tenants::jobs::{TestEmailSettings, TestStorageSettings};
use shared::testing::make;
use shared::users::UserRole;

use crate::support::{Client, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn a_password_goes_in_and_never_comes_out() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let unset = admin.get("/api/core/settings/email/").await.expect(200);
    assert_eq!((&unset.body["smtp_host"], &unset.body["smtp_password_set"]), (&json!(""), &json!(false)));

    let change = json!({ "smtp_host": "SMTP.Example.org", "smtp_username": "lms", "smtp_password": "own-password" });
    let changed = admin.patch("/api/core/settings/email/", change).await.expect(200);

    assert_eq!(
        (&changed.body["smtp_host"], &changed.body["smtp_password_set"]),
        (&json!("smtp.example.org"), &json!(true))
    );
    let storage =
        json!({ "s3_bucket_name": "acme", "s3_secret_access_key": "own-secret", "allowed_extensions": ".PDF, png" });
    let stored = admin.patch("/api/core/settings/storage/", storage).await.expect(200);
    assert_eq!(
        (&stored.body["allowed_extensions"], &stored.body["s3_secret_access_key_set"]),
        (&json!("pdf,png"), &json!(true))
    );
    // Neither in an answer, nor in the database, nor in the log.
    let log = admin.get("/api/admin/audit-log/?page_size=200").await.expect(200);
    assert!(log.body.to_string().contains("smtp_password_sealed"), "{}", log.body);
    let everything = app.db.texts("select t::text as text from tenant_email_settings t union all select t::text from tenant_storage_settings t union all select t::text from audit_log t").await.concat();
    let hex = hex::encode("own-password");
    for text in [changed.body.to_string(), stored.body.to_string(), log.body.to_string(), everything] {
        assert!(!text.contains("own-") && !text.contains(&hex), "{text}");
    }
    // What is left out stays; what is emptied is forgotten.
    let kept = admin.patch("/api/core/settings/email/", json!({ "email_timeout": 10 })).await.expect(200);
    assert_eq!(kept.body["smtp_password_set"], true);
    let gone = admin.patch("/api/core/settings/email/", json!({ "smtp_password": null })).await.expect(200);
    assert_eq!(gone.body["smtp_password_set"], false);
    // Nobody else's: neither another tenant's, nor a learner's to see.
    let stranger = app.as_role(app.tenant().await, UserRole::Admin).await;
    assert_eq!(stranger.get("/api/core/settings/storage/").await.expect(200).body["s3_bucket_name"], "");
    for role in [UserRole::Learner, UserRole::Instructor] {
        let other = app.as_role(tenant, role).await;
        other.get("/api/core/settings/email/").await.expect(403);
        other.get("/api/core/settings/storage/").await.expect(403);
    }
}

/// Whether the secret is still there after a change.
async fn kept(admin: &Client, path: &str, secret: &str, change: &Value) -> bool {
    let answer = admin.patch(path, change.clone()).await.expect(200);
    answer.body[format!("{secret}_set")] == true
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_goes_only_where_and_how_its_owner_said() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let path = "/api/core/settings/email/";
    let by = |tls: bool, ssl: bool| {
        json!({ "smtp_host": "a.example.org", "smtp_port": 587, "smtp_use_tls": tls, "smtp_use_ssl": ssl,
            "smtp_password": "own-password" })
    };
    for (before, change, stays) in [
        (by(true, false), json!({ "smtp_host": "A.example.org", "smtp_port": 587, "smtp_use_tls": true }), true),
        (by(true, false), json!({ "smtp_username": "lms", "email_timeout": 5 }), true),
        (by(true, false), json!({ "smtp_use_tls": false, "smtp_use_ssl": true }), true),
        (by(false, true), json!({ "smtp_use_tls": true, "smtp_use_ssl": false }), true),
        (by(false, false), json!({ "smtp_use_tls": true }), true),
        (by(true, false), json!({ "smtp_host": "b.example.org" }), false),
        (by(true, false), json!({ "smtp_port": 2525 }), false),
        (by(true, false), json!({ "smtp_use_tls": false }), false),
        (by(false, true), json!({ "smtp_use_ssl": false }), false),
        (by(true, false), json!({ "smtp_port": 2525, "smtp_use_tls": false, "smtp_password": "own-password" }), true),
    ] {
        assert!(kept(&admin, path, "smtp_password", &before).await, "{before}");
        assert_eq!(kept(&admin, path, "smtp_password", &change).await, stays, "{before} and then {change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_key_signs_for_the_endpoint_that_it_was_given_for() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let path = "/api/core/settings/storage/";
    let at = |endpoint: &str| json!({ "s3_endpoint_url": endpoint, "s3_secret_access_key": "own-secret" });
    for (before, change, stays) in [
        (at("https://s3.example.org"), json!({ "s3_region": "eu-central-1", "s3_bucket_name": "other" }), true),
        (at("https://s3.example.org"), json!({ "s3_endpoint_url": "https://s3.example.org" }), true),
        (at("https://s3.example.org"), json!({ "s3_endpoint_url": "https://s3.example.com" }), false),
        (at("https://s3.example.org"), json!({ "s3_endpoint_url": "http://s3.example.org" }), false),
        (at("https://s3.example.org"), json!({ "s3_endpoint_url": "https://s3.example.org:9000" }), false),
        (at("https://s3.example.org"), json!({ "s3_endpoint_url": "" }), false),
        (at(""), json!({ "s3_endpoint_url": "https://s3.example.org" }), false),
        (at(""), at("https://s3.example.org"), true),
    ] {
        assert!(kept(&admin, path, "s3_secret_access_key", &before).await, "{before}");
        assert_eq!(kept(&admin, path, "s3_secret_access_key", &change).await, stays, "{before} and then {change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_work_is_not_switched_on() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    for (change, field) in [
        (json!({ "is_enabled": true }), "is_enabled"),
        (json!({ "smtp_use_tls": true, "smtp_use_ssl": true }), "smtp_use_ssl"),
        (json!({ "smtp_port": 0 }), "smtp_port"),
        (json!({ "default_from_email": "nobody" }), "default_from_email"),
        (json!({ "email_timeout": 600 }), "email_timeout"),
    ] {
        let answer = admin.patch("/api/core/settings/email/", change.clone()).await.expect(400);
        assert!(answer.body["errors"][field].is_array(), "{change}: {}", answer.body);
    }
    for change in [
        json!({ "allowed_extensions": "a b" }),
        json!({ "allowed_extensions": "pdf,exe" }),
        json!({ "max_file_size_mb": 0 }),
        json!({ "s3_endpoint_url": "ftp://x" }),
    ] {
        admin.patch("/api/core/settings/storage/", change).await.expect(400);
    }
    assert_eq!(admin.get("/api/core/settings/email/").await.expect(200).body["is_enabled"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn trying_settings_out_is_a_job_that_one_can_watch() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let asked = admin
        .post("/api/core/settings/email/test/", json!({ "recipient_email": "a@elsewhere.example" }))
        .await
        .expect(202);
    let shown = admin.get(asked.header("location")).await.expect(200);
    assert_eq!(shown.body["id"], asked.body["job"]);
    admin.post("/api/core/settings/storage/test/", Value::Null).await.expect(202);
    assert_eq!(app.enqueued::<TestEmailSettings>().await, [TestEmailSettings { tenant_id: tenant }]);
    // To whom it goes is told to the job, and stands in nothing that is kept.
    let beside = "select job_id || ' ' || recipient as text from tenant_email_tests";
    let job = asked.body["job"].as_str().expect("its id");
    assert_eq!(app.db.texts(beside).await, [format!("{job} a@elsewhere.example")]);
    let kept =
        app.db.texts("select t::text as text from jobs t union all select t::text from audit_log t").await.concat();
    assert!(!kept.contains("elsewhere"), "{kept}");
    assert_eq!(app.enqueued::<TestStorageSettings>().await, [TestStorageSettings { tenant_id: tenant }]);
    admin.post("/api/core/settings/email/test/", json!({ "recipient_email": "a@b\r\nBcc: c@d.org" })).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_without_a_tenant_changes_the_platforms_own_settings() {
    let app = TestApp::start().await;
    let tenant = make::tenant(&app.db).await;
    let root = app.as_superuser().await;
    let change = json!({ "site_name": "The Platform", "features": { "ai_content_generation": true } });

    let changed = root.patch("/api/core/settings/", change).await.expect(200);

    assert_eq!((&changed.body["tenant"], &changed.body["site_name"]), (&Value::Null, &json!("The Platform")));
    let more = root.patch("/api/core/settings/", json!({ "features": { "ai_enabled": true } })).await.expect(200);
    assert_eq!(more.body["features"], json!({ "ai_content_generation": true, "ai_enabled": true }));
    assert_eq!(root.get("/api/core/settings/").await.expect(200).body["site_name"], "The Platform");
    let stale = root
        .with("if-match", changed.header("etag"))
        .patch("/api/core/settings/", json!({ "site_name": "Late" }))
        .await;
    stale.expect(412);
    // A tenant's settings are its own.
    let its = root.with("x-tenant-slug", &tenant.slug).get("/api/core/settings/").await.expect(200);
    assert_eq!(its.body["site_name"], json!(tenant.name));
}
