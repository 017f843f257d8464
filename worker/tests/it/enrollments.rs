//! Completion: when a learner is done, and that nothing of it is lost or done twice.

use chrono::{DateTime, Utc};
use shared::clock::Clock;
use shared::enrollments::jobs::{CourseCompleted, EvaluateCompletion};
use shared::enrollments::{Enrollment, EnrollmentStatus, Progress, ProgressReport, ProgressStatus};
use shared::ids::ContentItemId;
use shared::jobs::enqueue;
use shared::testing::{TestDb, make};
use shared::users::User;
use worker::drain::drain;
use worker::enrollments::register;
use worker::registry::Registry;

use crate::support::{count, services_with};

/// A learner, active in a course of so many items.
struct Lesson {
    db: TestDb,
    learner: User,
    course: make::MadeCourse,
    enrollment: Enrollment,
}

impl Lesson {
    async fn of(items: usize) -> Self {
        let db = TestDb::lease().await;
        let tenant = make::tenant(&db).await.id;
        let learner = make::user(tenant).make(&db).await;
        let course = make::course(tenant).published().with_modules(1, items).make(&db).await;
        let enrollment = make::enrollment(&learner, &course).make(&db).await;
        Self { db, learner, course, enrollment }
    }

    async fn complete(&self, item: ContentItemId) {
        let report = ProgressReport { item, status: ProgressStatus::Completed, details: serde_json::Map::new() };
        let mut conn = self.db.tenant(self.course.tenant_id).await;
        Progress::record(&mut conn, self.course.tenant_id, self.learner.id, report, make::morning())
            .await
            .expect("recorded");
    }

    /// Asks for an evaluation that progress has not asked for.
    async fn evaluate(&self) {
        let mut conn = self.db.tenant(self.course.tenant_id).await;
        let job = EvaluateCompletion { tenant_id: self.course.tenant_id, enrollment_id: self.enrollment.id };
        enqueue(&mut conn, &job).await.expect("enqueued");
    }

    /// Runs this domain's jobs; what others answer stays.
    async fn run(&self) {
        let services = services_with(&self.db, Clock::set_to(make::morning()), &[]);
        drain(&services, || register(Registry::default()), Utc::now()).await.expect("drained");
    }

    async fn now(&self) -> Enrollment {
        let mut conn = self.db.tenant(self.course.tenant_id).await;
        let row = Enrollment::find(&mut conn, self.course.tenant_id, self.enrollment.id).await.expect("an answer");
        row.expect("the enrollment").enrollment
    }

