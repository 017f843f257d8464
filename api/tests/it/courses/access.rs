//! Who sees what, and why not.

use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::enrollments::EnrollmentStatus;
use shared::testing::make;
use shared::users::UserRole;

use super::School;
use crate::support::{Answer, Client};

fn codes(reasons: &Value) -> Vec<&str> {
    reasons.as_array().expect("reasons").iter().map(|reason| reason["code"].as_str().expect("a code")).collect()
}

async fn access(client: &Client, course: &make::MadeCourse, query: &str) -> Answer {
    client.get(&format!("/api/courses/{}/access/{query}", course.id)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_is_told_what_stands_in_the_way() {
    let school = School::start().await;
    let db = &school.app.db;
    let basics = make::course(school.tenant).title("Basics").published().make(db).await;
    let course = make::course(school.tenant).published().with_modules(1, 1).make(db).await;
    make::comes_before(db, &basics, &course).await;
    let me = school.learner.user.as_ref().expect("somebody");

    let outside = access(&school.learner, &course, "").await.expect(200);
    assert_eq!(outside.body["is_allowed"], false);
    assert_eq!(codes(&outside.body["reasons"]), ["NOT_ENROLLED", "PREREQUISITE_COURSE"]);
    assert_eq!(outside.body["reasons"][1]["course"]["slug"], json!(basics.slug));
    assert_eq!(outside.body["reasons"][0]["message"], "Enroll in the course first.");
    assert_eq!(codes(&outside.body["modules"][0]["items"][0]["reasons"]), ["NOT_ENROLLED", "PREREQUISITE_COURSE"]);

    let course = make::course(school.tenant).published().with_modules(1, 1).make(db).await;
    let enrollment = make::enrollment(me, &course).status(EnrollmentStatus::Pending).make(db).await;
    for (change, codes_then) in [
        ("status = 'PENDING'", vec!["ENROLLMENT_PENDING"]),
        ("status = 'CANCELLED'", vec!["ENROLLMENT_CANCELLED"]),
        ("status = 'EXPIRED'", vec!["ENROLLMENT_EXPIRED"]),
        ("status = 'ACTIVE', expires_at = '2026-01-05T08:59:59Z'", vec!["ENROLLMENT_EXPIRED"]),
        ("status = 'ACTIVE', expires_at = '2026-01-05T09:00:01Z'", vec![]),
        ("status = 'COMPLETED', completed_at = now(), expires_at = '2026-01-05T08:59:59Z'", vec![]),
    ] {
        let query =
            format!("update enrollments set {change} where id = '{}' returning id::text as text", enrollment.id);
        db.texts(&query).await;
        let answer = access(&school.learner, &course, "").await.expect(200);
        assert_eq!(codes(&answer.body["reasons"]), codes_then, "{change}");
        let item = school.learner.get(&format!("/api/content/{}/", course.items[0].id)).await.expect(200);
        assert_eq!(item.body["is_locked"], json!(!codes_then.is_empty()), "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn content_opens_and_closes_by_the_clock() {
    let school = School::start().await;
    let db = &school.app.db;
    let owner = school.instructor.user.as_ref().expect("somebody");
    let course = make::course(school.tenant).owned_by(owner).published().with_modules(1, 1).make(db).await;
    let me = school.learner.user.as_ref().expect("somebody");
    make::enrollment(me, &course).make(db).await;
    let module = format!("/api/modules/{}/", course.modules[0].id);
    let item = format!("/api/content/{}/", course.items[0].id);
    let window = json!({"release_at": "2026-01-08T09:00:00Z", "release_after_days": 5, "available_until": "2026-02-01T00:00:00Z"});
    let changed = school.instructor.patch(&module, window).await.expect(200);
    assert_eq!(changed.body["release_after_days"], 5);
    school.instructor.patch(&item, json!({"release_after_days": 6})).await.expect(200);

    let shut = school.learner.get(&item).await.expect(200);
    assert!(shut.body["text_content"].is_null());
    assert_eq!(codes(&shut.body["reasons"]), ["NOT_RELEASED", "NOT_RELEASED"]);
    assert_eq!(shut.body["reasons"][0]["at"], "2026-01-10T09:00:00Z", "of both dates the later one");
    assert_eq!(shut.body["reasons"][1]["part"], "item");
    let told = json!({"content_item": course.items[0].id, "status": "COMPLETED"});
    school.learner.post("/api/progress/", told.clone()).await.expect(409);

    for (at, codes_then) in [
        ("2026-01-10T08:59:59Z", vec!["NOT_RELEASED", "NOT_RELEASED"]),
        ("2026-01-10T09:00:00Z", vec!["NOT_RELEASED"]),
        ("2026-01-12T09:00:00Z", vec![]),
        ("2026-01-31T23:59:59Z", vec![]),
        ("2026-02-01T00:00:00Z", vec!["NO_LONGER_AVAILABLE"]),
    ] {
        let answer = access(&school.instructor, &course, &format!("?user={}&at={at}", me.id)).await.expect(200);
        assert_eq!(codes(&answer.body["modules"][0]["items"][0]["reasons"]), codes_then, "{at}");
    }
    school.app.app.clock.advance(TimeDelta::days(6));
    let later = school.app.as_user(me).await;
    assert_eq!(later.get(&item).await.expect(200).body["text_content"], "Text 1");
    later.post("/api/progress/", told).await.expect(200);

    let runs = school.app.as_user(owner).await;
    for body in [
        json!({"available_until": "2026-01-08T09:00:00Z"}),
        json!({"release_at": "2026-03-01T00:00:00Z"}),
        json!({"release_after_days": -1}),
        json!({"release_after_days": 4_000}),
        json!({"release_at": "tomorrow"}),
    ] {
        runs.patch(&module, body).await.expect(400);
    }
    let cleared = json!({"release_at": null, "release_after_days": null, "available_until": null});
    assert!(runs.patch(&module, cleared).await.expect(200).body["release_at"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_runs_a_course_asks_about_others_and_other_times() {
    let school = School::start().await;
    let db = &school.app.db;
    let owner = school.instructor.user.as_ref().expect("somebody");
    let course = make::course(school.tenant).owned_by(owner).published().with_modules(1, 1).make(db).await;
    make::item(&course.modules[0], 2).but(|item| item.is_published = false).make(db).await;
    let learner = school.learner.id();
    let colleague = school.app.as_role(school.tenant, UserRole::Instructor).await;
    let elsewhere = make::user(school.app.tenant().await).make(db).await;
    let about = format!("?user={learner}");

    let told = access(&school.instructor, &course, &about).await.expect(200);
    assert_eq!(told.body["user"], json!(learner));
    let items = told.body["modules"][0]["items"].as_array().expect("items").clone();
    assert_eq!(codes(&items[1]["reasons"]), ["NOT_ENROLLED", "NOT_PUBLISHED"], "a draft is there for its author");
    let own = access(&school.learner, &course, &about).await.expect(200);
    assert_eq!(own.body["modules"][0]["items"].as_array().map(Vec::len), Some(1), "and for nobody else");
    let own = access(&school.instructor, &course, "").await.expect(200);
    assert_eq!(own.body["is_allowed"], true);
    access(&school.admin, &course, &about).await.expect(200);
    for (client, query) in [
        (&colleague, about.as_str()),
        (&school.learner, "?at=2026-09-01T09:00:00Z"),
        (&school.learner, &format!("?user={}", owner.id)),
    ] {
        access(client, &course, query).await.expect(403);
    }
    access(&school.instructor, &course, &format!("?user={}", elsewhere.id)).await.expect(404);
    access(&school.instructor, &course, "?user=x").await.expect(400);
    access(&school.instructor, &course, "?at=soon").await.expect(400);
    let draft = make::course(school.tenant).make(db).await;
    access(&school.learner, &draft, "").await.expect(404);
}
