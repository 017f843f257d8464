//! Certificates: whose they are, their pages, what administrators do with them.

mod download;
mod transcript;
mod verify;

use chrono::TimeDelta;
use serde_json::json;
use shared::certificates::Certificate;
use shared::certificates::jobs::RenderCertificate;
use shared::enrollments::EnrollmentStatus;
use shared::ids::TenantId;
use shared::jobs::Job;
use shared::testing::count_queries;
use shared::testing::make::{self, MadeCourse};
use shared::users::{User, UserRole};

use crate::support::{Client, TestApp};

/// A tenant with a course, its teacher, and Alice, who has completed it.
struct School {
    app: TestApp,
    tenant: TenantId,
    teacher: User,
    course: MadeCourse,
    alice: Client,
}

impl School {
    async fn open() -> Self {
        Self::open_in(TestApp::start().await).await
    }

    async fn open_in(app: TestApp) -> Self {
        let tenant = app.tenant().await;
        let teacher = make::user(tenant).role(UserRole::Instructor).name("Tom", "Teacher").make(&app.db).await;
        let course = make::course(tenant).title("Knots").owned_by(&teacher).published().make(&app.db).await;
        let alice = make::user(tenant).name("Alice", "Williams").email("alice@example.org").make(&app.db).await;
        let alice = app.as_user(&alice).await;
        Self { app, tenant, teacher, course, alice }
    }

    async fn enrollment(&self, learner: &Client) -> shared::enrollments::Enrollment {
        let learner = learner.user.as_ref().expect("somebody");
        make::enrollment(learner, &self.course).status(EnrollmentStatus::Completed).make(&self.app.db).await
    }

    /// Alice's certificate, ready.
    async fn certificate(&self) -> Certificate {
        make::certificate(&self.app.db, &self.enrollment(&self.alice).await).await
    }

    async fn admin(&self) -> Client {
        self.app.as_role(self.tenant, UserRole::Admin).await
    }
}

