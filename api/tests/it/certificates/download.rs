//! Getting the page itself.

use std::net::SocketAddr;

use devtools::s3::S3Server;
use shared::testing::make;

use super::{School, address};
use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_given_that_is_good_for_five_minutes() {
    let school = School::open().await;
    let certificate = school.certificate().await;

    let answer = school.alice.get(&address(&certificate, "download/")).await.expect(200);

    assert_eq!(answer.text("/expires_at"), "2026-01-05T09:05:00Z");
    let url = answer.text("/url");
    let key = certificate.file_key.expect("a page");
    assert!(url.starts_with(&format!("http://127.0.0.1:1/lms/{key}?")), "{url}");
    assert!(url.contains("X-Amz-Expires=300&") && url.contains("X-Amz-Signature="), "{url}");
    assert!(url.contains("Certificate%20-%20Knots.pdf"), "{url}");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_drawn_is_asked_for_again() {
    let school = School::open().await;
    let certificate = make::pending_certificate(&school.app.db, &school.enrollment(&school.alice).await).await;

    let answer = school.alice.get(&address(&certificate, "download/")).await.expect(409);

    assert_eq!(answer.body["code"], "not_ready");
    assert_eq!(answer.header("retry-after"), "3");
    assert!(answer.is_problem());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_the_page_itself_gets_it() {
    let files = tempfile::tempdir().expect("a folder");
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let s3 = S3Server::start(anywhere, files.path(), "test", "test-secret", &["lms"]).await.expect("a store");
    let app = TestApp::start_with(&[("AWS_S3_ENDPOINT_URL", &s3.endpoint())]).await;
    let school = School::open_in(app).await;
    let certificate = school.certificate().await;
    let alice = school.alice.with("accept", "application/pdf");
    let page = address(&certificate, "download/");

    let missing = alice.get(&page).await.expect(503);
    assert!(missing.is_problem(), "the store has no such page");

    let key = certificate.file_key.as_deref().expect("a page");
    school.app.app.storage.put(key, "application/pdf", b"%PDF-1.7".to_vec()).await.expect("stored");
    let answer = alice.get(&page).await.expect(200);
    assert_eq!(answer.bytes, b"%PDF-1.7");
    assert_eq!(answer.header("content-type"), "application/pdf");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"Certificate - Knots.pdf\"; filename*=UTF-8''Certificate%20-%20Knots.pdf"
    );
    // What programs send that would take anything.
    for accept in ["*/*", "application/json, text/plain, */*"] {
        school.alice.with("accept", accept).get(&page).await.expect(200).text("/url");
    }
}
