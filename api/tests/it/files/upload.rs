//! Uploading by a form.

use axum::http::Method;
use serde_json::json;
use shared::files::jobs::ScanContent;
use shared::testing::make;
use shared::users::UserRole;

use super::{Form, Office, address, id, upload};

/// Six and a half million bytes, all alike to nothing.
fn much() -> Vec<u8> {
    (0..13_000_000_u32 / 2).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[..1].to_vec()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_as_curl_sends_it_makes_a_file_that_waits_to_be_looked_at() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let folder = make::folder(&office.app.db, office.tenant, UserRole::Learner, UserRole::Learner).await;

    let answer = upload(&learner, "Essay – Übung.txt", b"hello", Some(&folder.id.to_string())).await.expect(201);

    assert_eq!(answer.header("location"), format!("/api/files/{}/", id(&answer)));
    let body = &answer.body;
    assert_eq!(body["original_filename"], "Essay – Übung.txt");
    assert_eq!((&body["status"], &body["file_size"]), (&json!("PROCESSING"), &json!(5)));
    assert_eq!((&body["mime_type"], &body["file_url"]), (&json!("text/plain"), &json!(null)));
    assert_eq!(body["folder_id"], json!(folder.id));
    assert_eq!(body["uploaded_by"], json!(learner.id()));
    assert_eq!(office.used().await, 5);
    let [job] = office.app.enqueued::<ScanContent>().await.try_into().expect("one job");
    let key = shared::files::original_key(office.tenant, job.content_id);
    assert_eq!(office.app.app.storage.get(&key).await.expect("the content"), b"hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_larger_than_a_part_arrives_whole_and_in_order() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let content: Vec<u8> = [much(), vec![1], much()].concat();

    let answer = upload(&learner, "film.mp4", &content, None).await.expect(201);

    assert_eq!(answer.body["file_size"], content.len());
    assert_eq!(office.used().await, i64::try_from(content.len()).expect("a number"));
    let [job] = office.app.enqueued::<ScanContent>().await.try_into().expect("one job");
    let key = shared::files::original_key(office.tenant, job.content_id);
    assert!(office.app.app.storage.get(&key).await.expect("the content") == content, "another content");
    assert_eq!(office.stored(), 1, "parts are left");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_lead_elsewhere_or_break_lines_are_refused_and_leave_nothing() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    for name in [
        "../../etc/passwd.txt",
        "..\\\\boot.txt",
        "/etc/motd.txt",
        "..",
        "setup.exe",
        "page.html",
        "no-extension",
        "a\u{202e}fdp.txt",
        &format!("{}.txt", "x".repeat(300)),
    ] {
        let answer = upload(&learner, name, b"hello", None).await.expect(400);
        assert!(answer.body["errors"]["file"].is_array(), "{name}: {}", answer.body);
    }
    for name in ["a\r\nContent-Type: text/html\r\n\r\n.txt", "a\0.txt"] {
        upload(&learner, name, b"hello", None).await.expect(400);
    }
    assert_eq!((office.used().await, office.stored()), (0, 0));
    assert_eq!(learner.get("/api/files/").await.expect(200).body["count"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_wrong_is_refused_and_what_it_has_stored_is_removed() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let closed = make::folder(&office.app.db, office.tenant, UserRole::Learner, UserRole::Instructor).await.id;
    let hidden = make::folder(&office.app.db, office.tenant, UserRole::Admin, UserRole::Admin).await.id;
    let elsewhere = office.app.tenant().await;
    let foreign = make::folder(&office.app.db, elsewhere, UserRole::Learner, UserRole::Learner).await.id;
    let large = much();
    let file = || Form::default().file("film.mp4", &large);
    for (what, form, status) in [
        ("no file", Form::default().text("folder", ""), 400),
        ("nothing", Form::default(), 400),
        ("an empty file", Form::default().file("a.txt", b""), 400),
        ("two files", file().file("b.txt", b"b"), 400),
        ("an unknown field", file().text("colour", "red"), 400),
        ("a folder that is none", file().text("folder", "x"), 400),
        ("a folder that is hidden", file().text("folder", &hidden.to_string()), 400),
        ("a folder of another tenant", file().text("folder", &foreign.to_string()), 400),
        ("a folder that is closed", file().text("folder", &closed.to_string()), 403),
        ("a long text", file().text("folder", &"x".repeat(100_000)), 400),
        ("a comment on no version", file().text("comment", "new"), 400),
    ] {
        let answer = form.send(&learner, "/api/files/").await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.body);
        assert!(answer.is_problem(), "{what}");
        assert_eq!((office.used().await, office.stored()), (0, 0), "{what}");
    }
    for (kind, status) in [("multipart/form-data", 415), ("application/json", 415)] {
        learner.send_bytes(Method::POST, "/api/files/", Some(kind), b"{}".to_vec()).await.expect(status);
    }
    assert_eq!(office.app.db.texts("select id::text as text from file_uploads").await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_breaks_off_leaves_nothing() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let mut form = Form::default().file("film.mp4", &much()).0;
    form.truncate(form.len() - 10_000);

    let kind = format!("multipart/form-data; boundary={}", super::BOUNDARY);
    let answer = learner.send_bytes(Method::POST, "/api/files/", Some(&kind), form).await.expect(400);

    assert_eq!(answer.body["code"], "invalid_form");
    assert_eq!((office.used().await, office.stored()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_names_the_request_does_not_make_it_be_held_in_memory() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await.with("idempotency-key", "upload-1");
    for _ in 0..2 {
        upload(&learner, "film.mp4", &much(), None).await.expect(201);
    }
    assert_eq!(learner.get("/api/files/").await.expect(200).body["count"], 2, "uploads name themselves");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_sent_many_times_at_once_is_as_many_files() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let sent = (0..6).map(|_| upload(&learner, "same.txt", b"hello", None));
    let answers = futures::future::join_all(sent).await;
    assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
    assert_eq!(learner.get("/api/files/").await.expect(200).body["count"], 6);
    assert_eq!(office.used().await, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_described_moved_and_deleted_by_whoever_uploaded_it() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let other = office.as_role(UserRole::Instructor).await;
    let open = make::folder(&office.app.db, office.tenant, UserRole::Learner, UserRole::Learner).await.id;
    let closed = make::folder(&office.app.db, office.tenant, UserRole::Learner, UserRole::Admin).await.id;
    let file = upload(&learner, "notes.txt", b"hello", Some(&open.to_string())).await.expect(201);
    let this = address(&file, "");

    other.patch(&this, json!({"description": "mine"})).await.expect(403);
    other.delete(&this).await.expect(403);
    for (body, status) in [
        (json!({"original_filename": "notes.pdf"}), 409),
        (json!({"original_filename": "../notes.txt"}), 400),
        (json!({"folder_id": closed}), 403),
        (json!({"folder_id": shared::ids::FolderId::new()}), 400),
        (json!({"size": 1}), 400),
    ] {
        learner.patch(&this, body).await.expect(status);
    }
    let change = json!({"original_filename": "Notes.TXT", "description": "Week 1", "folder_id": null});
    let read = learner.get(&this).await.expect(200);
    let changed = learner.with("if-match", read.header("etag")).patch(&this, change.clone()).await.expect(200);
    assert_eq!(changed.body["original_filename"], "Notes.TXT");
    assert_eq!((&changed.body["description"], &changed.body["folder_id"]), (&json!("Week 1"), &json!(null)));
    learner.with("if-match", read.header("etag")).patch(&this, change).await.expect(412);

    learner.delete(&this).await.expect(204);
    learner.get(&this).await.expect(404);
    assert_eq!(office.used().await, 0);
    assert_eq!(office.app.enqueued::<shared::files::jobs::PurgeContent>().await.len(), 1);
}
