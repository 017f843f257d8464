//! Dashboards: their figures, on rows that are counted by hand.

mod admin;
mod instructor;
mod learner;
mod next;
mod risk;
mod steps;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use shared::courses::ContentItem;
use shared::enrollments::Enrollment;
use shared::ids::TenantId;
use shared::testing::{count_queries, make};
use shared::users::{User, UserRole};

use crate::support::{Client, TestApp};

/// Changes rows behind everybody's back, and finds some.
async fn change(app: &TestApp, statement: &str) {
    let changed = app.db.texts(&format!("{statement} returning id::text as text")).await;
    assert!(!changed.is_empty(), "{statement}");
}

fn days_ago(days: i64) -> DateTime<Utc> {
    make::morning() - TimeDelta::days(days)
}

/// What the members of a list are called under `key`.
fn each(list: &Value, key: &str) -> Vec<String> {
    let list = list.as_array().unwrap_or_else(|| panic!("not a list: {list}"));
    list.iter().map(|member| member[key].as_str().expect("a text").to_owned()).collect()
}

/// An instructor with a published course of ten hours in four required items, and who learns it.
struct Class {
    app: TestApp,
    tenant: TenantId,
    owner: User,
    course: make::MadeCourse,
}

impl Class {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let tenant = app.tenant().await;
        let owner = make::user(tenant).role(UserRole::Instructor).make(&app.db).await;
        let course =
            make::course(tenant).title("Knots").owned_by(&owner).published().with_modules(1, 4).make(&app.db).await;
        Self { app, tenant, owner, course }
    }

    /// The instructor, signed in at this moment.
    async fn instructor(&self) -> Client {
        self.app.as_user(&self.owner).await
    }

    async fn dashboard(&self) -> Value {
        self.instructor().await.get("/api/instructor/dashboard-stats/").await.expect(200).body
    }

    /// Somebody who has been in the course for so many days and has done nothing yet.
    async fn learner(&self, name: &str, days: i64) -> (User, Enrollment) {
        let user = make::user(self.tenant).name(name, "").make(&self.app.db).await;
        let enrollment = enroll(&user, days, &self.course).make(&self.app.db).await;
        (user, enrollment)
    }

    /// Somebody tells how far they are with an item.
    async fn tell(&self, user: &User, item: &ContentItem, status: &str) {
        let told = json!({ "content_item": item.id, "status": status });
        self.app.as_user(user).await.post("/api/progress/", told).await.expect(200);
    }
}

/// Somebody's enrollment that began so many days ago, and was not touched since.
fn enroll(user: &User, days: i64, course: &make::MadeCourse) -> make::EnrollmentMaker {
    let begun = days_ago(days);
    make::enrollment(user, course).but(|it| {
        (it.enrolled_at, it.started_at, it.updated_at) = (begun, Some(begun), begun);
    })
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
    assert!(counted[0].iter().all(|queries| *queries <= 9), "{counted:?}");
}
