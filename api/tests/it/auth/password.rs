use chrono::TimeDelta;
use serde_json::json;
use shared::ids::TenantId;
use shared::testing::make;
use shared::users::jobs::{SendPasswordChanged, SendPasswordReset};
use shared::users::{OneTimePurpose, OneTimeToken, User, UserStatus};

use super::{PASSWORD, learner, log_in};
use crate::support::{Answer, TestApp};

const ANOTHER: &str = "a quite different phrase";

async fn ask(app: &TestApp, email: &str) -> Answer {
    app.stranger().post("/api/auth/password/reset/", json!({ "email": email })).await
}

/// The token of the newest reset mail, as the worker will make it.
async fn mailed_token(app: &TestApp) -> String {
    let job = app.enqueued::<SendPasswordReset>().await.pop().expect("a mail");
    let mut conn = app.db.platform().await;
    let found = OneTimeToken::find_for_mail(&mut conn, job.token_id, app.app.clock.now()).await.expect("an answer");
    found.expect("a link").0.text(&app.app.seal)
}

async fn confirm(app: &TestApp, token: &str, password: &str) -> Answer {
    let body = json!({ "token": token, "new_password": password });
    app.stranger().post("/api/auth/password/reset/confirm/", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn changing_the_password_ends_every_other_session_and_tells_the_owner() {
    let app = TestApp::start().await;
    let user = learner(&app).await;
    let (here, elsewhere) = (app.as_user(&user).await, app.as_user(&user).await);

    let body = json!({ "old_password": PASSWORD, "new_password": ANOTHER, "new_password2": ANOTHER });
    here.post("/api/users/me/password/", body).await.expect(200);

    here.get("/api/users/me/").await.expect(200);
    elsewhere.get("/api/users/me/").await.expect(401);
    log_in(&app.stranger(), &user.email, PASSWORD).await.expect(401);
    log_in(&app.stranger(), &user.email, ANOTHER).await.expect(200);
    let mails = app.enqueued::<SendPasswordChanged>().await;
    assert_eq!(mails.iter().map(|mail| mail.user_id).collect::<Vec<_>>(), [user.id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_not_changed_by_who_does_not_know_it_nor_to_a_weak_one() {
    let app = TestApp::start().await;
    let user = learner(&app).await;
    let client = app.as_user(&user).await;
    for (old, new, again, field) in [
        ("wrong", ANOTHER, ANOTHER, "old_password"),
        (PASSWORD, "short", "short", "new_password"),
        (PASSWORD, "password123", "password123", "new_password"),
        (PASSWORD, "Password1!", "Password1!", "new_password"),
        (PASSWORD, user.email.as_str(), user.email.as_str(), "new_password"),
        (PASSWORD, ANOTHER, "a typing mistake", "new_password2"),
    ] {
        let body = json!({ "old_password": old, "new_password": new, "new_password2": again });
        let answer = client.post("/api/users/me/password/", body).await.expect(400);
        assert!(answer.body["errors"][field].is_array(), "{new}: {}", answer.body);
    }
    log_in(&app.stranger(), &user.email, PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_password_cannot_be_guessed_with_a_stolen_token() {
    let app = TestApp::start().await;
    let user = learner(&app).await;
    let client = app.as_user(&user).await;
    let body = json!({ "old_password": "guess", "new_password": ANOTHER });
    for _ in 0..10 {
        client.post("/api/users/me/password/", body.clone()).await.expect(400);
    }
    let answer = client.post("/api/users/me/password/", body).await.expect(429);
    assert_eq!(answer.header("retry-after"), "30");
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_a_reset_says_the_same_whoever_asks() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let user = make::user(tenant).make(&app.db).await;
    let suspended = make::user(tenant).status(UserStatus::Suspended).make(&app.db).await;

    let mut answers = Vec::new();
    for email in [user.email.as_str(), "nobody@example.org", suspended.email.as_str()] {
        answers.push(ask(&app, email).await.expect(202).body);
    }

    assert!(answers.iter().all(|body| *body == answers[0]), "{answers:?}");
    let mails = app.enqueued::<SendPasswordReset>().await;
    assert_eq!(mails.iter().map(|mail| mail.tenant_id).collect::<Vec<_>>(), [tenant]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobodys_inbox_is_flooded_and_nobody_learns_of_it() {
    let app = TestApp::start().await;
    let user = learner(&app).await;
    for _ in 0..6 {
        ask(&app, &user.email).await.expect(202);
    }
    assert_eq!(app.enqueued::<SendPasswordReset>().await.len(), 3);
    let mut last = 0;
    for _ in 0..16 {
        last = ask(&app, "nobody@example.org").await.status.as_u16();
    }
    assert_eq!(last, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_the_mail_sets_another_password_once() {
    let app = TestApp::start().await;
    let user = learner(&app).await;
    let client = app.as_user(&user).await;
    ask(&app, &user.email).await.expect(202);
    let older = mailed_token(&app).await;
    ask(&app, &user.email).await.expect(202);
    let token = mailed_token(&app).await;

    // A weak one does not use the link up.
    confirm(&app, &token, "password").await.expect(400);
    // As the web client's page sends it.
    let body = json!({ "uid": user.id, "token": token, "new_password": ANOTHER, "new_password2": ANOTHER });
    app.stranger().post("/api/auth/password/reset/confirm/", body).await.expect(200);

    client.get("/api/users/me/").await.expect(401);
    log_in(&app.stranger(), &user.email, ANOTHER).await.expect(200);
    for used in [&token, &older] {
        let answer = confirm(&app, used, "yet another good phrase").await.expect(400);
        assert!(answer.text("/detail").contains("invalid or has expired"), "{}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_dies_after_an_hour_with_its_account_and_in_other_hands() {
    let app = TestApp::start().await;
    let user = learner(&app).await;
    ask(&app, &user.email).await.expect(202);
    let token = mailed_token(&app).await;

    let body = json!({ "uid": shared::ids::UserId::new(), "token": token, "new_password": ANOTHER });
    app.stranger().post("/api/auth/password/reset/confirm/", body).await.expect(400);
    // Neither is it an invitation, nor a refresh token.
    let body = json!({ "token": token, "password": ANOTHER });
    app.stranger().post("/api/auth/invitation/accept/", body).await.expect(400);
    app.stranger().post("/api/auth/token/refresh/", json!({ "refresh": token })).await.expect(401);
    app.app.clock.advance(TimeDelta::minutes(60));
    confirm(&app, &token, ANOTHER).await.expect(400);

    ask(&app, &user.email).await.expect(202);
    let token = mailed_token(&app).await;
    make::suspend(&app.db, user.id).await;
    confirm(&app, &token, ANOTHER).await.expect(400);
    log_in(&app.stranger(), &user.email, ANOTHER).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_use_a_link_at_once_one_succeeds() {
    let app = TestApp::start().await;
    let user = learner(&app).await;
    ask(&app, &user.email).await.expect(202);
    let token = mailed_token(&app).await;
    let (one, two) = tokio::join!(confirm(&app, &token, ANOTHER), confirm(&app, &token, "yet another good phrase"));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_can_reset_a_password_too() {
    let app = TestApp::start().await;
    let user = app.with_password(make::user(None), PASSWORD).await;
    ask(&app, &user.email).await.expect(202);
    assert_eq!(app.enqueued::<SendPasswordReset>().await[0].tenant_id, TenantId::PLATFORM);
    confirm(&app, &mailed_token(&app).await, ANOTHER).await.expect(200);
    log_in(&app.stranger(), &user.email, ANOTHER).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_the_database_is_not_the_one_in_the_mail() {
    let app = TestApp::start().await;
    let user: User = learner(&app).await;
    ask(&app, &user.email).await.expect(202);
    let token = mailed_token(&app).await;
    let rows = app
        .db
        .texts("select to_jsonb(t)::text as text from one_time_tokens t union all select to_jsonb(j)::text from jobs j")
        .await;
    assert!(!rows.concat().contains(&token));
    assert!(rows.concat().contains(OneTimePurpose::PasswordReset.as_str()));
}
