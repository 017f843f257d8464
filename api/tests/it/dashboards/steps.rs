//! What is a step of a learner, and what is not.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use shared::enrollments::{Enrollment, EnrollmentStatus};
use shared::testing::make;
use shared::users::UserRole;

use super::{Class, each, enroll};

/// Who is at risk, and why.
fn lost(dashboard: &Value) -> Vec<(String, Vec<String>)> {
    let learners = dashboard["atRiskStudents"].as_array().expect("a list");
    let lost = |it: &Value| (it["studentName"].as_str().expect("a name").to_owned(), each(&it["riskFactors"], "type"));
    learners.iter().map(lost).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_a_film_is_at_work_and_what_others_change_is_no_step() {
    let class = Class::start().await;
    let (now, items) = (class.app.app.clock.now(), &class.course.items);
    let (ann, at_work) = class.learner("Ann", 20).await;
    let (_, idle) = class.learner("Ida", 20).await;
    for enrollment in [&at_work, &idle] {
        make::completed_item(&class.app.db, enrollment, &items[0]).await;
    }
    Enrollment::recount_course(&mut *class.app.db.tenant(class.tenant).await, class.tenant, class.course.id, now)
        .await
        .expect("counted");
    let only_ida = [("Ida".to_owned(), vec!["long_inactive".to_owned()])];

    class.tell(&ann, &items[1], "IN_PROGRESS").await;

    let dashboard = class.dashboard().await;
    assert_eq!(lost(&dashboard), only_ida, "both are at 25 %, and that was counted anew just now");
    assert_eq!(dashboard["atRiskStudents"][0]["lastActivity"], "2025-12-16T09:00:00Z", "when she began");
    assert_eq!(dashboard["coursesNeedingAttention"][0]["issues"].as_array().map(Vec::len), Some(1), "it goes on");

    let author = class.instructor().await;
    author.patch(&format!("/api/content/{}/", items[3].id), json!({ "is_required": false })).await.expect(200);
    let recounted =
        Enrollment::recount_course(&mut *class.app.db.tenant(class.tenant).await, class.tenant, class.course.id, now)
            .await;
    assert_eq!(recounted.expect("counted"), 2);
    let ends = json!({ "expires_at": "2026-03-01T00:00:00Z" });
    author.patch(&format!("/api/enrollments/{}/", idle.id), ends).await.expect(200);

    let dashboard = class.dashboard().await;
    assert_eq!(lost(&dashboard), only_ida);
    assert_eq!(dashboard["atRiskStudents"][0]["progress"], 33, "one of three");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_noted_once_in_five_minutes_and_going_back_is_none() {
    let class = Class::start().await;
    let (ann, enrollment) = class.learner("Ann", 0).await;
    let done = make::user(class.tenant).make(&class.app.db).await;
    let completed = enroll(&done, 9, &class.course).status(EnrollmentStatus::Completed).make(&class.app.db).await;
    let noted = async |enrollment: &Enrollment| {
        let query = format!(
            "select coalesce(to_char(last_step_at at time zone 'UTC', 'HH24:MI:SS'), 'never') as text
             from enrollments where id = '{}'",
            enrollment.id
        );
        class.app.db.texts(&query).await.join(" ")
    };
    for (seconds, item, status, then) in [
        (0, 0, "NOT_STARTED", "never"),
        (0, 0, "IN_PROGRESS", "09:00:00"),
        (299, 0, "IN_PROGRESS", "09:00:00"),
        (1, 0, "IN_PROGRESS", "09:05:00"),
        // Another percentage is written down, and the step with it.
        (1, 1, "COMPLETED", "09:05:01"),
        (600, 1, "NOT_STARTED", "09:05:01"),
    ] {
        class.app.app.clock.advance(TimeDelta::seconds(seconds));
        class.tell(&ann, &class.course.items[item], status).await;
        assert_eq!(noted(&enrollment).await, then, "{status} after {seconds} s");
    }
    class.tell(&done, &class.course.items[0], "IN_PROGRESS").await;
    assert_eq!(noted(&completed).await, "09:15:01", "also of a course that one has completed");
    let logged = "select subject_type || ' ' || action as text from audit_log where subject_type = 'enrollments' and action = 'update'";
    assert_eq!(class.app.db.texts(logged).await, Vec::<String>::new(), "the audit log does not tell of steps");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instructor_reads_the_latest_steps_in_their_courses() {
    let class = Class::start().await;
    let (ann, _) = class.learner("Ann", 3).await;
    let (bob, _) = class.learner("Bob", 30).await;
    let other = make::course(class.tenant).published().with_modules(1, 1).make(&class.app.db).await;
    enroll(&ann, 3, &other).make(&class.app.db).await;
    let items = &class.course.items;
    for (who, item, status) in [
        (&ann, &items[0], "COMPLETED"),
        (&bob, &items[2], "IN_PROGRESS"),
        (&ann, &other.items[0], "COMPLETED"),
        (&bob, &items[3], "NOT_STARTED"),
    ] {
        class.app.app.clock.advance(TimeDelta::minutes(1));
        class.tell(who, item, status).await;
    }

    let activity = class.dashboard().await["recentActivity"].clone();

    assert_eq!(each(&activity, "description"), ["Bob started Item 3 in Knots", "Ann completed Item 1 in Knots"]);
    let at: DateTime<Utc> = activity[0]["timestamp"].as_str().expect("a text").parse().expect("an instant");
    assert_eq!(at, make::morning() + TimeDelta::minutes(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_best_of_a_week_are_those_who_finished_most_of_what_is_required_or_not() {
    let class = Class::start().await;
    let extra = make::item(&class.course.modules[0], 5).but(|item| item.is_required = false);
    let extra = extra.make(&class.app.db).await;
    let items = &class.course.items;
    for (name, finished) in [("Bob", 2), ("Ann", 3)] {
        let (user, _) = class.learner(name, 10).await;
        for item in &items[..finished] {
            class.tell(&user, item, "COMPLETED").await;
        }
    }
    // Completed long ago, and looked at again.
    let done = make::user(class.tenant).name("Dee", "").make(&class.app.db).await;
    enroll(&done, 30, &class.course).status(EnrollmentStatus::Completed).make(&class.app.db).await;
    class.tell(&done, &extra, "COMPLETED").await;
    let (_, idle) = class.learner("Ida", 10).await;
    let long_ago = make::completed_item(&class.app.db, &idle, &items[0]).await;
    let before = "update learner_progress set completed_at = '2025-12-29T08:59:59Z' where id";
    super::change(&class.app, &format!("{before} = '{}'", long_ago.id)).await;

    let best = json!([
        { "name": "Ann", "course": "Knots", "itemsCompleted": 3, "hoursSpent": 7.5 },
        { "name": "Bob", "course": "Knots", "itemsCompleted": 2, "hoursSpent": 5.0 },
        // What the course does not require has no hours.
        { "name": "Dee", "course": "Knots", "itemsCompleted": 1, "hoursSpent": 0.0 },
    ]);
    assert_eq!(class.dashboard().await["topStudents"], best);
    let colleague = class.app.as_role(class.tenant, UserRole::Instructor).await;
    let theirs = colleague.get("/api/instructor/dashboard-stats/").await.expect(200).body;
    assert_eq!((&theirs["topStudents"], &theirs["recentActivity"]), (&json!([]), &json!([])));
}
