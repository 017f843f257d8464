//! The journey: a learner's way through a course to a certificate that a stranger verifies, on the
//! release binaries, with a real database, Redis, object store and mail server; and everybody who
//! is turned away from it.

mod learner;
mod readme;
mod servers;
mod setting_up;
mod shell;
mod upload;
mod workflows;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use learner::Learner;
use servers::{Platform, School, school};
use shared::testing::TestDb;

/// The certificates that Alice has, once there is one whose page is stored.
async fn certificate(alice: &Learner) -> Value {
    alice
        .until("the certificate is issued", "/api/certificates/my/", |list| {
            list["results"].as_array()?.iter().find(|it| it["status"] == "ISSUED").cloned()
        })
        .await
}

/// Alice signs in, browses, enrols, reads, and completes every required item.
async fn learns(platform: &Platform, school: &School) -> (Learner, Value, Vec<String>) {
    let alice = platform.sign_in("alice@acme.example").await;
    let courses = alice.get("/api/courses/?status=published").await;
    let titles: Vec<&str> =
        courses["results"].as_array().expect("courses").iter().filter_map(|it| it["title"].as_str()).collect();
    assert!(titles.contains(&"Knots") && !titles.contains(&"Drafts"), "{titles:?}");

    let enrollment = alice.send(Method::POST, "/api/enrollments/", json!({"course": school.course})).await;
    assert_eq!(enrollment.0, StatusCode::CREATED, "{}", enrollment.1);

    let modules = alice.get(&format!("/api/courses/{}/modules/", school.course)).await;
    let items: Vec<&Value> = modules["results"]
        .as_array()
        .expect("modules")
        .iter()
        .flat_map(|module| module["content_items"].as_array().expect("items"))
        .collect();
    assert_eq!(items.len(), 4, "{modules}");
    let mut ids = Vec::new();
    for item in items {
        assert!(item["text_content"].as_str().is_some_and(|text| text.starts_with("Text ")), "no text in {item}");
        let id = item["id"].as_str().expect("an id").to_owned();
        let report = json!({"content_item": id, "status": "completed"});
        let (status, answer) = alice.send(Method::POST, "/api/progress/", report).await;
        assert!(status.is_success(), "{status} {answer}");
        ids.push(id);
    }
    (alice, enrollment.1, ids)
}

/// The mail, as text and as HTML, with the links.
async fn is_mailed(platform: &Platform, certificate: &Value) {
    let mail = platform.mail_about("Your certificate for Knots").await;
    assert_eq!(mail.to, ["alice@acme.example"]);
    let verify = certificate["verify_url"].as_str().expect("an address");
    for part in [&mail.text, &mail.html] {
        let part = part.as_deref().expect("both parts");
        assert!(part.contains(verify) && part.contains("https://learn.acme.example/learner/certificates"), "{part}");
    }
    assert!(mail.html.as_deref().is_some_and(|html| html.contains("<html")));
    for about in ["You are enrolled in Knots", "You completed Knots"] {
        platform.mail_about(about).await;
    }
    assert!(mail.message_id.is_some());
    assert!(platform.mail.deliveries().values().all(|times| *times == 1), "{:?}", platform.mail.deliveries());
}

/// She reads of it, and says that she has.
async fn is_told(alice: &Learner) -> String {
    let list = alice.get("/api/notifications/").await;
    let of = |kind: &str| {
        let found = list["results"].as_array().expect("a list").iter().find(|it| it["notification_type"] == kind);
        found.unwrap_or_else(|| panic!("no {kind} in {list}")).clone()
    };
    of("COURSE_ENROLLMENT");
    of("COURSE_COMPLETION");
    let news = of("CERTIFICATE_ISSUED");
    assert_eq!(news["is_read"], false);
    let path = format!("/api/notifications/{}/", news["id"].as_str().expect("an id"));
    let (status, read) = alice.send(Method::PATCH, &path, json!({"is_read": true})).await;
    assert_eq!((status, &read["is_read"], &read["status"]), (StatusCode::OK, &json!(true), &json!("READ")), "{read}");
    path
}

/// She downloads the page by a link that needs no token.
async fn is_downloaded(alice: &Learner, certificate: &Value) {
    let id = certificate["id"].as_str().expect("an id");
    let link = alice.get(&format!("/api/certificates/{id}/download/")).await;
    let answer = reqwest::get(link["url"].as_str().expect("a link")).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "application/pdf");
    let page = answer.bytes().await.expect("a page");
    assert!(page.starts_with(b"%PDF-") && page.len() > 10_000, "{} bytes", page.len());
}

