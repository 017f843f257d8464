//! The demo data is what the README says it is.

use shared::demo::{self, Summary};
use shared::testing::{TestDb, make};

/// The README's summary: exactly, where it gives a number.
const PROMISED: Summary = Summary {
    users: 16,
    groups: 3,
    courses: 6,
    modules: 38,
    content_items: 152,
    enrollments: 36,
    certificates: 12,
    notifications: 12,
    announcements: 4,
    threads: 5,
    replies: 15,
    events: 191,
};

async fn rows(db: &TestDb, table: &str, slug: &str) -> usize {
    db.texts(&format!(
        "select t.tenant_id::text as text from {table} t join tenants on tenants.id = t.tenant_id where tenants.slug = '{slug}'"
    ))
    .await
    .len()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_tenants_have_exactly_what_is_promised() {
    let db = TestDb::lease().await;
    assert!(demo::is_empty(&db.pool).await.expect("an answer"));

    let made = demo::seed(&db.pool, "hash", make::morning()).await.expect("seeded");

    assert_eq!(made, [("acme", PROMISED), ("techu", PROMISED)]);
    for slug in ["acme", "techu"] {
        for (table, promised) in [
            ("users", PROMISED.users),
            ("learner_groups", PROMISED.groups),
            ("courses", PROMISED.courses),
            ("modules", PROMISED.modules),
            ("content_items", PROMISED.content_items),
            ("enrollments", PROMISED.enrollments),
            ("certificates", PROMISED.certificates),
            ("notifications", PROMISED.notifications),
            ("announcements", PROMISED.announcements),
            ("discussion_threads", PROMISED.threads),
            ("discussion_replies", PROMISED.replies),
            ("events", PROMISED.events),
        ] {
            assert_eq!(rows(&db, table, slug).await, promised, "{table} of {slug}");
        }
        let people = format!(
            "select u.email || ' ' || u.role as text from users u join tenants t on t.id = u.tenant_id where t.slug = '{slug}'"
        );
        let people = db.texts(&people).await;
        for account in [
            format!("admin@{slug}.local ADMIN"),
            format!("john.smith@{slug}.local INSTRUCTOR"),
            format!("alice.williams@{slug}.local LEARNER"),
        ] {
            assert!(people.contains(&account), "{account} is missing");
        }
    }
    assert_eq!(db.texts("select email as text from users where is_superuser").await, ["admin@lms.local"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_folders_are_there() {
    let db = TestDb::lease().await;
    demo::seed(&db.pool, "hash", make::morning()).await.expect("seeded");
    for slug in ["acme", "techu"] {
        let names = format!(
            "select f.name as text from folders f join tenants t on t.id = f.tenant_id where t.slug = '{slug}' order by 1"
        );
        assert_eq!(db.texts(&names).await, ["Archives", "Assessments", "Course Materials", "Documents"], "{slug}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_the_same_each_time_and_goes_without_a_trace() {
    let db = TestDb::lease().await;
    let everything = "select md5(string_agg(line, '' order by line)) as text from (
        select c::text as line from content_items c union all select e::text from enrollments e union all select e::text from events e
        union all select c::text from certificates c union all select u::text from users u) as lines";
    demo::seed(&db.pool, "hash", make::morning()).await.expect("seeded");
    let first = db.texts(everything).await;
    let again = demo::seed(&db.pool, "hash", make::morning()).await;
    assert!(matches!(again, Err(demo::DemoError::AlreadyThere)), "seeding twice doubles nothing");

    demo::clear(&db.pool).await.expect("cleared");
    for table in ["tenants", "users", "courses", "jobs", "events"] {
        let left = db.texts(&format!("select '{table}' as text from {table}")).await;
        assert_eq!(left, Vec::<String>::new());
    }
    demo::seed(&db.pool, "hash", make::morning()).await.expect("seeded");
    assert_eq!(db.texts(everything).await, first);
}
