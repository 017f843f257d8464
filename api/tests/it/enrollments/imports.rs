//! Sending files of enrollments.

use axum::http::Method;
use serde_json::json;
use shared::testing::make;

use crate::courses::School;
use crate::support::{Answer, Client};

async fn send(client: &Client, path: &str, source: &[u8]) -> Answer {
    client.send_bytes(Method::POST, path, Some("text/csv"), source.to_vec()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_in_and_its_results_downloaded() {
    let school = School::start().await;
    let owner = school.instructor.user.as_ref().expect("somebody");
    let course = make::course(school.tenant).owned_by(owner).published().make(&school.app.db).await;
    let path = format!("/api/courses/{}/enrollment-imports/", course.slug);
    let email = &school.learner.user.as_ref().expect("somebody").email;

    let made = send(&school.instructor, &path, format!("email\n{email}\n=x\n").as_bytes()).await.expect(202);
    assert_eq!((&made.body["state"], &made.body["rows_total"]), (&json!("WAITING"), &json!(2)));
    assert_eq!(school.jobs("enrollments.run_import").await.len(), 1);
    let import = made.header("location").to_owned();
    let early = school.instructor.post(&format!("{import}undo/"), json!({})).await.expect(409);
    assert_eq!(early.body["code"], "nothing_to_undo");
    let mut conn = school.app.db.tenant(school.tenant).await;
    let id = made.text("/id").parse().expect("an id");
    let run = shared::enrollments::EnrollmentImport::run_batch(&mut conn, school.tenant, id, make::morning()).await;
    drop(conn);
    assert!(run.expect("an answer").is_some());

    let shown = school.instructor.get(&import).await.expect(200);
    assert_eq!(
        shown.body["outcomes"],
        json!([{"outcome": "ENROLLED", "count": 1}, {"outcome": "INVALID", "count": 1}])
    );
    let results = school.instructor.get(&format!("{import}results/")).await.expect(200);
    let text = String::from_utf8_lossy(&results.bytes).into_owned();
    assert_eq!(text, format!("row,email,outcome,undo\n1,\"{email}\",ENROLLED,\n2,\"'=x\",INVALID,\n"));
    assert_eq!(school.instructor.get(&path).await.expect(200).body["count"], 1);
    school.instructor.post(&format!("{import}undo/"), json!({})).await.expect(202);
    school.instructor.post(&format!("{import}undo/"), json!({})).await.expect(409);
    assert_eq!(school.jobs("enrollments.undo_import").await.len(), 1);

    let colleague = school.app.as_role(school.tenant, shared::users::UserRole::Instructor).await;
    send(&colleague, &path, b"email\na@e.org").await.expect(403);
    send(&school.learner, &path, b"email\na@e.org").await.expect(403);
    for sub in ["", "results/"] {
        colleague.get(&format!("{import}{sub}")).await.expect(404);
        school.learner.get(&format!("{import}{sub}")).await.expect(403);
    }
    colleague.post(&format!("{import}undo/"), json!({})).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_of_emails_is_refused() {
    let school = School::start().await;
    let course = make::course(school.tenant).published().make(&school.app.db).await;
    let path = format!("/api/courses/{}/enrollment-imports/", course.id);
    for source in [b"".as_slice(), b"email\n", b"name\nAnna\n", b"email\n\xff\xfe\n", b"email\na\0b@e.org\n"] {
        let refused = send(&school.admin, &path, source).await.expect(400);
        assert!(refused.body["errors"][""].is_array(), "{}", refused.body);
    }
    let untyped = school.admin.send_bytes(Method::POST, &path, None, b"email\na@e.org".to_vec()).await;
    assert_eq!(untyped.expect(415).body["code"], "unsupported_media_type");
    assert_eq!(school.admin.get(&path).await.expect(200).body["count"], 0);
    let draft = make::course(school.tenant).make(&school.app.db).await;
    let draft = format!("/api/courses/{}/enrollment-imports/", draft.id);
    assert_eq!(send(&school.admin, &draft, b"email\na@e.org").await.expect(409).body["code"], "course_not_open");
}
