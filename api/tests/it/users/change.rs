use serde_json::json;
use shared::testing::make;
use shared::users::UserRole;

use crate::support::{Client, TestApp};

fn address(of: &Client) -> String {
    format!("/api/users/{}/", of.id())
}

#[tokio::test(flavor = "multi_thread")]
async fn suspension_counts_at_once_and_can_be_taken_back() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    // Somebody who came in by a password: an invitation that was never accepted is not activated.
    let person = shared::testing::make::user(tenant).password_hash("a hash").make(&app.db).await;
    let learner = app.as_user(&person).await;
    learner.get("/api/users/me/").await.expect(200);

    let suspended = admin.post(&format!("{}suspend/", address(&learner)), json!({})).await.expect(200);

    assert_eq!(suspended.text("/status"), "SUSPENDED");
    learner.get("/api/users/me/").await.expect(401);
    admin.post(&format!("{}activate/", address(&learner)), json!({})).await.expect(200);
    // The old session stays ended: they sign in again.
    learner.get("/api/users/me/").await.expect(401);
    let user = learner.user.as_ref().expect("somebody");
    app.as_user(user).await.get("/api/users/me/").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_somebody_off_as_the_web_client_does_signs_them_out() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let learner = app.as_role(tenant, UserRole::Learner).await;
    admin.patch(&address(&learner), json!({ "is_active": false })).await.expect(200);
    learner.get("/api/users/me/").await.expect(401);
    let back = admin.patch(&address(&learner), json!({ "is_active": true })).await.expect(200);
    assert_eq!(back.body["is_active"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_role_counts_from_the_next_call() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let learner = app.as_role(tenant, UserRole::Learner).await;
    learner.get("/api/users/").await.expect(403);
    let body = json!({ "role": "instructor", "first_name": "Ivy", "profile": { "bio": "Teaches." } });
    let changed = admin.patch(&address(&learner), body).await.expect(200);
    assert_eq!((changed.text("/role"), changed.text("/profile/bio")), ("INSTRUCTOR", "Teaches."));
    learner.get("/api/users/").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deleted_are_gone_and_their_email_is_free() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let learner = app.as_role(tenant, UserRole::Learner).await;
    let group = admin.post("/api/groups/", json!({ "name": "A", "member_ids": [learner.id()] })).await.expect(201);
    let email = learner.user.as_ref().expect("somebody").email.clone();

    admin.delete(&address(&learner)).await.expect(204);

    learner.get("/api/users/me/").await.expect(401);
    admin.get(&address(&learner)).await.expect(404);
    admin.delete(&address(&learner)).await.expect(404);
    admin.patch(&address(&learner), json!({ "first_name": "x" })).await.expect(404);
    assert_eq!(admin.get(group.header("location")).await.expect(200).body["member_count"], 0);
    admin.post("/api/users/", json!({ "email": email })).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_their_own_standing_away() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    app.as_role(tenant, UserRole::Admin).await;
    for body in [json!({ "role": "LEARNER" }), json!({ "status": "SUSPENDED" }), json!({ "is_active": false })] {
        let answer = admin.patch(&address(&admin), body).await.expect(409);
        assert_eq!(answer.text("/code"), "own_account");
    }
    admin.post(&format!("{}suspend/", address(&admin)), json!({})).await.expect(409);
    admin.delete(&address(&admin)).await.expect(409);
    // What does not change may be sent along.
    let body = json!({ "first_name": "Ada", "role": "ADMIN", "is_active": true, "status": "ACTIVE" });
    admin.patch(&address(&admin), body).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_stays() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let root = app.as_superuser().await;
    for body in [json!({ "role": "LEARNER" }), json!({ "status": "SUSPENDED" }), json!({ "is_active": false })] {
        let answer = root.patch(&address(&admin), body).await.expect(409);
        assert_eq!(answer.text("/code"), "last_admin");
    }
    root.post(&format!("{}suspend/", address(&admin)), json!({})).await.expect(409);
    root.delete(&address(&admin)).await.expect(409);
    admin.get("/api/users/me/").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_administrators_who_demote_each_other_at_once_leave_one() {
    let app = TestApp::start().await;
    for _ in 0..5 {
        let tenant = app.tenant().await;
        let one = app.as_role(tenant, UserRole::Admin).await;
        let two = app.as_role(tenant, UserRole::Admin).await;
        let (of_one, of_two) = (address(&one), address(&two));
        let demote = json!({ "role": "LEARNER" });
        let (first, second) = tokio::join!(one.patch(&of_two, demote.clone()), two.patch(&of_one, demote));
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert!(matches!(statuses, [200, 403 | 409]), "{statuses:?}");
        let query = format!("select id::text as text from users where tenant_id = '{tenant}' and role = 'ADMIN'");
        assert_eq!(app.db.texts(&query).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_superuser_stays_too() {
    let app = TestApp::start().await;
    let one = app.as_superuser().await;
    let two = app.as_superuser().await;
    one.delete(&address(&two)).await.expect(204);
    one.delete(&address(&one)).await.expect(409);
    let third = app.as_superuser().await;
    third.patch(&address(&one), json!({ "role": "LEARNER" })).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_another_tenant_do_not_exist() {
    let app = TestApp::start().await;
    let (own, other) = (app.tenant().await, app.tenant().await);
    let admin = app.as_role(own, UserRole::Admin).await;
    let theirs = app.as_role(other, UserRole::Learner).await;
    let address = address(&theirs);
    admin.get(&address).await.expect(404);
    admin.patch(&address, json!({ "first_name": "x" })).await.expect(404);
    admin.delete(&address).await.expect(404);
    for verb in ["suspend", "activate", "invite"] {
        admin.post(&format!("{address}{verb}/"), json!({})).await.expect(404);
    }
    let root = make::user(None).make(&app.db).await;
    admin.get(&format!("/api/users/{}/", root.id)).await.expect(404);
    theirs.get("/api/users/me/").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_administrator_may_write_is_refused() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let learner = app.as_role(tenant, UserRole::Learner).await;
    for body in [
        json!({ "is_superuser": true }),
        json!({ "email": "x@example.org" }),
        json!({ "status": "DELETED" }),
        json!({ "status": "INVITED" }),
        json!({ "tenant": tenant }),
        json!({ "password_hash": "x" }),
        json!({ "role": "boss" }),
    ] {
        admin.patch(&address(&learner), body).await.expect(400);
    }
}
