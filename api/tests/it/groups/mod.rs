//! Learner groups and who is in them.

use serde_json::{Value, json};
use shared::testing::{count_queries, make};
use shared::users::UserRole;

use crate::support::{Client, TestApp};

async fn admin_of_a_tenant(app: &TestApp) -> (shared::ids::TenantId, Client) {
    let tenant = app.tenant().await;
    (tenant, app.as_role(tenant, UserRole::Admin).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_made_changed_and_deleted() {
    let app = TestApp::start().await;
    let (tenant, admin) = admin_of_a_tenant(&app).await;
    let (one, two) = (make::user(tenant).make(&app.db).await, make::user(tenant).make(&app.db).await);

    let made = admin.post("/api/groups/", json!({ "name": "Cohort A", "member_ids": [one.id] })).await.expect(201);
    assert_eq!((made.text("/name"), &made.body["member_count"]), ("Cohort A", &json!(1)));
    let address = made.header("location").to_owned();

    let changed = admin.patch(&address, json!({ "description": "Autumn", "member_ids": [two.id] })).await.expect(200);
    assert_eq!((changed.text("/name"), changed.text("/description")), ("Cohort A", "Autumn"));
    let members = admin.get(&format!("{address}members/")).await.expect(200);
    assert_eq!(members.results().iter().map(|member| &member["user_id"]).collect::<Vec<_>>(), [&json!(two.id)]);
    admin.with("if-match", made.header("etag")).patch(&address, json!({ "name": "B" })).await.expect(412);

    admin.delete(&address).await.expect(204);
    admin.get(&address).await.expect(404);
    admin.delete(&address).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_one_groups_in_a_tenant_also_between_two_who_come_at_once() {
    let app = TestApp::start().await;
    let (_, admin) = admin_of_a_tenant(&app).await;
    let (_, elsewhere) = admin_of_a_tenant(&app).await;
    let body = json!({ "name": "Same" });
    let (one, two) = tokio::join!(admin.post("/api/groups/", body.clone()), admin.post("/api/groups/", body.clone()));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    elsewhere.post("/api/groups/", body).await.expect(201);
    let other = admin.post("/api/groups/", json!({ "name": "Other" })).await.expect(201);
    let answer = admin.patch(other.header("location"), json!({ "name": "Same" })).await.expect(409);
    assert_eq!(answer.text("/code"), "name_taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_each_who_joins_or_leaves_it_is_said_what_became() {
    let app = TestApp::start().await;
    let (tenant, admin) = admin_of_a_tenant(&app).await;
    let (here, new) = (make::user(tenant).make(&app.db).await, make::user(tenant).make(&app.db).await);
    let other = app.tenant().await;
    let foreign = make::user(other).make(&app.db).await;
    let group = admin.post("/api/groups/", json!({ "name": "A", "member_ids": [here.id] })).await.expect(201);
    let members = format!("{}members/", group.header("location"));
    let results = |answer: &crate::support::Answer| -> Vec<Value> {
        answer.results().iter().map(|result| result["result"].clone()).collect()
    };

    let body = json!({ "user_ids": [new.id, here.id, foreign.id] });
    let added = admin.post(&members, body.clone()).await.expect(200);
    assert_eq!(results(&added), ["DONE", "UNCHANGED", "UNKNOWN"]);
    assert_eq!(admin.get(&members).await.expect(200).body["count"], 2);
    let removed = admin.post(&format!("{members}remove/"), body).await.expect(200);
    assert_eq!(results(&removed), ["DONE", "DONE", "UNKNOWN"]);
    let body = json!({ "user_ids": [new.id] });
    assert_eq!(results(&admin.post(&format!("{members}remove/"), body).await.expect(200)), ["UNCHANGED"]);
    admin.post(&members, json!({ "user_ids": [] })).await.expect(400);
    admin.post(&members, json!({ "user_ids": ["x"] })).await.expect(400);
    admin.delete(&format!("{members}{}/", new.id)).await.expect(404);
    admin.post(&members, json!({ "user_ids": [new.id] })).await.expect(200);
    admin.delete(&format!("{members}{}/", new.id)).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_do_not_get_into_a_group_and_nothing_is_half_made() {
    let app = TestApp::start().await;
    let (tenant, admin) = admin_of_a_tenant(&app).await;
    let member = make::user(tenant).make(&app.db).await;
    let other = app.tenant().await;
    let foreign = make::user(other).make(&app.db).await;
    let body = json!({ "name": "A", "member_ids": [member.id, foreign.id] });
    let answer = admin.post("/api/groups/", body).await.expect(400);
    assert!(answer.body["errors"]["member_ids"].is_array(), "{}", answer.body);
    assert_eq!(admin.get("/api/groups/").await.expect(200).body["count"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_the_administrators_of_their_tenant_and_instructors_find_them() {
    let app = TestApp::start().await;
    let (tenant, admin) = admin_of_a_tenant(&app).await;
    let (_, elsewhere) = admin_of_a_tenant(&app).await;
    let member = make::user(tenant).make(&app.db).await;
    let group = admin.post("/api/groups/", json!({ "name": "A", "member_ids": [member.id] })).await.expect(201);
    let address = group.header("location");
    let learner = app.as_role(tenant, UserRole::Learner).await;
    learner.get("/api/groups/").await.expect(403);
    learner.get(address).await.expect(403);
    let instructor = app.as_role(tenant, UserRole::Instructor).await;
    let found = instructor.get("/api/groups/?search=a").await.expect(200);
    assert_eq!((&found.results()[0]["name"], &found.results()[0]["member_count"]), (&json!("A"), &json!(1)));
    instructor.get(address).await.expect(200);
    // Who is in it, and what it is called, is not theirs.
    instructor.get(&format!("{address}members/")).await.expect(403);
    instructor.patch(address, json!({ "name": "B" })).await.expect(403);
    instructor.post(&format!("{address}members/"), json!({ "user_ids": [member.id] })).await.expect(403);
    instructor.delete(address).await.expect(403);
    elsewhere.get(address).await.expect(404);
    elsewhere.patch(address, json!({ "name": "x" })).await.expect(404);
    elsewhere.delete(address).await.expect(404);
    elsewhere.get(&format!("{address}members/")).await.expect(404);
    elsewhere.post(&format!("{address}members/"), json!({ "user_ids": [elsewhere.id()] })).await.expect(404);
    assert_eq!(elsewhere.get("/api/groups/").await.expect(200).body["count"], 0);
    // A superuser says in which tenant.
    app.as_superuser().await.get("/api/groups/").await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_list_costs_no_more_questions() {
    let app = TestApp::start().await;
    let (tenant, admin) = admin_of_a_tenant(&app).await;
    let member = make::user(tenant).make(&app.db).await;
    admin.post("/api/groups/", json!({ "name": "0", "member_ids": [member.id] })).await.expect(201);
    let (_, few) = count_queries(admin.get("/api/groups/")).await;
    for number in 1..20 {
        admin.post("/api/groups/", json!({ "name": number.to_string(), "member_ids": [member.id] })).await.expect(201);
    }
    let (answer, many) = count_queries(admin.get("/api/groups/")).await;
    assert!(answer.expect(200).results().iter().all(|group| group["member_count"] == 1));
    assert_eq!(few, many);
    assert_eq!(admin.get("/api/groups/?search=1").await.expect(200).body["count"], 11);
}
