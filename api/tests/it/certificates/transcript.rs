//! Transcripts, and how long certificates are good.

use serde_json::json;
use shared::certificates::jobs::RenderTranscript;
use shared::certificates::{Certificate, Issued};
use shared::enrollments::EnrollmentStatus;
use shared::testing::make;
use shared::users::UserRole;

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_transcript_is_asked_for_and_is_its_askers_only() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let learner = app.as_role(tenant, UserRole::Learner).await;
    let admin = app.as_role(tenant, UserRole::Admin).await;

    let asked = learner.post("/api/certificates/transcripts/", json!({})).await.expect(202);

    let wanted = RenderTranscript { tenant_id: tenant, user_id: learner.id() };
    assert_eq!(app.enqueued::<RenderTranscript>().await, [wanted]);
    learner.get(asked.header("location")).await.expect(200);
    let download = asked.text("/download").to_owned();
    assert_eq!(learner.get(&download).await.expect(409).text("/code"), "not_ready");
    admin.get(&download).await.expect(404);
    let drawn = app.app.clock.now();
    let states = format!(
        "update jobs set state = 'succeeded', finished_at = '{drawn}' where kind = 'certificates.render_transcript' returning id::text as text"
    );
    assert_eq!(app.db.texts(&states).await.len(), 1);
    let link = learner.get(&download).await.expect(200);
    assert!(link.text("/url").contains(&format!("tenants/{tenant}/transcripts/")), "{}", link.body);
    app.app.clock.advance(chrono::TimeDelta::days(1));
    learner.get(&download).await.expect(401);
    let learner = app.as_user(learner.user.as_ref().expect("somebody")).await;
    let admin = app.as_user(admin.user.as_ref().expect("somebody")).await;
    learner.get(&download).await.expect(404);
    // Somebody else's is the administrator's to ask for.
    learner.post("/api/certificates/transcripts/", json!({ "user": admin.id() })).await.expect(404);
    admin.post("/api/certificates/transcripts/", json!({ "user": learner.id() })).await.expect(202);
    let stranger = app.as_role(app.tenant().await, UserRole::Learner).await;
    admin.post("/api/certificates/transcripts/", json!({ "user": stranger.id() })).await.expect(404);
    // A job of another kind is no transcript.
    let other = admin.post("/api/core/settings/storage/test/", json!(null)).await.expect(202);
    admin.get(&format!("/api/certificates/transcripts/{}/download/", other.text("/job"))).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_courses_certificates_expire_when_its_rule_says_so_and_older_ones_keep_their_day() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let instructor = app.as_role(tenant, UserRole::Instructor).await;
    let owner = instructor.user.clone().expect("somebody");
    let course = make::course(tenant).owned_by(&owner).published().make(&app.db).await;
    let address = format!("/api/courses/{}/certificate-rule/", course.slug);
    assert_eq!(instructor.get(&address).await.expect(200).body["valid_days"], json!(null));

    let mut issued = Vec::new();
    for rule in [json!({ "valid_days": 30 }), json!({ "valid_days": null })] {
        instructor.put(&address, rule).await.expect(200);
        let learner = make::user(tenant).make(&app.db).await;
        let enrollment = make::enrollment(&learner, &course).status(EnrollmentStatus::Completed).make(&app.db).await;
        let mut conn = app.db.tenant(tenant).await;
        let now = app.app.clock.now();
        let Issued::New(certificate) = Certificate::issue(&mut conn, tenant, enrollment.id, now).await.expect("issued")
        else {
            panic!("not issued")
        };
        issued.push(certificate);
    }

    assert_eq!(issued[0].expires_at, Some(make::morning() + chrono::TimeDelta::days(30)));
    assert_eq!(issued[1].expires_at, None);
    for wrong in [json!({ "valid_days": 0 }), json!({ "valid_days": 100_000 }), json!({})] {
        instructor.put(&address, wrong).await.expect(400);
    }
    app.as_role(tenant, UserRole::Instructor).await.put(&address, json!({ "valid_days": 1 })).await.expect(403);
    app.app.clock.advance(chrono::TimeDelta::days(31));
    let stranger = app.stranger();
    let page = stranger.get(&format!("/api/certificates/verify/{}/", issued[0].verification_code)).await.expect(200);
    assert_eq!((&page.body["valid"], &page.body["status"]), (&json!(false), &json!("EXPIRED")));
}
