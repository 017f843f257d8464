//! Another tenant's ids do not exist, on any operation, whoever calls; and nothing of it changes.

use std::collections::BTreeMap;

use shared::ids::TenantId;
use shared::testing::{TestDb, make};
use shared::users::UserRole;
use uuid::Uuid;

use super::operations::{Operation, operations};
use crate::support::TestApp;

/// Where the ids of a path parameter live.
pub(super) const HOMES: &[(&str, &str)] = &[
    ("announcement", "announcements"),
    ("certificate", "certificates"),
    ("content_item", "content_items"),
    ("content_version", "content_versions"),
    ("course", "courses"),
    ("device", "push_devices"),
    ("domain", "tenant_domains"),
    ("enrollment", "enrollments"),
    ("enrollment_import", "enrollment_imports"),
    ("file", "files"),
    ("folder", "folders"),
    ("group", "learner_groups"),
    ("group_enrollment", "group_enrollments"),
    ("job", "jobs"),
    ("lti_platform", "lti_platforms"),
    ("member", "users"),
    ("module", "modules"),
    ("module_prerequisite", "module_prerequisites"),
    ("notification", "notifications"),
    ("prerequisite", "course_prerequisites"),
    ("reply", "discussion_replies"),
    ("session", "sessions"),
    ("sso_configuration", "sso_configurations"),
    ("tenant", "tenants"),
    ("thread", "discussion_threads"),
    ("upload", "file_uploads"),
    ("user", "users"),
    ("version", "file_versions"),
];

/// What a path names that is no row of a tenant's: the platform's queues, limits and schedules, which are
/// nobody's secret. And every tenant has mails of the same names: one that none has stands for
/// another's.
pub(super) const NAMES: &[(&str, &str)] = &[
    ("email_template", "no_such_mail"),
    ("queue", "within_1m"),
    ("schedule", "jobs.prune"),
    ("subject", "provider:smtp"),
];

/// One id of each kind that a path may name, of this tenant.
pub(super) async fn ids_of(db: &TestDb, tenant: TenantId) -> BTreeMap<&'static str, String> {
    let mut ids: BTreeMap<_, _> = NAMES.iter().map(|&(parameter, name)| (parameter, name.to_owned())).collect();
    for &(parameter, table) in HOMES {
        let column = if table == "tenants" { "id" } else { "tenant_id" };
        let found = db
            .texts(&format!("select id::text as text from {table} where {column} = '{tenant}' order by id limit 1"))
            .await;
        ids.insert(parameter, found.into_iter().next().unwrap_or_else(|| panic!("the demo has no row in {table}")));
    }
    ids
}

/// A platform with two tenants that have something of everything.
pub(super) async fn two_schools() -> (TestApp, [TenantId; 2]) {
    let app = TestApp::start().await;
    shared::demo::seed(&app.db.pool, "no password has this hash", &app.app.vault, app.app.clock.now())
        .await
        .expect("seeded");
    let tenants = app.db.texts("select id::text as text from tenants order by slug").await;
    let tenants = [&tenants[0], &tenants[1]].map(|id| id.parse::<TenantId>().expect("an id"));
    for tenant in tenants {
        let bystander = make::user(tenant).make(&app.db).await;
        make::session(&app.db, &bystander).await;
        make::sso_configuration(&app.db, tenant).await;
        make::lti_platform(&app.db, tenant).await;
        make::push_device(&app.db, &bystander).await;
        make::file(&app.db, &bystander, "notes.txt", None).await;
        make::upload(&app.db, &bystander, "film.mp4", None).await;
        make::group_enrollment(&app.db, tenant).await;
        make::enrollment_import(&app.db, tenant).await;
    }
    (app, tenants)
}

/// A fingerprint of everything that a tenant has. Its own sessions aside: the demo has none.
pub(super) async fn everything_of(db: &TestDb, tenant: TenantId) -> BTreeMap<String, String> {
    let tables = db.texts(
        "select c.relname::text as text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
         where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace order by 1",
    )
    .await;
    let mut prints = BTreeMap::new();
    for table in tables {
        let print = db.texts(
            &format!("select coalesce(md5(string_agg(t::text, '' order by t::text)), '') as text from {table} t where tenant_id = '{tenant}'"),
        )
        .await;
        prints.insert(table, print.concat());
    }
    prints
}

/// What only a superuser may do, on any tenant: an administrator is refused before the id is looked
/// at.
fn is_the_platforms(operation: &Operation) -> bool {
    let is_domain = operation.path.contains("/domains/") && operation.method != "GET";
    let is_machinery = ["/api/admin/limits/", "/api/admin/queues/", "/api/admin/schedules/"]
        .iter()
        .any(|path| operation.path.starts_with(path));
    is_domain || is_machinery || operation.path.ends_with("/toggle-status/")
}

