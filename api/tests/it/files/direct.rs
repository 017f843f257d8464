//! Uploading directly to the store.

use reqwest::Client as Http;
use serde_json::{Value, json};
use shared::files::jobs::ScanContent;
use shared::testing::make;
use shared::users::UserRole;

use super::{Office, address, id, upload};
use crate::support::{Answer, Client};

const ADDRESS: &str = "/api/files/uploads/";
const MEBIBYTE: usize = 1024 * 1024;

async fn announce(client: &Client, size: usize) -> Answer {
    client.post(ADDRESS, json!({"filename": "film.mp4", "size_bytes": size})).await
}

fn this(upload: &Answer, verb: &str) -> String {
    format!("{ADDRESS}{}/{verb}", id(upload))
}

/// Sends a part; returns the status and the tag. To be hung up on is to be refused.
async fn send(link: &Value, content: &[u8]) -> (u16, String) {
    let request = Http::new().put(link["url"].as_str().expect("a link")).body(content.to_vec());
    // A store that refuses does not read to the end: it hangs up, and whether its answer comes
    // through before that is luck.
    let Ok(answer) = request.send().await else { return (403, String::new()) };
    let tag = answer.headers().get("etag").and_then(|tag| tag.to_str().ok()).unwrap_or_default().to_owned();
    (answer.status().as_u16(), tag)
}

