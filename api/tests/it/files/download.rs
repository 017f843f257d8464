//! Getting a file.

use shared::files::Verdict;
use shared::users::UserRole;

use super::{Office, address, upload};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_looked_at_is_not_given_out() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let file = upload(&learner, "notes.txt", b"hello", None).await.expect(201);
    for verb in ["download/", "versions/1/download/"] {
        let answer = learner.get(&address(&file, verb)).await.expect(409);
        assert_eq!((answer.text("/code"), answer.header("retry-after")), ("not_ready", "3"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_rejected_is_never_given_out_and_takes_no_room() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let file = upload(&learner, "notes.txt", b"hello", None).await.expect(201);
    office.judge(&Verdict::Infected("Eicar-Test-Signature".to_owned())).await;

    let shown = learner.get(&address(&file, "")).await.expect(200);

    assert_eq!((shown.text("/status"), shown.text("/scan_result")), ("REJECTED", "INFECTED"));
    assert_eq!(shown.text("/error_message"), "A virus was found: Eicar-Test-Signature.");
    assert!(shown.body["file_url"].is_null());
    assert_eq!(learner.get(&address(&file, "download/")).await.expect(409).body["code"], "rejected");
    assert_eq!(office.used().await, 0);
    learner.delete(&address(&file, "")).await.expect(204);
    assert_eq!(office.used().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_serves_the_file_as_what_it_is_under_its_name_for_five_minutes() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let file = upload(&learner, "Übung \u{201c}1\u{201d}; a=b.txt", b"hello", None).await.expect(201);
    office.let_pass().await;
    assert_eq!(
        learner.get(&address(&file, "")).await.expect(200).text("/file_url"),
        format!("http://localhost:8000{}", address(&file, "download/"))
    );

    let link = learner.get(&address(&file, "download/")).await.expect(200);

    assert_eq!(link.text("/expires_at"), "2026-01-05T09:05:00Z");
    let url = link.text("/url");
    assert!(url.contains("X-Amz-Expires=300&") && !url.contains("bung.txt"), "{url}");
    let answer = reqwest::get(url).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "text/plain");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(
        header("content-disposition"),
        "attachment; filename=\"_bung _1__ a_b.txt\"; filename*=UTF-8''%C3%9Cbung%20%E2%80%9C1%E2%80%9D%3B%20a%3Db.txt"
    );
    assert_eq!(answer.text().await.expect("a body"), "hello");
    let tampered = url.replace("attachment", "inline");
    assert_eq!(reqwest::get(&tampered).await.expect("an answer").status(), 403);
    let plain = url.split('?').next().expect("an address");
    assert_eq!(reqwest::get(plain).await.expect("an answer").status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_carries_no_script_is_shown_in_its_place() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    for (name, kind, disposition) in [
        ("picture.png", "image/png", "inline"),
        ("paper.pdf", "application/pdf", "inline"),
        ("film.mp4", "video/mp4", "inline"),
        ("drawing.svg", "image/svg+xml", "attachment"),
        ("page.md", "text/markdown", "attachment"),
        ("course.zip", "application/zip", "attachment"),
    ] {
        let file = upload(&learner, name, b"hello", None).await.expect(201);
        office.let_pass().await;
        let link = learner.get(&address(&file, "download/?inline=true")).await.expect(200);
        let answer = reqwest::get(link.text("/url")).await.expect("an answer");
        assert_eq!(answer.headers()["content-type"], kind, "{name}");
        let said = answer.headers()["content-disposition"].to_str().expect("text").to_owned();
        assert!(said.starts_with(disposition), "{name}: {said}");
    }
}