/// Every operation with a path parameter, as the mightiest of one tenant, with the other's ids.
async fn another_tenants_ids_do_not_exist() {
    let (app, [ours, theirs]) = two_schools().await;
    let ids = ids_of(&app.db, theirs).await;
    let before = everything_of(&app.db, theirs).await;

    let mut tried = 0;
    for role in [UserRole::Learner, UserRole::Instructor, UserRole::Admin] {
        let caller = app.as_role(ours, role).await;
        for operation in operations().into_iter().filter(|operation| !operation.is_open && operation.path.contains('{'))
        {
            if shared::testing::tenant_filters_are_off() && operation.path.contains("{tenant}") {
                // Here the id in the address is itself what is switched off: any id means one's own.
                continue;
            }
            let foreign = operation.address(|name| {
                ids.get(name).unwrap_or_else(|| panic!("{operation}: where do ids of {name} live?")).clone()
            });
            let missing = operation.address(|_| Uuid::now_v7().to_string());
            let theirs = caller.send(operation.method.clone(), &foreign, operation.body.clone()).await;
            let nobodys = caller.send(operation.method.clone(), &missing, operation.body.clone()).await;
            assert!(
                matches!(theirs.status.as_u16(), 404 | 403),
                "{role} {operation} with another tenant's id: {} {}",
                theirs.status,
                theirs.body
            );
            // 403 only where the role may not call it at all, which says nothing of the id.
            assert_eq!(theirs.status, nobodys.status, "{role} {operation} tells that the id exists");
            assert_eq!(theirs.body["detail"], nobodys.body["detail"], "{role} {operation} tells that the id exists");
            if role == UserRole::Admin {
                assert!(
                    is_the_platforms(&operation) || theirs.status.as_u16() == 404,
                    "{operation}: {} {}",
                    theirs.status,
                    theirs.body
                );
            }
            tried += 1;
        }
    }
    assert!(tried > 30, "only {tried} calls were tried");
    assert_eq!(everything_of(&app.db, theirs).await, before, "something of the other tenant has changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_ids_do_not_exist_on_any_operation() {
    another_tenants_ids_do_not_exist().await;
}

/// Row-level security on its own: a process in which the application's filters by tenant match
/// every tenant runs the test above.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_applications_own_filters_the_database_still_isolates() {
    if shared::testing::tenant_filters_are_off() {
        return;
    }
    let program = std::env::current_exe().expect("this program");
    let output = tokio::process::Command::new(program)
        .args([
            "--exact",
            "contract::isolation::another_tenants_ids_do_not_exist_on_any_operation",
            "contract::isolation::lists_show_ones_own_tenant_only",
            "contract::isolation::the_filters_are_really_off",
        ])
        .env(shared::testing::TENANT_FILTERS, "off")
        .output()
        .await
        .expect("run");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("3 passed"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_show_ones_own_tenant_only() {
    let app = TestApp::start().await;
    shared::demo::seed(&app.db.pool, "no password has this hash", &app.app.vault, app.app.clock.now())
        .await
        .expect("seeded");
    let tenants = app.db.texts("select id::text as text from tenants order by slug").await;
    let ours = tenants[0].parse::<TenantId>().expect("an id");
    let tables = app
        .db
        .texts(
            "select c.relname::text as text from pg_class c
         join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
         join pg_attribute b on b.attrelid = c.oid and b.attname = 'id'
         where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace",
        )
        .await;
    let mut foreign = Vec::new();
    for table in tables {
        foreign.extend(
            app.db.texts(&format!("select id::text as text from {table} where tenant_id = '{}'", tenants[1])).await,
        );
    }
    let mut seen = 0;
    for role in [UserRole::Learner, UserRole::Instructor, UserRole::Admin] {
        let caller = app.as_role(ours, role).await;
        for operation in
            operations().into_iter().filter(|operation| operation.method == "GET" && !operation.path.contains('{'))
        {
            let answer = caller.get(&format!("{}?page_size=200", operation.path)).await;
            let text = String::from_utf8_lossy(&answer.bytes).into_owned();
            seen += answer.body["results"].as_array().map_or(0, Vec::len);
            for id in &foreign {
                assert!(!text.contains(id.as_str()), "{role} {operation} shows {id} of another tenant");
            }
        }
    }
    assert!(seen > 20, "the lists have only {seen} rows: there was nothing to leak");
}

/// Guards the test above: with the filters on it would prove nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_filters_are_really_off() {
    if !shared::testing::tenant_filters_are_off() {
        return;
    }
    let app = TestApp::start().await;
    let (ours, theirs) = (app.tenant().await, app.tenant().await);
    let user = make::user(theirs).make(&app.db).await;
    let found = shared::users::User::find(&mut *app.db.platform().await, ours, user.id).await.expect("an answer");
    assert!(found.is_some(), "the filter by tenant still filters");
}
