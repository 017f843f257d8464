//! How far learners are with modules, and when they learned.

use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::enrollments::Enrollment;
use shared::testing::{count_queries, make};
use shared::users::UserRole;

use crate::courses::School;

/// A school with a course of two modules of two items each, in which the learner is active.
struct Lesson {
    school: School,
    course: make::MadeCourse,
    enrollment: Enrollment,
}

impl Lesson {
    async fn start() -> Self {
        let school = School::start().await;
        let db = &school.app.db;
        let owner = school.instructor.user.as_ref().expect("somebody");
        let course = make::course(school.tenant).owned_by(owner).published().with_modules(2, 2).make(db).await;
        let enrollment = make::enrollment(school.learner.user.as_ref().expect("somebody"), &course).make(db).await;
        Self { school, course, enrollment }
    }

    async fn tell(&self, item: usize, status: &str) {
        let body = json!({"content_item": self.course.items[item].id, "status": status});
        self.school.learner.post("/api/progress/", body).await.expect(200);
    }

    /// The learner was at work so many minutes before now.
    async fn worked(&self, minutes: &[i64], course: &make::MadeCourse) {
        for ago in minutes {
            let at = make::morning() - TimeDelta::minutes(*ago);
            let query = format!(
                "insert into events (id, tenant_id, user_id, event_type, course_id, occurred_at)
                 values (gen_random_uuid(), '{}', '{}', 'CONTENT_PROGRESSED', '{}', '{}') returning id::text as text",
                self.school.tenant,
                self.school.learner.id(),
                course.id,
                at.to_rfc3339(),
            );
            self.school.app.db.texts(&query).await;
        }
    }

    async fn live_in(&self, zone: &str) {
        let query = format!(
            "update users set timezone = '{zone}' where id = '{}' returning id::text as text",
            self.school.learner.id()
        );
        self.school.app.db.texts(&query).await;
    }

    async fn study(&self, query: &str) -> Value {
        self.school.learner.get(&format!("/api/progress/study/{query}")).await.expect(200).body
    }
}

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

#[tokio::test(flavor = "multi_thread")]
async fn a_module_is_completed_by_its_last_required_item() {
    let lesson = Lesson::start().await;
    lesson.tell(0, "COMPLETED").await;
    assert_eq!(lesson.school.events().await, ["CONTENT_COMPLETED"]);

    lesson.tell(1, "COMPLETED").await;

    assert_eq!(lesson.school.events().await, ["CONTENT_COMPLETED", "CONTENT_COMPLETED", "MODULE_COMPLETED"]);
    let path = format!("/api/enrollments/{}/modules/", lesson.enrollment.id);
    let listed = lesson.school.learner.get(&path).await.expect(200);
    let told = |row: &Value| {
        let words = ["required_items", "completed_items", "progress_percentage", "is_completed"];
        json!(words.map(|word| row[word].clone()))
    };
    assert_eq!(
        listed.results().iter().map(told).collect::<Vec<_>>(),
        [json!([2, 2, 100, true]), json!([2, 0, 0, false])]
    );
    assert!(listed.results()[0]["completed_at"].is_string());
    assert!(listed.results()[1]["completed_at"].is_null());
    lesson.tell(1, "NOT_STARTED").await;
    lesson.tell(1, "COMPLETED").await;
    let completed = lesson.school.events().await.into_iter().filter(|event| event == "MODULE_COMPLETED").count();
    assert_eq!(completed, 1, "it happened once");
    lesson.school.instructor.get(&path).await.expect(200);
    lesson.school.app.as_role(lesson.school.tenant, UserRole::Learner).await.get(&path).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn being_at_work_is_told_once_in_five_minutes() {
    let lesson = Lesson::start().await;
    for item in [0, 1, 0, 1, 2] {
        lesson.tell(item, "IN_PROGRESS").await;
    }
    assert_eq!(lesson.school.events().await, ["CONTENT_PROGRESSED"]);
    lesson.tell(3, "NOT_STARTED").await;
    assert_eq!(lesson.school.events().await.len(), 1, "taking back is no work");
    let study = lesson.study("").await;
    assert_eq!((&study["current_streak_days"], &study["total_minutes"]), (&json!(1), &json!(5)));
}

#[tokio::test(flavor = "multi_thread")]
async fn study_time_is_that_of_sittings() {
    let lesson = Lesson::start().await;
    // Two sittings, as 31 minutes lie between them: 20 minutes, and a moment.
    lesson.worked(&[HOUR, 50, 40, 9], &lesson.course).await;
    let other = make::course(lesson.school.tenant).published().make(&lesson.school.app.db).await;
    lesson.worked(&[2 * DAY], &other).await;

    let study = lesson.study("?days=3").await;

    assert_eq!(study["total_minutes"], 20 + 5 + 5 + 5);
    let minutes: Vec<_> = study["days"].as_array().expect("days").iter().map(|day| day["minutes"].clone()).collect();
    assert_eq!(minutes, [5, 0, 30]);
    assert_eq!(study["last_studied_on"], "2026-01-05");
    let path = format!("/api/enrollments/{}/study/?days=3", lesson.enrollment.id);
    let in_course = lesson.school.instructor.get(&path).await.expect(200).body;
    assert_eq!(in_course["total_minutes"], 30, "of the course alone");
    lesson.school.app.as_role(lesson.school.tenant, UserRole::Learner).await.get(&path).await.expect(404);
    for days in ["0", "367", "x", "-1"] {
        lesson.school.learner.get(&format!("/api/progress/study/?days={days}")).await.expect(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_streak_goes_by_the_days_of_the_persons_own_clock() {
    let lesson = Lesson::start().await;
    // It is nine in the morning of the fifth in UTC: these are the fourth at 23:00 and the third at 23:00.
    lesson.worked(&[10 * HOUR, 34 * HOUR], &lesson.course).await;
    let study = lesson.study("").await;
    assert_eq!((&study["timezone"], &study["current_streak_days"]), (&json!("UTC"), &json!(2)), "up to yesterday");
    assert_eq!(study["last_studied_on"], "2026-01-04");

    // There it was the fifth and the fourth already.
    lesson.live_in("Asia/Tokyo").await;
    let study = lesson.study("").await;
    assert_eq!((&study["timezone"], &study["current_streak_days"]), (&json!("Asia/Tokyo"), &json!(2)));
    assert_eq!(study["last_studied_on"], "2026-01-05");

    // Before that there was a longer row.
    lesson.worked(&[4 * DAY, 5 * DAY, 6 * DAY], &lesson.course).await;
    let study = lesson.study("?days=1").await;
    assert_eq!((&study["current_streak_days"], &study["longest_streak_days"]), (&json!(2), &json!(3)));
    assert_eq!(study["days"].as_array().expect("days").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_of_learning_takes_as_many_statements_as_a_day() {
    let lesson = Lesson::start().await;
    let (_, none) = count_queries(lesson.study("?days=366")).await;
    lesson.worked(&(1..60).map(|days| days * DAY).collect::<Vec<_>>(), &lesson.course).await;
    let (study, many) = count_queries(lesson.study("?days=366")).await;
    assert_eq!(study["longest_streak_days"], 59);
    assert_eq!(none, many);
}
