//! Dashboards: their figures, on rows that are counted by hand.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use shared::dashboards::TenantCounts;
use shared::enrollments::{Enrollment, EnrollmentStatus};
use shared::testing::{count_queries, make};
use shared::users::{User, UserRole, UserStatus};

use crate::support::{Answer, TestApp};

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
async fn dashboards_take_the_same_few_queries_however_much_there_is() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let learner = app.as_role(tenant, UserRole::Learner).await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let user = learner.user.clone().expect("somebody");
    let pages = [
        (&learner, "/api/learner/dashboard-stats/"),
        (&learner, "/api/learner/recommendations/"),
        (&admin, "/api/admin/dashboard-stats/"),
    ];
    let mut counted = Vec::new();
    for _ in 0..2 {
        for _ in 0..3 {
            let course = make::course(tenant).published().with_modules(2, 2).make(&app.db).await;
            let enrollment = make::enrollment(&user, &course).make(&app.db).await;
            make::completed_item(&app.db, &enrollment, &course.items[0]).await;
            make::course(tenant).published().make(&app.db).await;
        }
        let mut round = Vec::new();
        for (client, page) in pages {
            let (answer, queries) = count_queries(client.get(page)).await;
            answer.expect(200);
            round.push(queries);
        }
        counted.push(round);
    }
    assert_eq!(counted[0], counted[1]);
    assert!(counted[0].iter().all(|queries| *queries <= 7), "{counted:?}");
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
async fn enrollments_are_worth_what_their_courses_cost_and_leaving_is_noticed() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let instructor = app.as_role(tenant, UserRole::Instructor).await;
    let user = instructor.user.clone().expect("somebody");
    let priced = make::course(tenant).owned_by(&user).published().priced(10_050).make(&app.db).await;
    let free = make::course(tenant).owned_by(&user).published().make(&app.db).await;
    let december = make::morning() - TimeDelta::days(6);
    for (course, status, at) in [
        (&priced, EnrollmentStatus::Active, december),
        (&priced, EnrollmentStatus::Completed, make::morning()),
        (&priced, EnrollmentStatus::Active, make::morning()),
        (&priced, EnrollmentStatus::Cancelled, make::morning()),
        (&priced, EnrollmentStatus::Cancelled, make::morning()),
        (&free, EnrollmentStatus::Active, make::morning()),
        (&free, EnrollmentStatus::Active, make::morning()),
        (&free, EnrollmentStatus::Active, make::morning()),
    ] {
        let learner = make::user(tenant).make(&app.db).await;
        make::enrollment(&learner, course).status(status).but(|it| it.enrolled_at = at).make(&app.db).await;
    }

    let body = instructor.get("/api/instructor/dashboard-stats/").await.expect(200).body;

    let revenue = json!({ "total": 301.5, "thisMonth": 201.0, "avgPerCourse": 301.5, "growth": 100.0 });
    assert_eq!(body["revenue"], revenue);
    assert_eq!(body["avgCompletionRate"], 10.0, "one of five, and none of three");
    let needy = body["coursesNeedingAttention"].as_array().expect("a list");
    let [one] = &needy[..] else { panic!("{needy:#?}") };
    assert_eq!((&one["courseId"], &one["severity"]), (&json!(priced.course.id), &json!("high")));
    assert_eq!(one["issues"][0]["type"], "high_attrition");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_in_which_nobody_signs_in_comes_first_and_open_invitations_are_counted() {
    let app = TestApp::start().await;
    let (awake, asleep) = (make::tenant(&app.db).await, make::tenant(&app.db).await);
    let admin = app.as_role(awake.id, UserRole::Admin).await;
    for tenant in [&awake, &asleep] {
        make::user(tenant.id).make(&app.db).await;
    }
    let invited = || make::user(awake.id).status(UserStatus::Invited);
    invited().make(&app.db).await;
    let alerts = |answer: &Answer| {
        let alerts = answer.body["platformAlerts"].as_array().expect("a list").clone();
        alerts.iter().map(|it| (it["type"].clone(), it["severity"].clone())).collect::<Vec<_>>()
    };
    let few = admin.get("/api/admin/dashboard-stats/").await.expect(200);
    assert_eq!(alerts(&few), [(json!("pending_approvals"), json!("medium"))]);
    for _ in 0..9 {
        invited().make(&app.db).await;
    }
    let older = "update tenants set created_at = created_at - interval '31 days' returning id::text as text";
    assert_eq!(app.db.texts(older).await.len(), 2);
    let now = app.app.clock.now();
    let signed_in =
        format!("update users set last_login_at = '{now}' where id = '{}' returning id::text as text", admin.id());
    app.db.texts(&signed_in).await;
    for id in [awake.id, asleep.id] {
        let mut conn = app.db.tenant(id).await;
        let counts = TenantCounts::count(&mut conn, id, now).await.expect("counted");
        counts.keep(&mut conn, id, now).await.expect("kept");
    }

    let platform = app.as_superuser().await.get("/api/admin/dashboard-stats/").await.expect(200);

    let wanted = [(json!("pending_approvals"), json!("high")), (json!("inactive_tenants"), json!("low"))];
    assert_eq!(alerts(&platform), wanted);
    let first = &platform.body["tenantsNeedingAttention"][0];
    assert_eq!((&first["tenantId"], &first["severity"]), (&json!(asleep.id), &json!("high")));
    assert_eq!(first["issues"][0]["type"], "inactive_tenant");
    assert_eq!(platform.body["quickStats"]["activeTenantsThisWeek"], 1);
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
        let counts = TenantCounts::count(&mut conn, id, now).await.expect("counted");
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
