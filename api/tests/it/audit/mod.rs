//! The audit log over HTTP.

use serde_json::{Value, json};
use shared::testing::{count_queries, make};
use shared::users::UserRole;

use crate::support::{Client, TestApp};

async fn whole_log(reader: &Client, query: &str) -> Vec<Value> {
    let mut entries = Vec::new();
    let mut address = format!("/api/admin/audit-log/?page_size=3{query}");
    loop {
        let answer = reader.get(&address).await.expect(200);
        assert!(answer.results().len() <= 3);
        entries.extend(answer.results().to_vec());
        let Some(next) = answer.body["next"].as_str() else { return entries };
        next.trim_start_matches("http://localhost:8000").clone_into(&mut address);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_reads_who_changed_what_in_their_tenant() {
    let app = TestApp::start().await;
    let (tenant, other) = (app.tenant().await, app.tenant().await);
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let stranger = app.as_role(other, UserRole::Admin).await;
    let learner = app.as_role(tenant, UserRole::Learner).await;

    admin
        .with("x-request-id", "the-change")
        .patch(&format!("/api/users/{}/", learner.id()), json!({ "role": "INSTRUCTOR" }))
        .await
        .expect(200);

    let log = whole_log(&admin, "&subject_type=users&action=update").await;
    let [entry] = &log[..] else { panic!("{log:?}") };
    assert_eq!(entry["actor"]["kind"], "USER");
    assert_eq!(entry["actor"]["id"], json!(admin.id()));
    assert_eq!(entry["actor"]["email"], json!(admin.user.as_ref().expect("somebody").email));
    assert_eq!((&entry["before"], &entry["after"]), (&json!({"role": "LEARNER"}), &json!({"role": "INSTRUCTOR"})));
    assert_eq!((&entry["request_id"], &entry["subject"]["id"]), (&json!("the-change"), &json!(learner.id())));
    for query in [
        format!("&actor={}", admin.id()),
        format!("&subject_id={}&action=UPDATE", learner.id()),
        "&request_id=the-change".to_owned(),
    ] {
        assert_eq!(whole_log(&admin, &query).await, log, "{query}");
    }
    for query in
        ["&to=2020-01-01T00:00:00Z", "&from=2100-01-01T00:00:00Z", "&actor=01935b7e-2c1f-7d3a-8f60-0242ac120002"]
    {
        assert!(whole_log(&admin, query).await.is_empty(), "{query}");
    }
    assert!(whole_log(&stranger, "").await.iter().all(|entry| entry["tenant"] == json!(other)));
    learner.get("/api/admin/audit-log/").await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_on_by_its_cursor_without_gap_or_repetition_in_one_query_each() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    for _ in 0..7 {
        make::user(tenant).make(&app.db).await;
    }
    let leafed = whole_log(&admin, "").await;
    let (whole, queries) = count_queries(admin.get("/api/admin/audit-log/?page_size=200")).await;
    assert_eq!(leafed, whole.expect(200).results());
    assert!(leafed.len() >= 8);
    assert_eq!(queries, 2, "one for the caller, one for the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_reads_every_tenants_log_or_the_one_they_name() {
    let app = TestApp::start().await;
    let (one, other) = (make::tenant(&app.db).await, make::tenant(&app.db).await);
    let root = app.as_superuser().await;
    let tenants_of = |log: Vec<Value>| log.into_iter().map(|entry| entry["tenant"].clone()).collect::<Vec<_>>();
    let all = tenants_of(whole_log(&root, "").await);
    assert!(all.contains(&json!(one.id)) && all.contains(&json!(other.id)) && all.contains(&Value::Null));
    let named = tenants_of(whole_log(&root.with("x-tenant-slug", &one.slug), "").await);
    assert!(!named.is_empty() && named.iter().all(|tenant| *tenant == json!(one.id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_sign_in_is_told_to_the_accounts_tenant_without_what_was_typed() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let user = app.with_password(make::user(tenant), "correct horse").await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let stranger = app.stranger();
    let wrong = |email: &str| json!({ "email": email, "password": "typed-password" });
    stranger.post("/api/auth/login/", wrong(&user.email)).await.expect(401);
    stranger.post("/api/auth/login/", wrong("typed-by-mistake@example.org")).await.expect(401);

    let log = whole_log(&admin, "&action=sign_in_refused").await;
    let [entry] = &log[..] else { panic!("{log:?}") };
    assert_eq!((&entry["subject"]["id"], &entry["actor"]["kind"]), (&json!(user.id), &json!("SYSTEM")));
    let root = app.as_superuser().await;
    assert_eq!(whole_log(&root, "&action=sign_in_refused").await.len(), 2);
    let everything = app.db.texts("select audit_log::text as text from audit_log").await.concat();
    assert!(!everything.contains("typed-"), "{everything}");
}
