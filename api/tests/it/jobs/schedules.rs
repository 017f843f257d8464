//! The platform's work by the clock, for superusers.

use serde_json::json;
use shared::certificates::jobs::RenderCertificate;
use shared::ids::{CertificateId, TenantId};
use shared::jobs::schedule::{Schedule, sync};
use shared::users::UserRole;

use crate::support::TestApp;

/// A release that works by the clock.
async fn declare(app: &TestApp) {
    let job = RenderCertificate { tenant_id: TenantId::PLATFORM, certificate_id: CertificateId::new() };
    let declared = [Schedule::new("certificates.sweep", "17 3 * * *", &job).expect("a payload")];
    sync(&mut *app.db.relay().await, &declared).await.expect("declared");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_changes_when_work_is_done_and_asks_for_it_now() {
    let app = TestApp::start().await;
    declare(&app).await;
    let superuser = app.as_superuser().await;
    let path = "/api/admin/schedules/certificates.sweep/";

    let answer = superuser.get("/api/admin/schedules/").await.expect(200);
    let schedule = &answer.results()[0];
    assert_eq!((&schedule["cron"], &schedule["timezone"]), (&json!("17 3 * * *"), &json!("UTC")));
    assert_eq!((&schedule["is_enabled"], &schedule["is_edited"]), (&json!(true), &json!(false)));

    let changed = superuser.patch(path, json!({"timezone": "Europe/Berlin", "is_enabled": false})).await.expect(200);
    assert_eq!((&changed.body["timezone"], &changed.body["cron"]), (&json!("Europe/Berlin"), &json!("17 3 * * *")));
    assert_eq!((&changed.body["is_enabled"], &changed.body["is_edited"]), (&json!(false), &json!(true)));
    let rules = json!({"misfire": "all", "misfire_grace_seconds": 60, "overlap": "allow"});
    let changed = superuser.patch(path, rules).await.expect(200);
    assert_eq!((&changed.body["misfire"], &changed.body["overlap"]), (&json!("all"), &json!("allow")));
    assert_eq!(changed.body["timezone"], "Europe/Berlin", "what is left out stays");
    for (body, field) in [
        (json!({"cron": "every day"}), "cron"),
        (json!({"cron": "0 0 30 2 *"}), "cron"),
        (json!({"timezone": "Europe/Atlantis"}), "timezone"),
        (json!({"queue": "within_5s"}), "queue"),
        (json!({"misfire": "twice"}), "misfire"),
        (json!({"misfire_grace_seconds": -1}), "misfire_grace_seconds"),
    ] {
        let refused = superuser.patch(path, body).await.expect(400);
        assert!(refused.body["errors"][field].is_array(), "{field}: {}", refused.body);
    }

    let asked = superuser.post(&format!("{path}run-now/"), json!({})).await.expect(200);
    let job = superuser.get(&format!("/api/admin/jobs/{}/", asked.text("/job"))).await.expect(200);
    assert_eq!((&job.body["kind"], &job.body["state"]), (&json!("certificates.render"), &json!("available")));
    let runs = superuser.get(&format!("{path}runs/")).await.expect(200);
    assert_eq!((&runs.results()[0]["job"], &runs.results()[0]["is_by_hand"]), (&asked.body["job"], &json!(true)));
    assert_eq!(runs.results()[0]["asked_by"], json!(superuser.id()));
    let before = runs.results()[0]["scheduled_for"].as_str().expect("an instant").replace('+', "%2B");
    assert!(superuser.get(&format!("{path}runs/?before={before}")).await.expect(200).results().is_empty());
    superuser.post("/api/admin/schedules/nothing/run-now/", json!({})).await.expect(404);
    superuser.get("/api/admin/schedules/nothing/runs/").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_is_no_business_of_a_tenant() {
    let app = TestApp::start().await;
    declare(&app).await;
    let admin = app.as_role(app.tenant().await, UserRole::Admin).await;
    admin.get("/api/admin/schedules/").await.expect(403);
    admin.post("/api/admin/schedules/certificates.sweep/run-now/", json!({})).await.expect(403);
}