/// Somebody who holds nothing but the code asks whether it counts.
async fn is_verified(certificate: &Value) {
    let url = certificate["verify_url"].as_str().expect("an address");
    let stranger = reqwest::Client::new();
    let answer: Value = stranger.get(url).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!((&answer["valid"], &answer["learner_name"]), (&json!(true), &json!("Alice Williams")), "{answer}");
    let page = stranger.get(url).header("accept", "text/html").send().await.expect("an answer");
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.expect("a page");
    assert!(page.contains("This certificate is valid.") && page.contains("Alice Williams"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learners_journey_ends_in_a_certificate_that_a_stranger_verifies() {
    let db = TestDb::lease().await;
    let school = school(&db).await;
    let platform = Platform::start(db).await;
    let (alice, enrollment, items) = learns(&platform, &school).await;
    let certificate = certificate(&alice).await;
    is_mailed(&platform, &certificate).await;
    let notification = is_told(&alice).await;
    is_downloaded(&alice, &certificate).await;
    is_verified(&certificate).await;

    // The worker has counted it.
    let admin = platform.sign_in("admin@acme.example").await;
    for kind in ["COURSE_ENROLLED", "COURSE_COMPLETED", "CERTIFICATE_ISSUED"] {
        let row = admin
            .until(&format!("{kind} is counted"), "/api/analytics/daily/", |days| {
                days["results"].as_array()?.iter().find(|row| row["event_type"] == kind).cloned()
            })
            .await;
        assert_eq!((&row["events"], &row["people"]), (&json!(1), &json!(1)), "{row}");
    }

    let paths =
        Paths { enrollment: &enrollment, item: &items[0], certificate: &certificate, notification: &notification };
    others_are_turned_away(&platform, &school, &paths).await;
    let after = alice.get(&format!("/api/certificates/{}/", certificate["id"].as_str().expect("an id"))).await;
    assert_eq!(after, certificate, "somebody else has changed it");
}

/// What Alice's journey has left behind.
struct Paths<'a> {
    enrollment: &'a Value,
    item: &'a str,
    certificate: &'a Value,
    notification: &'a str,
}

/// Each call of the journey, by the instructor of another course, a learner of the other tenant and
/// a stranger.
async fn others_are_turned_away(platform: &Platform, school: &School, paths: &Paths<'_>) {
    let course = &school.course;
    let enrollment = paths.enrollment["id"].as_str().expect("an id");
    let certificate = paths.certificate["id"].as_str().expect("an id");
    let notification = paths.notification;
    let none = Value::Null;
    let instructor = platform.sign_in("uma@acme.example").await;
    let foreigner = platform.sign_in("bob@globex.example").await;
    let stranger = platform.stranger();
    // Courses that are published are open to all of their tenant, and whoever learns enrols alone.
    let calls: Vec<(Method, String, Value, [u16; 3])> = vec![
        (Method::GET, "/api/courses/?status=published".into(), none.clone(), [200, 200, 401]),
        (Method::GET, format!("/api/courses/{course}/"), none.clone(), [200, 404, 401]),
        (Method::GET, format!("/api/courses/{course}/modules/"), none.clone(), [200, 404, 401]),
        (Method::PATCH, format!("/api/courses/{course}/"), json!({"title": "Mine"}), [403, 403, 401]),
        (Method::POST, "/api/enrollments/".into(), json!({"course": course, "user": school.alice}), [403, 400, 401]),
        (Method::GET, format!("/api/enrollments/{enrollment}/"), none.clone(), [404, 404, 401]),
        (Method::GET, format!("/api/enrollments/{enrollment}/progress/"), none.clone(), [404, 404, 401]),
        (Method::POST, format!("/api/enrollments/{enrollment}/cancel/"), json!({}), [404, 404, 401]),
        (
            Method::POST,
            "/api/progress/".into(),
            json!({"content_item": paths.item, "status": "completed"}),
            [403, 400, 401],
        ),
        (Method::GET, format!("/api/certificates/{certificate}/"), none.clone(), [404, 404, 401]),
        (Method::GET, format!("/api/certificates/{certificate}/download/"), none.clone(), [404, 404, 401]),
        (Method::POST, format!("/api/certificates/{certificate}/revoke/"), json!({"reason": "no"}), [403, 403, 401]),
        (Method::POST, format!("/api/certificates/{certificate}/reissue/"), json!({}), [403, 403, 401]),
        (Method::GET, notification.to_owned(), none.clone(), [404, 404, 401]),
        (Method::PATCH, notification.to_owned(), json!({"is_read": false}), [404, 404, 401]),
        (Method::POST, format!("{notification}mark-read/"), json!({}), [404, 404, 401]),
        (Method::POST, format!("{notification}dismiss/"), json!({}), [404, 404, 401]),
        (Method::GET, "/api/notifications/".into(), none.clone(), [200, 200, 401]),
        (Method::GET, "/api/certificates/my/".into(), none.clone(), [200, 200, 401]),
        (Method::GET, "/api/analytics/daily/".into(), none.clone(), [403, 403, 401]),
        (Method::GET, "/api/analytics/events/".into(), none.clone(), [200, 403, 401]),
    ];
    let mut wrong = Vec::new();
    for (method, path, body, expected) in calls {
        for (caller, expected) in [(&instructor, expected[0]), (&foreigner, expected[1]), (&stranger, expected[2])] {
            let (status, answer) = caller.send(method.clone(), &path, body.clone()).await;
            if status.as_u16() != expected {
                wrong.push(format!("{} {method} {path}: {status} instead of {expected}: {answer}", caller.name));
            }
            let told = answer.to_string();
            assert!(!told.contains("Alice Williams") && !told.contains(certificate), "{}: {path}: {told}", caller.name);
            assert!(!told.contains("\"Text 1\""), "{} reads without taking part: {told}", caller.name);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