fn address(certificate: &Certificate, verb: &str) -> String {
    format!("/api/certificates/{}/{verb}", certificate.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_sees_their_certificate_and_what_is_on_it() {
    let school = School::open().await;
    let certificate = school.certificate().await;

    let list = school.alice.get("/api/certificates/my/").await.expect(200);

    assert_eq!(list.body["count"], 1);
    let base = "http://localhost:8000/api/certificates";
    let (id, code) = (certificate.id, certificate.verification_code);
    let expected = json!({
        "id": id, "enrollment_id": certificate.enrollment_id, "course_id": school.course.id, "course_title": "Knots",
        "user_id": school.alice.id(), "learner_name": "Alice Williams", "instructor_name": "Tom Teacher",
        "status": "ISSUED", "issued_date": "2026-01-05T09:00:00Z", "expiry_date": null, "renewed_date": null,
        "file_url": format!("{base}/{id}/download/"),
        "description": "For completing the course \u{201c}Knots\u{201d}.",
        "verification_code": code, "verify_url": format!("{base}/verify/{code}/"),
        "revoked_at": null, "revoked_because": null,
    });
    assert_eq!(list.results(), std::slice::from_ref(&expected));
    assert_eq!(school.alice.get(&address(&certificate, "")).await.expect(200).body, expected);
    assert_eq!(school.alice.get("/api/certificates/").await.expect(200).results(), [expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn others_see_it_only_if_it_is_their_business() {
    let school = School::open().await;
    let certificate = school.certificate().await;
    let elsewhere = school.app.tenant().await;
    for (who, client, sees) in [
        ("an administrator", school.admin().await, true),
        ("the course's teacher", school.app.as_user(&school.teacher).await, true),
        ("another teacher", school.app.as_role(school.tenant, UserRole::Instructor).await, false),
        ("another learner", school.app.as_role(school.tenant, UserRole::Learner).await, false),
        ("another tenant's administrator", school.app.as_role(elsewhere, UserRole::Admin).await, false),
    ] {
        let status = if sees { 200 } else { 404 };
        client.get(&address(&certificate, "")).await.expect(status);
        client.get(&address(&certificate, "download/")).await.expect(status);
        let count = client.get("/api/certificates/").await.expect(200).body["count"].clone();
        assert_eq!(count, i32::from(sees), "{who}");
        assert_eq!(client.get("/api/certificates/my/").await.expect(200).body["count"], 0, "{who}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_filtered_and_takes_as_many_queries_for_many_as_for_one() {
    let school = School::open().await;
    let certificate = school.certificate().await;
    let admin = school.admin().await;
    let (_, for_one) = count_queries(admin.get("/api/certificates/")).await;
    for _ in 0..20 {
        let learner = school.app.as_role(school.tenant, UserRole::Learner).await;
        make::pending_certificate(&school.app.db, &school.enrollment(&learner).await).await;
    }

    let (all, for_many) = count_queries(admin.get("/api/certificates/?page_size=200")).await;

    assert_eq!((all.expect(200).body["count"].clone(), for_many), (json!(21), for_one));
    let alice = school.alice.id();
    let other = make::course(school.tenant).make(&school.app.db).await.id;
    for (query, count) in [
        (format!("user={alice}"), 1),
        (format!("course={}", school.course.id), 21),
        (format!("course={}", school.course.slug), 21),
        (format!("course={other}"), 0),
        ("course=no-such-course".to_owned(), 0),
        ("status=issued".to_owned(), 1),
        ("status=PENDING".to_owned(), 20),
        (format!("user={}", shared::ids::UserId::new()), 0),
    ] {
        let answer = admin.get(&format!("/api/certificates/?{query}")).await.expect(200);
        assert_eq!(answer.body["count"], count, "{query}");
    }
    admin.get("/api/certificates/?status=lost").await.expect(400);
    admin.get("/api/certificates/?user=x").await.expect(400);
    let foreign = school.app.as_role(school.tenant, UserRole::Learner).await;
    let answer = foreign.get(&format!("/api/certificates/?user={alice}")).await.expect(200);
    assert_eq!(answer.body["count"], 0, "{}", certificate.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_revokes_it_for_good() {
    let school = School::open().await;
    let certificate = school.certificate().await;
    let admin = school.admin().await;
    let revoke = address(&certificate, "revoke/");
    for client in [&school.alice, &school.app.as_user(&school.teacher).await] {
        client.post(&revoke, json!({"reason": "mine"})).await.expect(403);
    }
    for body in [json!({}), json!({"reason": ""}), json!({"reason": "x".repeat(501)}), json!({"reason": "x", "y": 1})] {
        admin.post(&revoke, body).await.expect(400);
    }

    let answer = admin.post(&revoke, json!({"reason": "Copied"})).await.expect(200);

    assert_eq!(answer.body["status"], "REVOKED");
    assert_eq!(answer.body["revoked_at"], "2026-01-05T09:00:00Z");
    assert_eq!(answer.body["revoked_because"], "Copied");
    assert_eq!(answer.body["file_url"], json!(null));
    for (verb, body) in
        [("revoke/", json!({"reason": "again"})), ("reissue/", json!({})), ("reissue/", json!({"renew": true}))]
    {
        let again = admin.post(&address(&certificate, verb), body).await.expect(409);
        assert_eq!(again.body["code"], "revoked");
        assert_eq!(again.body["detail"], "This certificate has been revoked.");
    }
    let download = school.alice.get(&address(&certificate, "download/")).await.expect(409);
    assert_eq!(download.body["code"], "revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_revoke_at_once_are_told_apart() {
    let school = School::open().await;
    let revoke = address(&school.certificate().await, "revoke/");
    let (one, other) = (school.admin().await, school.admin().await);

    let (one, other) =
        tokio::join!(one.post(&revoke, json!({"reason": "one"})), other.post(&revoke, json!({"reason": "other"})));

    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_has_it_drawn_again_with_the_name_of_today() {
    let school = School::open().await;
    let certificate = school.certificate().await;
    school.app.db.texts("update jobs set state = 'succeeded', finished_at = now() returning '' as text").await;
    school.app.db.texts("update users set last_name = 'Jones' where first_name = 'Alice' returning '' as text").await;
    school.alice.post(&address(&certificate, "reissue/"), json!({})).await.expect(403);
    let admin = school.admin().await;

    let answer = admin.post(&address(&certificate, "reissue/"), json!({})).await.expect(202);

    assert_eq!(answer.body["learner_name"], "Alice Jones");
    assert_eq!(answer.body["verification_code"], json!(certificate.verification_code));
    let job = admin.get(answer.header("location")).await.expect(200);
    assert_eq!(job.body["kind"], RenderCertificate::NAME);
    assert_eq!(job.body["state"], "available");
    let waiting =
        "select args ->> 'certificate_id' as text from jobs where kind = 'certificates.render' and finished_at is null";
    assert_eq!(school.app.db.texts(waiting).await, [certificate.id.to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_has_expired_is_renewed_by_the_rule_of_today() {
    let school = School::open().await;
    let teacher = school.app.as_user(&school.teacher).await;
    let rule = format!("/api/courses/{}/certificate-rule/", school.course.id);
    teacher.put(&rule, json!({"valid_days": 10})).await.expect(200);
    let alice = school.alice.user.as_ref().expect("somebody");
    let done = make::enrollment(alice, &school.course).status(EnrollmentStatus::Completed);
    let done =
        done.but(|row| row.completed_at = Some(make::morning() - TimeDelta::days(30))).make(&school.app.db).await;
    let certificate = make::certificate(&school.app.db, &done).await;
    let verify = format!("/api/certificates/verify/{}/", certificate.verification_code);
    let standing = async || school.app.stranger().get(&verify).await.expect(200).text("/status").to_owned();
    assert_eq!(standing().await, "EXPIRED");
    let (reissue, admin) = (address(&certificate, "reissue/"), school.admin().await);
    teacher.post(&reissue, json!({"renew": true})).await.expect(403);
    admin.post(&reissue, json!({"renew": "yes"})).await.expect(400);
    assert_eq!(admin.post(&reissue, json!({})).await.expect(202).body["expiry_date"], "2025-12-16T09:00:00Z");
    teacher.put(&rule, json!({"valid_days": 365})).await.expect(200);

    let renewed = admin.post(&reissue, json!({"renew": true})).await.expect(202);

    assert_eq!(renewed.body["expiry_date"], "2027-01-05T09:00:00Z");
    assert_eq!(renewed.body["renewed_date"], "2026-01-05T09:00:00Z");
    assert_eq!(renewed.body["issued_date"], "2025-12-06T09:00:00Z", "it was earned when it was");
    assert_eq!(standing().await, "ISSUED");
    let log = admin.get("/api/admin/audit-log/?subject_type=certificates&action=update").await.expect(200);
    let terms: Vec<_> = log.results().iter().filter_map(|line| line["after"]["expires_at"].as_str()).collect();
    assert_eq!(terms.len(), 1, "who renewed it, and until when: {}", log.body);

    // Renewed by a rule without an end it counts for ever, and then there is nothing to renew.
    teacher.put(&rule, json!({"valid_days": null})).await.expect(200);
    assert_eq!(admin.post(&reissue, json!({"renew": true})).await.expect(202).body["expiry_date"], json!(null));
    teacher.put(&rule, json!({"valid_days": 5})).await.expect(200);
    let refused = admin.post(&reissue, json!({"renew": true})).await.expect(409);
    assert_eq!(refused.body["code"], "never_expires");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_certificates_are_off_none_is_drawn_again_and_those_there_are_stay() {
    let school = School::open().await;
    let certificate = school.certificate().await;
    let admin = school.admin().await;
    let off = json!({"features": {"certificates_enabled": false}});
    admin.patch("/api/core/settings/", off).await.expect(200);

    for body in [json!({}), json!({"renew": true})] {
        let refused = admin.post(&address(&certificate, "reissue/"), body).await.expect(403);
        assert_eq!(refused.body["code"], "feature_off");
    }

    assert_eq!(school.alice.get("/api/certificates/my/").await.expect(200).body["count"], 1);
    let verify = format!("/api/certificates/verify/{}/", certificate.verification_code);
    assert_eq!(school.app.stranger().get(&verify).await.expect(200).body["valid"], true);
    admin.post(&address(&certificate, "revoke/"), json!({"reason": "A mistake"})).await.expect(200);
}
