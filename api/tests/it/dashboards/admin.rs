//! A tenant in numbers, and the platform.

use serde_json::{Value, json};
use shared::courses::CourseStatus;
use shared::dashboards::TenantCounts;
use shared::enrollments::EnrollmentStatus;
use shared::ids::TenantId;
use shared::testing::{count_queries, make};
use shared::users::{User, UserRole, UserStatus};

use super::{change, days_ago, each};
use crate::support::{Answer, TestApp};

/// Has tenants counted for the platform, as the job does.
async fn count(app: &TestApp, tenants: &[TenantId]) {
    let now = app.app.clock.now();
    for tenant in tenants {
        let mut conn = app.db.tenant(*tenant).await;
        let counts = TenantCounts::count(&mut conn, *tenant, now).await.expect("counted");
        counts.keep(&mut conn, *tenant, now).await.expect("kept");
    }
}

/// Somebody came so many days ago, and signed in so many days ago.
async fn came(app: &TestApp, user: &User, days: i64, signed_in: Option<i64>) {
    let signed_in = signed_in.map_or_else(|| "null".to_owned(), |days| format!("'{}'", days_ago(days)));
    let set = format!("update users set created_at = '{}', last_login_at = {signed_in}", days_ago(days));
    change(app, &format!("{set} where id = '{}'", user.id)).await;
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
    count(&app, &[awake.id, asleep.id]).await;

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

    count(&app, &[tenant.id, other.id]).await;
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
    assert!(queries <= 5, "{queries}");
    app.as_role(tenant.id, UserRole::Instructor).await.get("/api/admin/dashboard-stats/").await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_is_counted_without_the_deleted_and_what_they_did_stays() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    came(&app, admin.user.as_ref().expect("somebody"), 0, Some(0)).await;
    let mut deleted = None;
    for (status, days, signed_in) in [
        (UserStatus::Active, 8, Some(6)),
        (UserStatus::Active, 6, Some(7)),
        (UserStatus::Invited, 1, None),
        (UserStatus::Suspended, 40, Some(0)),
        (UserStatus::Deleted, 2, Some(0)),
    ] {
        let user = make::user(tenant).status(status).make(&app.db).await;
        came(&app, &user, days, signed_in).await;
        deleted = Some(user);
    }
    let deleted = deleted.expect("the last one");
    for (status, published) in [
        (CourseStatus::Published, Some(6)),
        (CourseStatus::Published, Some(7)),
        (CourseStatus::Archived, Some(1)),
        (CourseStatus::Draft, None),
    ] {
        let course = make::course(tenant).but(|it| (it.status, it.published_at) = (status, published.map(days_ago)));
        let course = course.make(&app.db).await;
        let enrollment = make::enrollment(&deleted, &course).status(EnrollmentStatus::Completed);
        let done = |it: &mut shared::enrollments::Enrollment| {
            let days = published.unwrap_or(0);
            (it.enrolled_at, it.completed_at) = (days_ago(days + 1), Some(days_ago(days)));
        };
        enrollment.but(done).make(&app.db).await;
    }

    let body = admin.get("/api/admin/dashboard-stats/").await.expect(200).body;

    // The administrator, two more, and the one who is invited.
    assert_eq!((&body["totalUsers"], &body["totalCourses"]), (&json!(4), &json!(4)));
    assert_eq!(body["activeUsersToday"], 2, "the administrator, and who was suspended since");
    let week = json!({
        "newUsersThisWeek": 3, "newEnrollmentsThisWeek": 2, "coursesPublishedThisWeek": 1,
        "coursesCompletedThisWeek": 3, "activeUsersThisWeek": 3, "activeTenantsThisWeek": 1,
    });
    assert_eq!(body["quickStats"], week);
    let growth =
        ["Aug 2025", "Sep 2025", "Oct 2025", "Nov 2025", "Dec 2025", "Jan 2026"].into_iter().zip([0, 0, 0, 1, 2, 2]);
    let growth: Vec<Value> = growth.map(|(month, users)| json!({ "month": month, "users": users })).collect();
    assert_eq!(body["userGrowth"], json!(growth));
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_died_within_a_day_are_told_of() {
    let app = TestApp::start().await;
    let (tenant, other) = (app.tenant().await, app.tenant().await);
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let calm = app.as_role(app.tenant().await, UserRole::Admin).await;
    for (tenant, state, hours) in [
        (tenant, "dead", 1),
        (tenant, "dead", 23),
        (tenant, "dead", 25),
        (tenant, "cancelled", 1),
        (tenant, "succeeded", 1),
        (other, "dead", 1),
        (TenantId::PLATFORM, "dead", 2),
    ] {
        // By the database's clock, as jobs are.
        let job = "insert into jobs (id, tenant_id, kind, queue, max_attempts, args, state, finished_at) values";
        let values =
            format!("'{tenant}', 'test.job', 'within_1m', 3, '{{}}', '{state}', now() - interval '{hours} hours'");
        change(&app, &format!("{job} (gen_random_uuid(), {values})")).await;
    }
    let alert = |message: &str| {
        json!([{
            "type": "system_errors", "severity": "high", "title": "System errors", "message": message,
            "actionUrl": "/admin/analytics?tab=event-log", "actionLabel": "Look at what happened",
        }])
    };

    let of_tenant = admin.get("/api/admin/dashboard-stats/").await.expect(200).body;
    assert_eq!(of_tenant["platformAlerts"], alert("2 jobs have failed for good within 24 hours."));
    let of_platform = app.as_superuser().await.get("/api/admin/dashboard-stats/").await.expect(200).body;
    assert_eq!(of_platform["platformAlerts"], alert("4 jobs have failed for good within 24 hours."));
    assert_eq!(calm.get("/api/admin/dashboard-stats/").await.expect(200).body["platformAlerts"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_need_attention_that_are_empty_or_quiet() {
    let app = TestApp::start().await;
    let mut tenants = Vec::new();
    for (people, signed_in, gone, courses, enrolled) in [
        // No courses; courses, but nobody in them; five of whom none came; four and one who is deleted; a fifth came.
        (1, 0, 0, 0, false),
        (1, 1, 0, 1, false),
        (5, 0, 0, 1, true),
        (4, 0, 1, 1, true),
        (5, 1, 0, 1, true),
        // Nobody, and so nothing that could be done.
        (0, 0, 0, 0, false),
    ] {
        let tenant = app.tenant().await;
        for number in 0..people + gone {
            let status = if number < people { UserStatus::Active } else { UserStatus::Deleted };
            let user = make::user(tenant).status(status).make(&app.db).await;
            came(&app, &user, 20, (number < signed_in).then_some(13)).await;
        }
        for _ in 0..courses {
            let course = make::course(tenant).published().make(&app.db).await;
            if enrolled {
                let user = make::user(tenant).status(UserStatus::Deleted).make(&app.db).await;
                make::enrollment(&user, &course).make(&app.db).await;
            }
        }
        tenants.push(tenant);
    }
    count(&app, &tenants).await;

    let body = app.as_superuser().await.get("/api/admin/dashboard-stats/").await.expect(200).body;

    let needy = body["tenantsNeedingAttention"].as_array().expect("a list");
    let mut needy: Vec<_> = needy
        .iter()
        .map(|it| {
            let place = tenants.iter().position(|tenant| json!(tenant) == it["tenantId"]).expect("one of ours");
            let counts = ["totalUsers", "totalCourses", "totalEnrollments"].map(|key| it[key].clone());
            (place, counts, each(&it["issues"], "type").join(" "), it["severity"].clone())
        })
        .collect();
    needy.sort_by_key(|(place, ..)| *place);
    let expected = [(0, [1, 0, 0], "no_courses"), (1, [1, 1, 0], "no_enrollments"), (2, [5, 1, 1], "low_engagement")]
        .map(|(place, counts, kind)| (place, counts.map(|count| json!(count)), kind.to_owned(), json!("medium")));
    assert_eq!(needy, expected);
}
