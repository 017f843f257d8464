//! Whose enrollments one sees.

use serde_json::json;
use shared::enrollments::EnrollmentStatus;
use shared::testing::{count_queries, make};
use shared::users::UserRole;

use crate::courses::School;
use crate::support::Answer;

fn ids(answer: &Answer) -> Vec<String> {
    let mut ids: Vec<_> = answer.results().iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect();
    ids.sort();
    ids
}

fn sorted(ids: &[shared::ids::EnrollmentId]) -> Vec<String> {
    let mut ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
    ids.sort();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_the_enrollments_that_concern_them() {
    let school = School::start().await;
    let db = &school.app.db;
    let owner = school.instructor.user.as_ref().expect("somebody");
    let me = school.learner.user.as_ref().expect("somebody");
    let other = make::user(school.tenant).make(db).await;
    let taught = make::course(school.tenant).published().owned_by(owner).make(db).await;
    let somebodys = make::course(school.tenant).published().make(db).await;
    let mine = make::enrollment(me, &taught).make(db).await.id;
    let theirs = make::enrollment(&other, &taught).status(EnrollmentStatus::Completed).make(db).await.id;
    let mine_too = make::enrollment(me, &somebodys).status(EnrollmentStatus::Pending).make(db).await.id;
    let instructors = make::enrollment(owner, &somebodys).make(db).await.id;
    let elsewhere = school.app.tenant().await;
    let foreign = make::course(elsewhere).published().make(db).await;
    make::enrollment(&make::user(elsewhere).make(db).await, &foreign).make(db).await;

    let list = async |client: &crate::support::Client, query: &str| {
        ids(&client.get(&format!("/api/enrollments/{query}")).await.expect(200))
    };
    assert_eq!(list(&school.admin, "").await, sorted(&[mine, theirs, mine_too, instructors]));
    assert_eq!(list(&school.instructor, "").await, sorted(&[mine, theirs, instructors]));
    assert_eq!(list(&school.learner, "").await, sorted(&[mine, mine_too]));
    assert_eq!(list(&school.learner, "my/").await, sorted(&[mine, mine_too]));
    assert_eq!(list(&school.instructor, "my/").await, sorted(&[instructors]));
    assert_eq!(list(&school.instructor, &format!("?course={}", taught.id)).await, sorted(&[mine, theirs]));
    assert_eq!(list(&school.instructor, &format!("?course={}", taught.slug)).await, sorted(&[mine, theirs]));
    assert_eq!(list(&school.admin, &format!("?user={}", me.id)).await, sorted(&[mine, mine_too]));
    assert_eq!(list(&school.learner, &format!("?user={}", other.id)).await, sorted(&[]));
    assert_eq!(list(&school.admin, "?status=completed").await, sorted(&[theirs]));
    assert_eq!(list(&school.admin, &format!("?course={}", foreign.id)).await, sorted(&[]));
    for query in ["?status=done", "?course=NO%20SLUG", "?user=me"] {
        school.admin.get(&format!("/api/enrollments/{query}")).await.expect(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrollment_is_shown_to_whom_it_concerns() {
    let school = School::start().await;
    let db = &school.app.db;
    let owner = school.instructor.user.as_ref().expect("somebody");
    let course = make::course(school.tenant).published().owned_by(owner).make(db).await;
    let me = school.learner.user.as_ref().expect("somebody");
    let mine = make::enrollment(me, &course).make(db).await;
    let colleague = school.app.as_role(school.tenant, UserRole::Instructor).await;
    let other = school.app.as_role(school.tenant, UserRole::Learner).await;
    let foreign = school.app.as_role(school.app.tenant().await, UserRole::Admin).await;
    let path = format!("/api/enrollments/{}/", mine.id);

    for (who, client, status) in [
        ("admin", &school.admin, 200),
        ("owner", &school.instructor, 200),
        ("learner", &school.learner, 200),
        ("colleague", &colleague, 404),
        ("another learner", &other, 404),
        ("another tenant's admin", &foreign, 404),
        ("nobody", &school.app.stranger(), 401),
    ] {
        assert_eq!(client.get(&path).await.status.as_u16(), status, "{who}");
        assert_eq!(client.get(&format!("{path}progress/")).await.status.as_u16(), status, "{who}");
    }
    let shown = school.learner.get(&path).await;
    assert_eq!(shown.body["user"]["email"], json!(me.email));
    assert!(shown.body["course"]["modules"].is_null(), "the course is light");
}

#[tokio::test(flavor = "multi_thread")]
async fn enrollments_are_listed_with_as_many_statements_for_one_as_for_twenty() {
    let school = School::start().await;
    let db = &school.app.db;
    let course = make::course(school.tenant).published().make(db).await;
    make::enrollment(&make::user(school.tenant).make(db).await, &course).make(db).await;
    let (_, for_one) = count_queries(school.admin.get("/api/enrollments/")).await;
    for _ in 0..19 {
        make::enrollment(&make::user(school.tenant).make(db).await, &course).make(db).await;
    }

    let (answer, for_twenty) = count_queries(school.admin.get("/api/enrollments/")).await;
    assert_eq!(answer.results().len(), 20);
    assert_eq!(for_one, for_twenty);
    let rest = school.admin.get("/api/enrollments/?page=9").await.expect(200);
    assert_eq!((rest.results().len(), &rest.body["count"]), (0, &json!(20)));
}
