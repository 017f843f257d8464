use serde_json::json;
use shared::testing::make;
use shared::users::UserRole;
use shared::users::jobs::SendInvitation;

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn somebody_with_a_password_can_come_in_at_once() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;

    let body = json!({"email": "new.user@acme.local", "first_name": "New", "last_name": "User", "role": "learner", "password": "securepassword123"});
    let made = admin.post("/api/users/", body).await.expect(201);

    assert_eq!((made.text("/status"), made.text("/role"), made.text("/full_name")), ("ACTIVE", "LEARNER", "New User"));
    assert_eq!(made.header("location"), format!("/api/users/{}/", made.text("/id")));
    admin.get(made.header("location")).await.expect(200);
    assert!(app.enqueued::<SendInvitation>().await.is_empty());
    let body = json!({"email": "new.user@acme.local", "password": "securepassword123"});
    app.stranger().post("/api/auth/login/", body).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_sent_again_makes_nobody_twice() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await.with("idempotency-key", "once");
    let body = json!({"email": "new@example.org"});
    let first = admin.post("/api/users/", body.clone()).await.expect(201);
    let again = admin.post("/api/users/", body).await.expect(201);
    assert_eq!(first.body, again.body);
    assert_eq!(app.enqueued::<SendInvitation>().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_is_taken_whatever_its_case_also_between_two_who_come_at_once() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let mut at_once = tokio::task::JoinSet::new();
    for email in ["same@example.org", "Same@example.org", "SAME@EXAMPLE.ORG", "same@Example.org"] {
        let admin = admin.clone();
        at_once.spawn(async move { admin.post("/api/users/", json!({ "email": email })).await.status.as_u16() });
    }
    let mut statuses = at_once.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
    // What was refused has mailed nobody.
    assert_eq!(app.enqueued::<SendInvitation>().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_lets_people_into_their_own_tenant_only() {
    let app = TestApp::start().await;
    let (own, other) = (make::tenant(&app.db).await, make::tenant(&app.db).await);
    let admin = app.as_role(own.id, UserRole::Admin).await;
    let root = app.as_superuser().await;
    let body = |tenant: &str, email: &str| json!({ "email": email, "tenant": tenant });

    let refused = admin.post("/api/users/", body(&other.id.to_string(), "a@example.org")).await.expect(400);
    assert!(refused.body["errors"]["tenant"].is_array());
    admin.post("/api/users/", body(&own.id.to_string(), "a@example.org")).await.expect(201);
    let made = root.post("/api/users/", body(&other.slug, "b@example.org")).await.expect(201);
    assert_eq!(made.text("/tenant"), other.id.to_string());
    root.post("/api/users/", json!({ "email": "c@example.org" })).await.expect(400);
    root.with("x-tenant-slug", &own.slug).post("/api/users/", json!({ "email": "c@example.org" })).await.expect(201);
    let mails: Vec<_> = app.enqueued::<SendInvitation>().await.into_iter().map(|mail| mail.tenant_id).collect();
    assert_eq!(mails, [own.id, other.id, own.id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_let_people_in_and_nobody_makes_a_superuser() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    for role in [UserRole::Learner, UserRole::Instructor] {
        app.as_role(tenant, role).await.post("/api/users/", json!({ "email": "x@example.org" })).await.expect(403);
    }
    let admin = app.as_role(tenant, UserRole::Admin).await;
    for field in ["is_superuser", "is_staff", "status", "id", "tenant_id", "password_hash"] {
        admin.post("/api/users/", json!({ "email": "x@example.org", field: true })).await.expect(400);
    }
    for (field, value) in [("email", "x"), ("role", "boss"), ("password", "12345678")] {
        let mut body = json!({ "email": "x@example.org" });
        body[field] = json!(value);
        let answer = admin.post("/api/users/", body).await.expect(400);
        assert!(answer.body["errors"][field].is_array(), "{field}: {}", answer.body);
    }
}
