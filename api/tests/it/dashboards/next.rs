//! What a learner's dashboard leads to: nothing that is shut, and nothing that is hidden.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use shared::enrollments::EnrollmentStatus;
use shared::testing::make;
use shared::users::{User, UserRole};

use super::{change, days_ago, each};
use crate::support::TestApp;

async fn dashboard(app: &TestApp, user: &User) -> Value {
    app.as_user(user).await.get("/api/learner/dashboard-stats/").await.expect(200).body
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_next_is_the_first_item_that_would_open() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let user = make::user(tenant).make(&app.db).await;
    let course = make::course(tenant).published().with_modules(3, 2).make(&app.db).await;
    let (first, second) = (&course.modules[0], &course.modules[1]);
    make::module_comes_before(&app.db, second, first).await;
    let enrollment = make::enrollment(&user, &course).make(&app.db).await;
    // Another course, so that the one's prerequisites are not taken for the other's.
    let other = make::course(tenant).published().with_modules(1, 1).make(&app.db).await;
    make::enrollment(&user, &other).but(|it| it.started_at = Some(days_ago(1))).make(&app.db).await;
    let next = async || {
        let body = dashboard(&app, &user).await;
        let mut courses = body["coursesInProgress"].as_array().expect("courses").iter();
        let lesson = &courses.find(|it| it["courseId"] == json!(course.id)).expect("the course")["nextLesson"];
        lesson.as_object().map(|_| (lesson["id"].clone(), lesson["moduleTitle"].clone()))
    };
    let wanted = |item: usize, module: &str| Some((json!(course.items[item].id), json!(module)));

    assert_eq!(next().await, wanted(2, "Module 2"), "the first module is shut until the second is done");
    let item = course.items[2].id;
    change(&app, &format!("update content_items set release_at = '2026-01-06' where id = '{item}'")).await;
    assert_eq!(next().await, wanted(3, "Module 2"), "its first item opens tomorrow");
    change(&app, &format!("update content_items set is_published = false where id = '{}'", course.items[3].id)).await;
    assert_eq!(next().await, wanted(4, "Module 3"), "its other one is hidden");
    change(&app, &format!("update content_items set release_at = null where id = '{item}'")).await;
    make::completed_item(&app.db, &enrollment, &course.items[2]).await;
    assert_eq!(next().await, wanted(0, "Module 1"), "what is required of the second is done");
    let closed = "update modules set available_until = '2026-01-05 09:00Z' where course_id";
    change(&app, &format!("{closed} = '{}'", course.id)).await;
    assert_eq!(next().await, None, "all is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_six_courses_last_worked_on_are_shown_the_last_one_first() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let user = make::user(tenant).make(&app.db).await;
    let mut courses = Vec::new();
    for days in 1..=8 {
        let title = format!("Course {days}");
        let course = make::course(tenant).title(&title).published().with_modules(1, 2).make(&app.db).await;
        let begun = days_ago(days);
        let enrollment = make::enrollment(&user, &course).but(|it| {
            (it.enrolled_at, it.started_at, it.updated_at) = (begun, Some(begun), begun);
            // Over since yesterday, and the clock's job has not come by.
            it.expires_at = (days == 2).then(|| days_ago(1));
        });
        enrollment.make(&app.db).await;
        courses.push(course);
    }
    let told = json!({ "content_item": courses[7].items[1].id, "status": "IN_PROGRESS" });
    app.as_user(&user).await.post("/api/progress/", told).await.expect(200);

    let body = dashboard(&app, &user).await;

    let titles = ["Course 8", "Course 1", "Course 3", "Course 4", "Course 5", "Course 6"];
    assert_eq!(each(&body["coursesInProgress"], "courseTitle"), titles);
    let latest = json!({
        "courseId": courses[7].id, "courseTitle": "Course 8", "courseSlug": courses[7].slug, "courseThumbnail": null,
        "progressPercentage": 0, "completedLessons": 0, "totalLessons": 2, "lastAccessedAt": "2026-01-05T09:00:00Z",
        "nextLesson": {
            "id": courses[7].items[0].id, "title": "Item 1", "moduleTitle": "Module 1", "contentType": "TEXT",
        },
    });
    assert_eq!(body["continueLearning"], latest);
    assert_eq!(body["coursesInProgress"][1]["lastAccessedAt"], "2026-01-04T09:00:00Z", "begun, and no step since");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_hidden_from_the_learner_is_named() {
    use EnrollmentStatus::{Active, Cancelled, Completed};
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let user = make::user(tenant).make(&app.db).await;
    for (title, becomes, status, ends_in) in [
        ("Drafted", "DRAFT", Active, 1),
        ("Open", "PUBLISHED", Active, 2),
        ("Kept", "ARCHIVED", Active, 3),
        ("Left", "ARCHIVED", Cancelled, 4),
        ("Also open", "PUBLISHED", Active, 5),
        ("Open, too", "PUBLISHED", Active, 6),
        ("Learned", "PUBLISHED", Completed, 7),
        ("Over", "PUBLISHED", Active, -1),
    ] {
        let course = make::course(tenant).title(title).published().with_modules(1, 1).make(&app.db).await;
        let module = &course.modules[0];
        let hidden = make::item(module, 2).but(|item| item.is_published = false).make(&app.db).await;
        let enrollment = make::enrollment(&user, &course).status(status);
        let enrollment = enrollment.but(|it| it.expires_at = Some(days_ago(-ends_in))).make(&app.db).await;
        if ends_in < 5 && ends_in > 0 {
            make::completed_item(&app.db, &enrollment, &course.items[0]).await;
            make::completed_item(&app.db, &enrollment, &hidden).await;
        }
        change(&app, &format!("update courses set status = '{becomes}' where id = '{}'", course.id)).await;
    }

    let body = dashboard(&app, &user).await;

    let mut told = each(&body["recentActivity"], "description");
    told.sort();
    assert_eq!(told, ["Completed Item 1 in Kept", "Completed Item 1 in Open"]);
    let deadlines = json!([
        { "title": "Access ends", "course": "Open", "dueDate": "Jan 07, 2026" },
        { "title": "Access ends", "course": "Kept", "dueDate": "Jan 08, 2026" },
        { "title": "Access ends", "course": "Also open", "dueDate": "Jan 10, 2026" },
    ]);
    assert_eq!(body["upcomingDeadlines"], deadlines);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_five_items_last_begun_or_completed_are_told_of() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let user = make::user(tenant).role(UserRole::Learner).make(&app.db).await;
    let course = make::course(tenant).title("Knots").published().with_modules(1, 7).make(&app.db).await;
    make::enrollment(&user, &course).make(&app.db).await;
    for (item, status) in [
        (0, "COMPLETED"),
        (1, "IN_PROGRESS"),
        (2, "COMPLETED"),
        (3, "IN_PROGRESS"),
        (4, "COMPLETED"),
        (5, "COMPLETED"),
        (6, "NOT_STARTED"),
        (1, "COMPLETED"),
    ] {
        app.app.clock.advance(TimeDelta::minutes(1));
        let told = json!({ "content_item": course.items[item].id, "status": status });
        app.as_user(&user).await.post("/api/progress/", told).await.expect(200);
    }

    let activity = dashboard(&app, &user).await["recentActivity"].clone();

    let told = ["Completed Item 2", "Completed Item 6", "Completed Item 5", "Started Item 4", "Completed Item 3"];
    assert_eq!(each(&activity, "description"), told.map(|it| format!("{it} in Knots")));
    let last: DateTime<Utc> = activity[0]["timestamp"].as_str().expect("a text").parse().expect("an instant");
    assert_eq!(last, app.app.clock.now());
}
