use insta::assert_json_snapshot;
use serde_json::json;
use shared::testing::{count_queries, make};
use shared::users::UserRole;

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_who_they_are() {
    let app = TestApp::start().await;
    let tenant = make::tenant(&app.db).await;
    let user = make::user(tenant.id).email("Alice@Example.org").name("Alice", "Williams").make(&app.db).await;

    let me = app.as_user(&user).await.get("/api/users/me/").await.expect(200);

    let redactions = [".id", ".profile.id", ".tenant", ".tenant_slug"].map(|path| (path, "[set]"));
    let mut body = me.body.clone();
    for (path, text) in redactions {
        *body.pointer_mut(&path.replace('.', "/")).expect("a field") = json!(text);
    }
    assert_json_snapshot!(body, @r#"
    {
      "date_joined": "2026-01-05T09:00:00Z",
      "email": "Alice@Example.org",
      "first_name": "Alice",
      "full_name": "Alice Williams",
      "id": "[set]",
      "is_active": true,
      "is_staff": false,
      "is_superuser": false,
      "last_login": null,
      "last_name": "Williams",
      "profile": {
        "avatar": null,
        "bio": "",
        "id": "[set]",
        "language": "en",
        "preferences": {},
        "timezone": "UTC",
        "updated_at": "2026-01-05T09:00:00Z"
      },
      "role": "LEARNER",
      "status": "ACTIVE",
      "tenant": "[set]",
      "tenant_slug": "[set]"
    }
    "#);
    assert_eq!(me.text("/tenant_slug"), tenant.slug);
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_who_one_is_costs_one_question_to_the_database() {
    let app = TestApp::start().await;
    let tenant = make::tenant(&app.db).await;
    let client = app.as_role(tenant.id, UserRole::Learner).await;
    for client in [client.clone(), client.with("x-tenant-slug", &tenant.slug), client.with("x-tenant-slug", "other")] {
        let (answer, queries) = count_queries(client.get("/api/users/me/")).await;
        answer.expect(200);
        assert_eq!(queries, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_change_what_they_say_of_themselves_and_nothing_else() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let client = app.as_role(tenant, UserRole::Learner).await;

    // As the web client's form sends it.
    let body = json!({"first_name": "Ann", "last_name": "", "profile": {"bio": "Hi", "language": "", "timezone": "Africa/Nairobi"}});
    let me = client.patch("/api/users/me/", body).await.expect(200);
    assert_eq!((me.text("/full_name"), me.text("/profile/bio")), ("Ann", "Hi"));
    assert_eq!((me.text("/profile/language"), me.text("/profile/timezone")), ("en", "Africa/Nairobi"));

    for body in [
        json!({"role": "ADMIN"}),
        json!({"email": "other@example.org"}),
        json!({"is_superuser": true}),
        json!({"is_active": false}),
        json!({"tenant": tenant}),
        json!({"profile": {"timezone": "Mars/Olympus"}}),
        json!({"profile": {"avatar": "javascript:alert(1)"}}),
        json!({"profile": {"preferences": {"a": "x".repeat(20_000)}}}),
        json!({"first_name": "x".repeat(151)}),
        json!([]),
    ] {
        client.patch("/api/users/me/", body).await.expect(400);
    }
    let same = client.get("/api/users/me/").await.expect(200);
    assert_eq!(same.body, me.body);
    client.put("/api/users/me/", json!({"first_name": "Ann"})).await.expect(400);
    client.put("/api/users/me/", json!({"first_name": "Ann", "last_name": "Lee"})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_what_was_not_seen_is_refused() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let client = app.as_role(tenant, UserRole::Learner).await;
    let seen = client.get("/api/users/me/").await.expect(200).header("etag").to_owned();
    let careful = client.with("if-match", &seen);
    careful.patch("/api/users/me/", json!({"first_name": "A"})).await.expect(200);
    careful.patch("/api/users/me/", json!({"first_name": "B"})).await.expect(412);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_who_has_picked_a_tenant_changes_themselves_all_the_same() {
    let app = TestApp::start().await;
    let tenant = make::tenant(&app.db).await;
    let client = app.as_superuser().await.with("x-tenant-slug", &tenant.slug);
    let me = client.patch("/api/users/me/", json!({"first_name": "Root"})).await.expect(200);
    assert_eq!((me.text("/first_name"), me.text("/role")), ("Root", "ADMIN"));
    assert_eq!(client.get("/api/users/me/sessions/").await.expect(200).results().len(), 1);
}
