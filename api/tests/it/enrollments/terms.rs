//! How enrollments end, and what is remembered of them.

use serde_json::{Value, json};
use shared::enrollments::EnrollmentStatus;
use shared::testing::make;

use crate::courses::School;

fn told(row: &Value) -> [&Value; 3] {
    [&row["from_status"], &row["to_status"], &row["cause"]]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_status_is_remembered_with_its_cause() {
    let school = School::start().await;
    let course = make::course(school.tenant).published().with_approval().make(&school.app.db).await;
    let body = json!({"course": course.id});
    let made = school.learner.post("/api/enrollments/", body.clone()).await.expect(201);
    let path = made.header("location").to_owned();
    school.admin.post(&format!("{path}approve/"), json!({})).await.expect(200);
    school.learner.post(&format!("{path}cancel/"), json!({})).await.expect(200);
    let staff = json!({"course": course.id, "user": school.learner.id()});
    school.admin.post("/api/enrollments/", staff).await.expect(200);

    let history = school.learner.get(&format!("{path}history/")).await.expect(200);

    let expected = [
        ["CANCELLED", "ACTIVE", "STAFF"],
        ["ACTIVE", "CANCELLED", "SELF"],
        ["PENDING", "ACTIVE", "STAFF"],
        ["", "PENDING", "SELF"],
    ];
    for (row, expected) in history.results().iter().zip(expected) {
        let expected = expected.map(|word| if word.is_empty() { Value::Null } else { json!(word) });
        assert_eq!(told(row), expected.each_ref());
    }
    assert_eq!(history.body["count"], 4);
    let colleague = school.app.as_role(school.tenant, shared::users::UserRole::Learner).await;
    colleague.get(&format!("{path}history/")).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_runs_the_course_says_when_an_enrollment_ends() {
    let school = School::start().await;
    let db = &school.app.db;
    let course = make::course(school.tenant).published().with_modules(1, 1).make(db).await;
    let me = school.learner.user.as_ref().expect("somebody");
    let enrollment = make::enrollment(me, &course).make(db).await;
    let path = format!("/api/enrollments/{}/", enrollment.id);

    let answer = school.admin.patch(&path, json!({"expires_at": "2026-02-01T00:00:00Z"})).await.expect(200);
    assert_eq!(answer.body["expires_at"], "2026-02-01T00:00:00Z");
    assert!(school.admin.patch(&path, json!({"expires_at": null})).await.expect(200).body["expires_at"].is_null());
    let past = school.admin.patch(&path, json!({"expires_at": "2026-01-05T09:00:00Z"})).await.expect(400);
    assert!(past.body["errors"]["expires_at"].is_array());
    school.learner.patch(&path, json!({"expires_at": null})).await.expect(403);
    school.instructor.patch(&path, json!({"expires_at": null})).await.expect(404);

    let other = make::course(school.tenant).published().make(db).await;
    let over = make::enrollment(me, &other).status(EnrollmentStatus::Expired).make(db).await;
    let again = format!("/api/enrollments/{}/", over.id);
    let again = school.admin.patch(&again, json!({"expires_at": "2026-02-01T00:00:00Z"})).await.expect(200);
    assert_eq!(again.body["status"], "ACTIVE", "one that is over begins again");
    let third = make::course(school.tenant).published().make(db).await;
    let done = make::enrollment(me, &third).status(EnrollmentStatus::Completed).make(db).await;
    let refused = school.admin.patch(&format!("/api/enrollments/{}/", done.id), json!({"expires_at": null})).await;
    assert_eq!(refused.expect(409).body["code"], "no_end");
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_time_is_over_asks_again_also_before_the_clock_has_noticed() {
    let school = School::start().await;
    let course = make::course(school.tenant).published().make(&school.app.db).await;
    let me = school.learner.user.as_ref().expect("somebody");
    let over = make::enrollment(me, &course).but(|row| row.expires_at = Some(make::morning())).make(&school.app.db);
    let path = format!("/api/enrollments/{}/", over.await.id);
    let body = json!({"course": course.id});

    let again = school.learner.post("/api/enrollments/", body.clone()).await.expect(200);

    assert_eq!(again.body["status"], "PENDING", "the end that was set is not undone by a learner");
    // Not by going away and coming back either.
    school.learner.post(&format!("{path}cancel/"), json!({})).await.expect(200);
    assert_eq!(school.learner.post("/api/enrollments/", body).await.expect(200).body["status"], "PENDING");
    let past = school.admin.post(&format!("{path}approve/"), json!({"expires_at": "2026-01-05T09:00:00Z"})).await;
    assert!(past.expect(400).body["errors"]["expires_at"].is_array());
    let until = json!({"expires_at": "2026-02-01T00:00:00Z"});
    let approved = school.admin.post(&format!("{path}approve/"), until).await.expect(200);
    assert_eq!((approved.text("/status"), approved.text("/expires_at")), ("ACTIVE", "2026-02-01T00:00:00Z"));
    let history = school.learner.get(&format!("{path}history/")).await.expect(200);
    let told = history.results().iter().map(|row| told(row).map(|word| word.as_str().unwrap_or_default()).join(" "));
    let expected = [
        "PENDING ACTIVE STAFF",
        "CANCELLED PENDING SELF",
        "PENDING CANCELLED SELF",
        "EXPIRED PENDING SELF",
        "ACTIVE EXPIRED CLOCK",
    ];
    assert_eq!(told.take(5).collect::<Vec<_>>(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_approved_without_a_word_of_an_end_has_none_but_one_that_lies_ahead() {
    let school = School::start().await;
    let db = &school.app.db;
    let me = school.learner.user.as_ref().expect("somebody");
    for (end, expected) in
        [("2026-01-05T09:00:00Z", Value::Null), ("2026-02-01T00:00:00Z", json!("2026-02-01T00:00:00Z"))]
    {
        let course = make::course(school.tenant).published().make(db).await;
        let waits = make::enrollment(me, &course).status(EnrollmentStatus::Pending);
        let waits = waits.but(|row| row.expires_at = Some(end.parse().expect("an instant"))).make(db).await;

        let approved = school.admin.post(&format!("/api/enrollments/{}/approve/", waits.id), json!({})).await;

        let approved = approved.expect(200).body;
        assert_eq!((&approved["status"], &approved["expires_at"]), (&json!("ACTIVE"), &expected), "{end}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_does_not_get_rid_of_an_end_by_leaving_and_coming_back() {
    let school = School::start().await;
    let course = make::course(school.tenant).published().make(&school.app.db).await;
    let me = school.learner.user.as_ref().expect("somebody");
    let end = "2026-02-01T00:00:00Z";
    let there = make::enrollment(me, &course).but(|row| row.expires_at = Some(end.parse().expect("an instant")));
    let path = format!("/api/enrollments/{}/", there.make(&school.app.db).await.id);
    school.learner.post(&format!("{path}cancel/"), json!({})).await.expect(200);

    let again = school.learner.post("/api/enrollments/", json!({"course": course.id})).await.expect(200);

    assert_eq!((again.text("/status"), again.text("/expires_at")), ("ACTIVE", end));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_learns_a_course_once() {
    let school = School::start().await;
    let db = &school.app.db;
    let owner = school.instructor.user.as_ref().expect("somebody");
    let course = make::course(school.tenant).owned_by(owner).published().make(db).await;
    let draft = make::course(school.tenant).owned_by(owner).make(db).await;
    let others = make::course(school.tenant).published().make(db).await;
    let group = school.admin.post("/api/groups/", json!({"name": "Team", "member_ids": [school.learner.id()]})).await;
    let group = group.expect(201).body["id"].clone();
    let enroll = async |course: Value| {
        school.instructor.post("/api/group-enrollments/", json!({"group": group, "course": course})).await
    };

    let made = enroll(json!(course.slug)).await.expect(201);
    assert_eq!(made.body["group_name"], "Team");
    assert_eq!(enroll(json!(course.id)).await.expect(200).body["id"], made.body["id"]);
    assert_eq!(enroll(json!(draft.id)).await.expect(409).body["code"], "course_not_open");
    enroll(json!(others.id)).await.expect(403);
    assert!(enroll(json!("no-such")).await.expect(400).body["errors"]["course"].is_array());
    let odd = json!({"group": course.id, "course": course.id});
    let odd = school.admin.post("/api/group-enrollments/", odd).await.expect(400);
    assert!(odd.body["errors"]["group"].is_array());
    assert_eq!(school.jobs("users.sync_group").await.len(), 1);
    let list = format!("/api/group-enrollments/?course={}", course.id);
    assert_eq!(school.instructor.get(&list).await.expect(200).body["count"], 1);
    school.learner.get(&list).await.expect(403);
    let colleague = school.app.as_role(school.tenant, shared::users::UserRole::Instructor).await;
    assert_eq!(colleague.get(&list).await.expect(200).body["count"], 0);
    colleague.delete(made.header("location")).await.expect(404);
    school.instructor.get(made.header("location")).await.expect(200);
    school.instructor.delete(made.header("location")).await.expect(204);
    assert_eq!(school.jobs("users.sync_group").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_is_counted_anew_and_may_be_done() {
    use EnrollmentStatus::{Cancelled, Expired, Pending};
    let school = School::start().await;
    let db = &school.app.db;
    let me = school.learner.user.as_ref().expect("somebody");
    for status in [Expired, Cancelled, Pending] {
        let course = make::course(school.tenant).published().with_modules(1, 2).make(db).await;
        let over = make::enrollment(me, &course).status(status).progress(50).make(db).await;
        make::completed_item(db, &over, &course.items[0]).await;
        // While they were away, and nobody counted.
        let other = format!("/api/content/{}/", course.items[1].id);
        school.admin.patch(&other, json!({"is_required": false})).await.expect(200);
        let path = format!("/api/enrollments/{}/", over.id);

        let back = match status {
            Expired => school.admin.patch(&path, json!({"expires_at": "2026-02-01T00:00:00Z"})).await,
            Cancelled => school.learner.post("/api/enrollments/", json!({"course": course.id})).await,
            _ => school.admin.post(&format!("{path}approve/"), json!({})).await,
        };

        let back = back.expect(200);
        assert_eq!(
            (&back.body["status"], &back.body["progress_percentage"]),
            (&json!("ACTIVE"), &json!(100)),
            "{status}"
        );
        let asked = school.jobs("enrollments.evaluate_completion").await;
        assert!(asked.iter().any(|job| job.contains(&over.id.to_string())), "{status}: {asked:?}");
    }
}
