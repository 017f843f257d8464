//! Dashboards: their figures, on rows that are counted by hand.

use chrono::TimeDelta;
use serde_json::json;
use shared::enrollments::{Enrollment, EnrollmentStatus};
use shared::testing::{count_queries, make};
use shared::users::UserRole;

use crate::support::TestApp;

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
async fn an_instructor_sees_who_and_what_needs_them_in_a_constant_number_of_queries() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let instructor = app.as_role(tenant, UserRole::Instructor).await;
    let user = instructor.user.clone().expect("somebody");
    let course = make::course(tenant).owned_by(&user).published().make(&app.db).await;
    let idle = make::user(tenant).name("Ida", "Idle").make(&app.db).await;
    let long_ago = make::morning() - TimeDelta::days(20);
    let begun = |enrollment: &mut Enrollment| (enrollment.enrolled_at, enrollment.updated_at) = (long_ago, long_ago);
    make::enrollment(&idle, &course).but(begun).make(&app.db).await;
    let (_, queries_for_one) = count_queries(instructor.get("/api/instructor/dashboard-stats/")).await;
    for _ in 0..4 {
        let more = make::course(tenant).owned_by(&user).published().make(&app.db).await;
        let learner = make::user(tenant).make(&app.db).await;
        make::enrollment(&learner, &more).status(EnrollmentStatus::Completed).make(&app.db).await;
    }
    make::course(tenant).published().make(&app.db).await;

    let (answer, queries) = count_queries(instructor.get("/api/instructor/dashboard-stats/")).await;

    let body = answer.expect(200).body;
    assert_eq!(
        (&body["totalCourses"], &body["totalEnrollments"], &body["activeStudents"]),
        (&json!(5), &json!(5), &json!(1))
    );
    assert_eq!(body["avgCompletionRate"], 80.0, "four of five courses are completed by all who are in them");
    assert_eq!(body["topCourses"][0]["completionRate"], 100.0);
    let lost = &body["atRiskStudents"][0];
    assert_eq!(
        (&lost["studentName"], &lost["riskLevel"], &lost["daysInactive"]),
        (&json!("Ida Idle"), &json!("high"), &json!(20))
    );
    assert_eq!(body["atRiskStudents"].as_array().map(Vec::len), Some(1));
    let kinds: Vec<_> = body["coursesNeedingAttention"][0]["issues"]
        .as_array()
        .expect("issues")
        .iter()
        .map(|issue| issue["type"].clone())
        .collect();
    assert!(kinds.contains(&json!("low_enrollment")), "{body}");
    assert_eq!(queries, queries_for_one);
    app.as_role(tenant, UserRole::Learner).await.get("/api/instructor/dashboard-stats/").await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sees_their_tenant_and_a_superuser_the_counted_platform() {
    let app = TestApp::start().await;
    let (tenant, other) = (make::tenant(&app.db).await, make::tenant(&app.db).await);
    let admin = app.as_role(tenant.id, UserRole::Admin).await;
    make::user(other.id).make(&app.db).await;
    make::course(tenant.id).published().make(&app.db).await;

    let body = admin.get("/api/admin/dashboard-stats/").await.expect(200).body;

    assert_eq!(
        (&body["totalTenants"], &body["totalCourses"], &body["isPlatformAdmin"]),
        (&json!(1), &json!(1), &json!(false))
    );
    assert_eq!(body["totalUsers"], body["quickStats"]["newUsersThisWeek"]);
    assert_eq!(body["userGrowth"].as_array().map(Vec::len), Some(6));
    assert_eq!(
        (&body["userGrowth"][5]["month"], &body["userGrowth"][5]["users"]),
        (&json!("Jan 2026"), &body["totalUsers"])
    );
    assert_eq!(body["recentSystemEvents"][0]["type"], "COURSES_INSERT", "{body}");

    let now = app.app.clock.now();
    for id in [tenant.id, other.id] {
        let mut conn = app.db.tenant(id).await;
        let counts = shared::dashboards::TenantCounts::count(&mut conn, id, now).await.expect("counted");
        counts.keep(&mut conn, id, now).await.expect("kept");
    }
    let root = app.as_superuser().await;
    let (answer, queries) = count_queries(root.get("/api/admin/dashboard-stats/")).await;
    let platform = answer.expect(200).body;
    assert_eq!(
        (&platform["totalTenants"], &platform["totalCourses"], &platform["isPlatformAdmin"]),
        (&json!(2), &json!(1), &json!(true))
    );
    let needy = platform["tenantsNeedingAttention"].as_array().expect("a list");
    let of_other = needy.iter().find(|it| it["tenantId"] == json!(other.id)).expect("needs attention");
    assert_eq!(of_other["issues"][0]["type"], "no_courses");
    assert!(queries <= 4, "{queries}");
    app.as_role(tenant.id, UserRole::Instructor).await.get("/api/admin/dashboard-stats/").await.expect(403);
}
