//! Who may call what.

use std::fmt::Write;

use shared::users::UserRole;
use uuid::Uuid;

use super::operations::{Operation, operations};
use crate::support::{Answer, Client, TestApp};

/// The operations for which nobody needs to be signed in, all of them.
const OPEN: [&str; 10] = [
    "GET /api/certificates/verify/{code}/",
    "GET /health/live",
    "GET /health/ready",
    "POST /api/auth/invitation/accept/",
    "POST /api/auth/login/",
    "POST /api/auth/logout/",
    "POST /api/auth/password/reset/",
    "POST /api/auth/password/reset/confirm/",
    "POST /api/auth/register/",
    "POST /api/auth/token/refresh/",
];

/// Calls with ids that nobody has and no body: who is let in gets another refusal.
async fn call(client: &Client, operation: &Operation) -> Answer {
    let address = operation.address(|_| Uuid::nil().to_string());
    client.send(operation.method.clone(), &address, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_turned_away_everywhere() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let mut open = Vec::new();
    for operation in operations() {
        let answer = call(&stranger, &operation).await;
        if operation.is_open {
            open.push(operation.to_string());
        } else {
            assert_eq!(answer.status.as_u16(), 401, "{operation}: {}", answer.body);
            assert!(answer.is_problem() && answer.header("www-authenticate").starts_with("Bearer"), "{operation}");
        }
    }
    open.sort();
    assert_eq!(open, OPEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_call_what() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let mut callers = Vec::new();
    for role in [UserRole::Learner, UserRole::Instructor, UserRole::Admin] {
        callers.push(app.as_role(tenant, role).await);
    }
    let slug = shared::testing::make::tenant(&app.db).await.slug;
    callers.push(app.as_superuser().await.with("x-tenant-slug", &slug));

    let mut table = String::from("learner instructor admin superuser\n");
    for operation in operations().into_iter().filter(|operation| !operation.is_open) {
        for (caller, width) in callers.iter().zip([8, 11, 6, 10]) {
            // Signing oneself out for the next line would end the test.
            let ends_session = operation.path.ends_with("/logout/");
            let may = ends_session || call(caller, &operation).await.status.as_u16() != 403;
            let _ = write!(table, "{:width$}", if may { "yes" } else { "-" });
        }
        let _ = writeln!(table, "{operation}");
    }
    insta::assert_snapshot!("who_may_call_what", table);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_was_turned_out_gets_in_with_an_old_token() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let client = app.as_role(tenant, UserRole::Admin).await;
    client.get("/api/users/me/").await.expect(200);

    shared::testing::make::suspend(&app.db, client.id()).await;

    for operation in operations().into_iter().filter(|operation| !operation.is_open) {
        let answer = call(&client, &operation).await;
        assert_eq!(answer.status.as_u16(), 401, "{operation}: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn naming_another_tenant_is_refused_whatever_the_call() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let other = shared::testing::make::tenant(&app.db).await;
    let client = app.as_role(tenant, UserRole::Admin).await.with("x-tenant-slug", &other.slug);
    for operation in operations().into_iter().filter(|operation| !operation.is_open) {
        let answer = call(&client, &operation).await;
        // A client asks for its own profile before it knows which tenant it is in.
        let is_profile = operation.path == "/api/users/me/";
        assert_eq!(answer.status.as_u16() == 403, !is_profile, "{operation}: {} {}", answer.status, answer.body);
    }
}
