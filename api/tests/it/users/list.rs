use shared::testing::{count_queries, make};
use shared::users::{UserRole, UserStatus};

use crate::support::{Answer, TestApp};

fn emails(answer: &Answer) -> Vec<&str> {
    answer.results().iter().map(|user| user["email"].as_str().expect("an e-mail")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_by_name_email_role_and_status() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = make::user(tenant).role(UserRole::Admin).email("admin@example.org").make(&app.db).await;
    make::user(tenant).email("alice@example.org").name("Alice", "Williams").make(&app.db).await;
    make::user(tenant).email("bob_1@example.org").name("Bob", "100%").status(UserStatus::Suspended).make(&app.db).await;
    make::user(tenant).email("gone@example.org").status(UserStatus::Deleted).make(&app.db).await;
    make::user(tenant).email("john@example.org").role(UserRole::Instructor).make(&app.db).await;
    let other = app.tenant().await;
    make::user(other).email("stranger@example.org").name("Alice", "Elsewhere").make(&app.db).await;
    let admin = app.as_user(&admin).await;

    for (query, found) in [
        ("", vec!["admin@example.org", "alice@example.org", "bob_1@example.org", "john@example.org"]),
        ("?search=alice+w", vec!["alice@example.org"]),
        ("?search=ALICE", vec!["alice@example.org"]),
        ("?search=%25", vec!["bob_1@example.org"]),
        ("?search=_", vec!["bob_1@example.org"]),
        ("?search=&role=LEARNER&page_size=20", vec!["alice@example.org", "bob_1@example.org"]),
        ("?role=instructor", vec!["john@example.org"]),
        ("?status=suspended", vec!["bob_1@example.org"]),
        ("?status=DELETED", vec!["gone@example.org"]),
        ("?ordering=-email&page_size=2", vec!["john@example.org", "bob_1@example.org"]),
        ("?page=2&page_size=3", vec!["john@example.org"]),
    ] {
        let answer = admin.get(&format!("/api/users/{query}")).await.expect(200);
        assert_eq!(emails(&answer), found, "{query}");
    }
    for query in ["?role=boss", "?status=x", "?ordering=password_hash", "?is_active=perhaps", "?page=0"] {
        admin.get(&format!("/api/users/{query}")).await.expect(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn instructors_see_learners_and_learners_see_nobody() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let learner = app.as_role(tenant, UserRole::Learner).await;
    let instructor = app.as_role(tenant, UserRole::Instructor).await;

    let seen = instructor.get("/api/users/").await.expect(200);
    assert_eq!(seen.body["count"], 1);
    assert_eq!(seen.results()[0]["id"], learner.id().to_string());
    assert_eq!(instructor.get("/api/users/?role=ADMIN").await.expect(200).body["count"], 0);
    instructor.get(&format!("/api/users/{}/", learner.id())).await.expect(200);
    instructor.get(&format!("/api/users/{}/", admin.id())).await.expect(404);
    learner.get("/api/users/").await.expect(403);
    learner.get(&format!("/api/users/{}/", learner.id())).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_sees_everybody_or_the_people_of_one_tenant() {
    let app = TestApp::start().await;
    let (one, two) = (make::tenant(&app.db).await, make::tenant(&app.db).await);
    let learner = make::user(one.id).make(&app.db).await;
    make::user(two.id).make(&app.db).await;
    let root = app.as_superuser().await;

    assert_eq!(root.get("/api/users/").await.expect(200).body["count"], 3);
    let there = root.with("x-tenant-slug", &one.slug);
    let seen = there.get("/api/users/").await.expect(200);
    assert_eq!(seen.body["count"], 1);
    assert_eq!(seen.results()[0]["tenant_slug"], one.slug);
    root.get(&format!("/api/users/{}/", learner.id)).await.expect(200);
    root.with("x-tenant-slug", &two.slug).get(&format!("/api/users/{}/", learner.id)).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_list_costs_no_more_questions() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let (answer, few) = count_queries(admin.get("/api/users/")).await;
    answer.expect(200);
    for _ in 0..20 {
        make::user(tenant).make(&app.db).await;
    }
    let (answer, many) = count_queries(admin.get("/api/users/?page_size=50")).await;
    assert_eq!(answer.expect(200).results().len(), 21);
    assert_eq!(few, many);
}
