//! The platform's work by the clock, for superusers.

use serde_json::json;
use shared::certificates::jobs::RenderCertificate;
use shared::ids::{CertificateId, TenantId};
use shared::jobs::schedule::{Schedule, sync};
use shared::users::UserRole;

use crate::support::TestApp;

/// A release that works by the clock.
pub(super) async fn declare(app: &TestApp) {
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

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_makes_a_schedule_and_deletes_it() {
    let app = TestApp::start().await;
    declare(&app).await;
    let superuser = app.as_superuser().await;
    let path = "/api/admin/schedules/";
    let kinds = superuser.get(path).await.expect(200).body["kinds"].clone();
    assert!(
        kinds.as_array().expect("a list").contains(&json!({"kind": "jobs.prune", "queue": "within_1h"})),
        "{kinds}"
    );

    let wanted = json!({"name": "prune.in-apia", "kind": "jobs.prune", "cron": "0 12 * * *", "timezone": "Pacific/Apia",
        "misfire": "all", "misfire_grace_seconds": 600, "overlap": "allow", "is_enabled": false});
    let made = superuser.post(path, wanted.clone()).await.expect(201);

    assert_eq!(made.header("location"), "/api/admin/schedules/prune.in-apia/");
    for (field, value) in wanted.as_object().expect("fields") {
        assert_eq!(made.body[field], *value, "{field}");
    }
    assert_eq!((&made.body["is_declared"], &made.body["queue"]), (&json!(false), &json!("within_1h")));
    // Noon in Apia, whose clocks do not change, is 23:00 in Greenwich.
    assert!(made.text("/next_run_at").ends_with("T23:00:00Z"), "{}", made.body);
    let own = format!("{path}prune.in-apia/");
    assert_eq!(superuser.get(&own).await.expect(200).body, made.body);
    assert_eq!(superuser.post(path, wanted).await.expect(409).body["code"], "name_taken");
    superuser.post(&format!("{own}run-now/"), json!({})).await.expect(200);
    assert_eq!(
        superuser.post(&format!("{own}reset/"), json!({})).await.expect(409).body["code"],
        "schedule_not_declared"
    );

    superuser.delete(&own).await.expect(204);
    superuser.get(&own).await.expect(404);
    superuser.delete(&own).await.expect(404);
    let kept = app.db.texts("select kind as text from jobs").await;
    assert_eq!(kept, ["jobs.prune"], "what it has asked for is still done");
    let declared = superuser.delete("/api/admin/schedules/certificates.sweep/").await.expect(409);
    assert_eq!(declared.body["code"], "schedule_declared");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_would_never_work_is_refused_by_its_field() {
    let app = TestApp::start().await;
    let superuser = app.as_superuser().await;
    let valid = json!({"name": "mine", "kind": "jobs.prune", "cron": "0 5 * * *"});
    for (field, value) in [
        ("name", json!("two words")),
        ("name", json!("")),
        ("kind", json!("certificates.render")),
        ("kind", json!("no.such")),
        ("args", json!({"days": 7})),
        ("args", json!("none")),
        ("cron", json!("every day")),
        ("cron", json!("0 0 30 2 *")),
        ("timezone", json!("Europe/Atlantis")),
        ("misfire", json!("twice")),
        ("misfire_grace_seconds", json!(-1)),
        ("overlap", json!("perhaps")),
        ("queue", json!("within_5s")),
    ] {
        let mut body = valid.clone();
        body[field] = value;
        let refused = superuser.post("/api/admin/schedules/", body).await.expect(400);
        assert!(refused.body["errors"][field].is_array(), "{field}: {}", refused.body);
    }
    assert!(superuser.get("/api/admin/schedules/").await.expect(200).results().is_empty());
    let admin = app.as_role(app.tenant().await, UserRole::Admin).await;
    admin.post("/api/admin/schedules/", valid).await.expect(403);
    admin.delete("/api/admin/schedules/mine/").await.expect(403);
}
