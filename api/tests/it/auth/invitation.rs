use chrono::TimeDelta;
use serde_json::json;
use shared::testing::make;
use shared::users::jobs::SendInvitation;
use shared::users::{OneTimeToken, UserRole};

use super::{PASSWORD, log_in};
use crate::support::{Answer, TestApp};

async fn mailed_token(app: &TestApp) -> String {
    let job = app.enqueued::<SendInvitation>().await.pop().expect("a mail");
    let mut conn = app.db.platform().await;
    let found = OneTimeToken::find_for_mail(&mut conn, job.token_id, app.app.clock.now()).await.expect("an answer");
    found.expect("a link").0.text(&app.app.seal)
}

async fn accept(app: &TestApp, token: &str) -> Answer {
    let body = json!({ "token": token, "password": PASSWORD, "first_name": "Nina" });
    app.stranger().post("/api/auth/invitation/accept/", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_invited_comes_in_by_the_link_and_not_before() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let invited =
        admin.post("/api/users/", json!({ "email": "new@example.org", "role": "instructor" })).await.expect(201);
    assert_eq!((invited.text("/status"), invited.text("/role")), ("INVITED", "INSTRUCTOR"));
    let job = &app.enqueued::<SendInvitation>().await[0];
    assert_eq!((job.tenant_id, job.invited_by), (tenant, Some(admin.id())));
    log_in(&app.stranger(), "new@example.org", PASSWORD).await.expect(401);

    let token = mailed_token(&app).await;
    accept(&app, &token).await.expect(200);

    let tokens = log_in(&app.stranger(), "new@example.org", PASSWORD).await.expect(200);
    let me = app.stranger().with_token(tokens.text("/access")).get("/api/users/me/").await.expect(200);
    assert_eq!((me.text("/first_name"), me.text("/role")), ("Nina", "INSTRUCTOR"));
    accept(&app, &token).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_web_clients_page_for_passwords_takes_invitations_too() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let invited = admin.post("/api/users/", json!({ "email": "new@example.org" })).await.expect(201);
    let body = json!({ "uid": invited.text("/id"), "token": mailed_token(&app).await, "new_password": PASSWORD, "new_password2": PASSWORD });
    app.stranger().post("/api/auth/password/reset/confirm/", body).await.expect(200);
    log_in(&app.stranger(), "new@example.org", PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_can_be_sent_again_and_lasts_a_week() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let invited = admin.post("/api/users/", json!({ "email": "new@example.org" })).await.expect(201);
    let first = mailed_token(&app).await;
    app.app.clock.advance(TimeDelta::days(7));
    accept(&app, &first).await.expect(400);

    // The session of the administrator has ended meanwhile, too.
    let ada = app.with_password(make::user(tenant).role(UserRole::Admin), PASSWORD).await;
    let tokens = log_in(&app.stranger(), &ada.email, PASSWORD).await.expect(200);
    let admin = app.stranger().with_token(tokens.text("/access"));
    let address = format!("/api/users/{}/invite/", invited.text("/id"));
    admin.post(&address, json!({})).await.expect(202);

    accept(&app, &mailed_token(&app).await).await.expect(200);
    admin.post(&address, json!({})).await.expect(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_be_activated_who_has_no_password() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let invited = admin.post("/api/users/", json!({ "email": "new@example.org" })).await.expect(201);
    let answer = admin.post(&format!("/api/users/{}/activate/", invited.text("/id")), json!({})).await.expect(409);
    assert_eq!(answer.text("/code"), "invitation_not_accepted");
    let deleted = make::user(tenant).make(&app.db).await;
    admin.delete(&format!("/api/users/{}/", deleted.id)).await.expect(204);
    admin.post(&format!("/api/users/{}/invite/", deleted.id), json!({})).await.expect(404);
}