/// Sends all parts as they should be; returns what completes the upload.
async fn send_all(upload: &Answer, content: &[u8]) -> Value {
    let size = usize::try_from(upload.body["part_size_bytes"].as_i64().expect("a number")).expect("a size");
    let links = upload.body["parts"].as_array().expect("links");
    let mut parts = Vec::new();
    for (link, piece) in links.iter().zip(content.chunks(size)) {
        let (status, etag) = send(link, piece).await;
        assert_eq!(status, 200);
        parts.push(json!({"number": link["number"], "etag": etag}));
    }
    json!({ "parts": parts })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_goes_to_the_store_in_parts_and_becomes_a_file() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let content: Vec<u8> = (0..17 * MEBIBYTE).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let upload = announce(&learner, content.len()).await.expect(201);
    assert_eq!((&upload.body["part_count"], &upload.body["part_size_bytes"]), (&json!(3), &json!(8 * MEBIBYTE)));
    assert_eq!(upload.header("location"), this(&upload, ""));
    assert_eq!(office.used().await, i64::try_from(content.len()).unwrap(), "room is taken at once");

    let parts = send_all(&upload, &content).await;
    let file = learner.post(&this(&upload, "complete/"), parts.clone()).await.expect(201);

    assert_eq!((file.text("/status"), &file.body["file_size"]), ("PROCESSING", &json!(content.len())));
    let [job] = office.app.enqueued::<ScanContent>().await.try_into().expect("one job");
    let key = shared::files::original_key(office.tenant, job.content_id);
    assert!(office.app.app.storage.get(&key).await.expect("the content") == content, "another content");
    assert_eq!(office.used().await, i64::try_from(content.len()).unwrap());
    learner.post(&this(&upload, "complete/"), parts).await.expect(404);
    let (status, _) = send(&upload.body["parts"][0], &content[..8 * MEBIBYTE]).await;
    assert_eq!(status, 403, "what is being looked at cannot be changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_takes_no_other_size_than_was_announced() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let upload = announce(&learner, 1_000).await.expect(201);
    let link = &upload.body["parts"][0];
    for size in [0, 999, 1_001, 5 * MEBIBYTE] {
        assert_eq!(send(link, &vec![1; size]).await.0, 403, "{size}");
    }
    let missing = json!({"parts": [{"number": 1, "etag": "\"0\""}]});
    let answer = learner.post(&this(&upload, "complete/"), missing).await.expect(409);
    assert_eq!(answer.body["code"], "parts_differ");
    let parts = send_all(&upload, &[1; 1_000]).await;
    for wrong in [json!({"parts": []}), json!({}), json!({"parts": [{"number": 0, "etag": "x"}]})] {
        learner.post(&this(&upload, "complete/"), wrong).await.expect(400);
    }
    let wrong = json!({"parts": [{"number": 2, "etag": "\"0\""}]});
    learner.post(&this(&upload, "complete/"), wrong).await.expect(409);
    learner.post(&this(&upload, "complete/"), parts).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn completing_twice_at_once_makes_one_file() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let upload = announce(&learner, 1_000).await.expect(201);
    let parts = send_all(&upload, &[1; 1_000]).await;
    let complete = this(&upload, "complete/");

    let answers = futures::future::join_all((0..4).map(|_| learner.post(&complete, parts.clone()))).await;

    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 201 | 404 | 409)), "{answers:?}");
    assert_eq!(learner.get("/api/files/").await.expect(200).body["count"], 1);
    assert_eq!(office.used().await, 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_given_up_leaves_nothing_and_its_room_is_free() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let upload = announce(&learner, 9 * MEBIBYTE).await.expect(201);
    send(&upload.body["parts"][0], &vec![1; 8 * MEBIBYTE]).await;
    assert!(office.stored() > 0);

    learner.delete(&this(&upload, "")).await.expect(204);

    assert_eq!((office.stored(), office.used().await), (0, 0));
    learner.get(&this(&upload, "")).await.expect(404);
    learner.delete(&this(&upload, "")).await.expect(404);
    assert_ne!(send(&upload.body["parts"][1], &vec![1; MEBIBYTE]).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_its_makers_alone() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let upload = announce(&learner, 1_000).await.expect(201);
    let parts = send_all(&upload, &[1; 1_000]).await;
    let elsewhere = office.app.tenant().await;
    for other in [office.as_role(UserRole::Admin).await, office.app.as_role(elsewhere, UserRole::Admin).await] {
        other.get(&this(&upload, "")).await.expect(404);
        other.post(&this(&upload, "parts/"), json!({"numbers": [1]})).await.expect(404);
        other.post(&this(&upload, "complete/"), parts.clone()).await.expect(404);
        other.delete(&this(&upload, "")).await.expect(404);
    }
    let fresh = learner.post(&this(&upload, "parts/"), json!({"numbers": [1]})).await.expect(200);
    assert_eq!((&fresh.body[0]["number"], &fresh.body[0]["size_bytes"]), (&json!(1), &json!(1_000)));
    learner.post(&this(&upload, "parts/"), json!({"numbers": [2]})).await.expect(400);
    assert_eq!(learner.get(&this(&upload, "")).await.expect(200).body["part_count"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_announced_is_checked_as_a_form_is() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let closed = make::folder(&office.app.db, office.tenant, UserRole::Learner, UserRole::Admin).await.id;
    let other = office.as_role(UserRole::Instructor).await;
    let file = upload(&other, "notes.txt", b"hello", None).await.expect(201);
    for (body, status) in [
        (json!({"filename": "../a.mp4", "size_bytes": 1}), 400),
        (json!({"filename": "a.exe", "size_bytes": 1}), 400),
        (json!({"filename": "a.mp4", "size_bytes": 0}), 400),
        (json!({"filename": "a.mp4", "size_bytes": -1}), 400),
        (json!({"filename": "a.mp4", "size_bytes": 1, "folder": closed}), 403),
        (json!({"filename": "a.mp4", "size_bytes": 1, "folder_id": shared::ids::FolderId::new()}), 400),
        (json!({"filename": "a.txt", "size_bytes": 1, "file_id": id(&file)}), 400),
        (json!({"filename": "a.mp4", "size_bytes": 1, "sha256": "x"}), 400),
        (json!({"filename": "a.mp4", "size_bytes": 1, "key": "files/x"}), 400),
    ] {
        let answer = learner.post(ADDRESS, body.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.body);
    }
    assert_eq!(office.app.db.texts("select id::text as text from file_uploads").await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_can_go_to_the_store_directly_too() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let file = upload(&learner, "notes.txt", b"one", None).await.expect(201);
    let body = json!({"filename": "notes.txt", "size_bytes": 4, "file_id": id(&file), "comment": "Better"});
    let upload = learner.post(ADDRESS, body).await.expect(201);
    let parts = send_all(&upload, b"two!").await;

    let answer = learner.post(&this(&upload, "complete/"), parts).await.expect(201);

    assert_eq!(id(&answer), id(&file));
    office.let_pass().await;
    let shown = learner.get(&address(&file, "")).await.expect(200);
    assert_eq!((&shown.body["version_number"], &shown.body["file_size"]), (&json!(2), &json!(4)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_no_longer_change_a_file_gives_it_no_version() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let file = upload(&learner, "notes.txt", b"one", None).await.expect(201);
    office.let_pass().await;
    let admin = office.as_role(UserRole::Admin).await;
    let body = json!({"filename": "notes.txt", "size_bytes": 4, "file_id": id(&file)});
    let upload = admin.post(ADDRESS, body).await.expect(201);
    let parts = send_all(&upload, b"two!").await;
    let demoted = "update users set role = 'LEARNER' where role = 'ADMIN' returning id::text as text";
    assert_eq!(office.app.db.texts(demoted).await.len(), 1);

    let refused = admin.post(&this(&upload, "complete/"), parts).await.expect(400);

    assert!(refused.body["errors"]["file_id"].is_array(), "{}", refused.body);
    assert_eq!(learner.get(&address(&file, "versions/")).await.expect(200).body["count"], 1);
}
