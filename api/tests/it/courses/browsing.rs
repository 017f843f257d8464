//! Finding courses.

use serde_json::json;
use shared::courses::{CourseStatus, DifficultyLevel};
use shared::enrollments::EnrollmentStatus;
use shared::testing::{count_queries, make};
use shared::users::UserRole;

use super::School;
use crate::support::Answer;

fn titles(answer: &Answer) -> Vec<&str> {
    answer.results().iter().map(|course| course["title"].as_str().expect("a title")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn learners_browse_what_is_published() {
    let school = School::start().await;
    let db = &school.app.db;
    make::course(school.tenant).title("A draft").make(db).await;
    make::course(school.tenant).title("Open").published().make(db).await;
    make::course(school.tenant).title("Over").archived().make(db).await;

    let answer = school.learner.get("/api/courses/?status=published").await.expect(200);

    assert_eq!(titles(&answer), ["Open"]);
    assert_eq!(answer.body["count"], 1);
    assert_eq!(titles(&school.learner.get("/api/courses/").await), ["Open"]);
    assert!(titles(&school.learner.get("/api/courses/?status=DRAFT").await).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instructor_sees_their_own_courses_and_the_published_ones() {
    let school = School::start().await;
    let db = &school.app.db;
    let me = school.instructor.user.as_ref().expect("somebody");
    make::course(school.tenant).title("My draft").owned_by(me).make(db).await;
    make::course(school.tenant).title("My old one").owned_by(me).archived().make(db).await;
    make::course(school.tenant).title("Somebody's draft").make(db).await;
    make::course(school.tenant).title("Somebody's").published().make(db).await;

    assert_eq!(titles(&school.instructor.get("/api/courses/").await), ["My draft", "My old one", "Somebody's"]);
    assert_eq!(titles(&school.instructor.get("/api/courses/?instructor=me").await), ["My draft", "My old one"]);
    let by_id = format!("/api/courses/?instructor={}", me.id);
    assert_eq!(titles(&school.admin.get(&by_id).await), ["My draft", "My old one"]);
    assert_eq!(school.admin.get("/api/courses/").await.body["count"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_filters() {
    let school = School::start().await;
    let db = &school.app.db;
    let course = |title: &str| make::course(school.tenant).title(title).published();
    course("Python 100%")
        .but(|course| {
            course.category = "data_science".to_owned();
            course.difficulty_level = DifficultyLevel::Advanced;
            course.estimated_duration = 50;
            course.price_cents = 900;
        })
        .make(db)
        .await;
    course("Knots").but(|course| course.description = "A snake-like rope".to_owned()).make(db).await;

    for (query, found) in [
        ("search=python", vec!["Python 100%"]),
        ("search=100%25", vec!["Python 100%"]),
        ("search=0%25%25", vec![]),
        ("search=SNAKE", vec!["Knots"]),
        ("category=Data%20Science", vec!["Python 100%"]),
        ("category=data-science", vec!["Python 100%"]),
        ("difficulty_level=ADVANCED", vec!["Python 100%"]),
        ("max_duration=20", vec!["Knots"]),
        ("ordering=-title", vec!["Python 100%", "Knots"]),
        ("ordering=price", vec!["Knots", "Python 100%"]),
        ("ordering=-estimated_duration", vec!["Python 100%", "Knots"]),
        ("page_size=1&page=2", vec!["Python 100%"]),
        ("page=9", vec![]),
        ("search=&status=", vec!["Knots", "Python 100%"]),
    ] {
        let answer = school.learner.get(&format!("/api/courses/?{query}")).await.expect(200);
        assert_eq!(titles(&answer), found, "{query}");
    }
    assert_eq!(school.learner.get("/api/courses/?page=9").await.body["count"], 2);
    for query in ["status=open", "ordering=colour", "instructor=you", "max_duration=long", "difficulty_level=hard"] {
        let answer = school.learner.get(&format!("/api/courses/?{query}")).await.expect(400);
        let field = query.split('=').next().expect("a field");
        assert!(answer.body["errors"][field].is_array(), "{query}: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_course_in_a_list_says_how_one_takes_part() {
    let school = School::start().await;
    let db = &school.app.db;
    let me = school.learner.user.as_ref().expect("somebody");
    let teacher = school.instructor.user.as_ref().expect("somebody");
    let taken = make::course(school.tenant).title("A").owned_by(teacher).published().with_modules(2, 1).make(db).await;
    let mine = make::enrollment(me, &taken).progress(40).make(db).await;
    let other = make::user(school.tenant).make(db).await;
    make::enrollment(&other, &taken).status(EnrollmentStatus::Completed).make(db).await;
    let gone = make::user(school.tenant).make(db).await;
    make::enrollment(&gone, &taken).status(EnrollmentStatus::Cancelled).make(db).await;
    let waiting = make::course(school.tenant).title("B").published().make(db).await;
    make::enrollment(me, &waiting).status(EnrollmentStatus::Pending).make(db).await;

    let answer = school.learner.get("/api/courses/").await.expect(200);

    let first = &answer.results()[0];
    assert_eq!(first["module_count"], 2);
    assert_eq!(first["enrollment_count"], 2);
    assert_eq!(first["is_enrolled"], true);
    assert_eq!(first["enrollment_id"], json!(mine.id));
    assert_eq!(first["progress_percentage"], 40);
    assert_eq!(first["price"], "0.00");
    assert_eq!(first["instructor"]["full_name"], teacher.full_name());
    assert!(first["instructor"]["email"].is_null(), "an e-mail is not for everybody");
    assert!(first["modules"].is_null(), "lists are light");
    assert_eq!(answer.results()[1]["is_enrolled"], false, "who waits does not take part");
    for query in ["enrolled=true", "is_enrolled=true"] {
        assert_eq!(titles(&school.learner.get(&format!("/api/courses/?{query}")).await), ["A"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_asks_the_database_as_often_for_one_course_as_for_twenty() {
    let school = School::start().await;
    let db = &school.app.db;
    make::course(school.tenant).published().with_modules(1, 1).make(db).await;
    let (one, for_one) = count_queries(school.learner.get("/api/courses/")).await;
    for _ in 0..19 {
        make::course(school.tenant).published().with_modules(2, 1).make(db).await;
    }

    let (twenty, for_twenty) = count_queries(school.learner.get("/api/courses/")).await;

    assert_eq!((one.results().len(), twenty.results().len()), (1, 20));
    assert_eq!(for_one, for_twenty);
    assert!(for_twenty <= 2, "who calls and the page, not {for_twenty} statements");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_course_is_found_by_its_id_and_by_its_slug() {
    let school = School::start().await;
    let course = make::course(school.tenant).published().make(&school.app.db).await;

    for named in [course.id.to_string(), course.slug.clone()] {
        let answer = school.learner.get(&format!("/api/courses/{named}/")).await.expect(200);
        assert_eq!(answer.body["id"], json!(course.id));
    }
    for named in ["no-such-course", "x", "UPPER", "%F0%9F%A6%80"] {
        school.learner.get(&format!("/api/courses/{named}/")).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_for_somebody_does_not_exist_for_them() {
    let school = School::start().await;
    let db = &school.app.db;
    let owner = school.instructor.user.as_ref().expect("somebody");
    let draft = make::course(school.tenant).owned_by(owner).make(db).await;
    let archived = make::course(school.tenant).owned_by(owner).archived().make(db).await;
    let colleague = school.app.as_role(school.tenant, UserRole::Instructor).await;
    let member = make::user(school.tenant).make(db).await;
    make::enrollment(&member, &archived).make(db).await;
    make::enrollment(&member, &draft).make(db).await;
    let member = school.app.as_user(&member).await;
    let elsewhere = school.app.tenant().await;
    let foreign_admin = school.app.as_role(elsewhere, UserRole::Admin).await;

    for (who, client, of_draft, of_archived) in [
        ("admin", &school.admin, 200, 200),
        ("owner", &school.instructor, 200, 200),
        ("colleague", &colleague, 404, 404),
        ("learner", &school.learner, 404, 404),
        ("who takes part", &member, 404, 200),
        ("another tenant's admin", &foreign_admin, 404, 404),
    ] {
        let draft = client.get(&format!("/api/courses/{}/", draft.id)).await;
        let archived = client.get(&format!("/api/courses/{}/", archived.slug)).await;
        assert_eq!((draft.status.as_u16(), archived.status.as_u16()), (of_draft, of_archived), "{who}");
    }
    assert_eq!(titles(&member.get("/api/courses/?enrolled=true").await), [archived.title.as_str()]);
    school.app.stranger().get("/api/courses/").await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_courses_page_shows_what_is_in_it_and_what_comes_before_it() {
    let school = School::start().await;
    let db = &school.app.db;
    let before = make::course(school.tenant).title("Basics").published().make(db).await;
    let course = make::course(school.tenant).published().with_modules(2, 2).make(db).await;
    make::comes_before(db, &before, &course).await;
    make::enrollment(school.learner.user.as_ref().expect("somebody"), &before).progress(30).make(db).await;

    let answer = school.learner.get(&format!("/api/courses/{}/", course.slug)).await.expect(200);

    let modules = answer.body["modules"].as_array().expect("modules");
    assert_eq!(modules.iter().map(|module| module["order"].as_i64().expect("a place")).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(modules[0]["content_items"][1]["title"], "Item 2");
    assert_eq!(answer.body["prerequisites_list"][0]["prerequisite_course_slug"], json!(before.slug));
    assert_eq!(
        answer.body["prerequisites_met"],
        json!({
            "met": false,
            "unmet_count": 1,
            "unmet_courses": [{
                "id": before.id, "title": "Basics", "slug": before.slug, "reason": "not_completed",
                "current_progress": 30, "required_completion": 100,
            }],
        })
    );
    assert_eq!(answer.body["status"], CourseStatus::Published.as_str());
}
