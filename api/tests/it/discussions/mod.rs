//! Discussions: who talks where, and what becomes of it.

mod moderation;
mod replies;
mod threads;

use serde_json::{Value, json};
use shared::ids::TenantId;
use shared::testing::make::{self, MadeCourse};
use shared::users::UserRole;

use crate::support::{Client, TestApp};

const THREADS: &str = "/api/discussions/threads/";
const REPLIES: &str = "/api/discussions/replies/";

/// A course with its teacher and a learner.
struct Class {
    app: TestApp,
    tenant: TenantId,
    course: MadeCourse,
    teacher: Client,
    alice: Client,
}

impl Class {
    async fn make() -> Self {
        let app = TestApp::start().await;
        let tenant = app.tenant().await;
        let teacher = app.as_role(tenant, UserRole::Instructor).await;
        let owner = teacher.user.as_ref().expect("somebody");
        let course = make::course(tenant).owned_by(owner).published().with_modules(1, 1).make(&app.db).await;
        let mut class = Self { app, tenant, course, alice: teacher.clone(), teacher };
        class.alice = class.learner().await;
        class
    }

    /// Somebody else who takes part.
    async fn learner(&self) -> Client {
        let learner = self.app.as_role(self.tenant, UserRole::Learner).await;
        make::enrollment(learner.user.as_ref().expect("somebody"), &self.course).make(&self.app.db).await;
        learner
    }

    /// A thread of this person's; its id.
    async fn thread(&self, by: &Client) -> String {
        let body = json!({"course": self.course.id, "title": "Which knot?", "content": "For a hammock."});
        by.post(THREADS, body).await.expect(201).text("/id").to_owned()
    }

    /// A reply of this person's; its id.
    async fn reply(&self, by: &Client, thread: &str, parent: Option<&str>) -> String {
        let body = json!({"thread": thread, "parent_reply": parent, "content": "The bowline."});
        by.post(REPLIES, body).await.expect(201).text("/id").to_owned()
    }
}

async fn thread_of(client: &Client, id: &str) -> Value {
    client.get(&format!("{THREADS}{id}/")).await.expect(200).body
}
