//! How large a file may be, and how much a tenant may keep.

use futures::future::join_all;
use serde_json::json;
use shared::users::UserRole;

use super::{Form, Office, address, upload};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_too_large_is_refused_while_it_comes() {
    let office = Office::open_with(&[("FILES_MAX_BYTES", "6000000")]).await;
    let learner = office.as_role(UserRole::Learner).await;

    let answer = upload(&learner, "film.mp4", &vec![1; 6_000_001], None).await.expect(413);

    assert_eq!(answer.body["code"], "file_too_large");
    assert_eq!((office.used().await, office.stored()), (0, 0));
    upload(&learner, "film.mp4", &vec![1; 6_000_000], None).await.expect(201);
    let body = json!({"filename": "film.mp4", "size_bytes": 6_000_001});
    assert_eq!(learner.post("/api/files/uploads/", body).await.expect(413).body["code"], "file_too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_into_the_quota_is_refused_while_it_comes() {
    let office = Office::open_with(&[("FILES_TENANT_QUOTA_BYTES", "11000000")]).await;
    let learner = office.as_role(UserRole::Learner).await;

    let answer = upload(&learner, "film.mp4", &vec![1; 12_000_000], None).await.expect(409);

    assert_eq!(answer.body["code"], "quota_exceeded");
    assert_eq!((office.used().await, office.stored()), (0, 0));
    let file = upload(&learner, "film.mp4", &vec![1; 11_000_000], None).await.expect(201);
    upload(&learner, "notes.txt", b"1", None).await.expect(409);
    let body = json!({"filename": "film.mp4", "size_bytes": 1});
    assert_eq!(learner.post("/api/files/uploads/", body).await.expect(409).body["code"], "quota_exceeded");
    learner.delete(&address(&file, "")).await.expect(204);
    upload(&learner, "notes.txt", b"1", None).await.expect(201);
    assert_eq!(office.used().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_race_for_the_last_room_get_no_more_than_there_is() {
    let office = Office::open_with(&[("FILES_TENANT_QUOTA_BYTES", "3000000")]).await;
    let learner = office.as_role(UserRole::Learner).await;
    let content = vec![1; 1_000_000];

    let answers = join_all((0..8).map(|_| upload(&learner, "notes.txt", &content, None))).await;

    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|answer| answer.body["code"] == "quota_exceeded").count();
    assert_eq!((made, refused), (3, 5));
    assert_eq!(office.used().await, 3_000_000);
    assert_eq!(office.stored(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_gives_a_tenant_a_limit_of_its_own() {
    let office = Office::open().await;
    let admin = office.as_role(UserRole::Admin).await;
    let learner = office.as_role(UserRole::Learner).await;
    let slug = office.app.db.texts("select slug as text from tenants").await.concat();
    let superuser = office.app.as_superuser().await.with("x-tenant-slug", &slug);
    for client in [&admin, &learner] {
        client.patch("/api/files/usage/", json!({"limit_bytes": 1})).await.expect(403);
    }
    learner.get("/api/files/usage/").await.expect(403);
    for body in [json!({}), json!({"limit_bytes": -1}), json!({"limit_bytes": 2_000_000_000_000_000_i64})] {
        superuser.patch("/api/files/usage/", body).await.expect(400);
    }

    superuser.patch("/api/files/usage/", json!({"limit_bytes": 4})).await.expect(200);

    let usage = admin.get("/api/files/usage/").await.expect(200);
    assert_eq!(usage.body, json!({"used_bytes": 0, "limit_bytes": 4, "is_own_limit": true}));
    upload(&learner, "notes.txt", b"hello", None).await.expect(409);
    superuser.patch("/api/files/usage/", json!({"limit_bytes": null})).await.expect(200);
    upload(&learner, "notes.txt", b"hello", None).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_takes_only_the_files_that_its_settings_name() {
    let office = Office::open().await;
    let admin = office.as_role(UserRole::Admin).await;
    let learner = office.as_role(UserRole::Learner).await;
    let notes = upload(&learner, "notes.txt", b"1", None).await.expect(201);
    let settings = json!({"max_file_size_mb": 1, "allowed_extensions": "pdf, mp4"});
    admin.patch("/api/core/settings/storage/", settings).await.expect(200);

    let answer = upload(&learner, "notes.txt", b"hello", None).await.expect(400);

    let words = "Files of this kind are not taken here; those that are: pdf, mp4";
    assert!(answer.text("/errors/file/0").starts_with(words), "{}", answer.body);
    let direct = |name: &str, size: i64| json!({"filename": name, "size_bytes": size});
    let answer = learner.post("/api/files/uploads/", direct("notes.txt", 5)).await.expect(400);
    assert!(answer.text("/errors/filename/0").starts_with(words), "{}", answer.body);
    let version = Form::default().file("notes.txt", b"2");
    version.send(&learner, &address(&notes, "versions/")).await.expect(400);
    let mib = 1024 * 1024;
    assert_eq!(upload(&learner, "film.mp4", &vec![1; mib + 1], None).await.expect(413).body["code"], "file_too_large");
    learner.post("/api/files/uploads/", direct("film.mp4", 1024 * 1024 + 1)).await.expect(413);
    assert_eq!(office.used().await, 1, "nothing of what was refused is kept");
    upload(&learner, "film.MP4", &vec![1; mib], None).await.expect(201);
    learner.post("/api/files/uploads/", direct("film.mp4", 1024 * 1024)).await.expect(201);
    // Another tenant's files are its own affair, and what is emptied holds no more.
    let elsewhere = office.app.as_role(office.app.tenant().await, UserRole::Learner).await;
    upload(&elsewhere, "notes.txt", b"hello", None).await.expect(201);
    let settings = json!({"max_file_size_mb": null, "allowed_extensions": ""});
    admin.patch("/api/core/settings/storage/", settings).await.expect(200);
    upload(&learner, "notes.txt", b"hello", None).await.expect(201);
}
