//! Random courses, people and times: no endpoint shows what the decision denies, and all agree on it.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use shared::courses::{Course, CourseStatus};
use shared::enrollments::EnrollmentStatus;
use shared::testing::make;

use super::School;
use crate::support::Client;

/// When something opens or closes, in days from now.
type Days = (Option<i64>, Option<i32>, Option<i64>);

/// A course and somebody who wants to see it.
#[derive(Debug, Clone)]
struct Plan {
    status: CourseStatus,
    /// Status, days since they began, days until it is over.
    enrollment: Option<(EnrollmentStatus, i64, Option<i64>)>,
    modules: Vec<(Days, Vec<(bool, Days)>)>,
    /// Pairs of modules of which the first comes before the second.
    before: Vec<(usize, usize)>,
    /// Which items are done.
    done: Vec<bool>,
}

fn days() -> impl Strategy<Value = Days> {
    let seldom = |range| prop::option::weighted(0.2, range);
    (seldom(-9..9_i64), prop::option::weighted(0.2, 0..12_i32), seldom(-9..9_i64))
}

fn plan() -> impl Strategy<Value = Plan> {
    let status = prop_oneof![4 => Just(CourseStatus::Published), 1 => prop::sample::select(CourseStatus::ALL)];
    let standing = prop_oneof![
        4 => Just(EnrollmentStatus::Active),
        1 => prop::sample::select(EnrollmentStatus::ALL),
    ];
    let enrollment = prop::option::weighted(0.85, (standing, 0..9_i64, prop::option::weighted(0.2, -3..9_i64)));
    let items = prop::collection::vec((prop::bool::weighted(0.8), days()), 1..4);
    let modules = prop::collection::vec((days(), items), 1..4);
    let before = prop::collection::vec((0..3_usize, 0..3_usize), 0..3);
    let done = prop::collection::vec(any::<bool>(), 12);
    (status, enrollment, modules, before, done).prop_map(|(status, enrollment, modules, before, done)| Plan {
        status,
        enrollment,
        modules,
        before,
        done,
    })
}

fn from_now(days: i64) -> DateTime<Utc> {
    make::morning() + TimeDelta::days(days)
}

/// The window, without one that would close before it opens.
fn window((opens, after, closes): Days) -> (Option<DateTime<Utc>>, Option<i32>, Option<DateTime<Utc>>) {
    let closes = closes.filter(|closes| opens.is_none_or(|opens| opens < *closes));
    (opens.map(from_now), after, closes.map(from_now))
}

/// Makes what is planned. Every item's title and body name it.
async fn build(school: &School, plan: &Plan) -> make::MadeCourse {
    let db = &school.app.db;
    let mut made = make::course(school.tenant).but(|course: &mut Course| course.status = plan.status).make(db).await;
    for (number, (opens, items)) in (1..).zip(&plan.modules) {
        let module = make::module(db, &made.course, number).await;
        let (from, after, until) = window(*opens);
        let set = |column: &str, value: Option<String>| {
            format!("{column} = {}", value.map_or("null".to_owned(), |value| format!("'{value}'")))
        };
        let columns = [
            set("release_at", from.map(|at| at.to_rfc3339())),
            set("release_after_days", after.map(|days| days.to_string())),
            set("available_until", until.map(|at| at.to_rfc3339())),
        ];
        let query =
            format!("update modules set {} where id = '{}' returning id::text as text", columns.join(", "), module.id);
        db.texts(&query).await;
        for (number, (is_published, opens)) in (1..).zip(items) {
            let change = |item: &mut shared::courses::ContentItem| {
                item.title = format!("title of {}", item.id);
                item.text_content = Some(format!("body of {}", item.id));
                item.external_url = Some(format!("https://example.org/body of {}", item.id));
                item.is_published = *is_published;
                (item.release_at, item.release_after_days, item.available_until) = window(*opens);
            };
            made.items.push(make::item(&module, number).but(change).make(db).await);
        }
        made.modules.push(module);
    }
    for (before, after) in plan.before.iter().filter(|(before, after)| before < after && *after < made.modules.len()) {
        let known = format!(
            "select id::text as text from module_prerequisites where module_id = '{}' and prerequisite_module_id = '{}'",
            made.modules[*after].id, made.modules[*before].id
        );
        if db.texts(&known).await.is_empty() {
            make::module_comes_before(db, &made.modules[*before], &made.modules[*after]).await;
        }
    }
    made
}

