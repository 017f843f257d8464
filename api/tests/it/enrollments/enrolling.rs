//! Enrolling, approving, cancelling.

use serde_json::json;
use shared::enrollments::EnrollmentStatus;
use shared::testing::make;
use shared::users::{UserRole, UserStatus};

use crate::courses::School;

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_enrolls_in_a_course() {
    let school = School::start().await;
    let course = make::course(school.tenant).published().make(&school.app.db).await;

    let answer = school.learner.post("/api/enrollments/", json!({"course": course.id})).await.expect(201);

    assert_eq!(answer.body["status"], "ACTIVE");
    assert_eq!(answer.body["status_display"], "Active");
    assert_eq!(answer.body["progress_percentage"], 0);
    assert_eq!(answer.body["course"]["slug"], json!(course.slug));
    assert_eq!(answer.body["user"]["id"], json!(school.learner.id()));
    school.learner.get(answer.header("location")).await.expect(200);
    assert_eq!(school.jobs("enrollments.welcome").await.len(), 1);
    assert_eq!(school.events().await, ["COURSE_ENROLLED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn enrolling_again_answers_with_what_there_is() {
    use EnrollmentStatus::{Active, Completed, Pending};
    let school = School::start().await;
    let db = &school.app.db;
    let me = school.learner.user.as_ref().expect("somebody");
    for status in [Active, Completed, Pending] {
        let course = make::course(school.tenant).published().make(db).await;
        let there = make::enrollment(me, &course).status(status).make(db).await;

        let answer = school.learner.post("/api/enrollments/", json!({"course": course.slug})).await.expect(200);

        assert_eq!(answer.body["id"], json!(there.id));
        assert_eq!(answer.body["status"], status.as_str());
    }
    assert!(school.jobs("enrollments.welcome").await.is_empty());
    assert!(school.events().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_keeps_what_was_learned() {
    use EnrollmentStatus::{Cancelled, Expired};
    let school = School::start().await;
    let db = &school.app.db;
    let me = school.learner.user.as_ref().expect("somebody");
    for status in [Cancelled, Expired] {
        let free = make::course(school.tenant).published().with_modules(1, 5).make(db).await;
        let dear = make::course(school.tenant).published().with_modules(1, 5).priced(4_900).make(db).await;
        // Whether there is another term, is not the learner's to say.
        let usual = if status == Expired { "PENDING" } else { "ACTIVE" };
        for (course, expected) in [(&free, usual), (&dear, "PENDING")] {
            let there = make::enrollment(me, course).status(status).progress(60).make(db).await;
            for item in &course.items[..3] {
                make::completed_item(db, &there, item).await;
            }
            let answer = school.learner.post("/api/enrollments/", json!({"course": course.id})).await.expect(200);
            assert_eq!(answer.body["id"], json!(there.id));
            assert_eq!(answer.body["status"], expected, "{status}");
            assert_eq!(answer.body["progress_percentage"], 60);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_costs_or_asks_for_approval_waits() {
    let school = School::start().await;
    let db = &school.app.db;
    let owner = school.instructor.user.as_ref().expect("somebody");
    let dear = make::course(school.tenant).published().priced(4_900).owned_by(owner).make(db).await;
    let exclusive = make::course(school.tenant).published().with_approval().owned_by(owner).make(db).await;
    for course in [&dear, &exclusive] {
        let answer = school.learner.post("/api/enrollments/", json!({"course": course.id})).await.expect(201);
        assert_eq!(answer.body["status"], "PENDING");
        let path = answer.header("location").to_owned();
        assert!(school.jobs("enrollments.welcome").await.len() < 2, "nobody is welcomed who waits");

        school.learner.post(&format!("{path}approve/"), json!({})).await.expect(403);
        let colleague = school.app.as_role(school.tenant, UserRole::Instructor).await;
        colleague.post(&format!("{path}approve/"), json!({})).await.expect(404);
        let approved = school.instructor.post(&format!("{path}approve/"), json!({})).await.expect(200);
        assert_eq!(approved.body["status"], "ACTIVE");
        let again = school.admin.post(&format!("{path}approve/"), json!({})).await.expect(409);
        assert_eq!(again.body["code"], "not_pending");
    }
    assert_eq!(school.jobs("enrollments.welcome").await.len(), 2);
    assert_eq!(school.events().await, ["COURSE_ENROLLED", "COURSE_ENROLLED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn prerequisites_come_first() {
    let school = School::start().await;
    let db = &school.app.db;
    let me = school.learner.user.as_ref().expect("somebody");
    let [basics, ropes] = [
        make::course(school.tenant).title("Basics").published().make(db).await,
        make::course(school.tenant).title("Ropes").published().make(db).await,
    ];
    let course = make::course(school.tenant).published().make(db).await;
    make::comes_before(db, &basics, &course).await;
    make::comes_before(db, &ropes, &course).await;
    make::enrollment(me, &ropes).progress(99).make(db).await;
    let enroll = || school.learner.post("/api/enrollments/", json!({"course": course.id}));

    let refused = enroll().await.expect(409);
    assert_eq!(refused.body["code"], "prerequisites_unmet");
    assert_eq!(refused.body["detail"], "First complete: Basics, Ropes.");

    make::enrollment(me, &basics).status(EnrollmentStatus::Completed).make(db).await;
    assert_eq!(enroll().await.expect(409).body["detail"], "First complete: Ropes.");
    let hard = format!("/api/courses/{}/prerequisites/", course.id);
    let second = school.admin.get(&hard).await.results()[1]["id"].as_str().expect("an id").to_owned();
    let softer = json!({"minimum_completion_percentage": 99});
    school.admin.patch(&format!("{hard}{second}/"), softer).await.expect(200);
    enroll().await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prerequisite_that_was_cancelled_does_not_count() {
    let school = School::start().await;
    let db = &school.app.db;
    let me = school.learner.user.as_ref().expect("somebody");
    let basics = make::course(school.tenant).published().make(db).await;
    let course = make::course(school.tenant).published().make(db).await;
    make::comes_before(db, &basics, &course).await;
    make::enrollment(me, &basics).status(EnrollmentStatus::Cancelled).progress(100).make(db).await;

    school.learner.post("/api/enrollments/", json!({"course": course.id})).await.expect(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn enrolling_twice_at_once_makes_one_enrollment() {
    let school = School::start().await;
    let course = make::course(school.tenant).published().make(&school.app.db).await;

    let enroll = || school.learner.post("/api/enrollments/", json!({"course": course.id}));
    let answers = futures::future::join_all((0..8).map(|_| enroll())).await;

    let mut ids: Vec<_> = answers.iter().map(|answer| answer.text("/id").to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(school.jobs("enrollments.welcome").await.len(), 1);
    assert_eq!(school.events().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_open_courses_are_entered() {
    let school = School::start().await;
    let db = &school.app.db;
    let draft = make::course(school.tenant).make(db).await;
    let archived = make::course(school.tenant).archived().make(db).await;
    let elsewhere = make::course(school.app.tenant().await).published().make(db).await;
    for course in [json!(draft.id), json!(archived.slug), json!(elsewhere.id), json!("no-such"), json!("NO"), json!(7)]
    {
        let answer = school.learner.post("/api/enrollments/", json!({"course": course})).await.expect(400);
        assert!(answer.body["errors"]["course"].is_array(), "{course}: {}", answer.body);
    }
    let by_admin = json!({"course": draft.id, "user": school.learner.id()});
    assert_eq!(school.admin.post("/api/enrollments/", by_admin).await.expect(409).body["code"], "course_not_open");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_runs_a_course_enrolls_others() {
    let school = School::start().await;
    let db = &school.app.db;
    let owner = school.instructor.user.as_ref().expect("somebody");
    let basics = make::course(school.tenant).published().make(db).await;
    let course = make::course(school.tenant).published().priced(4_900).owned_by(owner).make(db).await;
    make::comes_before(db, &basics, &course).await;
    let learner = school.learner.id();
    let enroll = json!({"course": course.id, "user": learner});

    school.learner.post("/api/enrollments/", json!({"course": course.id, "user": owner.id})).await.expect(403);
    school.learner.post("/api/enrollments/", json!({"course": basics.id, "status": "ACTIVE"})).await.expect(403);
    let colleague = school.app.as_role(school.tenant, UserRole::Instructor).await;
    colleague.post("/api/enrollments/", enroll.clone()).await.expect(403);
    let made = school.instructor.post("/api/enrollments/", enroll.clone()).await.expect(201);
    assert_eq!(made.body["status"], "ACTIVE", "their word counts more than price and prerequisites");
    assert_eq!(made.body["user"]["id"], json!(learner));
    let other = make::user(school.tenant).make(db).await;
    let waits = json!({"course": course.id, "user": other.id, "status": "pending"});
    assert_eq!(school.admin.post("/api/enrollments/", waits).await.expect(201).body["status"], "PENDING");
    let now = json!({"course": course.id, "user": other.id});
    assert_eq!(school.admin.post("/api/enrollments/", now).await.expect(200).body["status"], "ACTIVE");

    let foreign = make::user(school.app.tenant().await).make(db).await;
    let suspended = make::user(school.tenant).status(UserStatus::Suspended).make(db).await;
    for user in [foreign.id, suspended.id, shared::ids::UserId::new()] {
        let answer =
            school.admin.post("/api/enrollments/", json!({"course": course.id, "user": user})).await.expect(400);
        assert!(answer.body["errors"]["user"].is_array(), "{}", answer.body);
    }
    let done = json!({"course": course.id, "user": learner, "status": "COMPLETED"});
    assert!(school.admin.post("/api/enrollments/", done).await.expect(400).body["errors"]["status"].is_array());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_enrolls_others_only() {
    let school = School::start().await;
    let db = &school.app.db;
    let course = make::course(school.tenant).published().make(db).await;
    let slug = db.texts(&format!("select slug as text from tenants where id = '{}'", school.tenant)).await.concat();
    let superuser = school.app.as_superuser().await.with("x-tenant-slug", &slug);

    let themselves = superuser.post("/api/enrollments/", json!({"course": course.id})).await.expect(400);
    assert!(themselves.body["errors"]["user"].is_array());
    let somebody = json!({"course": course.id, "user": school.learner.id()});
    superuser.post("/api/enrollments/", somebody).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_cancels_their_own_and_comes_back() {
    let school = School::start().await;
    let course = make::course(school.tenant).published().make(&school.app.db).await;
    let enroll = json!({"course": course.id});
    let mine = school.learner.post("/api/enrollments/", enroll.clone()).await.expect(201).header("location").to_owned();

    let other = school.app.as_role(school.tenant, UserRole::Learner).await;
    other.post(&format!("{mine}cancel/"), json!({})).await.expect(404);
    let cancelled = school.learner.post(&format!("{mine}cancel/"), json!({})).await.expect(200);
    assert_eq!(cancelled.body["status"], "CANCELLED");
    let again = school.learner.post(&format!("{mine}cancel/"), json!({})).await.expect(409);
    assert_eq!(again.body["code"], "not_cancellable");
    let back = school.learner.post("/api/enrollments/", enroll).await.expect(200);
    assert_eq!(back.body["status"], "ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_removed_comes_back_by_approval_only() {
    let school = School::start().await;
    let db = &school.app.db;
    let owner = school.instructor.user.as_ref().expect("somebody");
    let course = make::course(school.tenant).published().owned_by(owner).make(db).await;
    let me = school.learner.user.as_ref().expect("somebody");
    let mine = make::enrollment(me, &course).make(db).await;
    let path = format!("/api/enrollments/{}/", mine.id);
    let enroll = || school.learner.post("/api/enrollments/", json!({"course": course.id}));

    school.instructor.post(&format!("{path}cancel/"), json!({})).await.expect(200);
    assert_eq!(enroll().await.expect(200).body["status"], "PENDING");
    school.learner.post(&format!("{path}cancel/"), json!({})).await.expect(200);
    assert_eq!(enroll().await.expect(200).body["status"], "PENDING", "cancelling does not wash it off");
    school.instructor.post(&format!("{path}approve/"), json!({})).await.expect(200);
    school.learner.post(&format!("{path}cancel/"), json!({})).await.expect(200);
    assert_eq!(enroll().await.expect(200).body["status"], "ACTIVE", "an approval does");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completed_enrollment_is_not_cancelled() {
    let school = School::start().await;
    let db = &school.app.db;
    let course = make::course(school.tenant).published().make(db).await;
    let me = school.learner.user.as_ref().expect("somebody");
    let mine = make::enrollment(me, &course).status(EnrollmentStatus::Completed).make(db).await;

    school.admin.post(&format!("/api/enrollments/{}/cancel/", mine.id), json!({})).await.expect(409);
}
