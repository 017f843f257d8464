//! Copies of very large courses.

use chrono::Utc;
use shared::clock::Clock;
use shared::courses::Copied;
use shared::testing::{TestDb, make};
use worker::courses::register;
use worker::drain::drain;
use worker::registry::Registry;

use crate::support::services_with;

/// A course of more items than are copied while somebody waits.
async fn large_course(db: &TestDb) -> make::MadeCourse {
    let tenant = make::tenant(db).await.id;
    let course = make::course(tenant).with_modules(2, 1).make(db).await;
    make::module_comes_before(db, &course.modules[0], &course.modules[1]).await;
    db.texts(&format!(
        "insert into content_items (id, tenant_id, course_id, module_id, title, content_type, position, created_at, updated_at)
         select gen_random_uuid(), tenant_id, course_id, module_id, title, content_type, n, created_at, updated_at
         from content_items cross join generate_series(2, 600) as n where id = '{}' returning id::text as text",
        course.items[0].id
    ))
    .await;
    course
}

async fn counted(db: &TestDb, table: &str, course: shared::ids::CourseId) -> String {
    db.texts(&format!("select count(*)::text as text from {table} where course_id = '{course}'")).await.concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_copy_of_a_very_large_course_is_filled_once() {
    let db = TestDb::lease().await;
    let course = large_course(&db).await;
    let mut conn = db.tenant(course.tenant_id).await;
    let copied = course.copy(&mut conn, None, None, make::morning()).await.expect("copied");
    drop(conn);
    let Copied::Begun(copy) = copied else { panic!("copied while somebody waited") };
    assert_eq!(counted(&db, "content_items", copy.id).await, "0");

    for _ in 0..2 {
        let services = services_with(&db, Clock::set_to(make::morning()), &[]);
        drain(&services, || register(Registry::default()), Utc::now()).await.expect("drained");
    }

    for (table, rows) in
        [("modules", "2"), ("content_items", "601"), ("content_versions", "601"), ("module_prerequisites", "1")]
    {
        assert_eq!(counted(&db, table, copy.id).await, rows, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_deleted_meanwhile_is_not_filled() {
    let db = TestDb::lease().await;
    let course = large_course(&db).await;
    let mut conn = db.tenant(course.tenant_id).await;
    let copied = course.copy(&mut conn, None, None, make::morning()).await.expect("copied");
    let Copied::Begun(copy) = copied else { panic!("copied while somebody waited") };
    copy.delete(&mut conn).await.expect("deleted");
    drop(conn);

    let services = services_with(&db, Clock::set_to(make::morning()), &[]);
    drain(&services, || register(Registry::default()), Utc::now()).await.expect("drained");

    let states = db.texts("select state::text as text from jobs where kind = 'courses.copy_contents'").await;
    assert_eq!(states, ["succeeded"]);
}
