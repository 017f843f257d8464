//! What holds for every table, read off the catalogue: nothing to keep by hand when one is added.

use diesel::sql_types::{Nullable, Text};
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use shared::db::Conn;
use shared::testing::TestDb;

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Nullable<Text>)]
    text: Option<String>,
}

pub(crate) async fn lines(conn: &mut Conn, query: &str) -> Vec<String> {
    let rows: Vec<Line> = diesel::sql_query(query).load(conn).await.expect("an answer");
    rows.into_iter().filter_map(|row| row.text).collect()
}

/// Tables that belong to no tenant, each with its reason.
const OF_NO_TENANT: [(&str, &str); 13] = [
    ("tenants", "is the tenant: its policy compares the id"),
    ("platform_settings", "the platform's own"),
    ("throttles", "guards the doors before anybody is signed in"),
    ("job_relay", "which life of Redis has the tickets"),
    ("job_workers", "the platform's workers, for operators to look at"),
    ("job_kinds", "what the platform's releases know"),
    ("job_queues", "settings of the platform's queues"),
    ("job_counts", "what waits in the platform's queues"),
    ("job_schedules", "the platform's work by the clock"),
    ("schedule_runs", "the platform's work by the clock"),
    ("job_limits", "settings of the platform's kinds of job"),
    ("job_buckets", "the platform's limits, a tenant's part in its name"),
    ("job_turns", "the relay's; says no more than that a job waits"),
];

/// Tables whose tenant may be missing, because their rows may be a superuser's.
const OF_SUPERUSERS_TOO: [&str; 5] = ["users", "sessions", "one_time_tokens", "idempotency_keys", "audit_log"];

