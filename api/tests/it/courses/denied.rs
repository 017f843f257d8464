//! Random courses, people and times: no endpoint shows what the decision denies, and all agree on it.
//! Which endpoints there are, the document says: one that is added is asked, too.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use shared::courses::{Course, CourseStatus};
use shared::discussions::{NewThread, Thread};
use shared::enrollments::EnrollmentStatus;
use shared::files::Attachment;
use shared::ids::{FileId, ThreadId};
use shared::testing::make;
use uuid::Uuid;

use super::School;
use crate::contract::operations::{Operation, operations};
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

/// What hangs on the items of a course.
struct Hanging {
    files: Vec<FileId>,
    threads: Vec<ThreadId>,
}

/// Gives each item a file of its name, and has somebody talk about it.
async fn hang(school: &School, course: &make::MadeCourse) -> Hanging {
    let db = &school.app.db;
    let author = school.admin.user.as_ref().expect("somebody");
    let mut hanging = Hanging { files: Vec::new(), threads: Vec::new() };
    for item in &course.items {
        let file = make::file(db, author, &format!("file of {}.txt", item.id), None).await.file.id;
        let mut conn = db.tenant(school.tenant).await;
        Attachment::set(&mut conn, school.tenant, item.id, Some(file)).await.expect("attached");
        let new = NewThread {
            tenant: school.tenant,
            course: course.id,
            module: Some(item.module_id),
            content_item: Some(item.id),
            author: author.id,
            runs: true,
            title: "Which knot?".to_owned(),
            content: "For a hammock.".to_owned(),
            is_announcement: false,
        };
        hanging.threads.push(Thread::open(&mut conn, new, make::morning()).await.expect("opened").id);
        hanging.files.push(file);
    }
    hanging
}

fn texts<T: ToString>(ids: impl IntoIterator<Item = T>) -> Vec<String> {
    ids.into_iter().map(|id| id.to_string()).collect()
}

/// What stands for a name in an address, if the course has such things.
fn values(name: &str, course: &make::MadeCourse, hanging: &Hanging, enrollments: &[String]) -> Option<Vec<String>> {
    Some(match name {
        "course" | "course_id" => texts([course.id]),
        "module" | "module_id" => texts(course.modules.iter().map(|module| module.id)),
        "content_item" | "content_item_id" => texts(course.items.iter().map(|item| item.id)),
        "file" => texts(&hanging.files),
        "version" => texts([1]),
        "thread" | "thread_id" => texts(&hanging.threads),
        "enrollment" => enrollments.to_vec(),
        "search" => texts(["of"]),
        _ => return None,
    })
}

/// All addresses of an operation: each of what may stand in its path, and each query that finds less.
/// None when it names something that the course does not have.
fn addresses(operation: &Operation, values: impl Fn(&str) -> Option<Vec<String>>) -> Option<Vec<String>> {
    let mut addresses = vec![operation.path.clone()];
    for name in operation.parameters() {
        let values = values(name)?;
        let fill = |address: &String| -> Vec<String> {
            values.iter().map(|value| address.replace(&format!("{{{name}}}"), value)).collect()
        };
        addresses = addresses.iter().flat_map(fill).collect();
    }
    let mut queries = vec!["page_size=200".to_owned()];
    for name in &operation.queries {
        let values = values(name).unwrap_or_default();
        queries.extend(values.iter().map(|value| format!("page_size=200&{name}={value}")));
    }
    let ask = |address: &String| queries.iter().map(|query| format!("{address}?{query}")).collect::<Vec<_>>();
    Some(addresses.iter().flat_map(ask).collect())
}

/// The operations that a learner may read by, whatever the ids are.
async fn readable(school: &School) -> Vec<Operation> {
    let mut readable = Vec::new();
    for operation in operations() {
        let address = operation.address(|_| Uuid::now_v7().to_string());
        if operation.method == "GET" {
            let answer = school.learner.get(&address).await;
            if answer.status != 403 {
                readable.push(operation);
            }
        }
    }
    assert!(readable.len() > 40, "a learner reads by {} operations", readable.len());
    readable
}

/// Everything that the learner can read, as it is answered.
async fn everything(readable: &[Operation], learner: &Client, course: &make::MadeCourse, hanging: &Hanging) -> String {
    let own = learner.get("/api/enrollments/my/").await.expect(200);
    let enrollments: Vec<_> = own.results().iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect();
    let mut shown = String::new();
    for operation in readable {
        let addresses = addresses(operation, |name| values(name, course, hanging, &enrollments));
        for address in addresses.unwrap_or_default() {
            let answer = learner.get(&address).await;
            assert_ne!(answer.status, 500, "{address}: {}", answer.body);
            shown.push_str(&String::from_utf8_lossy(&answer.bytes));
        }
    }
    shown
}

/// The decision about an item, as its course's access tells it; none when it is hidden.
fn decision<'a>(access: &'a Value, item: &str) -> Option<&'a Value> {
    let modules = access["modules"].as_array()?;
    modules.iter().flat_map(|module| module["items"].as_array().into_iter().flatten()).find(|row| row["id"] == item)
}

async fn check(school: &School, readable: &[Operation], plan: &Plan) {
    let learner = school.app.as_role(school.tenant, shared::users::UserRole::Learner).await;
    let course = build(school, plan).await;
    let hanging = hang(school, &course).await;
    enroll(school, plan, &learner, &course).await;
    let own = learner.get(&format!("/api/courses/{}/access/", course.id)).await;
    let told = school.admin.get(&format!("/api/courses/{}/access/?user={}", course.id, learner.id())).await.expect(200);
    let shown = everything(readable, &learner, &course, &hanging).await;

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
        assert_eq!(shown.contains(&format!("file of {id}")), allowed, "{id}: {theirs}");
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
    let readable = readable(&school).await;
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        let mut runner = TestRunner::new(Config { cases: 24, max_shrink_iters: 60, ..Config::default() });
        let result = runner.run(&plan(), |plan| {
            runtime.block_on(check(&school, &readable, &plan));
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{error}"));
    });
}
