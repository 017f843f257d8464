//! The history of items.

use serde_json::{Value, json};
use shared::testing::{count_queries, make};

use super::School;

/// A school with an item whose first version is in its history, and the item's address.
async fn with_item(school: &School) -> String {
    let owner = school.instructor.user.as_ref().expect("somebody");
    let course = make::course(school.tenant).owned_by(owner).published().with_modules(1, 0).make(&school.app.db).await;
    let body = json!({"title": "Loops", "content_type": "TEXT", "text_content": "one\ntwo\n", "is_published": true});
    let path = format!("/api/modules/{}/content/", course.modules[0].id);
    school.instructor.post(&path, body).await.expect(201).header("location").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_of_content_makes_a_version() {
    let school = School::start().await;
    let item = with_item(&school).await;
    let versions = format!("{item}versions/");

    let change = json!({"text_content": "one\n2\nthree\n", "comment": "Digits"});
    school.instructor.patch(&item, change).await.expect(200);
    school.instructor.patch(&item, json!({"is_required": false, "order": 1})).await.expect(200);
    school.instructor.patch(&item, json!({"title": "Loops"})).await.expect(200);
    school.instructor.patch(&item, json!({"title": "For loops"})).await.expect(200);

    let list = school.instructor.get(&versions).await.expect(200);
    let told = |version: &Value| {
        [&version["version_number"], &version["changed_fields"], &version["lines_added"], &version["lines_removed"]]
            .map(Clone::clone)
    };
    let expected = [
        [json!(3), json!(["title"]), json!(0), json!(0)],
        [json!(2), json!(["text_content"]), json!(2), json!(1)],
        [json!(1), json!([]), json!(0), json!(0)],
    ];
    assert_eq!(list.results().iter().map(told).collect::<Vec<_>>(), expected, "newest first, and only of content");
    assert_eq!(list.results()[1]["comment"], "Digits");
    assert_eq!(list.results()[1]["user"]["id"], json!(school.instructor.id()));
    assert!(list.results()[1].get("text_content").is_none(), "a list shows no bodies");
    let one = school.instructor.get(&format!("{versions}{}/", list.results()[2]["id"].as_str().expect("an id"))).await;
    assert_eq!(one.expect(200).body["text_content"], "one\ntwo\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_brought_back_by_a_new_version() {
    let school = School::start().await;
    let item = with_item(&school).await;
    let versions = format!("{item}versions/");
    let link =
        json!({"content_type": "URL", "external_url": "https://example.org/", "text_content": null, "title": "Link"});
    school.instructor.patch(&item, link).await.expect(200);
    let list = school.instructor.get(&versions).await;
    let first = list.results()[1]["id"].as_str().expect("an id").to_owned();

    let stale =
        school.instructor.with("if-match", "\"v1\"").post(&format!("{versions}{first}/restore/"), json!({})).await;
    stale.expect(412);
    let back = school.instructor.post(&format!("{versions}{first}/restore/"), json!({"comment": "As before"})).await;

    let back = back.expect(200);
    assert_eq!(back.body["title"], "Loops");
    assert_eq!(back.body["text_content"], "one\ntwo\n");
    assert!(back.body["external_url"].is_null());
    let list = school.instructor.get(&versions).await;
    assert_eq!(list.body["count"], 3, "nothing of the history is lost");
    assert_eq!(list.results()[0]["restored_from"], 1);
    assert_eq!(list.results()[0]["comment"], "As before");
    let kept = school.instructor.post(&versions, json!({"comment": "For the autumn"})).await.expect(201);
    assert_eq!(kept.body["version_number"], 4);
    assert_eq!(kept.body["changed_fields"], json!([]));
    school.instructor.get(kept.header("location")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_has_no_history_begins_it_with_what_it_was() {
    let school = School::start().await;
    let course = make::course(school.tenant).with_modules(1, 1).make(&school.app.db).await;
    let item = format!("/api/content/{}/", course.items[0].id);

    school.admin.patch(&item, json!({"text_content": "Other"})).await.expect(200);

    let list = school.admin.get(&format!("{item}versions/")).await.expect(200);
    assert_eq!(list.body["count"], 2);
    let first = list.results()[1]["id"].as_str().expect("an id");
    let first = school.admin.get(&format!("{item}versions/{first}/")).await.expect(200);
    assert_eq!(first.body["text_content"], "Text 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_once_have_numbers_of_their_own() {
    let school = School::start().await;
    let item = with_item(&school).await;

    let titles: Vec<_> = (0..6).map(|n| json!({"title": format!("Title {n}")})).collect();
    let changes = titles.into_iter().map(|title| school.instructor.patch(&item, title));
    let answers = futures::future::join_all(changes).await;

    assert!(answers.iter().all(|answer| answer.status == 200));
    let list = school.instructor.get(&format!("{item}versions/")).await;
    let numbers: Vec<_> = list.results().iter().map(|version| version["version_number"].clone()).collect();
    assert_eq!(numbers, [7, 6, 5, 4, 3, 2, 1].map(Value::from));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_is_for_whoever_runs_the_course() {
    let school = School::start().await;
    let item = with_item(&school).await;
    let versions = format!("{item}versions/");
    let other = with_item(&school).await;
    let list = school.instructor.get(&versions).await;
    let first = list.results()[0]["id"].as_str().expect("an id").to_owned();
    let colleague = school.app.as_role(school.tenant, shared::users::UserRole::Instructor).await;

    school.learner.get(&versions).await.expect(403);
    colleague.get(&versions).await.expect(403);
    colleague.post(&format!("{versions}{first}/restore/"), json!({})).await.expect(403);
    school.instructor.get(&format!("{other}versions/{first}/")).await.expect(404);
    school.instructor.post(&format!("{other}versions/{first}/restore/"), json!({})).await.expect(404);
    school.admin.get(&versions).await.expect(200);
    let (_, for_one) = count_queries(school.admin.get(&versions)).await;
    for n in 0..5 {
        school.admin.patch(&item, json!({"title": format!("Title {n}")})).await.expect(200);
    }
    let (answer, for_six) = count_queries(school.admin.get(&versions)).await;
    assert_eq!(answer.results().len(), 6);
    assert_eq!(for_one, for_six);
}