    async fn events(&self, kind: &str) -> usize {
        self.db.texts(&format!("select id::text as text from events where event_type = '{kind}'")).await.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_done_everything_is_done_once() {
    let lesson = Lesson::of(2).await;
    for item in &lesson.course.items {
        lesson.complete(item.id).await;
    }

    lesson.run().await;

    let done = lesson.now().await;
    assert_eq!(
        (done.status, done.progress, done.completed_at),
        (EnrollmentStatus::Completed, 100, Some(make::morning()))
    );
    assert_eq!(lesson.events("COURSE_COMPLETED").await, 1);
    assert_eq!(count(&lesson.db, "enrollments.course_completed").await, 1);

    lesson.evaluate().await;
    lesson.run().await;
    assert_eq!(lesson.events("COURSE_COMPLETED").await, 1);
    assert_eq!(count(&lesson.db, "enrollments.course_completed").await, 1, "asked again, it was done before");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_something_left_is_not_done() {
    let lesson = Lesson::of(2).await;
    lesson.complete(lesson.course.items[0].id).await;

    lesson.evaluate().await;
    lesson.run().await;

    assert_eq!((lesson.now().await.status, lesson.now().await.progress), (EnrollmentStatus::Active, 50));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_course_without_anything_to_do_is_not_completed_by_doing_nothing() {
    let lesson = Lesson::of(0).await;

    lesson.evaluate().await;
    lesson.run().await;

    assert_eq!((lesson.now().await.status, lesson.now().await.progress), (EnrollmentStatus::Active, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_take_part_is_not_completed() {
    use EnrollmentStatus::{Cancelled, Expired, Pending};
    for status in [Pending, Cancelled, Expired] {
        let mut lesson = Lesson::of(1).await;
        let other = make::user(lesson.course.tenant_id).make(&lesson.db).await;
        lesson.enrollment = make::enrollment(&other, &lesson.course).status(status).make(&lesson.db).await;
        make::completed_item(&lesson.db, &lesson.enrollment, &lesson.course.items[0]).await;

        lesson.evaluate().await;
        lesson.run().await;

        assert_eq!(lesson.now().await.status, status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_that_is_written_while_completion_is_looked_at_is_not_lost() {
    for _ in 0..20 {
        let lesson = Lesson::of(2).await;
        lesson.complete(lesson.course.items[0].id).await;
        // An evaluation runs, or is about to, while the last item is told.
        lesson.evaluate().await;
        tokio::join!(lesson.run(), lesson.complete(lesson.course.items[1].id));
        // What the write asked for, if it asked for another.
        lesson.run().await;

        assert_eq!(lesson.now().await.status, EnrollmentStatus::Completed);
        assert_eq!(count(&lesson.db, "enrollments.course_completed").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_the_last_thing_away_completes_those_who_have_done_the_rest() {
    let lesson = Lesson::of(2).await;
    lesson.complete(lesson.course.items[0].id).await;
    let other = make::user(lesson.course.tenant_id).make(&lesson.db).await;
    let others = make::enrollment(&other, &lesson.course).make(&lesson.db).await;

    lesson.course.items[1]
        .delete(&mut *lesson.db.tenant(lesson.course.tenant_id).await, make::morning())
        .await
        .expect("deleted");
    lesson.run().await;

    assert_eq!(lesson.now().await.status, EnrollmentStatus::Completed);
    let mut conn = lesson.db.tenant(lesson.course.tenant_id).await;
    let others =
        Enrollment::find(&mut conn, lesson.course.tenant_id, others.id).await.expect("an answer").expect("a row");
    assert_eq!((others.enrollment.status, others.enrollment.progress), (EnrollmentStatus::Active, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn adding_content_lowers_the_percentage_of_those_who_learn_and_of_nobody_else() {
    let lesson = Lesson::of(2).await;
    lesson.complete(lesson.course.items[0].id).await;
    let done = make::user(lesson.course.tenant_id).make(&lesson.db).await;
    let done = make::enrollment(&done, &lesson.course).status(EnrollmentStatus::Completed).make(&lesson.db).await;
    let mut conn = lesson.db.tenant(lesson.course.tenant_id).await;
    let new = shared::courses::NewContentItem {
        title: "More".to_owned(),
        content_type: shared::courses::ContentType::Text,
        position: None,
        text_content: None,
        external_url: None,
        metadata: serde_json::json!({}),
        is_published: true,
        is_required: true,
        window: shared::courses::Window::default(),
    };
    let now: DateTime<Utc> = make::morning();
    shared::courses::ContentItem::create(
        &mut conn,
        &lesson.course.modules[0],
        new,
        shared::courses::Authorship::default(),
        now,
    )
    .await
    .expect("made");

    lesson.run().await;

    assert_eq!(lesson.now().await.progress, 33);
    let done = Enrollment::find(&mut conn, lesson.course.tenant_id, done.id).await.expect("an answer").expect("a row");
    assert_eq!((done.enrollment.status, done.enrollment.progress), (EnrollmentStatus::Completed, 100));
}

#[test]
fn payloads_outlive_releases() {
    let id = "01935b7e-2c1f-7d3a-8f60-0242ac120002";
    let text = format!(r#"{{"tenant_id":"{id}","enrollment_id":"{id}"}}"#);
    let job: EvaluateCompletion = serde_json::from_str(&text).expect("readable");
    assert_eq!(serde_json::to_string(&job).expect("JSON"), text);
    let job: CourseCompleted = serde_json::from_str(&text).expect("readable");
    assert_eq!(serde_json::to_string(&job).expect("JSON"), text);
}
