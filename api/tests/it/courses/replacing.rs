//! All modules of a course at once, as an editor with drag and drop sends them.

use serde_json::{Value, json};
use shared::testing::{count_queries, make};

use super::School;

/// Titles of modules, each with its items' in order and their places.
fn outline(modules: &Value) -> Value {
    let modules = modules.as_array().expect("modules");
    let titles = |module: &Value| {
        let items = module["content_items"].as_array().expect("items");
        let places: Vec<_> = items.iter().map(|item| item["order"].as_i64()).collect();
        assert!(places.iter().copied().eq((1..).take(items.len()).map(Some)), "a gap in {places:?}");
        json!([module["title"], module["order"], items.iter().map(|item| &item["title"]).collect::<Vec<_>>()])
    };
    modules.iter().map(titles).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn modules_are_made_renamed_moved_and_deleted_in_one_go() {
    let school = School::start().await;
    let course = make::course(school.tenant).with_modules(3, 2).make(&school.app.db).await;
    let path = format!("/api/courses/{}/modules/", course.slug);
    let [a, b, _] = [0, 1, 2].map(|index: usize| course.modules[index].id);
    let item = |module: usize, place: usize| course.items[module * 2 + place].id;

    let wanted = json!({"modules": [
        {"id": b, "title": "Second, now first", "content_items": [item(1, 1), item(2, 0)]},
        {"title": "New", "content_items": [item(0, 0)]},
        {"id": a, "description": "<b>A</b><script>x</script>"},
    ]});
    let answer = school.admin.put(&path, wanted).await.expect(200);

    assert_eq!(
        outline(&answer.body),
        json!([["Second, now first", 1, ["Item 2", "Item 1"]], ["New", 2, ["Item 1"]], ["Module 1", 3, ["Item 2"]],])
    );
    assert_eq!(answer.body[2]["description"], "<b>A</b>");
    let left = format!("select id::text as text from content_items where course_id = '{}'", course.id);
    assert_eq!(school.app.db.texts(&left).await.len(), 4, "what is in no list is gone");
    assert_eq!(school.jobs("courses.recount_progress").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_deletes_what_they_have_not_seen() {
    let school = School::start().await;
    let db = &school.app.db;
    let course = make::course(school.tenant).with_modules(1, 1).make(db).await;
    let path = format!("/api/courses/{}/modules/", course.slug);
    let (module, item) = (course.modules[0].id, course.items[0].id);
    let tag = async || school.admin.get(&path).await.expect(200).header("etag").to_owned();
    let replace = async |tag: &str, title: &str| {
        school.admin.with("if-match", tag).put(&path, json!({"modules": [{"id": module, "title": title}]})).await
    };
    let begun = tag().await;
    assert_eq!(tag().await, begun, "what is as it was has one tag");

    let content = format!("/api/modules/{module}/content/");
    for number in 0..4 {
        let before = tag().await;
        let change = match number {
            0 => school.admin.post(&path, json!({"title": "Theirs"})).await.expect(201),
            1 => school.admin.post(&content, json!({"title": "Theirs", "content_type": "TEXT"})).await.expect(201),
            2 => school
                .admin
                .patch(&format!("/api/content/{item}/"), json!({"text_content": "Theirs"}))
                .await
                .expect(200),
            _ => school.admin.patch(&format!("/api/modules/{module}/"), json!({"title": "Theirs"})).await.expect(200),
        };
        let late = replace(&before, "Mine").await.expect(412);
        assert_eq!(late.body["code"], "changed_meanwhile", "{number}: {}", change.body);
    }
    assert_eq!(school.admin.get(&path).await.body["count"], 2, "what the others made is there");
    let seen = tag().await;
    let mine = replace(&seen, "Mine").await.expect(200);
    replace(&seen, "Again").await.expect(412);
    let again = replace(mine.header("etag"), "Again").await.expect(200);
    assert_eq!(again.body.as_array().map(Vec::len), Some(1));
    assert_eq!(again.header("etag").split('.').next(), tag().await.split('.').next(), "the list's tag is the answer's");
    school.admin.put(&path, json!({"modules": [{"id": module, "title": "Unasked"}]})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_wrong_changes_nothing() {
    let school = School::start().await;
    let db = &school.app.db;
    let course = make::course(school.tenant).published().with_modules(2, 1).make(db).await;
    let other = make::course(school.tenant).with_modules(1, 1).make(db).await;
    let path = format!("/api/courses/{}/modules/", course.id);
    let [a, b] = [course.modules[0].id, course.modules[1].id];
    let before = outline(&school.admin.get(&path).await.body["results"]);

    for (wanted, field) in [
        (json!([]), "modules"),
        (json!([{"id": a}, {"id": a}]), "modules"),
        (json!([{"id": a}, {"description": "no title"}]), "modules"),
        (json!([{"id": a}, {"id": other.modules[0].id}]), "modules"),
        (json!([{"id": a, "content_items": [other.items[0].id]}]), "content_items"),
        (
            json!([{"id": a, "content_items": [course.items[0].id]}, {"id": b, "content_items": [course.items[0].id]}]),
            "modules",
        ),
        (json!([{"id": a, "title": ""}]), "modules[0].title"),
        (json!([{"id": a, "colour": "red"}]), "modules[0].colour"),
    ] {
        let answer = school.admin.put(&path, json!({"modules": wanted})).await.expect(400);
        assert!(answer.body["errors"][field].is_array(), "{field}: {}", answer.body);
    }
    school.instructor.put(&path, json!({"modules": [{"id": a}]})).await.expect(403);
    school.learner.put(&path, json!({"modules": [{"id": a}]})).await.expect(403);
    assert_eq!(outline(&school.admin.get(&path).await.body["results"]), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_modules_take_as_many_statements_as_two() {
    let school = School::start().await;
    let db = &school.app.db;
    let small = make::course(school.tenant).with_modules(2, 1).make(db).await;
    let large = make::course(school.tenant).with_modules(20, 3).make(db).await;
    let replace = async |course: &make::MadeCourse| {
        let modules: Vec<_> =
            course.modules.iter().rev().map(|module| json!({"id": module.id, "title": "X"})).collect();
        let path = format!("/api/courses/{}/modules/", course.id);
        school.admin.put(&path, json!({ "modules": modules })).await.expect(200)
    };
    replace(&small).await;
    let (_, for_two) = count_queries(replace(&small)).await;
    let (_, for_twenty) = count_queries(replace(&large)).await;
    assert_eq!(for_two, for_twenty);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_are_sent_at_once_leave_no_gap() {
    let school = School::start().await;
    let course = make::course(school.tenant).with_modules(1, 6).make(&school.app.db).await;
    let module = format!("/api/modules/{}/content/", course.modules[0].id);
    let reorder = format!("{module}reorder/");
    let ids: Vec<_> = course.items.iter().map(|item| item.id).collect();
    let bodies: Vec<_> = (0..6)
        .map(|turn| {
            let mut ids = ids.clone();
            ids.rotate_left(turn);
            json!({"content_items": ids[..3].to_vec()})
        })
        .collect();

    let moves = bodies.into_iter().map(|body| school.admin.post(&reorder, body));
    assert!(futures::future::join_all(moves).await.iter().all(|answer| answer.status == 200));

    let list = school.admin.get(&module).await.expect(200);
    let places: Vec<_> = list.results().iter().map(|item| item["order"].as_i64().expect("a place")).collect();
    assert_eq!(places, [1, 2, 3, 4, 5, 6]);
    for wrong in [json!([]), json!([ids[0], ids[0]]), json!([course.modules[0].id])] {
        let refused = school.admin.post(&reorder, json!({"content_items": wrong})).await.expect(400);
        assert!(refused.body["errors"]["content_items"].is_array(), "{}", refused.body);
    }
}
