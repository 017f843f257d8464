//! The queues of the platform, for superusers.

use serde_json::{Value, json};
use shared::ids::UserId;
use shared::testing::make;
use shared::users::UserRole;

use super::asked;
use crate::support::{Answer, TestApp};

fn queue<'a>(answer: &'a Answer, name: &str) -> &'a Value {
    answer.results().iter().find(|queue| queue["queue"] == name).expect("the queue")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_sees_the_queues_and_holds_them() {
    let app = TestApp::start().await;
    let superuser = app.as_superuser().await;
    asked(&app, app.tenant().await, UserId::new()).await;

    let answer = superuser.get("/api/admin/queues/").await.expect(200);
    assert_eq!(answer.results().len(), 4);
    let within_1m = queue(&answer, "within_1m");
    assert_eq!((&within_1m["ready"], &within_1m["is_paused"]), (&json!(1), &json!(false)));
    assert_eq!(within_1m["promise_seconds"], 60);

    let held = superuser.post("/api/admin/queues/within_1m/pause/", json!({})).await.expect(200);
    assert_eq!(held.body["is_paused"], true);
    assert_eq!(queue(&superuser.get("/api/admin/queues/").await, "within_5s")["is_paused"], false);
    let open = superuser.post("/api/admin/queues/within_1m/resume/", json!({})).await.expect(200);
    assert_eq!(open.body["is_paused"], false);

    let set = superuser.patch("/api/admin/queues/within_1m/", json!({"tenant_cap": 7})).await.expect(200);
    assert_eq!((&set.body["tenant_cap"], &set.body["ticket_window"]), (&json!(7), &json!(2000)));
    superuser.patch("/api/admin/queues/within_1m/", json!({})).await.expect(200);
    for body in [json!({"ticket_window": 4001}), json!({"tenant_cap": 0}), json!({"promise_seconds": 1})] {
        superuser.patch("/api/admin/queues/within_1m/", body).await.expect(400);
    }
    superuser.post("/api/admin/queues/bulk/pause/", json!({})).await.expect(404);
    // One who has picked a tenant is a superuser still.
    let slug = make::tenant(&app.db).await.slug;
    superuser.with("x-tenant-slug", &slug).get("/api/admin/queues/").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_are_no_business_of_a_tenant() {
    let app = TestApp::start().await;
    let admin = app.as_role(app.tenant().await, UserRole::Admin).await;
    admin.get("/api/admin/queues/").await.expect(403);
    admin.post("/api/admin/queues/within_1m/pause/", json!({})).await.expect(403);
    admin.patch("/api/admin/queues/within_1m/", json!({"tenant_cap": 7})).await.expect(403);
}