/// Tables whose changes leave no line in the audit log, each with its reason. All others say
/// `audit_changes` in their migration.
const NOT_AUDITED: [(&str, &str); 38] = [
    ("audit_log", "is the log"),
    ("sessions", "are listed as they are, and end with a reason of their own"),
    ("one_time_tokens", "links that were sent, with their own instants"),
    ("learner_progress", "facts of learning, written with every step"),
    ("notifications", "messages, written by jobs"),
    ("notification_deliveries", "what became of messages"),
    ("events", "is itself a log"),
    ("enrollment_changes", "is itself a log"),
    ("enrollment_import_rows", "what became of a file's rows; what they change is audited"),
    ("daily_rollups", "counted from events"),
    ("idempotency_keys", "answers kept for a day"),
    ("throttles", "levels of buckets"),
    ("job_attempts", "the ledger of the machinery"),
    ("job_effects", "the ledger of the machinery"),
    ("job_relay", "the ledger of the machinery"),
    ("job_backlogs", "the ledger of the machinery"),
    ("jobs", "the ledger of the machinery; what people do to them is recorded by name"),
    ("job_counts", "the ledger of the machinery"),
    ("job_buckets", "the ledger of the machinery"),
    ("job_turns", "the ledger of the machinery"),
    ("job_cursors", "the ledger of the machinery"),
    ("content_versions", "are themselves the record of what content was"),
    ("tenant_counts", "counted by a job"),
    ("tenant_email_tests", "an address, until one mail was sent to it"),
    ("job_workers", "the ledger of the machinery"),
    ("job_kinds", "the ledger of the machinery"),
    ("schedule_runs", "the ledger of the machinery"),
    ("announcement_recipients", "who was meant, worked out when sending"),
    ("notification_digests", "messages, written by jobs"),
    ("push_devices", "a person's own list, and when each was last used"),
    ("discussion_thread_likes", "a person's own taste"),
    ("discussion_reply_likes", "a person's own taste"),
    ("discussion_bookmarks", "a person's own list"),
    ("discussion_views", "who has seen what"),
    ("discussion_followers", "a person's own list"),
    ("file_contents", "bytes in the store, by what they are"),
    ("file_uploads", "uploads under way"),
    ("file_versions", "are themselves the record of what a file was"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_table_says_whose_its_rows_are() {
    let db = TestDb::lease().await;
    let without = lines(
        &mut db.owner().await,
        "select c.relname::text as text from pg_class c
         where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> '__diesel_schema_migrations'
           and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and a.attnotnull)
         order by 1",
    )
    .await;
    let mut expected: Vec<&str> = OF_NO_TENANT.iter().map(|(table, _)| *table).chain(OF_SUPERUSERS_TOO).collect();
    expected.sort_unstable();
    assert_eq!(without, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_with_a_tenant_forces_row_security_both_ways() {
    let db = TestDb::lease().await;
    let open = lines(
        &mut db.owner().await,
        "select c.relname::text as text from pg_class c
         join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
         where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
           and not (c.relrowsecurity and c.relforcerowsecurity and exists (
               select from pg_policy p where p.polrelid = c.oid and p.polname = 'tenant_rows' and p.polcmd = '*'
                 and pg_get_expr(p.polqual, c.oid) like '%tenant_id = %current_tenant()%'
                 and pg_get_expr(p.polwithcheck, c.oid) like '%tenant_id = %current_tenant()%'))",
    )
    .await;
    assert_eq!(open, Vec::<String>::new(), "tables without protect_tenant_rows");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_that_people_change_is_audited() {
    let db = TestDb::lease().await;
    let without = lines(
        &mut db.owner().await,
        "select c.relname::text as text from pg_class c
         where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> '__diesel_schema_migrations'
           and not exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'audit' and t.tgenabled = 'O')
         order by 1",
    )
    .await;
    let excused = |table: &String| NOT_AUDITED.iter().any(|(name, _)| name == table);
    let forgotten: Vec<String> = without.into_iter().filter(|table| !excused(table)).collect();
    assert_eq!(forgotten, Vec::<String>::new(), "neither audited nor excused");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_roles_own_nothing_and_see_no_more_than_they_should() {
    let db = TestDb::lease().await;
    let mut conn = db.owner().await;
    let owned = lines(
        &mut conn,
        "select c.relname::text as text from pg_class c join pg_roles r on r.oid = c.relowner
         where r.rolname in ('lms_app', 'lms_platform', 'lms_relay', 'lms_server')",
    )
    .await;
    assert_eq!(owned, Vec::<String>::new());
    let mighty = lines(
        &mut conn,
        "select rolname::text as text from pg_roles where rolname like 'lms\\_%' and rolname <> 'lms_super'
           and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)",
    )
    .await;
    assert_eq!(mighty, Vec::<String>::new());
    for (role, tables) in [
        (
            "lms_relay",
            "job_attempts job_backlogs job_buckets job_counts job_cursors job_effects job_kinds job_limits job_queues job_relay job_schedules job_turns job_workers jobs schedule_runs",
        ),
        (
            "lms_platform",
            "audit_log certificates idempotency_keys job_attempts job_backlogs job_counts job_cursors job_effects job_limits job_queues job_schedules jobs one_time_tokens platform_settings schedule_runs sessions tenant_counts tenant_domains tenant_settings tenants throttles users",
        ),
    ] {
        let seen = lines(
            &mut conn,
            &format!(
                "select c.relname::text as text from pg_class c
                 where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> '__diesel_schema_migrations'
                   and has_table_privilege('{role}', c.oid, 'select') order by 1"
            ),
        )
        .await;
        assert_eq!(seen.join(" "), tables, "what {role} sees");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reference_has_an_index_that_begins_with_it() {
    let db = TestDb::lease().await;
    let slow = lines(
        &mut db.owner().await,
        "select c.conrelid::regclass || '.' || c.conname as text from pg_constraint c
         where c.contype = 'f' and c.connamespace = 'public'::regnamespace and not exists (
             select from pg_index i where i.indrelid = c.conrelid
               and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)
         order by 1",
    )
    .await;
    assert_eq!(slow, Vec::<String>::new(), "deleting a parent would scan these");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_constraint_has_a_name_of_its_table() {
    let db = TestDb::lease().await;
    let nameless = lines(
        &mut db.owner().await,
        "select conrelid::regclass || ': ' || conname as text from pg_constraint
         where connamespace = 'public'::regnamespace and conrelid <> 0 and conname not like conrelid::regclass || '\\_%'
           and conrelid <> '__diesel_schema_migrations'::regclass",
    )
    .await;
    assert_eq!(nameless, Vec::<String>::new(), "errors name constraints");
}

#[tokio::test(flavor = "multi_thread")]
async fn schema_rs_is_what_the_database_has() {
    let db = TestDb::lease().await;
    let text = lines(&mut db.owner().await, include_str!("../../src/testing/schema.sql")).await.concat();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/db/schema.rs");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(path, format!("{}\n", text.trim_end())).expect("written");
    }
    let committed = std::fs::read_to_string(path).expect("schema.rs");
    assert!(squeezed(&committed) == squeezed(&text), "shared/src/db/schema.rs is not the database's: run ./lms accept");
}

/// Without what rustfmt may change.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != ',').collect()
}

/// Everything that migrations make, in words.
const EVERYTHING: &str = "
    select string_agg(line, e'\\n' order by line) as text from (
        select format('%s.%s %s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull,
            pg_get_expr(d.adbin, d.adrelid), col_description(attrelid, attnum)) as line
        from pg_attribute a join pg_class c on c.oid = a.attrelid and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where attnum > 0 and not attisdropped
        union all select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace
        union all select indexdef from pg_indexes where schemaname = 'public'
        union all select format('%s %s %s %s %s', tablename, policyname, roles, qual, with_check) from pg_policies
        union all select pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace
        union all select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
        union all select format('%s %s', typname, enumlabel) from pg_enum e join pg_type t on t.oid = e.enumtypid
        union all select format('%s %s', relname, relacl) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
    ) as all_lines (line)";

#[tokio::test(flavor = "multi_thread")]
async fn each_migration_can_be_taken_back_and_made_again() {
    // A database of its own: this one is torn down and built up.
    let admin_url = std::env::var("TEST_DATABASE_URL").expect("a server for tests");
    let mut admin = Conn::establish(&admin_url).await.expect("connected");
    let name = format!("lms_migrations_{}", std::process::id());
    admin.batch_execute(&format!("drop database if exists {name} with (force)")).await.expect("dropped");
    admin.batch_execute(&format!("create database {name}")).await.expect("created");
    let mut url = url::Url::parse(&admin_url).expect("a URL");
    url.set_path(&name);

    shared::db::migrate(url.as_str(), None).await.expect("up");
    let first = shape(url.as_str()).await;
    let undone = shared::db::revert_all(url.as_str()).await.expect("down");
    assert!(undone > 5, "{undone} migrations were taken back");
    shared::db::migrate(url.as_str(), None).await.expect("up again");
    let second = shape(url.as_str()).await;

    admin.batch_execute(&format!("drop database {name} with (force)")).await.expect("dropped");
    assert!(first.contains("courses_slug_per_tenant"));
    assert_eq!(first, second);
}

async fn shape(url: &str) -> String {
    let mut conn = Conn::establish(url).await.expect("connected");
    lines(&mut conn, EVERYTHING).await.concat()
}
