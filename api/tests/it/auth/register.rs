use serde_json::{Value, json};
use shared::testing::make;

use super::{PASSWORD, log_in};
use crate::support::TestApp;

fn form(email: &str) -> Value {
    json!({ "first_name": "New", "last_name": "Learner", "email": email, "password": PASSWORD, "password2": PASSWORD })
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_can_become_a_learner_of_the_tenant_that_the_request_names() {
    let app = TestApp::start().await;
    let tenant = make::tenant(&app.db).await;
    let there = app.stranger().with("x-tenant-slug", &tenant.slug);

    let answer = there.post("/api/auth/register/", form("one@example.org")).await.expect(201);

    assert_eq!((answer.text("/role"), answer.text("/status")), ("LEARNER", "ACTIVE"));
    assert_eq!(answer.text("/tenant"), tenant.id.to_string());
    log_in(&app.stranger(), "one@example.org", PASSWORD).await.expect(200);
    for name in [tenant.slug.clone(), tenant.id.to_string()] {
        let mut body = form(&format!("by-{}@example.org", name.len()));
        body["tenant"] = json!(name);
        app.stranger().post("/api/auth/register/", body).await.expect(201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_registers_as_more_than_a_learner() {
    let app = TestApp::start().await;
    let tenant = make::tenant(&app.db).await;
    let there = app.stranger().with("x-tenant-slug", &tenant.slug);
    for role in ["ADMIN", "instructor"] {
        let mut body = form("climber@example.org");
        body["role"] = json!(role);
        there.post("/api/auth/register/", body).await.expect(400);
    }
    for field in ["is_superuser", "is_staff", "status", "is_active", "tenant_id"] {
        let mut body = form("climber@example.org");
        body[field] = json!(true);
        there.post("/api/auth/register/", body).await.expect(400);
    }
    let mut body = form("climber@example.org");
    body["role"] = json!("learner");
    there.post("/api/auth/register/", body).await.expect(201);
    assert_eq!(app.db.texts("select role::text as text from users").await, ["LEARNER"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_is_one_persons_whatever_its_case_and_however_many_come_at_once() {
    let app = TestApp::start().await;
    let tenant = make::tenant(&app.db).await;
    let elsewhere = make::tenant(&app.db).await;
    let there = app.stranger().with("x-tenant-slug", &tenant.slug);
    let mut at_once = tokio::task::JoinSet::new();
    for number in 0..6 {
        let client = there.clone();
        let email = if number % 2 == 0 { "same@example.org" } else { "SAME@Example.ORG" };
        at_once.spawn(async move { client.post("/api/auth/register/", form(email)).await.status.as_u16() });
    }
    let mut statuses = at_once.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
    let answer = app
        .stranger()
        .with("x-tenant-slug", &elsewhere.slug)
        .post("/api/auth/register/", form("same@example.org"))
        .await
        .expect(409);
    assert_eq!(answer.text("/code"), "email_taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_registers_nowhere_or_where_they_may_not() {
    let app = TestApp::start().await;
    let (one, two) = (make::tenant(&app.db).await, make::tenant(&app.db).await);
    let stranger = app.stranger();
    let post = async |client: &crate::support::Client, tenant: Option<&str>| {
        let mut body = form("lost@example.org");
        if let Some(tenant) = tenant {
            body["tenant"] = json!(tenant);
        }
        client.post("/api/auth/register/", body).await.status.as_u16()
    };
    assert_eq!(post(&stranger, None).await, 400);
    assert_eq!(post(&stranger, Some("nobodys")).await, 400);
    assert_eq!(post(&stranger.with("x-tenant-slug", "nobodys"), None).await, 404);
    assert_eq!(post(&stranger.with("x-tenant-slug", &one.slug), Some(&two.slug)).await, 400);
    let admin = app.as_superuser().await;
    admin.post(&format!("/api/core/tenants/{}/toggle-status/", one.id), json!({})).await.expect(200);
    assert_eq!(post(&stranger, Some(&one.slug)).await, 400);
    assert_eq!(app.db.texts("select 'x' as text from users where not is_superuser").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn weak_passwords_and_what_is_no_email_are_refused_by_field() {
    let app = TestApp::start().await;
    let tenant = make::tenant(&app.db).await;
    let there = app.stranger().with("x-tenant-slug", &tenant.slug);
    for (field, value) in
        [("password", "password123"), ("password2", "other"), ("email", "nobody"), ("email", "a b@example.org")]
    {
        let mut body = form("new@example.org");
        body[field] = json!(value);
        if field == "password" {
            body["password2"] = json!(value);
        }
        let answer = there.post("/api/auth/register/", body).await.expect(400);
        assert!(answer.body["errors"][field].is_array(), "{field}: {}", answer.body);
    }
}
