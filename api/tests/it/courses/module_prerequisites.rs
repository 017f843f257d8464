//! Modules that come before modules.

use serde_json::json;
use shared::ids::ModuleId;
use shared::testing::make;

use super::School;
use crate::support::Answer;

/// The administrator has `module` ask for `before`.
async fn ask(school: &School, module: ModuleId, before: ModuleId) -> Answer {
    school.admin.post(&format!("/api/modules/{module}/prerequisites/"), json!({"prerequisite_module": before})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_is_shut_until_those_before_it_are_done() {
    let school = School::start().await;
    let db = &school.app.db;
    let course = make::course(school.tenant).published().with_modules(2, 2).make(db).await;
    make::item(&course.modules[0], 3).but(|item| item.is_required = false).make(db).await;
    make::enrollment(school.learner.user.as_ref().expect("somebody"), &course).make(db).await;
    let [first, second] = [course.modules[0].id, course.modules[1].id];
    let answer = ask(&school, second, first).await.expect(201);
    assert_eq!(answer.body["prerequisite_module_title"], "Module 1");
    let body = |item: usize| json!({"content_item": course.items[item].id, "status": "COMPLETED"});

    let shut = school.learner.get(&format!("/api/modules/{second}/")).await.expect(200);
    assert_eq!(shut.body["is_locked"], true);
    assert_eq!(shut.body["reasons"][0]["code"], "PREREQUISITE_MODULE");
    assert_eq!(shut.body["reasons"][0]["module"]["id"], json!(first));
    assert!(shut.body["content_items"][0]["text_content"].is_null());
    assert_eq!(shut.body["prerequisites_met"]["unmet_count"], 1);
    let refused = school.learner.post("/api/progress/", body(2)).await.expect(409);
    assert_eq!(refused.body["code"], "content_locked");

    school.learner.post("/api/progress/", body(0)).await.expect(200);
    let check = school.learner.get(&format!("/api/modules/{second}/prerequisites/check/")).await.expect(200);
    assert_eq!(check.body["unmet_modules"][0]["completed_items"], 1);
    school.learner.post("/api/progress/", body(1)).await.expect(200);

    let open = school.learner.get(&format!("/api/modules/{second}/")).await.expect(200);
    assert_eq!(open.body["is_locked"], false);
    assert_eq!(open.body["content_items"][0]["text_content"], "Text 1");
    school.learner.post("/api/progress/", body(2)).await.expect(200);
    let again = json!({"content_item": course.items[0].id, "status": "NOT_STARTED"});
    school.learner.post("/api/progress/", again).await.expect(200);
    school.learner.post("/api/progress/", body(3)).await.expect(409);
    school.admin.patch(answer.header("location"), json!({"prerequisite_type": "recommended"})).await.expect(200);
    school.learner.post("/api/progress/", body(3)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_module_comes_before_itself() {
    let school = School::start().await;
    let db = &school.app.db;
    let course = make::course(school.tenant).with_modules(3, 0).make(db).await;
    let [a, b, c] = [0, 1, 2].map(|index: usize| course.modules[index].id);

    let first = ask(&school, b, a).await.expect(201);
    ask(&school, c, b).await.expect(201);
    assert_eq!(ask(&school, a, c).await.expect(409).body["code"], "prerequisite_cycle");
    assert_eq!(ask(&school, b, a).await.expect(409).body["code"], "prerequisite_exists");
    assert!(ask(&school, a, a).await.expect(400).body["errors"]["prerequisite_module"].is_array());
    school.admin.get(first.header("location")).await.expect(200);
    school.admin.delete(first.header("location")).await.expect(204);
    school.admin.delete(first.header("location")).await.expect(404);
    ask(&school, a, c).await.expect(201);

    for _ in 0..5 {
        let course = make::course(school.tenant).with_modules(2, 0).make(db).await;
        let [a, b] = [course.modules[0].id, course.modules[1].id];
        let (one, other) = tokio::join!(ask(&school, a, b), ask(&school, b, a));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "two that close a circle together");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_of_another_course_counts_if_the_course_asks_for_that_one() {
    let school = School::start().await;
    let db = &school.app.db;
    let basics = make::course(school.tenant).published().with_modules(1, 1).make(db).await;
    let course = make::course(school.tenant).published().with_modules(1, 1).make(db).await;
    let (module, before) = (course.modules[0].id, basics.modules[0].id);

    let refused = ask(&school, module, before).await.expect(400);
    assert!(refused.body["errors"]["prerequisite_module"].is_array());
    let required = make::comes_before(db, &basics, &course).await;
    ask(&school, module, before).await.expect(201);
    let learner = school.learner.user.as_ref().expect("somebody");
    make::enrollment(learner, &course).make(db).await;
    let item = format!("/api/content/{}/", course.items[0].id);
    assert_eq!(school.learner.get(&item).await.expect(200).body["is_locked"], true);
    let there = make::enrollment(learner, &basics).make(db).await;
    make::completed_item(db, &there, &basics.items[0]).await;
    assert_eq!(school.learner.get(&item).await.expect(200).body["is_locked"], false);
    assert_eq!(required.course_id, course.id);

    let foreign = make::course(school.app.tenant().await).published().with_modules(1, 0).make(db).await;
    for wanted in [json!(foreign.modules[0].id), json!("x"), json!(null)] {
        let body = json!({"prerequisite_module": wanted});
        school.admin.post(&format!("/api/modules/{module}/prerequisites/"), body).await.expect(400);
    }
    school
        .instructor
        .post(&format!("/api/modules/{module}/prerequisites/"), json!({"prerequisite_module": before}))
        .await
        .expect(403);
    assert_eq!(school.learner.get(&format!("/api/modules/{module}/prerequisites/")).await.expect(200).body["count"], 1);
}
