//! Modules: chapters in an order.

use serde_json::{Value, json};
use shared::testing::{count_queries, make};

use super::School;
use crate::support::Answer;

fn order(answer: &Answer) -> Vec<(String, i64)> {
    let list = answer.body["results"].as_array().or(answer.body.as_array()).expect("modules");
    let place = |module: &Value| {
        (module["title"].as_str().expect("a title").to_owned(), module["order"].as_i64().expect("a place"))
    };
    list.iter().map(place).collect()
}

fn pairs<const N: usize>(expected: [(&str, i64); N]) -> Vec<(String, i64)> {
    expected.map(|(title, place)| (title.to_owned(), place)).to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instructor_adds_a_module() {
    let school = School::start().await;
    let owner = school.instructor.user.as_ref().expect("somebody");
    let course = make::course(school.tenant).owned_by(owner).make(&school.app.db).await;
    let path = format!("/api/courses/{}/modules/", course.id);

    let body = r#"{"title": "Decorators and Metaclasses", "description": "Advanced Python patterns", "order": 1}"#;
    let answer = school.instructor.post(&path, serde_json::from_str(body).expect("JSON")).await.expect(201);

    assert_eq!(answer.body["order"], 1);
    assert_eq!(answer.body["course"], json!(course.id));
    school.instructor.get(answer.header("location")).await.expect(200);
    school.instructor.post(&path, json!({"title": "Behind"})).await.expect(201);
    school.instructor.post(&path, json!({"title": "Between", "order": 2})).await.expect(201);
    let list = school.instructor.get(&path).await.expect(200);
    assert_eq!(order(&list), pairs([("Decorators and Metaclasses", 1), ("Between", 2), ("Behind", 3)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn modules_added_at_once_have_places_of_their_own() {
    let school = School::start().await;
    let course = make::course(school.tenant).make(&school.app.db).await;
    let path = format!("/api/courses/{}/modules/", course.slug);

    let made = futures::future::join_all((0..8).map(|_| school.admin.post(&path, json!({"title": "M"})))).await;

    assert!(made.iter().all(|answer| answer.status == 201));
    let places: Vec<_> = order(&school.admin.get(&path).await).into_iter().map(|(_, place)| place).collect();
    assert_eq!(places, (1..=8).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_order_is_taken_as_a_whole_and_loses_nothing() {
    let school = School::start().await;
    let db = &school.app.db;
    let course = make::course(school.tenant).with_modules(3, 1).make(db).await;
    let foreign = make::course(school.tenant).with_modules(1, 0).make(db).await;
    let path = format!("/api/courses/{}/modules/reorder/", course.slug);
    let [a, b, c] = [0, 1, 2].map(|index: usize| course.modules[index].id);

    let answer = school.admin.post(&path, json!({"modules": [c, a, b]})).await.expect(200);
    assert_eq!(order(&answer), pairs([("Module 3", 1), ("Module 1", 2), ("Module 2", 3)]));
    let answer = school.admin.post(&path, json!({"modules": [b]})).await.expect(200);
    assert_eq!(order(&answer), pairs([("Module 2", 1), ("Module 3", 2), ("Module 1", 3)]), "the others follow");

    for modules in [json!([a, a]), json!([]), json!([b, foreign.modules[0].id]), json!(["x"])] {
        let refused = school.admin.post(&path, json!({"modules": modules})).await.expect(400);
        assert!(refused.body["errors"].as_object().expect("fields").keys().any(|field| field.starts_with("modules")));
    }
    let after = school.admin.get(&format!("/api/courses/{}/modules/", course.slug)).await;
    assert_eq!(order(&after), pairs([("Module 2", 1), ("Module 3", 2), ("Module 1", 3)]), "nothing half-done");
    assert_eq!(after.results()[0]["content_items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_is_changed_moved_and_deleted() {
    let school = School::start().await;
    let course = make::course(school.tenant).with_modules(3, 1).make(&school.app.db).await;
    let path = format!("/api/modules/{}/", course.modules[2].id);

    let answer = school.admin.patch(&path, json!({"title": "First now", "order": 1})).await.expect(200);
    assert_eq!(answer.body["content_items"].as_array().map(Vec::len), Some(1));
    let list = format!("/api/courses/{}/modules/", course.slug);
    assert_eq!(order(&school.admin.get(&list).await), pairs([("First now", 1), ("Module 1", 2), ("Module 2", 3)]));
    let stale = school.admin.with("if-match", "\"v1\"").patch(&path, json!({"title": "Late"})).await;
    stale.expect(412);
    school.admin.delete(&path).await.expect(204);
    school.admin.delete(&path).await.expect(404);
    assert_eq!(order(&school.admin.get(&list).await), pairs([("Module 1", 1), ("Module 2", 2)]));
    school.learner.patch(&path, json!({"title": "x"})).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_for_those_who_take_part() {
    let school = School::start().await;
    let db = &school.app.db;
    let course = make::course(school.tenant).published().with_modules(1, 1).make(db).await;
    let module = &course.modules[0];
    make::item(module, 2)
        .but(|item| {
            item.external_url = Some("https://example.org/secret".to_owned());
            item.metadata = json!({"secret": 1});
        })
        .make(db)
        .await;
    make::item(module, 3).but(|item| item.is_published = false).make(db).await;
    let list = format!("/api/courses/{}/modules/", course.id);
    let items = |answer: &Answer| answer.results()[0]["content_items"].as_array().expect("items").clone();

    let outside = school.learner.get(&list).await.expect(200);
    assert_eq!(items(&outside).len(), 2, "what is not published is not there");
    assert_eq!(items(&outside)[0]["title"], "Item 1", "an outsider reads the outline");
    let text = String::from_utf8_lossy(&outside.bytes).into_owned();
    assert!(!text.contains("Text 1") && !text.contains("secret"), "and no more: {text}");
    assert_eq!(items(&outside)[0]["is_locked"], true);

    let me = school.learner.user.as_ref().expect("somebody");
    make::enrollment(me, &course).make(db).await;
    let inside = school.learner.get(&list).await.expect(200);
    assert_eq!(items(&inside).len(), 2);
    assert_eq!(items(&inside)[0]["text_content"], "Text 1");
    assert_eq!(items(&inside)[1]["external_url"], "https://example.org/secret");
    assert_eq!(items(&inside)[0]["is_locked"], false);

    assert_eq!(items(&school.admin.get(&list).await).len(), 3, "who runs the course sees drafts");
    let colleague = school.instructor.get(&list).await.expect(200);
    assert!(items(&colleague)[0]["text_content"].is_null(), "a colleague is an outsider");
}

#[tokio::test(flavor = "multi_thread")]
async fn modules_are_read_with_as_many_statements_for_one_as_for_twenty() {
    let school = School::start().await;
    let db = &school.app.db;
    let small = make::course(school.tenant).published().with_modules(1, 1).make(db).await;
    let large = make::course(school.tenant).published().with_modules(20, 2).make(db).await;

    let (_, for_one) = count_queries(school.learner.get(&format!("/api/courses/{}/modules/", small.id))).await;
    let (answer, for_twenty) = count_queries(school.learner.get(&format!("/api/courses/{}/modules/", large.id))).await;
    assert_eq!(answer.results().len(), 20);
    assert_eq!(for_one, for_twenty);
    let (_, detail_of_one) = count_queries(school.learner.get(&format!("/api/courses/{}/", small.id))).await;
    let (_, detail_of_twenty) = count_queries(school.learner.get(&format!("/api/courses/{}/", large.id))).await;
    assert_eq!(detail_of_one, detail_of_twenty);
}
