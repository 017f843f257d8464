//! Copies of courses, and the ways back from the archive.

use serde_json::{Value, json};
use shared::testing::{count_queries, make};
use shared::users::UserRole;

use super::School;

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_has_all_that_is_in_the_course_and_shares_nothing_with_it() {
    let school = School::start().await;
    let db = &school.app.db;
    let owner = school.instructor.user.as_ref().expect("somebody");
    let basics = make::course(school.tenant).title("Basics").published().with_modules(1, 1).make(db).await;
    let course =
        make::course(school.tenant).title("Python").owned_by(owner).published().with_modules(2, 2).make(db).await;
    make::comes_before(db, &basics, &course).await;
    make::module_comes_before(db, &course.modules[0], &course.modules[1]).await;
    make::module_comes_before(db, &basics.modules[0], &course.modules[1]).await;
    make::enrollment(school.learner.user.as_ref().expect("somebody"), &course).make(db).await;
    let from = format!("/api/courses/{}/", course.slug);

    let copy = school.instructor.post(&format!("{from}clone/"), json!({})).await.expect(201);

    assert_eq!(copy.body["title"], "Python (copy)");
    assert_eq!(copy.body["status"], "DRAFT");
    assert_eq!(copy.body["instructor"]["id"], json!(owner.id));
    assert_eq!(copy.body["enrollment_count"], 0);
    let [old, new] = [&from, copy.header("location")];
    let (old, new) = (school.instructor.get(old).await.expect(200), school.instructor.get(new).await.expect(200));
    assert_eq!(outline(&new.body), outline(&old.body));
    assert_eq!(new.body["prerequisites_list"][0]["prerequisite_course"], json!(basics.id));
    let before = &new.body["modules"][1]["prerequisites_list"];
    let mut before: Vec<_> = before.as_array().expect("a list").iter().map(|row| &row["prerequisite_module"]).collect();
    before.sort_by_key(|id| *id == &json!(basics.modules[0].id));
    assert_eq!(before, [&new.body["modules"][0]["id"], &json!(basics.modules[0].id)], "its own, not the old course's");

    let item = format!("/api/content/{}/", new.body["modules"][0]["content_items"][0]["id"].as_str().expect("an id"));
    school.instructor.patch(&item, json!({"title": "Changed"})).await.expect(200);
    let history = school.instructor.get(&format!("{item}versions/")).await.expect(200);
    assert_eq!(history.body["count"], 2);
    assert_eq!(history.results()[1]["comment"], "Copied from Python");
    let old_now = school.instructor.get(&from).await.expect(200);
    assert_eq!(outline(&old_now.body), outline(&old.body));
}

/// What a copy has, too.
fn outline(course: &Value) -> Vec<Value> {
    let modules = course["modules"].as_array().expect("modules");
    let item = |item: &Value| {
        json!([item["title"], item["text_content"], item["order"], item["is_published"], item["is_required"]])
    };
    let module = |module: &Value| {
        let items: Vec<_> = module["content_items"].as_array().expect("items").iter().map(item).collect();
        json!([module["title"], module["order"], items])
    };
    modules.iter().map(module).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_course_is_copied_with_as_many_statements_as_a_small_one_and_a_very_large_one_by_a_job() {
    let school = School::start().await;
    let db = &school.app.db;
    let small = make::course(school.tenant).with_modules(1, 1).make(db).await;
    let large = make::course(school.tenant).with_modules(10, 10).make(db).await;
    let clone = async |course: &make::MadeCourse, title: &str| {
        let path = format!("/api/courses/{}/clone/", course.id);
        school.admin.post(&path, json!({ "title": title })).await.expect(201)
    };
    clone(&small, "To begin with").await;
    let (_, for_small) = count_queries(clone(&small, "Small")).await;
    let (_, for_large) = count_queries(clone(&large, "Large")).await;
    assert_eq!(for_small, for_large);

    db.texts(&format!(
        "insert into content_items (id, tenant_id, course_id, module_id, title, content_type, position, created_at, updated_at)
         select gen_random_uuid(), tenant_id, course_id, module_id, title, content_type, n, created_at, updated_at
         from content_items cross join generate_series(2, 600) as n where id = '{}' returning id::text as text",
        small.items[0].id
    ))
    .await;
    let path = format!("/api/courses/{}/clone/", small.id);
    let begun = school.admin.post(&path, json!({})).await.expect(202);
    assert_eq!(begun.body["module_count"], 0);
    assert_eq!(school.jobs("courses.copy_contents").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_runs_a_course_copies_it() {
    let school = School::start().await;
    let db = &school.app.db;
    let published = make::course(school.tenant).published().with_modules(1, 1).make(db).await;
    let path = format!("/api/courses/{}/clone/", published.id);

    school.learner.post(&path, json!({})).await.expect(403);
    school.instructor.post(&path, json!({})).await.expect(403);
    let odd = school.admin.post(&path, json!({"title": ""})).await.expect(400);
    assert!(odd.body["errors"]["title"].is_array());
    let named = school.admin.post(&path, json!({"title": "Autumn"})).await.expect(201);
    assert_eq!((&named.body["title"], &named.body["slug"]), (&json!("Autumn"), &json!("autumn")));
    let slug = db.texts(&format!("select slug as text from tenants where id = '{}'", school.tenant)).await.concat();
    let superuser = school.app.as_superuser().await.with("x-tenant-slug", &slug);
    let theirs = superuser.post(&path, json!({})).await.expect(201);
    assert!(theirs.body["instructor"].is_null(), "a superuser is nobody of the tenant");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_out_of_the_archive_is_what_went_in() {
    let school = School::start().await;
    let db = &school.app.db;
    let published = make::course(school.tenant).published().make(db).await;
    let draft = make::course(school.tenant).make(db).await;
    for (course, status) in [(&published, "PUBLISHED"), (&draft, "DRAFT")] {
        let path = format!("/api/courses/{}/", course.id);
        let early = school.admin.post(&format!("{path}unarchive/"), json!({})).await.expect(409);
        assert_eq!(early.body["code"], "not_archived");
        school.admin.post(&format!("{path}archive/"), json!({})).await.expect(200);
        let back = school.admin.post(&format!("{path}unarchive/"), json!({})).await.expect(200);
        assert_eq!(back.body["status"], status);
    }
    let colleague = school.app.as_role(school.tenant, UserRole::Instructor).await;
    colleague.post(&format!("/api/courses/{}/unarchive/", published.id), json!({})).await.expect(403);
}
