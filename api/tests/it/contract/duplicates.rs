//! A request that is sent twice, or several times at once, by every operation that changes
//! something: each of them is answered, none breaks, and one that names itself is done once.

use std::collections::BTreeMap;

use axum::http::Method;
use devtools::s3::S3Server;
use futures::future::join_all;
use shared::ids::TenantId;
use shared::users::UserRole;
use tempfile::TempDir;
use uuid::Uuid;

use super::isolation::{HOMES, NAMES};
use super::operations::{Operation, operations};
use crate::support::{Answer, Client, TestApp};

/// How many come at once.
const TOGETHER: usize = 4;

/// A tenant full of demo data. Operations use it up: they delete what they are given.
struct World {
    app: TestApp,
    tenant: TenantId,
    _store: (S3Server, TempDir),
}

impl World {
    async fn make() -> Self {
        let files = tempfile::tempdir().expect("a folder");
        let anywhere = ([127, 0, 0, 1], 0).into();
        let store = S3Server::start(anywhere, files.path(), "test", "test-secret", &["lms"]).await.expect("a store");
        let app = TestApp::start_with(&[("AWS_S3_ENDPOINT_URL", &store.endpoint())]).await;
        shared::demo::seed(&app.db.pool, "no password has this hash", &app.app.vault, app.app.clock.now())
            .await
            .expect("seeded");
        let tenant = app.db.texts("select id::text as text from tenants order by slug limit 1").await;
        let tenant: TenantId = tenant[0].parse().expect("an id");
        let world = Self { app, tenant, _store: (store, files) };
        let somebody = shared::testing::make::user(tenant).make(&world.app.db).await;
        shared::testing::make::session(&world.app.db, &somebody).await;
        // One to be deleted, and one for the others: demo data takes long to make.
        for _ in 0..2 {
            shared::testing::make::sso_configuration(&world.app.db, tenant).await;
            shared::testing::make::lti_platform(&world.app.db, tenant).await;
        }
        shared::testing::make::push_device(&world.app.db, &somebody).await;
        shared::testing::make::file(&world.app.db, &somebody, "notes.txt", None).await;
        shared::testing::make::upload(&world.app.db, &somebody, "film.mp4", None).await;
        shared::testing::make::group_enrollment(&world.app.db, tenant).await;
        shared::testing::make::enrollment_import(&world.app.db, tenant).await;
        world
    }

    /// Somebody new, who may do all that a person of the tenant may: what they did before to
    /// themselves (logging out, say) does not matter to the next operation.
    async fn caller(&self) -> Client {
        self.app.as_role(self.tenant, UserRole::Admin).await
    }

    /// The address of an operation on rows that are there, or none if they are used up.
    async fn address(&self, operation: &Operation) -> Option<String> {
        let mut ids = BTreeMap::new();
        for name in operation.parameters() {
            if let Some((_, stands)) = NAMES.iter().find(|(parameter, _)| *parameter == name) {
                ids.insert(name.to_owned(), (*stands).to_owned());
                continue;
            }
            let (_, table) = HOMES.iter().find(|(parameter, _)| *parameter == name)?;
            let column = if *table == "tenants" { "id" } else { "tenant_id" };
            let query = format!(
                "select id::text as text from {table} where {column} = '{}' order by id desc limit 1",
                self.tenant
            );
            ids.insert(name.to_owned(), self.app.db.texts(&query).await.pop()?);
        }
        Some(operation.address(|name| ids.get(name).cloned().unwrap_or_default()))
    }
}

fn is_answer(answer: &Answer) -> bool {
    answer.status.is_success() || (answer.status.is_client_error() && answer.is_problem())
}

async fn together(caller: &Client, operation: &Operation, address: &str) -> Vec<Answer> {
    join_all((0..TOGETHER).map(|_| {
        let (caller, operation, address) = (caller.clone(), operation.clone(), address.to_owned());
        async move {
            tokio::spawn(async move { caller.send(operation.method, &address, operation.body).await })
                .await
                .expect("an answer")
        }
    }))
    .await
}

/// All that came with one key: done once, and told to the others as it was, or that it is under
/// way.
fn assert_one(operation: &Operation, answers: &[Answer]) {
    let told: Vec<String> =
        answers.iter().map(|it| format!("{} {:?} {}", it.status, it.header("idempotent-replayed"), it.body)).collect();
    let first_hand: Vec<&Answer> = answers
        .iter()
        .filter(|it| it.header("idempotent-replayed") != "true" && it.body["code"] != "request_in_progress")
        .collect();
    assert!(
        first_hand.iter().filter(|it| it.status.is_success()).count() <= 1,
        "{operation} was done twice: {told:#?}"
    );
    for replayed in answers.iter().filter(|it| it.header("idempotent-replayed") == "true") {
        let same = first_hand.iter().any(|it| it.status == replayed.status);
        assert!(same, "{operation} tells what it never told: {told:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_may_be_asked_for_twice_and_at_once() {
    let mut world = World::make().await;
    let mut tried = 0;
    for operation in operations().into_iter().filter(|operation| operation.method != Method::GET) {
        let mut address = world.address(&operation).await;
        if address.is_none() {
            world = World::make().await;
            address = world.address(&operation).await;
        }
        let address = address.unwrap_or_else(|| panic!("{operation}: the demo has no such rows"));
        if operation.method == Method::POST {
            let caller = world.caller().await.with("idempotency-key", &Uuid::now_v7().to_string());
            let answers = together(&caller, &operation, &address).await;
            assert!(answers.iter().all(is_answer), "{operation} with a key: {answers:#?}");
            assert_one(&operation, &answers);
        }
        let caller = world.caller().await;
        for answer in together(&caller, &operation, &address).await {
            assert!(is_answer(&answer), "{operation} at once: {} {}", answer.status, answer.body);
        }
        for _ in 0..2 {
            let answer = caller.send(operation.method.clone(), &address, operation.body.clone()).await;
            assert!(is_answer(&answer), "{operation} again: {} {}", answer.status, answer.body);
        }
        tried += 1;
    }
    assert!(tried > 40, "only {tried} operations were tried");
}
