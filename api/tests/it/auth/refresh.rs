use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::json;
use shared::testing::make;
use shared::users::User;

use super::{PASSWORD, learner, log_in};
use crate::support::{Answer, TestApp};

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.stranger().post("/api/auth/token/refresh/", json!({ "refresh": token })).await
}

async fn signed_in(app: &TestApp) -> (User, String, String) {
    let user = learner(app).await;
    let answer = log_in(&app.stranger(), &user.email, PASSWORD).await.expect(200);
    (user, answer.text("/access").to_owned(), answer.text("/refresh").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_by_its_newest_token() {
    let app = TestApp::start().await;
    let (_, _, mut token) = signed_in(&app).await;
    for _ in 0..5 {
        app.app.clock.advance(TimeDelta::minutes(20));
        let answer = refresh(&app, &token).await.expect(200);
        assert_ne!(answer.text("/refresh"), token);
        app.stranger().with_token(answer.text("/access")).get("/api/users/me/").await.expect(200);
        token = answer.text("/refresh").to_owned();
    }
    assert_eq!(app.db.texts("select generation::text as text from sessions").await, ["5"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_used_up_long_ago_ends_the_session_for_both() {
    let app = TestApp::start().await;
    let (_, access, stolen) = signed_in(&app).await;
    let next = refresh(&app, &stolen).await.expect(200);
    app.app.clock.advance(TimeDelta::seconds(11));

    refresh(&app, &stolen).await.expect(401);

    refresh(&app, next.text("/refresh")).await.expect(401);
    app.stranger().with_token(&access).get("/api/users/me/").await.expect(401);
    assert_eq!(app.db.texts("select revoked_because as text from sessions").await, ["token_reused"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_two_steps_old_is_a_stolen_one_at_once() {
    let app = TestApp::start().await;
    let (_, _, first) = signed_in(&app).await;
    let second = refresh(&app, &first).await.expect(200);
    refresh(&app, second.text("/refresh")).await.expect(200);

    refresh(&app, &first).await.expect(401);

    assert_eq!(app.db.texts("select revoked_because as text from sessions").await, ["token_reused"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn tabs_that_refresh_at_once_share_one_line_and_nobody_is_signed_out() {
    let app = TestApp::start().await;
    let (_, _, token) = signed_in(&app).await;
    let mut tabs = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (client, body) = (app.stranger(), json!({ "refresh": token }));
        tabs.spawn(async move { client.post("/api/auth/token/refresh/", body).await });
    }
    let answers = tabs.join_all().await;

    let successors: BTreeSet<&str> = answers.iter().map(|answer| answer.text("/refresh")).collect();
    assert_eq!(successors.len(), 1, "{successors:?}");
    assert_eq!(app.db.texts("select generation::text as text from sessions").await, ["1"]);
    for answer in &answers {
        app.stranger().with_token(answer.text("/access")).get("/api/users/me/").await.expect(200);
    }
    app.app.clock.advance(TimeDelta::minutes(20));
    refresh(&app, answers[0].text("/refresh")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_a_week_after_it_began_however_often_it_is_used() {
    let app = TestApp::start().await;
    let (_, _, mut token) = signed_in(&app).await;
    for _ in 0..6 {
        app.app.clock.advance(TimeDelta::days(1));
        token = refresh(&app, &token).await.expect(200).text("/refresh").to_owned();
    }
    app.app.clock.advance(TimeDelta::days(1));
    refresh(&app, &token).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_turned_out_cannot_go_on() {
    let app = TestApp::start().await;
    let (user, _, token) = signed_in(&app).await;
    make::suspend(&app.db, user.id).await;
    refresh(&app, &token).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_refresh_token_buys_nothing() {
    let app = TestApp::start().await;
    let (_, access, token) = signed_in(&app).await;
    let mut changed = token.clone().into_bytes();
    changed[30] ^= 1;
    let changed = String::from_utf8(changed).expect("text");
    for nonsense in ["x", &access, &changed, &token[1..], &"A".repeat(1000), "💥"] {
        let answer = refresh(&app, nonsense).await;
        assert_eq!(answer.status.as_u16(), 401, "{nonsense}");
        assert!(answer.is_problem());
    }
    refresh(&app, &token).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_has_no_token_that_could_be_used() {
    let app = TestApp::start().await;
    let (_, access, token) = signed_in(&app).await;
    let row = app.db.texts("select to_jsonb(s)::text as text from sessions s").await.concat();
    assert!(!row.contains(&token) && !row.contains(&access), "{row}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_name_does_not_keep_a_session_from_going_on() {
    let app = TestApp::start().await;
    let (_, _, token) = signed_in(&app).await;
    let other = make::tenant(&app.db).await;
    let client = app.stranger().with("x-tenant-slug", &other.slug);
    client.post("/api/auth/token/refresh/", json!({ "refresh": token })).await.expect(200);
}
