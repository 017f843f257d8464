//! An instructor's courses in numbers, and what needs them.

use chrono::TimeDelta;
use serde_json::json;
use shared::courses::CourseStatus;
use shared::enrollments::{Enrollment, EnrollmentStatus};
use shared::testing::{count_queries, make};
use shared::users::UserRole;

use super::{Class, change, days_ago, each};
use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn an_instructor_sees_who_and_what_needs_them_in_a_constant_number_of_queries() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let instructor = app.as_role(tenant, UserRole::Instructor).await;
    let user = instructor.user.clone().expect("somebody");
    let course = make::course(tenant).owned_by(&user).published().make(&app.db).await;
    let idle = make::user(tenant).name("Ida", "Idle").make(&app.db).await;
    let long_ago = make::morning() - TimeDelta::days(20);
    let begun = |it: &mut Enrollment| (it.enrolled_at, it.started_at) = (long_ago, Some(long_ago));
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
async fn courses_need_attention_that_are_small_left_unfinished_or_stand_still() {
    use EnrollmentStatus::{Active, Cancelled, Completed};
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let instructor = app.as_role(tenant, UserRole::Instructor).await;
    let mut learners = Vec::new();
    for _ in 0..10 {
        learners.push(make::user(tenant).make(&app.db).await);
    }
    for (title, active, completed, cancelled, begun) in [
        // Exactly three tenths have left, exactly a fifth have completed it.
        ("Edge", 5, 2, 3, 1),
        ("Few", 2, 0, 0, 1),
        ("Left", 4, 2, 4, 1),
        ("Slow", 5, 0, 0, 1),
        ("Still", 3, 0, 0, 15),
        ("Two weeks", 3, 0, 0, 14),
        ("Draft", 0, 0, 0, 1),
    ] {
        let course = make::course(tenant).title(title).owned_by(instructor.user.as_ref().expect("somebody"));
        let course = if title == "Draft" { course } else { course.published() };
        let course = course.make(&app.db).await;
        let statuses = [(Active, active), (Completed, completed), (Cancelled, cancelled)];
        let statuses = statuses.into_iter().flat_map(|(status, times)| std::iter::repeat_n(status, times));
        for (user, status) in learners.iter().zip(statuses) {
            let begun = days_ago(begun);
            let since = |it: &mut Enrollment| {
                (it.enrolled_at, it.started_at, it.updated_at) = (begun, Some(begun), make::morning());
            };
            make::enrollment(user, &course).status(status).but(since).make(&app.db).await;
        }
    }

    let body = instructor.get("/api/instructor/dashboard-stats/").await.expect(200).body;

    let needy = body["coursesNeedingAttention"].as_array().expect("a list").iter();
    let needy: Vec<_> =
        needy.map(|it| json!([it["courseTitle"], it["severity"], each(&it["issues"], "type")])).collect();
    let expected = [
        json!(["Left", "high", ["high_attrition"]]),
        json!(["Few", "medium", ["low_enrollment"]]),
        json!(["Slow", "medium", ["low_completion"]]),
        json!(["Still", "medium", ["stagnant_engagement"]]),
    ];
    assert_eq!(needy, expected);
    // A fifth of ten in two courses, and nobody in four.
    assert_eq!(body["avgCompletionRate"], 6.7);
    let figures = ["totalCourses", "publishedCourses", "draftCourses", "totalEnrollments", "activeEnrollments"];
    assert_eq!(figures.map(|figure| body[figure].clone()), [7, 6, 1, 33, 22].map(|count| json!(count)));
    assert_eq!(body["activeStudents"], 5, "the first five, in several courses each");
    let top = ["Edge", "Left", "Slow", "Still", "Two weeks"];
    assert_eq!(each(&body["topCourses"], "title"), top, "by their rate, then by how many are in them");
    let rates = [0, 2].map(|place| body["topCourses"][place]["completionRate"].clone());
    assert_eq!(rates, [json!(20.0), json!(0.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_course_is_old_when_neither_it_nor_anything_in_it_was_changed_for_a_month() {
    let class = Class::start().await;
    let db = &class.app.db;
    let author = class.instructor().await;
    for title in ["Module changed", "Item changed"] {
        make::course(class.tenant).title(title).owned_by(&class.owner).published().with_modules(1, 1).make(db).await;
    }
    make::course(class.tenant).title("Draft").owned_by(&class.owner).make(db).await;
    for table in ["courses", "modules", "content_items"] {
        change(&class.app, &format!("update {table} set updated_at = '{}'", days_ago(31))).await;
    }
    let alert = |courses| {
        json!([{
            "type": "stale_content", "severity": "low", "title": "Old content",
            "message": format!("{courses} published courses were not changed for 30 days."),
            "actionUrl": "/instructor/courses", "actionLabel": "Look at the courses",
        }])
    };
    assert_eq!(class.dashboard().await["urgentAlerts"], alert(3));
    for (title, part, body) in [
        ("Module changed", "modules", json!({ "title": "Bends" })),
        ("Item changed", "content", json!({ "text_content": "Over, under." })),
    ] {
        let table = if part == "content" { "content_items" } else { part };
        let query = format!(
            "select p.id::text as text from {table} p join courses c on c.id = p.course_id where c.title = '{title}'"
        );
        for id in db.texts(&query).await {
            author.patch(&format!("/api/{part}/{id}/"), body.clone()).await.expect(200);
        }
    }
    assert_eq!(class.dashboard().await["urgentAlerts"], alert(1), "the one that was left alone");
    author.patch(&format!("/api/courses/{}/", class.course.id), json!({ "title": "Bends" })).await.expect(200);
    assert_eq!(class.dashboard().await["urgentAlerts"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_making_of_courses_is_counted() {
    let class = Class::start().await;
    let db = &class.app.db;
    let draft = make::course(class.tenant).owned_by(&class.owner).with_modules(2, 3).make(db).await;
    make::item(&draft.modules[0], 4).but(|item| item.is_published = false).make(db).await;
    for (status, published_at) in [
        (CourseStatus::Published, "2026-01-01T00:00:00Z"),
        (CourseStatus::Archived, "2026-01-02T00:00:00Z"),
        (CourseStatus::Published, "2025-12-31T23:59:59Z"),
    ] {
        let published = make::course(class.tenant).owned_by(&class.owner).but(|course| {
            (course.status, course.published_at) = (status, Some(published_at.parse().expect("an instant")));
        });
        published.make(db).await;
    }
    make::course(class.tenant).with_modules(1, 1).make(db).await;

    let progress = class.dashboard().await["contentProgress"].clone();

    // The class's own course is of this month, too.
    assert_eq!(progress, json!({ "drafts": 1, "publishedThisMonth": 3, "modulesCreated": 3, "contentItems": 11 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_five_enrollments_that_end_next_are_shown_by_the_instructors_own_calendar() {
    use EnrollmentStatus::{Active, Completed};
    let class = Class::start().await;
    change(&class.app, &format!("update users set timezone = 'Asia/Tokyo' where id = '{}'", class.owner.id)).await;
    for (name, status, hours) in [
        ("Six", Active, 60),
        ("Two", Active, 20),
        ("Over", Active, -1),
        ("One", Active, 10),
        ("Three", Active, 30),
        ("Done", Completed, 15),
        ("Four", Active, 40),
        ("Five", Active, 50),
    ] {
        let user = make::user(class.tenant).name(name, "").make(&class.app.db).await;
        let ends = make::morning() + TimeDelta::hours(hours);
        let enrollment = make::enrollment(&user, &class.course).status(status).but(|it| it.expires_at = Some(ends));
        enrollment.make(&class.app.db).await;
    }

    let deadlines = class.dashboard().await["upcomingDeadlines"].clone();

    let deadlines: Vec<_> = deadlines
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| json!([it["title"], it["course"], it["dueDate"]]))
        .collect();
    // It is 18 o'clock in Tokyo: the first one ends at four in the morning.
    let expected = [("One", "06"), ("Two", "06"), ("Three", "07"), ("Four", "07"), ("Five", "07")]
        .map(|(name, day)| json!([format!("Access of {name} ends"), "Knots", format!("Jan {day}, 2026")]));
    assert_eq!(deadlines, expected);
}
