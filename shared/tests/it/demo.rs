//! The demo data is what the README says it is.

use shared::db::Acting;
use shared::demo::{self, Summary};
use shared::secret;
use shared::testing::{TestDb, make};

/// The README's summary: exactly, where it gives a number.
const PROMISED: Summary = Summary {
    users: 16,
    groups: 3,
    courses: 6,
    modules: 38,
    content_items: 152,
    enrollments: 36,
    group_enrollments: 3,
    certificates: 12,
    notifications: 12,
    announcements: 4,
    threads: 5,
    replies: 15,
    events: 191,
    enrollment_changes: 48,
    imports: 1,
    devices: 3,
    identity_providers: 2,
    learning_platforms: 1,
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

    let made = demo::seed(&db.pool, "hash", &make::vault(), make::morning()).await.expect("seeded");

    assert_eq!(made, [("acme", PROMISED), ("techu", PROMISED)]);
    for slug in ["acme", "techu"] {
        for (table, promised) in [
            ("users", PROMISED.users),
            ("learner_groups", PROMISED.groups),
            ("courses", PROMISED.courses),
            ("modules", PROMISED.modules),
            ("content_items", PROMISED.content_items),
            ("enrollments", PROMISED.enrollments),
            ("group_enrollments", PROMISED.group_enrollments),
            ("certificate_rules", 1),
            ("certificates", PROMISED.certificates),
            ("notifications", PROMISED.notifications),
            ("announcements", PROMISED.announcements),
            ("discussion_threads", PROMISED.threads),
            ("discussion_replies", PROMISED.replies),
            ("events", PROMISED.events),
            ("enrollment_changes", PROMISED.enrollment_changes),
            ("enrollment_imports", PROMISED.imports),
            ("push_devices", PROMISED.devices),
            ("sso_configurations", PROMISED.identity_providers),
            ("lti_platforms", PROMISED.learning_platforms),
            ("lti_deployments", 2),
            ("tenant_email_settings", 1),
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
async fn its_secrets_are_sealed_and_its_players_have_told_something() {
    let db = TestDb::lease().await;
    let vault = make::vault();
    demo::seed(&db.pool, "hash", &vault, make::morning()).await.expect("seeded");

    let told = secret::reseal(&db.pool, &vault, &Acting::nobody()).await.expect("an answer");

    let counts: Vec<_> = told.iter().map(|(column, what)| (column.place, what.current, what.lost)).collect();
    let expected = [
        ("lti_platforms.tool_private_key", 2, 0),
        ("sso_configurations.oauth_client_secret", 2, 0),
        ("tenant_email_settings.smtp_password", 2, 0),
        ("tenant_storage_settings.s3_secret_access_key", 0, 0),
    ];
    assert_eq!(counts, expected);
    let players = "select i.content_type::text || ' ' || (count(*) > 0) as text from learner_progress p
        join content_items i on i.id = p.content_item_id
        where p.progress_details ?| array['lesson_status', 'last_verb'] group by i.content_type order by 1";
    assert_eq!(db.texts(players).await, ["H5P true", "SCORM true"]);
    let history = "select distinct coalesce(from_status::text, '-') || ' ' || to_status || ' ' || cause as text from enrollment_changes order by 1";
    assert_eq!(db.texts(history).await, ["- ACTIVE GROUP", "- ACTIVE SELF", "ACTIVE COMPLETED COMPLETION"]);
    let out_of_step = "select m.user_id::text as text from group_enrollments g
        join group_memberships m on m.tenant_id = g.tenant_id and m.group_id = g.group_id
        left join enrollments e on e.tenant_id = g.tenant_id and e.course_id = g.course_id and e.user_id = m.user_id
        where e.id is null";
    assert_eq!(db.texts(out_of_step).await, Vec::<String>::new(), "who is in a group is in its course");
    let opens_later = "select release_after_days::text as text from modules where release_after_days is not null";
    assert_eq!(db.texts(opens_later).await, ["14", "14"], "one in each tenant");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_folders_are_there() {
    let db = TestDb::lease().await;
    demo::seed(&db.pool, "hash", &make::vault(), make::morning()).await.expect("seeded");
    for slug in ["acme", "techu"] {
        let names = format!(
            "select f.name || ' ' || f.visible_to as text from folders f join tenants t on t.id = f.tenant_id
             where t.slug = '{slug}' order by 1"
        );
        let expected =
            ["Archives INSTRUCTOR", "Assessments INSTRUCTOR", "Course Materials INSTRUCTOR", "Documents LEARNER"];
        assert_eq!(db.texts(&names).await, expected, "{slug}: what courses show is shown by them");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_the_same_each_time_and_goes_without_a_trace() {
    let db = TestDb::lease().await;
    let everything = "select md5(string_agg(line, '' order by line)) as text from (
        select c::text as line from content_items c union all select e::text from enrollments e union all select e::text from events e
        union all select c::text from certificates c union all select u::text from users u
        union all select d::text from push_devices d union all select r::text from enrollment_import_rows r
        union all select p::text from learner_progress p union all select d::text from lti_deployments d
        union all select s.id || s.name from sso_configurations s) as lines";
    demo::seed(&db.pool, "hash", &make::vault(), make::morning()).await.expect("seeded");
    let first = db.texts(everything).await;
    let again = demo::seed(&db.pool, "hash", &make::vault(), make::morning()).await;
    assert!(matches!(again, Err(demo::DemoError::AlreadyThere)), "seeding twice doubles nothing");

    demo::clear(&db.pool).await.expect("cleared");
    for table in ["tenants", "users", "courses", "jobs", "events"] {
        let left = db.texts(&format!("select '{table}' as text from {table}")).await;
        assert_eq!(left, Vec::<String>::new());
    }
    demo::seed(&db.pool, "hash", &make::vault(), make::morning()).await.expect("seeded");
    assert_eq!(db.texts(everything).await, first);
}
