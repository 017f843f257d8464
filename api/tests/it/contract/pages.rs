//! Every list: pages, and as many queries for many rows as for one.

use std::collections::BTreeMap;

use shared::ids::TenantId;
use shared::testing::count_queries;
use shared::users::UserRole;

use super::isolation::ids_of;
use super::operations::operations;
use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn every_list_answers_with_a_constant_number_of_queries() {
    let app = TestApp::start().await;
    shared::demo::seed(&app.db.pool, "no password has this hash", &app.app.vault, app.app.clock.now())
        .await
        .expect("seeded");
    let tenant: TenantId =
        app.db.texts("select id::text as text from tenants order by slug limit 1").await[0].parse().expect("an id");
    let somebody = shared::testing::make::user(tenant).make(&app.db).await;
    shared::testing::make::session(&app.db, &somebody).await;
    shared::testing::make::sso_configuration(&app.db, tenant).await;
    shared::testing::make::lti_platform(&app.db, tenant).await;
    shared::testing::make::push_device(&app.db, &somebody).await;
    for name in ["notes.txt", "more.txt", "most.txt"] {
        shared::testing::make::file(&app.db, &somebody, name, None).await;
    }
    shared::testing::make::upload(&app.db, &somebody, "film.mp4", None).await;
    shared::testing::make::group_enrollment(&app.db, tenant).await;
    shared::testing::make::enrollment_import(&app.db, tenant).await;
    let ids = ids_of(&app.db, tenant).await;
    let learner = app
        .db
        .texts(&format!("select recipient_id::text as text from notifications where tenant_id = '{tenant}' limit 1"))
        .await;

    let mut rows_seen = BTreeMap::new();
    for role in [UserRole::Learner, UserRole::Instructor, UserRole::Admin] {
        let caller = match role {
            // Somebody who has a past.
            UserRole::Learner => app.as_existing(tenant, learner[0].parse().expect("an id")).await,
            _ => app.as_role(tenant, role).await,
        };
        for operation in operations().into_iter().filter(|operation| operation.method == "GET" && !operation.is_open) {
            let address = operation.address(|name| ids.get(name).cloned().unwrap_or_default());
            let (one, queries_for_one) = count_queries(caller.get(&format!("{address}?page_size=1"))).await;
            let (many, queries_for_many) = count_queries(caller.get(&format!("{address}?page_size=200"))).await;
            let Some(rows) = many.body["results"].as_array() else { continue };
            assert_eq!(
                queries_for_one,
                queries_for_many,
                "{role} {operation}: {} rows and {} rows",
                one.results().len(),
                rows.len()
            );
            assert!(queries_for_many <= 8, "{role} {operation} takes {queries_for_many} queries");
            assert!(one.results().len() <= 1, "{operation} does not keep to page_size");
            let most = rows_seen.entry(operation.to_string()).or_insert(0);
            *most = rows.len().max(*most);
        }
    }
    let rich = rows_seen.values().filter(|rows| **rows > 3).count();
    assert!(rich >= 6, "too few rows to tell: {rows_seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_a_list_are_the_list() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    for _ in 0..4 {
        shared::testing::make::user(tenant).make(&app.db).await;
    }
    let whole = admin.get("/api/users/?page_size=200").await.expect(200);
    assert_eq!(whole.body["count"], 5);
    assert!(whole.body["next"].is_null() && whole.body["previous"].is_null());

    let mut leafed = Vec::new();
    let mut address = "/api/users/?page_size=2".to_owned();
    loop {
        let page = admin.get(&address).await.expect(200);
        leafed.extend(page.results().to_vec());
        let Some(next) = page.body["next"].as_str() else { break };
        address = next.trim_start_matches("http://localhost:8000").to_owned();
    }
    assert_eq!(leafed, whole.results());
}
