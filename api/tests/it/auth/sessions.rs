use serde_json::json;

use super::{PASSWORD, learner, log_in};
use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn devices_are_listed_and_signed_out_one_by_one() {
    let app = TestApp::start().await;
    let user = learner(&app).await;
    let phone = app.stranger().at("198.51.100.7").with("user-agent", "Phone");
    let tokens = log_in(&phone, &user.email, PASSWORD).await.expect(200);
    let phone = phone.with_token(tokens.text("/access"));
    let desk = app.as_user(&user).await;

    let listed = desk.get("/api/users/me/sessions/").await.expect(200);
    assert_eq!(listed.body["count"], 2);
    let of_phone = listed.results().iter().find(|session| session["user_agent"] == "Phone").expect("the phone");
    assert_eq!((&of_phone["address"], &of_phone["is_current"]), (&json!("198.51.100.7"), &json!(false)));

    let address = format!("/api/users/me/sessions/{}/", of_phone["id"].as_str().expect("an id"));
    desk.delete(&address).await.expect(204);

    phone.get("/api/users/me/").await.expect(401);
    desk.get("/api/users/me/").await.expect(200);
    desk.delete(&address).await.expect(404);
    phone.post("/api/auth/token/refresh/", json!({ "refresh": tokens.text("/refresh") })).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_out_a_device_of_somebody_else() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let owner = app.as_role(tenant, shared::users::UserRole::Learner).await;
    let listed = owner.get("/api/users/me/sessions/").await.expect(200);
    let address = format!("/api/users/me/sessions/{}/", listed.results()[0]["id"].as_str().expect("an id"));
    for role in [shared::users::UserRole::Learner, shared::users::UserRole::Admin] {
        app.as_role(tenant, role).await.delete(&address).await.expect(404);
    }
    app.as_superuser().await.delete(&address).await.expect(404);
    owner.get("/api/users/me/").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_of_either_token() {
    let app = TestApp::start().await;
    let user = learner(&app).await;
    let sign_in = async || {
        let tokens = log_in(&app.stranger(), &user.email, PASSWORD).await.expect(200);
        (tokens.text("/access").to_owned(), tokens.text("/refresh").to_owned())
    };
    let (access, refresh) = sign_in().await;
    let client = app.stranger().with_token(&access);
    client.send(axum::http::Method::POST, "/api/auth/logout/", None).await.expect(204);
    client.get("/api/users/me/").await.expect(401);
    app.stranger().post("/api/auth/token/refresh/", json!({ "refresh": refresh })).await.expect(401);

    let (access, refresh) = sign_in().await;
    app.stranger().post("/api/auth/logout/", json!({ "refresh": refresh })).await.expect(204);
    app.stranger().with_token(&access).get("/api/users/me/").await.expect(401);
    // Once more does no harm, and nobody at all is told so.
    app.stranger().post("/api/auth/logout/", json!({ "refresh": refresh })).await.expect(204);
    app.stranger().post("/api/auth/logout/", json!({})).await.expect(401);
}
