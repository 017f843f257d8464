//! What anybody may ask.

use chrono::TimeDelta;
use serde_json::json;
use shared::certificates::Certificate;
use shared::testing::make::{self, morning};
use uuid::Uuid;

use super::School;
use crate::support::{Answer, TestApp};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

fn address(code: impl std::fmt::Display) -> String {
    format!("/api/certificates/verify/{code}/")
}

fn html(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    String::from_utf8(answer.bytes.clone()).expect("UTF-8")
}

async fn expire(school: &School, certificate: &Certificate) {
    let at = (morning() - TimeDelta::days(1)).to_rfc3339();
    let update =
        format!("update certificates set expires_at = '{at}' where id = '{}' returning '' as text", certificate.id);
    school.app.db.texts(&update).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_learns_what_is_printed_and_no_more() {
    let school = School::open().await;
    let certificate = school.certificate().await;
    let code = certificate.verification_code;

    let answer = school.app.stranger().get(&address(code)).await.expect(200);

    let issuer = school.app.db.texts("select name as text from tenants").await;
    let expected = json!({
        "valid": true, "status": "ISSUED", "detail": "This certificate is valid.",
        "learner_name": "Alice Williams", "course_title": "Knots", "instructor_name": "Tom Teacher",
        "issuer": issuer[0], "issued_at": "2026-01-05T09:00:00Z", "expires_at": null, "revoked_at": null,
        "description": "For completing the course \u{201c}Knots\u{201d}.", "verification_code": code,
    });
    assert_eq!(answer.body, expected);
    assert_eq!(answer.header("x-robots-tag"), "noindex, nofollow");
    assert_eq!(answer.header("vary"), "accept");
    // In capitals, as somebody may type it, and without a slash.
    let typed = format!("/api/v1/certificates/verify/{}", code.to_string().to_uppercase());
    assert_eq!(school.app.stranger().get(&typed).await.expect(200).body["valid"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_gets_a_page_that_can_do_nothing() {
    let school = School::open().await;
    school.app.db.texts(
        "update tenants set name = 'Acme <Corp>', theme_config = '{\"primary_color\": \"#0F766E\"}' returning '' as text",
    ).await;
    let certificate = school.certificate().await;
    let stranger = school.app.stranger().with("accept", BROWSER);

    let answer = stranger.get(&address(certificate.verification_code)).await.expect(200);

    let page = html(&answer);
    for words in [
        "This certificate is valid.",
        "Alice Williams",
        "Knots",
        "Acme &lt;Corp&gt;",
        "5 January 2026",
        "--brand:#0F766E",
        &certificate.verification_code.to_string(),
    ] {
        assert!(page.contains(words), "no {words} in {page}");
    }
    for forbidden in ["<script", "http://", "https://", "<Corp>", "alice@example.org", "@import", "url("] {
        assert!(!page.contains(forbidden), "{forbidden} in {page}");
    }
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_does_not_count_says_why() {
    let school = School::open().await;
    let certificate = make::pending_certificate(&school.app.db, &school.enrollment(&school.alice).await).await;
    let stranger = school.app.stranger();
    let browser = stranger.with("accept", BROWSER);
    let address = address(certificate.verification_code);
    let check = async |status: &str, words: &str| {
        let answer = stranger.get(&address).await.expect(200);
        assert_eq!((&answer.body["valid"], &answer.body["status"]), (&json!(false), &json!(status)));
        assert_eq!(answer.body["detail"], words);
        assert!(html(&browser.get(&address).await.expect(200)).contains(words));
    };

    check("PENDING", "This certificate is still being prepared.").await;
    expire(&school, &certificate).await;
    check("EXPIRED", "This certificate has expired.").await;
    let reason = json!({"reason": "a secret between us"});
    school.admin().await.post(&format!("/api/certificates/{}/revoke/", certificate.id), reason).await.expect(200);
    check("REVOKED", "This certificate has been revoked by its issuer.").await;
    let told = String::from_utf8(stranger.get(&address).await.bytes).expect("UTF-8");
    assert!(!told.contains("a secret between us"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_nobodys_is_not_found() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let nobodys = Uuid::new_v4().to_string();
    for code in [nobodys.as_str(), "x", "1b4e28b1", "%00", "%ff", "1b4e28b1-2fa1-11d2-883f-0016d3cca42"] {
        let answer = stranger.get(&address(code)).await.expect(404);
        assert!(answer.is_problem(), "{code}: {}", answer.body);
    }
    let page = stranger.with("accept", BROWSER).get(&address(nobodys)).await.expect(404);
    assert!(html(&page).contains("No certificate has this code"));
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_tries_codes_is_slowed_down() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    for _ in 0..60 {
        stranger.get(&address(Uuid::new_v4())).await.expect(404);
    }

    let answer = stranger.get(&address(Uuid::new_v4())).await.expect(429);
    assert_eq!(answer.header("retry-after"), "1");

    app.app.clock.advance(TimeDelta::seconds(1));
    stranger.get(&address(Uuid::new_v4())).await.expect(404);
}
