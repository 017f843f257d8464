//! Telling how far one is.

use serde_json::json;
use shared::enrollments::{Enrollment, EnrollmentStatus};
use shared::ids::ContentItemId;
use shared::testing::{count_queries, make};
use shared::users::UserRole;

use crate::courses::School;
use crate::support::Answer;

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
        let course = make::course(school.tenant).published().with_modules(2, 2).make(db).await;
        let enrollment = make::enrollment(school.learner.user.as_ref().expect("somebody"), &course).make(db).await;
        Self { school, course, enrollment }
    }

    async fn tell(&self, item: ContentItemId, status: &str) -> Answer {
        self.school.learner.post("/api/progress/", json!({"content_item": item, "status": status})).await
    }

    async fn percent(&self) -> i64 {
        let answer = self.school.learner.get(&format!("/api/enrollments/{}/", self.enrollment.id)).await;
        answer.body["progress_percentage"].as_i64().expect("a number")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_marks_an_item_as_completed() {
    let lesson = Lesson::start().await;
    let item = &lesson.course.items[0];

    let answer = lesson.tell(item.id, "completed").await.expect(200);

    assert_eq!(answer.body["status"], "COMPLETED");
    assert_eq!(answer.body["content_item"]["id"], json!(item.id));
    assert_eq!(answer.body["enrollment_id"], json!(lesson.enrollment.id));
    assert_eq!(answer.body["completed_at"], answer.body["started_at"]);
    assert_eq!(answer.body["progress_percentage"], 25);
    assert_eq!(lesson.percent().await, 25);
    assert_eq!(lesson.school.events().await, ["CONTENT_COMPLETED"]);
    assert!(lesson.school.jobs("enrollments.evaluate_completion").await.is_empty());

    lesson.tell(item.id, "completed").await.expect(200);
    assert_eq!(lesson.school.events().await.len(), 1, "told again, it has not happened again");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_items_status_goes_where_it_may() {
    let lesson = Lesson::start().await;
    let item = lesson.course.items[0].id;
    for (told, becomes, percent) in [
        ("IN_PROGRESS", "IN_PROGRESS", 0),
        ("COMPLETED", "COMPLETED", 25),
        ("IN_PROGRESS", "COMPLETED", 25),
        ("NOT_STARTED", "NOT_STARTED", 0),
        ("NOT_STARTED", "NOT_STARTED", 0),
        ("COMPLETED", "COMPLETED", 25),
    ] {
        let answer = lesson.tell(item, told).await.expect(200);
        assert_eq!(answer.body["status"], becomes, "{told}");
        assert_eq!(answer.body["completed_at"].is_string(), becomes == "COMPLETED");
        assert_eq!(answer.body["started_at"].is_string(), becomes != "NOT_STARTED");
        assert_eq!(lesson.percent().await, percent);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn details_are_laid_over_each_other() {
    let lesson = Lesson::start().await;
    let tell = |status: &str, details: serde_json::Value| {
        let body = json!({"content_item": lesson.course.items[0].id, "status": status, "progress_details": details});
        async { lesson.school.learner.post("/api/progress/", body).await }
    };
    tell("IN_PROGRESS", json!({"position": 10, "volume": {"left": 1}})).await.expect(200);
    let answer = tell("IN_PROGRESS", json!({"position": 20, "volume": {"right": 1}})).await.expect(200);
    assert_eq!(answer.body["progress_details"], json!({"position": 20, "volume": {"right": 1}}));
    let answer = tell("COMPLETED", json!({})).await.expect(200);
    assert_eq!(answer.body["progress_details"]["position"], 20);
    let answer = tell("NOT_STARTED", json!({"why": "again"})).await.expect(200);
    assert_eq!(answer.body["progress_details"], json!({"why": "again"}));

    for details in [json!([]), json!("x"), json!({"a": "x".repeat(70_000)})] {
        let refused = tell("IN_PROGRESS", details).await.expect(400);
        assert!(refused.body["errors"]["progress_details"].is_array(), "{}", refused.body);
    }
    tell("IN_PROGRESS", json!({"a": "x".repeat(40_000)})).await.expect(200);
    let refused = tell("IN_PROGRESS", json!({"b": "x".repeat(40_000)})).await.expect(400);
    assert!(refused.body["errors"]["progress_details"].is_array(), "together they are too large");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_item_has_completion_looked_at() {
    let lesson = Lesson::start().await;
    for item in &lesson.course.items[..3] {
        lesson.tell(item.id, "COMPLETED").await.expect(200);
    }
    assert!(lesson.school.jobs("enrollments.evaluate_completion").await.is_empty());

    let answer = lesson.tell(lesson.course.items[3].id, "COMPLETED").await.expect(200);

    assert_eq!(answer.body["progress_percentage"], 100);
    assert_eq!(answer.body["enrollment_status"], "ACTIVE", "the worker says when it is completed");
    assert_eq!(lesson.school.jobs("enrollments.evaluate_completion").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_at_once_is_all_counted() {
    for _ in 0..3 {
        let lesson = Lesson::start().await;
        let told = lesson.course.items.iter().map(|item| lesson.tell(item.id, "COMPLETED"));

        assert!(futures::future::join_all(told).await.iter().all(|answer| answer.status == 200));

        assert_eq!(lesson.percent().await, 100);
        assert_eq!(lesson.school.jobs("enrollments.evaluate_completion").await.len(), 1, "the last one saw them all");
        let mut events = lesson.school.events().await;
        events.sort();
        assert_eq!(events, [["CONTENT_COMPLETED"; 4].as_slice(), &["MODULE_COMPLETED"; 2]].concat());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_item_told_twice_at_once_is_one() {
    let lesson = Lesson::start().await;
    let item = lesson.course.items[0].id;
    let told = (0..8).map(|_| lesson.tell(item, "COMPLETED"));

    let answers = futures::future::join_all(told).await;

    let mut ids: Vec<_> = answers.iter().map(|answer| answer.text("/id").to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(lesson.school.events().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_required_published_items_count() {
    let school = School::start().await;
    let db = &school.app.db;
    let course = make::course(school.tenant).published().with_modules(1, 3).make(db).await;
    let module = &course.modules[0];
    let optional = make::item(module, 4).but(|item| item.is_required = false).make(db).await;
    let hidden = make::item(module, 5).but(|item| item.is_published = false).make(db).await;
    make::enrollment(school.learner.user.as_ref().expect("somebody"), &course).make(db).await;
    let tell = |item: ContentItemId| {
        school.learner.post("/api/progress/", json!({"content_item": item, "status": "COMPLETED"}))
    };

    assert_eq!(tell(optional.id).await.expect(200).body["progress_percentage"], 0);
    assert!(tell(hidden.id).await.expect(400).body["errors"]["content_item"].is_array());
    assert_eq!(tell(course.items[0].id).await.expect(200).body["progress_percentage"], 33);
    assert_eq!(tell(course.items[1].id).await.expect(200).body["progress_percentage"], 67);
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_for_those_who_take_part() {
    use EnrollmentStatus::{Cancelled, Completed, Expired, Pending};
    let school = School::start().await;
    let db = &school.app.db;
    let me = school.learner.user.as_ref().expect("somebody");
    let tell = |item: ContentItemId| {
        school.learner.post("/api/progress/", json!({"content_item": item, "status": "COMPLETED"}))
    };

    for (status, answer) in [(Pending, 409), (Cancelled, 409), (Expired, 409), (Completed, 200)] {
        let course = make::course(school.tenant).published().with_modules(1, 2).make(db).await;
        let mine = make::enrollment(me, &course).status(status).make(db).await;
        let told = tell(course.items[0].id).await.expect(answer);
        if status == Completed {
            assert_eq!(told.body["progress_percentage"], 100, "completed stays completed");
            let after = school.learner.get(&format!("/api/enrollments/{}/", mine.id)).await;
            assert_eq!((&after.body["status"], &after.body["progress_percentage"]), (&json!("COMPLETED"), &json!(100)));
        } else {
            assert_eq!(told.body["code"], "enrollment_not_active");
        }
    }
    let open = make::course(school.tenant).published().with_modules(1, 1).make(db).await;
    tell(open.items[0].id).await.expect(403);
    let draft = make::course(school.tenant).with_modules(1, 1).make(db).await;
    let foreign = make::course(school.app.tenant().await).published().with_modules(1, 1).make(db).await;
    for item in [draft.items[0].id, foreign.items[0].id, ContentItemId::new()] {
        let refused = tell(item).await.expect(400);
        assert!(refused.body["errors"]["content_item"].is_array(), "{}", refused.body);
    }
    for body in
        [json!({}), json!({"content_item": open.items[0].id}), json!({"content_item": "x", "status": "COMPLETED"})]
    {
        school.learner.post("/api/progress/", body).await.expect(400);
    }
    let answer =
        school.learner.post("/api/progress/", json!({"content_item": open.items[0].id, "status": "DONE"})).await;
    assert!(answer.expect(400).body["errors"]["status"].is_array());
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_lists_every_published_item_in_order() {
    let lesson = Lesson::start().await;
    let db = &lesson.school.app.db;
    make::item(&lesson.course.modules[0], 3).but(|item| item.is_published = false).make(db).await;
    lesson.tell(lesson.course.items[2].id, "COMPLETED").await.expect(200);
    let path = format!("/api/enrollments/{}/progress/", lesson.enrollment.id);

    let answer = lesson.school.learner.get(&path).await.expect(200);

    let list: Vec<_> = answer
        .results()
        .iter()
        .map(|one| (one["content_item"]["id"].clone(), one["status"].as_str().expect("a word")))
        .collect();
    let expected: Vec<_> = lesson
        .course
        .items
        .iter()
        .zip(["NOT_STARTED", "NOT_STARTED", "COMPLETED", "NOT_STARTED"])
        .map(|(item, status)| (json!(item.id), status))
        .collect();
    assert_eq!(list, expected);
    let colleague = lesson.school.app.as_role(lesson.school.tenant, UserRole::Instructor).await;
    colleague.get(&path).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_listed_with_as_many_statements_for_one_as_for_twenty() {
    let school = School::start().await;
    let db = &school.app.db;
    let me = school.learner.user.as_ref().expect("somebody");
    let mut counts = Vec::new();
    for items in [1, 20] {
        let course = make::course(school.tenant).published().with_modules(1, items).make(db).await;
        let mine = make::enrollment(me, &course).make(db).await;
        for item in &course.items {
            make::completed_item(db, &mine, item).await;
        }
        let path = format!("/api/enrollments/{}/progress/", mine.id);
        let (answer, count) = count_queries(school.learner.get(&path)).await;
        assert_eq!(answer.results().len(), items);
        counts.push(count);
    }
    assert_eq!(counts[0], counts[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn telling_progress_takes_few_statements() {
    let lesson = Lesson::start().await;
    let item = lesson.course.items[0].id;
    let (_, completing) = count_queries(lesson.tell(item, "COMPLETED")).await;
    let (_, repeating) = count_queries(lesson.tell(item, "COMPLETED")).await;
    // Who calls, begin, hold, decide, write, commit; and what a completed item causes.
    assert!(repeating <= 6, "{repeating}");
    assert!(completing <= 9, "{completing}");
    let (_, finishing_a_module) = count_queries(lesson.tell(lesson.course.items[1].id, "COMPLETED")).await;
    assert!(finishing_a_module <= 10, "{finishing_a_module}");
}
