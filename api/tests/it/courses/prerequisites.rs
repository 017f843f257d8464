//! What should be learned before a course.

use serde_json::json;
use shared::courses::Course;
use shared::testing::{count_queries, make};
use shared::users::UserRole;

use super::School;
use crate::support::Answer;

/// The administrator has `course` ask for `before`.
async fn ask(school: &School, course: &Course, before: &Course) -> Answer {
    let path = format!("/api/courses/{}/prerequisites/", course.id);
    school.admin.post(&path, json!({"prerequisite_course": before.id})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_course_asks_for_another() {
    let school = School::start().await;
    let db = &school.app.db;
    let basics = make::course(school.tenant).title("Basics").published().make(db).await;
    let course = make::course(school.tenant).published().make(db).await;
    let path = format!("/api/courses/{}/prerequisites/", course.slug);

    let answer = school.admin.post(&path, json!({"prerequisite_course": basics.id})).await.expect(201);

    assert_eq!(answer.body["prerequisite_course_title"], "Basics");
    assert_eq!(answer.body["prerequisite_type"], "REQUIRED");
    assert_eq!(answer.body["minimum_completion_percentage"], 100);
    let one = answer.header("location").to_owned();
    let twice = school.admin.post(&path, json!({"prerequisite_course": basics.slug})).await.expect(409);
    assert_eq!(twice.body["code"], "prerequisite_exists");
    let changed =
        school.admin.patch(&one, json!({"prerequisite_type": "recommended", "prerequisite_course": basics.id}));
    assert_eq!(changed.await.expect(200).body["prerequisite_type"], "RECOMMENDED");
    assert_eq!(school.learner.get(&path).await.expect(200).results().len(), 1);
    school.admin.delete(&one).await.expect(204);
    school.admin.delete(&one).await.expect(404);
    assert_eq!(school.learner.get(&path).await.body["count"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_course_comes_before_itself() {
    let school = School::start().await;
    let db = &school.app.db;
    let [a, b, c] = [
        make::course(school.tenant).make(db).await,
        make::course(school.tenant).make(db).await,
        make::course(school.tenant).make(db).await,
    ];
    make::comes_before(db, &a, &b).await;
    make::comes_before(db, &b, &c).await;

    let circle = ask(&school, &a, &c).await.expect(409);
    assert_eq!(circle.body["code"], "prerequisite_cycle");
    let itself = ask(&school, &a, &a).await.expect(400);
    assert!(itself.body["errors"]["prerequisite_course"].is_array());
    ask(&school, &c, &a).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_close_a_circle_together_do_not() {
    let school = School::start().await;
    let db = &school.app.db;
    for _ in 0..5 {
        let a = make::course(school.tenant).make(db).await;
        let b = make::course(school.tenant).make(db).await;
        let (one, other) = tokio::join!(ask(&school, &a, &b), ask(&school, &b, &a));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_cannot_see_is_no_prerequisite() {
    let school = School::start().await;
    let db = &school.app.db;
    let owner = school.instructor.user.as_ref().expect("somebody");
    let course = make::course(school.tenant).owned_by(owner).make(db).await;
    let colleagues_draft = make::course(school.tenant).make(db).await;
    let elsewhere = school.app.tenant().await;
    let foreign = make::course(elsewhere).published().make(db).await;
    let path = format!("/api/courses/{}/prerequisites/", course.id);

    for wanted in [json!(colleagues_draft.id), json!(foreign.id), json!("no-such"), json!("NOT A SLUG"), json!(1)] {
        let answer = school.instructor.post(&path, json!({"prerequisite_course": wanted})).await.expect(400);
        assert!(answer.body["errors"]["prerequisite_course"].is_array(), "{}", answer.body);
    }
    let odd = json!({"prerequisite_course": course.id, "minimum_completion_percentage": 101});
    assert!(
        school.instructor.post(&path, odd).await.expect(400).body["errors"]["minimum_completion_percentage"].is_array()
    );
    let other = school.app.as_role(elsewhere, UserRole::Admin).await;
    other.get(&path).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_is_told_in_the_order_of_study() {
    let school = School::start().await;
    let db = &school.app.db;
    let [first, second, third, beside] = [
        make::course(school.tenant).title("Zero").published().make(db).await,
        make::course(school.tenant).title("Middle").published().make(db).await,
        make::course(school.tenant).title("Last").published().make(db).await,
        make::course(school.tenant).title("Another").published().make(db).await,
    ];
    make::comes_before(db, &first, &second).await;
    make::comes_before(db, &second, &third).await;
    make::comes_before(db, &first, &third).await;
    make::comes_before(db, &beside, &third).await;
    let path = format!("/api/courses/{}/prerequisites/", third.id);

    let chain = school.learner.get(&format!("{path}chain/")).await.expect(200);
    let titles: Vec<_> =
        chain.body["chain"].as_array().expect("a list").iter().map(|course| &course["title"]).collect();
    assert_eq!(titles, ["Zero", "Another", "Middle"]);
    assert_eq!(chain.body["course"]["slug"], json!(third.slug));
    make::enrollment(school.learner.user.as_ref().expect("somebody"), &second).progress(30).make(db).await;
    let check = school.learner.get(&format!("{path}check/")).await.expect(200);
    assert_eq!(check.body["unmet_count"], 3);
    assert_eq!(check.body["unmet_courses"][1]["current_progress"], 30);
    let one = school.learner.get(&path).await.results()[0]["id"].as_str().expect("an id").to_owned();
    school.learner.get(&format!("{path}{one}/")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn prerequisites_are_listed_with_as_many_statements_for_one_as_for_twenty() {
    let school = School::start().await;
    let db = &school.app.db;
    let course = make::course(school.tenant).published().make(db).await;
    let path = format!("/api/courses/{}/prerequisites/", course.id);
    make::comes_before(db, &make::course(school.tenant).make(db).await.course, &course).await;
    let (_, for_one) = count_queries(school.learner.get(&path)).await;
    for _ in 0..19 {
        make::comes_before(db, &make::course(school.tenant).make(db).await.course, &course).await;
    }

    let (answer, for_twenty) = count_queries(school.learner.get(&path)).await;
    assert_eq!(answer.results().len(), 20);
    assert_eq!(for_one, for_twenty);
}
