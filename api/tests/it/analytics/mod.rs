//! What happened, and how often.

use serde_json::json;
use shared::analytics::DailyRollup;
use shared::events::{Event, EventKind};
use shared::ids::{CourseId, TenantId, UserId};
use shared::testing::count_queries;
use shared::testing::make::{self, morning};
use shared::users::UserRole;

use crate::support::TestApp;

async fn happened(app: &TestApp, tenant: TenantId, kind: EventKind, user: UserId, course: Option<CourseId>) {
    let event = Event { tenant, kind, user: Some(user), course, context: json!({"a": 1}), dedupe_key: None };
    event.record(&mut *app.db.tenant(tenant).await, app.app.clock.now()).await.expect("recorded");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sees_all_and_a_teacher_their_courses() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let teacher = make::user(tenant).role(UserRole::Instructor).make(&app.db).await;
    let course = make::course(tenant).title("Knots").owned_by(&teacher).make(&app.db).await;
    let other = make::course(tenant).make(&app.db).await;
    let alice = make::user(tenant).name("Alice", "Williams").email("alice@example.org").make(&app.db).await;
    happened(&app, tenant, EventKind::SignIn, alice.id, None).await;
    happened(&app, tenant, EventKind::CourseEnrolled, alice.id, Some(course.id)).await;
    happened(&app, tenant, EventKind::CourseEnrolled, alice.id, Some(other.id)).await;
    let (admin, teacher) = (app.as_role(tenant, UserRole::Admin).await, app.as_user(&teacher).await);
    let elsewhere = app.tenant().await;
    let stranger = app.as_role(elsewhere, UserRole::Admin).await;

    let own = teacher.get("/api/analytics/events/").await.expect(200);
    assert_eq!(own.body["count"], 1);
    let row = &own.results()[0];
    assert_eq!(row["event_type"], "COURSE_ENROLLED");
    assert_eq!(row["user"], json!({"id": alice.id, "email": "alice@example.org", "full_name": "Alice Williams"}));
    assert_eq!(row["course"], json!({"id": course.id, "title": "Knots", "slug": course.slug}));
    assert_eq!((&row["context"], &row["occurred_at"]), (&json!({"a": 1}), &json!("2026-01-05T09:00:00Z")));

    let path = "/api/analytics/events/";
    assert_eq!(admin.get(path).await.expect(200).body["count"], 3);
    assert_eq!(stranger.get(path).await.expect(200).body["count"], 0);
    app.as_role(tenant, UserRole::Learner).await.get(path).await.expect(403);
    for (query, count) in [
        ("event_type=course_enrolled".to_owned(), 2),
        ("event_type=nothing".to_owned(), 0),
        (format!("course={}", course.id), 1),
        (format!("course={}", course.slug), 1),
        (format!("user={}", alice.id), 3),
        (format!("user={}", UserId::new()), 0),
        ("from=2026-01-05T09:00:00Z".to_owned(), 3),
        ("to=2026-01-05T09:00:00Z".to_owned(), 0),
    ] {
        assert_eq!(admin.get(&format!("{path}?{query}")).await.expect(200).body["count"], count, "{query}");
    }
    assert_eq!(teacher.get(&format!("{path}?course={}", other.id)).await.expect(200).body["count"], 0);
    admin.get(&format!("{path}?from=yesterday")).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_events_take_as_many_queries_as_one() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    happened(&app, tenant, EventKind::SignIn, admin.id(), None).await;
    let (_, for_one) = count_queries(admin.get("/api/analytics/events/")).await;
    for _ in 0..19 {
        let user = make::user(tenant).make(&app.db).await;
        happened(&app, tenant, EventKind::SignIn, user.id, None).await;
    }
    let (list, for_many) = count_queries(admin.get("/api/analytics/events/")).await;
    assert_eq!((list.expect(200).results().len(), for_many), (20, for_one));
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_counted_for_administrators() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    for _ in 0..2 {
        happened(&app, tenant, EventKind::SignIn, admin.id(), None).await;
    }
    let day = morning().date_naive();
    DailyRollup::recount(&mut *app.db.tenant(tenant).await, tenant, day, morning()).await.expect("counted");

    let answer = admin.get("/api/analytics/daily/").await.expect(200);

    let row = json!({"day": "2026-01-05", "event_type": "SIGN_IN", "events": 2, "people": 1, "updated_at": "2026-01-05T09:00:00Z"});
    assert_eq!(answer.body, json!({"from": "2025-12-06", "to": "2026-01-05", "results": [row]}));
    let before = admin.get("/api/analytics/daily/?from=2026-01-01&to=2026-01-04").await.expect(200);
    assert_eq!(before.body["results"], json!([]));
    for query in ["from=2026-01-02&to=2026-01-01", "from=2020-01-01&to=2026-01-01", "from=x", "to=2026-13-01"] {
        admin.get(&format!("/api/analytics/daily/?{query}")).await.expect(400);
    }
    let elsewhere = app.tenant().await;
    let stranger = app.as_role(elsewhere, UserRole::Admin).await;
    assert_eq!(stranger.get("/api/analytics/daily/").await.expect(200).body["results"], json!([]));
    for role in [UserRole::Learner, UserRole::Instructor] {
        app.as_role(tenant, role).await.get("/api/analytics/daily/").await.expect(403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_log_is_read_by_cursor_also_while_things_happen() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let alice = make::user(tenant).make(&app.db).await;
    // At one instant, so that the ids decide.
    for _ in 0..5 {
        happened(&app, tenant, EventKind::SignIn, alice.id, None).await;
    }
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let path = "/api/analytics/events/";
    let whole = admin.get(path).await.expect(200);
    assert_eq!((&whole.body["count"], &whole.body["next"]), (&json!(5), &json!(null)));

    let mut read = Vec::new();
    let mut address = format!("{path}?event_type=sign_in&cursor=&page_size=2");
    loop {
        let (part, queries) = count_queries(admin.get(&address)).await;
        assert_eq!((&part.body["count"], &part.body["previous"]), (&json!(null), &json!(null)));
        assert!(queries <= 2, "{queries} queries: nobody counts");
        read.extend(part.results().to_vec());
        let Some(next) = part.body["next"].as_str() else { break };
        address = next.trim_start_matches("http://localhost:8000").to_owned();
        app.app.clock.advance(chrono::TimeDelta::seconds(1));
        happened(&app, tenant, EventKind::SignIn, alice.id, None).await;
    }

    assert_eq!(read, whole.results(), "nothing twice, nothing left out, and nothing that came later");
    admin.get(&format!("{path}?cursor=nonsense")).await.expect(400);
}
