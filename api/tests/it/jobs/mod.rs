//! Watching what one has asked for, and running the machinery.

mod admin;
mod events;
mod queues;

use serde_json::json;
use shared::certificates::jobs::RenderCertificate;
use shared::ids::{CertificateId, JobId, TenantId, UserId};
use shared::jobs::{JobOptions, enqueue_with};
use shared::users::UserRole;

use crate::support::TestApp;

/// A job that somebody has asked for.
pub(crate) async fn asked(app: &TestApp, tenant: TenantId, by: UserId) -> JobId {
    let job = RenderCertificate { tenant_id: tenant, certificate_id: CertificateId::new() };
    let options = JobOptions { created_by: Some(by), ..JobOptions::default() };
    enqueue_with(&mut *app.db.tenant(tenant).await, &job, options).await.expect("enqueued").id()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asked_for_a_job_watches_it_and_so_do_administrators() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let alice = app.as_role(tenant, UserRole::Learner).await;
    let id = asked(&app, tenant, alice.id()).await;
    let path = format!("/api/jobs/{id}/");
    app.db.texts("update jobs set last_error = 'password of the database', error_class = 'retry', progress = 40, attempt = 2 returning '' as text").await;

    let answer = alice.get(&path).await.expect(200);

    for (field, value) in [
        ("id", json!(id)),
        ("kind", json!("certificates.render")),
        ("state", json!("available")),
        ("progress", json!(40)),
        ("attempt", json!(2)),
        ("error_code", json!("retry")),
        ("finished_at", json!(null)),
    ] {
        assert_eq!(answer.body[field], value, "{field}");
    }
    assert!(!answer.body.to_string().contains("password"), "{}", answer.body);
    let elsewhere = app.tenant().await;
    for (client, status) in [
        (app.as_role(tenant, UserRole::Admin).await, 200),
        (app.as_role(tenant, UserRole::Instructor).await, 404),
        (app.as_role(tenant, UserRole::Learner).await, 404),
        (app.as_role(elsewhere, UserRole::Admin).await, 404),
    ] {
        client.get(&path).await.expect(status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asked_for_a_job_may_stop_it() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let alice = app.as_role(tenant, UserRole::Learner).await;
    let id = asked(&app, tenant, alice.id()).await;
    let path = format!("/api/jobs/{id}/cancel/");
    app.as_role(tenant, UserRole::Learner).await.post(&path, json!({})).await.expect(404);

    let answer = alice.post(&path, json!({})).await.expect(200);

    assert_eq!(answer.body["state"], "cancelled");
    assert_eq!(alice.post(&path, json!({})).await.expect(409).body["code"], "job_is_over");
}
