//! What surrounds every request: keys, tags, ids, spelling of addresses, other origins.

use axum::http::Method;
use serde_json::json;
use shared::users::UserRole;

use crate::support::TestApp;

async fn groups(app: &TestApp) -> usize {
    app.db.texts("select name as text from learner_groups").await.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_names_itself_is_done_once() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await.with("idempotency-key", "one");

    let first = admin.post("/api/groups/", json!({"name": "Cohort"})).await.expect(201);
    let again = admin.post("/api/groups/", json!({"name": "Cohort"})).await.expect(201);

    assert_eq!(again.bytes, first.bytes);
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(first.header("idempotent-replayed"), "");
    assert_eq!(groups(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_duplicates_at_once_have_one_effect() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await.with("idempotency-key", "storm");

    let calls = (0..20).map(|_| {
        let admin = admin.clone();
        tokio::spawn(async move { admin.post("/api/groups/", json!({"name": "Cohort"})).await })
    });
    let mut statuses = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        statuses.push(call.await.expect("an answer").status.as_u16());
    }

    assert!(statuses.iter().all(|status| matches!(status, 201 | 409)), "{statuses:?}");
    assert!(statuses.contains(&201));
    assert_eq!(groups(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_for_one_request_of_one_person() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await.with("idempotency-key", "one");
    let other = app.as_role(tenant, UserRole::Admin).await.with("idempotency-key", "one");
    admin.post("/api/groups/", json!({"name": "Cohort"})).await.expect(201);

    let reused = admin.post("/api/groups/", json!({"name": "Another"})).await.expect(422);
    let others = other.post("/api/groups/", json!({"name": "Third"})).await.expect(201);

    assert_eq!(reused.text("/code"), "idempotency_key_reused");
    assert_eq!(others.header("idempotent-replayed"), "");
    assert_eq!(groups(&app).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_leaves_nothing_and_is_refused_again() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    admin.post("/api/groups/", json!({"name": "Cohort"})).await.expect(201);
    let keyed = admin.with("idempotency-key", "refused");

    let first = keyed.post("/api/groups/", json!({"name": ""})).await.expect(400);
    let again = keyed.post("/api/groups/", json!({"name": ""})).await.expect(400);

    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.body["errors"], first.body["errors"]);
    assert_eq!(groups(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_overwrites_what_they_have_not_seen() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let made = admin.post("/api/groups/", json!({"name": "Cohort"})).await.expect(201);
    let address = format!("/api/groups/{}/", made.text("/id"));
    let seen = admin.get(&address).await.expect(200).header("etag").to_owned();
    admin.patch(&address, json!({"name": "Cohort A"})).await.expect(200);

    let late = admin.clone().with("if-match", &seen).patch(&address, json!({"name": "Cohort B"})).await.expect(412);

    assert_eq!(late.text("/code"), "changed_meanwhile");
    let now = admin.get(&address).await.expect(200);
    assert_eq!(now.text("/name"), "Cohort A");
    assert_ne!(now.header("etag"), seen);
    admin.with("if-match", now.header("etag")).patch(&address, json!({"name": "Cohort B"})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_client_has_already_is_not_sent_again() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    for address in ["/api/groups/", "/api/users/me/"] {
        let tag = admin.get(address).await.expect(200).header("etag").to_owned();
        let unchanged = admin.with("if-none-match", &tag).get(address).await.expect(304);
        assert!(unchanged.bytes.is_empty() && !tag.is_empty(), "{address}");
    }
    let tag = admin.get("/api/groups/").await.header("etag").to_owned();
    admin.post("/api/groups/", json!({"name": "Cohort"})).await.expect(201);
    admin.with("if-none-match", &tag).get("/api/groups/").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_spellings_of_an_address_are_one() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    for address in ["/api/groups", "/api/v1/groups/", "/api/v1/groups", "/api/v1/api/v1/groups/"] {
        admin.get(address).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_keeps_its_id_from_client_to_problem() {
    let app = TestApp::start().await;
    let named = app.stranger().with("x-request-id", "from-the-client-1").get("/api/nothing/").await;
    assert_eq!(named.header("x-request-id"), "from-the-client-1");
    assert_eq!(named.text("/request_id"), "from-the-client-1");

    let strange = app.stranger().with("x-request-id", "not\tsensible {}").get("/api/nothing/").await;
    assert_ne!(strange.text("/request_id"), "not\tsensible {}");
    assert_eq!(strange.header("x-request-id"), strange.text("/request_id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_known_origins_may_call_from_a_browser() {
    let app = TestApp::start().await;
    let ask = |origin| app.stranger().with("origin", origin).with("access-control-request-method", "POST");
    let known = ask("http://localhost:3000").send(Method::OPTIONS, "/api/auth/login/", None).await;
    assert_eq!(known.header("access-control-allow-origin"), "http://localhost:3000");
    assert_eq!(known.header("access-control-allow-credentials"), "true");
    assert!(known.header("access-control-allow-headers").contains("x-tenant-slug"));
    let unknown = ask("https://evil.example").send(Method::OPTIONS, "/api/auth/login/", None).await;
    assert_eq!(unknown.header("access-control-allow-origin"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_security_headers() {
    let app = TestApp::start().await;
    for address in ["/health/live", "/api/nothing/", "/api/users/me/", "/api/schema/"] {
        let answer = app.stranger().get(address).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{address}");
        assert_eq!(answer.header("cache-control"), "no-store", "{address}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{address}");
        assert!(answer.header("strict-transport-security").contains("max-age=31536000"), "{address}");
    }
}
