//! A learner's own figures.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use shared::enrollments::EnrollmentStatus;
use shared::testing::make;
use shared::users::{User, UserRole};

use super::{change, days_ago};
use crate::support::TestApp;

/// Somebody learned at this instant.
async fn learned(app: &TestApp, user: &User, at: DateTime<Utc>) {
    let query = format!(
        "insert into events (id, tenant_id, user_id, event_type, occurred_at)
         select gen_random_uuid(), tenant_id, id, 'CONTENT_PROGRESSED', '{at}' from users where id = '{}'
         returning id::text as text",
        user.id
    );
    assert_eq!(app.db.texts(&query).await.len(), 1);
}

/// Somebody's clock shows the time of this zone.
async fn live_in(app: &TestApp, user: &User, zone: &str) {
    let query = format!("update users set timezone = '{zone}' where id = '{}' returning timezone as text", user.id);
    assert_eq!(app.db.texts(&query).await, [zone]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_sees_where_they_are_and_what_is_next() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let learner = app.as_role(tenant, UserRole::Learner).await;
    let user = learner.user.clone().expect("somebody");
    let course = make::course(tenant).published().with_modules(1, 3).make(&app.db).await;
    let other = make::course(tenant).published().make(&app.db).await;
    let enrollment = make::enrollment(&user, &course).make(&app.db).await;
    make::enrollment(&user, &other).status(EnrollmentStatus::Cancelled).make(&app.db).await;
    make::completed_item(&app.db, &enrollment, &course.items[0]).await;
    learned(&app, &user, app.app.clock.now()).await;

    let answer = learner.get("/api/learner/dashboard-stats/").await.expect(200);

    let body = &answer.body;
    assert_eq!(
        (&body["activeCourses"], &body["completedCourses"], &body["lessonsCompleted"]),
        (&json!(1), &json!(0), &json!(1))
    );
    assert_eq!(body["learningStreak"], 1, "{body}");
    assert_eq!(body["continueLearning"]["courseId"], json!(course.course.id));
    assert_eq!(body["continueLearning"]["completedLessons"], 1);
    assert_ne!(body["continueLearning"]["nextLesson"]["id"], json!(course.items[0].id));
    assert_eq!(body["coursesInProgress"].as_array().map(Vec::len), Some(1));
    assert!(
        body["recentActivity"][0]["description"].as_str().is_some_and(|text| text.starts_with("Completed ")),
        "{body}"
    );
    // Nothing of anybody else.
    let stranger = app.as_role(tenant, UserRole::Learner).await;
    let answer = stranger.get("/api/learner/dashboard-stats/").await.expect(200);
    assert_eq!((&answer.body["activeCourses"], &answer.body["continueLearning"]), (&json!(0), &json!(null)));
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_weeks_and_days_in_a_row_are_those_of_the_learners_own_clock() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    // Wednesday, 7 January, 02:00 in Tokyo; the week there began on Sunday at 15:00, in UTC.
    app.app.clock.advance(TimeDelta::hours(32));
    let user = make::user(tenant).make(&app.db).await;
    live_in(&app, &user, "Asia/Tokyo").await;
    let learner = app.as_user(&user).await;
    let course = make::course(tenant).published().with_modules(1, 4).make(&app.db).await;
    let extra = make::item(&course.modules[0], 5).but(|item| item.is_required = false).make(&app.db).await;
    let enrollment = make::enrollment(&user, &course).progress(50).make(&app.db).await;
    let other = make::course(tenant).published().make(&app.db).await;
    make::enrollment(&user, &other).progress(25).make(&app.db).await;
    // Sunday before the week began there, Monday just after midnight there, Tuesday there, and on Tuesday
    // something that the course does not require.
    let done = [
        (&course.items[0], "2026-01-04T14:59:00Z"),
        (&course.items[1], "2026-01-04T15:01:00Z"),
        (&course.items[2], "2026-01-06T14:00:00Z"),
        (&extra, "2026-01-06T14:01:00Z"),
    ];
    for (item, at) in done {
        let row = make::completed_item(&app.db, &enrollment, item).await;
        let query = format!(
            "update learner_progress set completed_at = '{at}' where id = '{}' returning id::text as text",
            row.id
        );
        app.db.texts(&query).await;
        learned(&app, &user, at.parse().expect("an instant")).await;
    }

    let body = learner.get("/api/learner/dashboard-stats/").await.expect(200).body;

    let figures =
        ["lessonsCompleted", "weeklyLessonsCompleted", "totalStudyHours", "weeklyStudyHours", "learningStreak"];
    // Ten hours over four required items. Sunday and Monday were two days in a row, and then came Tuesday:
    assert_eq!(figures.map(|figure| body[figure].clone()), [json!(4), json!(3), json!(7.5), json!(5.0), json!(3)]);
    assert_eq!(body["overallProgress"], 38, "the mean of 50 and 25, rounded");
    // Nothing on Wednesday, and it is Thursday.
    app.app.clock.advance(TimeDelta::days(1));
    let later = app.as_user(&user).await.get("/api/learner/dashboard-stats/").await.expect(200);
    assert_eq!(later.body["learningStreak"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_and_the_study_page_tell_one_streak() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let user = make::user(tenant).make(&app.db).await;
    let course = make::course(tenant).published().with_modules(1, 2).make(&app.db).await;
    let enrollment = make::enrollment(&user, &course).make(&app.db).await;
    let now = app.app.clock.now();
    // At work on three days in a row, and what is finished without an event is no work.
    for days in [1, 2, 3] {
        learned(&app, &user, now - TimeDelta::days(days)).await;
    }
    make::completed_item(&app.db, &enrollment, &course.items[0]).await;
    for zone in ["UTC", "Asia/Tokyo", "America/Los_Angeles"] {
        live_in(&app, &user, zone).await;
        let learner = app.as_user(&user).await;
        let dashboard = learner.get("/api/learner/dashboard-stats/").await.expect(200);
        let study = learner.get("/api/progress/study/").await.expect(200);
        assert_eq!(dashboard.body["learningStreak"], 3, "{zone}");
        assert_eq!(dashboard.body["learningStreak"], study.body["current_streak_days"], "{zone}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_that_postgresql_does_not_know_is_no_trouble() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let user = make::user(tenant).make(&app.db).await;
    // Which names the two know differs from release to release; this one stands for all of them.
    live_in(&app, &user, "Mars/Olympus").await;
    learned(&app, &user, app.app.clock.now()).await;
    let learner = app.as_user(&user).await;

    let dashboard = learner.get("/api/learner/dashboard-stats/").await.expect(200);

    assert_eq!(dashboard.body["learningStreak"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn recommendations_are_open_courses_whose_prerequisites_one_has() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let learner = app.as_role(tenant, UserRole::Learner).await;
    let user = learner.user.clone().expect("somebody");
    let first = make::course(tenant).published().make(&app.db).await;
    let next = make::course(tenant).published().make(&app.db).await;
    let barred = make::course(tenant).published().make(&app.db).await;
    let draft = make::course(tenant).make(&app.db).await;
    let foreign = make::course(app.tenant().await).published().make(&app.db).await;
    make::comes_before(&app.db, &first.course, &next.course).await;
    make::comes_before(&app.db, &draft.course, &barred.course).await;
    make::enrollment(&user, &first).status(EnrollmentStatus::Completed).make(&app.db).await;

    let ids = |body: &serde_json::Value| -> Vec<serde_json::Value> {
        body["recommendations"].as_array().expect("a list").iter().map(|it| it["id"].clone()).collect()
    };
    let answer = learner.get("/api/learner/recommendations/?limit=6").await.expect(200);
    assert_eq!(ids(&answer.body), [json!(next.course.id)], "{}", answer.body);
    assert_eq!(answer.text("/recommendations/0/reason"), "Builds on a course that you have completed");
    let all = learner.get("/api/learner/recommendations/?exclude_enrolled=false").await.expect(200);
    assert!(ids(&all.body).contains(&json!(first.course.id)) && !ids(&all.body).contains(&json!(foreign.course.id)));
    learner.get("/api/learner/recommendations/?limit=x").await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_count_while_they_are_issued_and_the_four_newest_are_shown() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let user = make::user(tenant).make(&app.db).await;
    for number in 1..=6 {
        let course = make::course(tenant).title(&format!("Course {number}")).published().make(&app.db).await;
        let completed = make::enrollment(&user, &course).status(EnrollmentStatus::Completed).make(&app.db).await;
        let certificate = make::certificate(&app.db, &completed).await;
        let (id, issued) = (certificate.id, days_ago(number));
        change(&app, &format!("update certificates set issued_at = '{issued}' where id = '{id}'")).await;
        if number == 2 {
            change(&app, &format!("update certificates set status = 'REVOKED' where id = '{id}'")).await;
        }
    }

    let body = app.as_user(&user).await.get("/api/learner/dashboard-stats/").await.expect(200).body;

    let figures = ["certificatesEarned", "completedCourses", "activeCourses", "overallProgress"];
    assert_eq!(figures.map(|figure| body[figure].clone()), [json!(5), json!(6), json!(0), json!(100)]);
    let shown = json!([
        { "title": "Course 1", "earnedDate": "Jan 04, 2026" },
        { "title": "Course 3", "earnedDate": "Jan 02, 2026" },
        { "title": "Course 4", "earnedDate": "Jan 01, 2026" },
        { "title": "Course 5", "earnedDate": "Dec 31, 2025" },
    ]);
    assert_eq!(body["recentAchievements"], shown);
}
