//! The contents that a file has had.

use serde_json::json;
use shared::files::Verdict;
use shared::users::UserRole;

use super::{Form, Office, address, upload};
use crate::support::{Answer, Client};

async fn renew(client: &Client, file: &Answer, content: &[u8]) -> Answer {
    let form = Form::default().file("notes.txt", content).text("comment", "Better");
    form.send(client, &address(file, "versions/")).await
}

async fn content(client: &Client, file: &Answer, verb: &str) -> String {
    let link = client.get(&address(file, verb)).await.expect(200);
    reqwest::get(link.text("/url")).await.expect("an answer").text().await.expect("a body")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_is_what_people_get_once_it_was_let_pass() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let file = upload(&learner, "notes.txt", b"one", None).await.expect(201);
    office.let_pass().await;

    let answer = renew(&learner, &file, b"two!").await.expect(201);

    assert_eq!((&answer.body["version_number"], &answer.body["status"]), (&json!(1), &json!("AVAILABLE")));
    assert_eq!(content(&learner, &file, "download/").await, "one");
    let versions = learner.get(&address(&file, "versions/")).await.expect(200);
    let of = |n: usize, name: &str| versions.results()[n][name].clone();
    assert_eq!(
        (of(0, "version_number"), of(0, "status"), of(0, "is_current")),
        (json!(2), json!("PROCESSING"), json!(false))
    );
    assert_eq!((of(0, "comment"), of(0, "file_size")), (json!("Better"), json!(4)));
    assert_eq!((of(1, "version_number"), of(1, "is_current")), (json!(1), json!(true)));

    office.let_pass().await;

    assert_eq!(content(&learner, &file, "download/").await, "two!");
    assert_eq!(content(&learner, &file, "versions/1/download/").await, "one");
    let shown = learner.get(&address(&file, "")).await.expect(200);
    assert_eq!((&shown.body["version_number"], &shown.body["file_size"]), (&json!(2), &json!(4)));
    assert_eq!(office.used().await, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_was_rejected_never_becomes_current() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let file = upload(&learner, "notes.txt", b"one", None).await.expect(201);
    office.let_pass().await;
    renew(&learner, &file, b"two!").await.expect(201);
    office.judge(&Verdict::Refused("It is not what the end of its name says.".to_owned())).await;

    assert_eq!(content(&learner, &file, "download/").await, "one");
    let version = learner.get(&address(&file, "versions/2/")).await.expect(200);
    assert_eq!((version.text("/status"), version.text("/scan_result")), ("REJECTED", "REFUSED"));
    let answer = learner.post(&address(&file, "versions/2/restore/"), json!(null)).await.expect(409);
    assert_eq!(answer.body["code"], "version_not_available");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_version_is_restored_as_the_newest_and_takes_no_room() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let file = upload(&learner, "notes.txt", b"one", None).await.expect(201);
    renew(&learner, &file, b"two!").await.expect(201);
    office.let_pass().await;
    let other = office.as_role(UserRole::Learner).await;
    other.post(&address(&file, "versions/1/restore/"), json!(null)).await.expect(404);

    let restored = learner.post(&address(&file, "versions/1/restore/"), json!(null)).await.expect(201);

    assert_eq!(restored.body["version_number"], 3);
    assert_eq!((restored.text("/comment"), &restored.body["is_current"]), ("Restored from version 1", &json!(true)));
    assert_eq!(content(&learner, &file, "download/").await, "one");
    assert_eq!(office.used().await, 7);
    learner.post(&address(&file, "versions/9/restore/"), json!(null)).await.expect(404);

    // Its content is shared: it stays as long as one of both versions does.
    learner.delete(&address(&file, "versions/1/")).await.expect(204);
    assert_eq!((office.used().await, content(&learner, &file, "download/").await), (7, "one".to_owned()));
    learner.delete(&address(&file, "versions/2/")).await.expect(204);
    assert_eq!(office.used().await, 3);
    assert_eq!(learner.delete(&address(&file, "versions/3/")).await.expect(409).body["code"], "current_version");
    learner.delete(&address(&file, "versions/2/")).await.expect(404);
    learner.delete(&address(&file, "")).await.expect(204);
    assert_eq!(office.used().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_made_at_once_have_numbers_of_their_own() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let file = upload(&learner, "notes.txt", b"one", None).await.expect(201);

    let answers = futures::future::join_all((0..6).map(|_| renew(&learner, &file, b"next"))).await;

    assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
    let versions = learner.get(&address(&file, "versions/")).await.expect(200);
    let numbers: Vec<_> = versions.results().iter().map(|it| it["version_number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [7, 6, 5, 4, 3, 2, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_of_the_files_kind_and_from_who_may_change_it() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let teacher = office.as_role(UserRole::Instructor).await;
    let library =
        shared::testing::make::folder(&office.app.db, office.tenant, UserRole::Learner, UserRole::Learner).await;
    let file = upload(&learner, "notes.txt", b"one", Some(&library.id.to_string())).await.expect(201);
    renew(&teacher, &file, b"two").await.expect(403);
    let versions = address(&file, "versions/");
    let other_kind = Form::default().file("notes.pdf", b"%PDF-1.7").send(&learner, &versions).await.expect(409);
    assert_eq!(other_kind.body["code"], "kind_differs");
    Form::default().file("a.txt", b"a").text("folder", "").send(&learner, &versions).await.expect(400);
    let long = "x".repeat(501);
    Form::default().file("a.txt", b"a").text("comment", &long).send(&learner, &versions).await.expect(400);
    assert_eq!((office.used().await, office.stored()), (3, 1));
}
