//! What should be learned before a course.

use serde_json::json;
use shared::courses::{Course, CourseError, ModulePrerequisite, NewPrerequisite, Prerequisite, PrerequisiteType};
use shared::db::Conn;
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
    make::comes_before(db, &make::course(school.tenant).published().make(db).await.course, &course).await;
    let (_, for_one) = count_queries(school.learner.get(&path)).await;
    for _ in 0..19 {
        make::comes_before(db, &make::course(school.tenant).published().make(db).await.course, &course).await;
    }

    let (answer, for_twenty) = count_queries(school.learner.get(&path)).await;
    assert_eq!(answer.results().len(), 20);
    assert_eq!(for_one, for_twenty);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_asked_for_without_its_name() {
    let school = School::start().await;
    let db = &school.app.db;
    let owner = school.instructor.user.as_ref().expect("somebody");
    let draft = make::course(school.tenant).title("Unheard of").with_modules(1, 1).make(db).await;
    let open = make::course(school.tenant).title("Basics").published().make(db).await;
    let course = make::course(school.tenant).owned_by(owner).published().with_modules(1, 1).make(db).await;
    make::comes_before(db, &open, &draft).await;
    let prerequisite = make::comes_before(db, &draft, &course).await;
    let of_module = make::module_comes_before(db, &draft.modules[0], &course.modules[0]).await;
    let page = format!("/api/courses/{}/", course.id);
    let module = format!("/api/modules/{}/", course.modules[0].id);
    let addresses = [
        page.clone(),
        format!("{page}access/"),
        format!("{page}modules/"),
        format!("{page}prerequisites/"),
        format!("{page}prerequisites/chain/"),
        format!("{page}prerequisites/check/"),
        format!("{page}prerequisites/{}/", prerequisite.id),
        format!("{module}prerequisites/"),
        format!("{module}prerequisites/check/"),
        format!("{module}prerequisites/{}/", of_module.id),
    ];
    let names = [draft.title.clone(), draft.slug.clone(), draft.id.to_string(), draft.modules[0].id.to_string()];
    for enrolled in [false, true] {
        if enrolled {
            make::enrollment(school.learner.user.as_ref().expect("somebody"), &course).make(db).await;
        }
        for address in &addresses {
            let answer = school.learner.get(address).await;
            let text = String::from_utf8_lossy(&answer.bytes).into_owned();
            let named: Vec<_> = names.iter().filter(|name| text.contains(*name)).collect();
            assert!(named.is_empty(), "{address} tells {named:?}: {text}");
        }
    }
    for address in [&addresses[6], &addresses[9]] {
        school.learner.get(address).await.expect(404);
    }
    let check = school.learner.get(&addresses[5]).await.expect(200);
    assert_eq!((&check.body["met"], &check.body["unmet_courses"][0]["id"]), (&json!(false), &json!(null)));
    let chain = school.learner.get(&addresses[4]).await.expect(200);
    assert_eq!(chain.body["chain"].as_array().map(Vec::len), Some(1), "what comes before a draft is in it");
    assert_eq!(school.learner.get(&addresses[3]).await.body["count"], 0);
    let shut = school.learner.get(&module).await.expect(200);
    assert_eq!((&shut.body["is_locked"], &shut.body["prerequisites_met"]["met"]), (&json!(true), &json!(false)));
    let newcomer = school.app.as_role(school.tenant, UserRole::Learner).await;
    let refused = newcomer.post("/api/enrollments/", json!({"course": course.id})).await.expect(409);
    assert_eq!(refused.body["detail"], "First complete: a course that is not published yet.");

    // Who runs the course knows what they ask for.
    for address in &addresses {
        let text = school.instructor.get(address).await.expect(200).bytes;
        let text = String::from_utf8_lossy(&text).into_owned();
        let says_nothing_of_them = address.ends_with("access/");
        assert!(says_nothing_of_them || names.iter().any(|name| text.contains(name)), "{address}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_meanwhile_is_no_prerequisite() {
    let school = School::start().await;
    let db = &school.app.db;
    let course = make::course(school.tenant).with_modules(2, 0).make(db).await;
    let gone = make::course(school.tenant).make(db).await;
    let mut conn = db.tenant(school.tenant).await;
    gone.delete(&mut conn).await.expect("deleted");
    course.modules[1].delete(&mut conn, make::morning()).await.expect("deleted");
    let required = PrerequisiteType::Required;
    let new = NewPrerequisite { prerequisite_type: required, minimum_completion_percentage: 100 };
    let of_course = async |conn: &mut Conn, course: &Course, before: &Course| {
        Prerequisite::create(conn, course, before, new, make::morning()).await.expect_err("one is gone")
    };
    let of_module = async |conn: &mut Conn, module: usize, before: usize| {
        let (module, before) = (&course.modules[module], &course.modules[before]);
        let user = school.admin.id();
        let made = ModulePrerequisite::create(conn, module, before, required, user, make::morning()).await;
        made.expect_err("one is gone")
    };

    let error = of_course(&mut conn, &course, &gone).await;
    assert!(matches!(error, CourseError::NoSuchPrerequisiteCourse), "{error:?}");
    let error = of_course(&mut conn, &gone, &course).await;
    assert!(matches!(error, CourseError::Gone), "{error:?}");
    let error = of_module(&mut conn, 0, 1).await;
    assert!(matches!(error, CourseError::NoSuchPrerequisiteModule), "{error:?}");
    let error = of_module(&mut conn, 1, 0).await;
    assert!(matches!(error, CourseError::Gone), "{error:?}");
}