/// Enrolls them as planned, and has them done what is planned.
async fn enroll(school: &School, plan: &Plan, learner: &Client, course: &make::MadeCourse) {
    let Some((status, began, ends)) = plan.enrollment else { return };
    let began = from_now(-began);
    let enrollment = make::enrollment(learner.user.as_ref().expect("somebody"), course)
        .status(status)
        .but(|enrollment| {
            enrollment.enrolled_at = began;
            enrollment.started_at = (status != EnrollmentStatus::Pending).then_some(began);
            enrollment.expires_at = ends.map(from_now);
        })
        .make(&school.app.db)
        .await;
    for (item, done) in course.items.iter().zip(&plan.done) {
        if *done {
            make::completed_item(&school.app.db, &enrollment, item).await;
        }
    }
}

/// Everything that shows items to the learner, as they are answered.
async fn everything(learner: &Client, course: &make::MadeCourse) -> String {
    let mut paths = vec![
        "/api/courses/?page_size=200".to_owned(),
        format!("/api/courses/{}/", course.id),
        format!("/api/courses/{}/modules/", course.id),
        format!("/api/courses/{}/access/", course.id),
        "/api/enrollments/my/".to_owned(),
    ];
    for module in &course.modules {
        paths.push(format!("/api/modules/{}/", module.id));
        paths.push(format!("/api/modules/{}/content/", module.id));
    }
    for item in &course.items {
        paths.push(format!("/api/content/{}/", item.id));
        paths.push(format!("/api/content/{}/versions/", item.id));
    }
    let own = learner.get(&format!("/api/enrollments/my/?course={}", course.id)).await;
    for enrollment in own.results() {
        paths.push(format!("/api/enrollments/{}/progress/", enrollment["id"].as_str().expect("an id")));
    }
    let mut shown = String::new();
    for path in paths {
        let answer = learner.get(&path).await;
        assert!(matches!(answer.status.as_u16(), 200 | 403 | 404), "{path}: {}", answer.body);
        shown.push_str(&String::from_utf8_lossy(&answer.bytes));
    }
    shown
}

/// The decision about an item, as its course's access tells it; none when it is hidden.
fn decision<'a>(access: &'a Value, item: &str) -> Option<&'a Value> {
    let modules = access["modules"].as_array()?;
    modules.iter().flat_map(|module| module["items"].as_array().into_iter().flatten()).find(|row| row["id"] == item)
}

async fn check(school: &School, plan: &Plan) {
    let learner = school.app.as_role(school.tenant, shared::users::UserRole::Learner).await;
    let course = build(school, plan).await;
    enroll(school, plan, &learner, &course).await;
    let own = learner.get(&format!("/api/courses/{}/access/", course.id)).await;
    let told = school.admin.get(&format!("/api/courses/{}/access/?user={}", course.id, learner.id())).await.expect(200);
    let shown = everything(&learner, &course).await;

    for item in &course.items {
        let id = item.id.to_string();
        let mine = decision(&own.body, &id);
        let allowed = mine.is_some_and(|mine| mine["is_allowed"] == true);
        let theirs = decision(&told.body, &id).expect("whoever runs the course is told of every item");
        assert_eq!(theirs["is_allowed"], json!(allowed), "told otherwise to who runs the course");
        assert_eq!(theirs["reasons"].as_array().map(Vec::is_empty), Some(allowed));
        if let Some(mine) = mine {
            assert_eq!(mine["reasons"], theirs["reasons"]);
        }
        assert_eq!(shown.contains(&format!("body of {id}")), allowed, "{id}: {theirs}");
        assert_eq!(shown.contains(&format!("title of {id}")), mine.is_some(), "{id}: {theirs}");
    }
    // Those that are denied first: what is done opens others.
    let (open, shut): (Vec<_>, Vec<_>) = course
        .items
        .iter()
        .partition(|item| decision(&own.body, &item.id.to_string()).is_some_and(|mine| mine["is_allowed"] == true));
    for (items, expected) in [(shut, false), (open, true)] {
        for item in items {
            let body = json!({"content_item": item.id, "status": "IN_PROGRESS"});
            let answer = learner.post("/api/progress/", body).await;
            assert_eq!(answer.status == 200, expected, "progress of {}: {}", item.id, answer.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_endpoint_shows_what_the_decision_denies() {
    let school = School::start().await;
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        let mut runner = TestRunner::new(Config { cases: 40, max_shrink_iters: 60, ..Config::default() });
        let result = runner.run(&plan(), |plan| {
            runtime.block_on(check(&school, &plan));
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{error}"));
    });
}
