//! Who sees which files.

use serde_json::{Value, json};
use shared::enrollments::EnrollmentStatus;
use shared::files::Attachment;
use shared::ids::{ContentItemId, FileId};
use shared::testing::make;
use shared::users::UserRole;

use super::{Office, address, upload};
use crate::support::Client;

async fn counts(client: &Client) -> i64 {
    client.get("/api/files/").await.expect(200).body["count"].as_i64().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_sees_their_own_files_and_those_in_folders_that_are_open_to_learners() {
    use UserRole::{Admin, Instructor, Learner};
    let office = Office::open().await;
    let (alice, bob) = (office.as_role(Learner).await, office.as_role(Learner).await);
    let (teacher, admin) = (office.as_role(Instructor).await, office.as_role(Admin).await);
    let library = make::folder(&office.app.db, office.tenant, Learner, Learner).await.id.to_string();
    let letter_box = make::folder(&office.app.db, office.tenant, Instructor, Learner).await.id.to_string();

    let own = upload(&alice, "own.txt", b"a", None).await.expect(201);
    let shared_with_all = upload(&alice, "shared.txt", b"b", Some(&library)).await.expect(201);
    let handed_in = upload(&alice, "essay.txt", b"c", Some(&letter_box)).await.expect(201);

    for (who, client, sees) in [
        ("alice", &alice, [true, true, true]),
        ("another learner", &bob, [false, true, false]),
        ("a teacher", &teacher, [false, true, true]),
        ("an administrator", &admin, [true, true, true]),
    ] {
        for (file, sees) in [&own, &shared_with_all, &handed_in].into_iter().zip(sees) {
            let status = if sees { 200 } else { 404 };
            let answer = client.get(&address(file, "")).await;
            assert_eq!(answer.status.as_u16(), status, "{who}: {}", file.body);
            client.get(&address(file, "versions/")).await.expect(status);
        }
        assert_eq!(counts(client).await, i64::try_from(sees.iter().filter(|sees| **sees).count()).unwrap(), "{who}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_files_do_not_exist() {
    let office = Office::open().await;
    let learner = office.as_role(UserRole::Learner).await;
    let library =
        make::folder(&office.app.db, office.tenant, UserRole::Learner, UserRole::Learner).await.id.to_string();
    let file = upload(&learner, "notes.txt", b"hello", Some(&library)).await.expect(201);
    let elsewhere = office.app.tenant().await;
    let foreigner = office.app.as_role(elsewhere, UserRole::Admin).await;
    for verb in ["", "download/", "versions/", "versions/1/", "versions/1/download/", "thumbnails/"] {
        foreigner.get(&address(&file, verb)).await.expect(404);
    }
    foreigner.delete(&address(&file, "")).await.expect(404);
    assert_eq!(counts(&foreigner).await, 0);
    learner.get(&address(&file, "")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_course_is_for_those_who_may_open_its_item() {
    let office = Office::open().await;
    let db = &office.app.db;
    let teacher = make::user(office.tenant).role(UserRole::Instructor).make(db).await;
    let course = make::course(office.tenant).owned_by(&teacher).published().with_modules(1, 1).make(db).await;
    let teacher = office.app.as_user(&teacher).await;
    let file = upload(&teacher, "slides.pdf", b"%PDF-1.7", None).await.expect(201);
    office.let_pass().await;
    let learner = office.as_role(UserRole::Learner).await;
    let user = learner.user.clone().expect("somebody");
    make::enrollment(&user, &course).status(EnrollmentStatus::Active).make(db).await;
    let outsider = office.as_role(UserRole::Learner).await;
    learner.get(&address(&file, "download/")).await.expect(404);

    let item: ContentItemId =
        db.texts("select id::text as text from content_items").await.concat().parse().expect("an id");
    let id: FileId = super::id(&file).parse().expect("an id");
    let of_item = format!("/api/content/{item}/file/");
    let body = json!({"file": id});
    learner.put(&of_item, body.clone()).await.expect(403);
    office.as_role(UserRole::Instructor).await.put(&of_item, body.clone()).await.expect(403);
    let attached = teacher.put(&of_item, body).await.expect(200);
    assert_eq!((&attached.body["filename"], &attached.body["status"]), (&"slides.pdf".into(), &"AVAILABLE".into()));
    assert_eq!(learner.get(&of_item).await.expect(200).body, attached.body);
    outsider.get(&of_item).await.expect(404);

    learner.get(&address(&file, "download/")).await.expect(200).text("/url");
    outsider.get(&address(&file, "download/")).await.expect(404);
    assert_eq!(counts(&learner).await, 0, "it is the course's, and not in their list");
    learner.delete(&address(&file, "")).await.expect(403);
    assert_eq!(teacher.delete(&address(&file, "")).await.expect(409).body["code"], "file_in_use");
    let shown = Attachment::files_of(&mut *db.tenant(office.tenant).await, office.tenant, &[item]).await;
    assert_eq!(shown.expect("rows")[&item].available().expect("available").filename, "slides.pdf");

    let others = upload(&learner, "mine.txt", b"hello", None).await.expect(201);
    let others = json!({"file": super::id(&others)});
    let refused = teacher.put(&of_item, others).await.expect(400);
    assert!(refused.body["errors"]["file"].is_array(), "a file that the teacher does not see");
    teacher.delete(&of_item).await.expect(204);
    learner.get(&of_item).await.expect(404);
    learner.get(&address(&file, "download/")).await.expect(404);
    teacher.delete(&address(&file, "")).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_item_showed_is_in_its_versions_and_comes_back_with_them() {
    let office = Office::open().await;
    let db = &office.app.db;
    let teacher = make::user(office.tenant).role(UserRole::Instructor).make(db).await;
    let course = make::course(office.tenant).owned_by(&teacher).published().with_modules(1, 1).make(db).await;
    let teacher = office.app.as_user(&teacher).await;
    let item = format!("/api/content/{}/", course.items[0].id);
    let (of_item, versions) = (format!("{item}file/"), format!("{item}versions/"));
    let old = upload(&teacher, "old.pdf", b"%PDF-1.7 old", None).await.expect(201);
    let new = upload(&teacher, "new.pdf", b"%PDF-1.7 new", None).await.expect(201);
    office.let_pass().await;

    for file in [&old, &old, &new] {
        teacher.put(&of_item, json!({"file": super::id(file)})).await.expect(200);
    }
    teacher.delete(&of_item).await.expect(204);
    let list = teacher.get(&versions).await.expect(200);
    let told = |version: &Value| (version["file"]["filename"].clone(), version["changed_fields"].clone());
    let expected = [
        (Value::Null, json!(["file"])),
        (json!("new.pdf"), json!(["file"])),
        (json!("old.pdf"), json!(["file"])),
        (Value::Null, json!([])),
    ];
    assert_eq!(list.results().iter().map(told).collect::<Vec<_>>(), expected, "the same file twice is no change");
    let version = |number: usize| list.results()[4 - number]["id"].as_str().expect("an id").to_owned();
    let restore = async |number| teacher.post(&format!("{versions}{}/restore/", version(number)), json!({})).await;

    teacher.patch(&item, json!({"title": "Without"})).await.expect(200);
    let back = restore(2).await.expect(200);
    assert_ne!(back.body["title"], "Without");
    assert_eq!(teacher.get(&of_item).await.expect(200).body["filename"], "old.pdf");
    let newest = teacher.get(&versions).await.results()[0].clone();
    assert_eq!((&newest["restored_from"], &newest["changed_fields"]), (&json!(2), &json!(["title", "file"])));

    teacher.delete(&address(&new, "")).await.expect(204);
    restore(3).await.expect(200);
    assert_eq!(teacher.get(&of_item).await.expect(200).body["filename"], "old.pdf", "what is gone does not come back");
    let gone = teacher.get(&format!("{versions}{}/", version(3))).await.expect(200);
    assert_eq!(gone.body["file"], json!({"id": null, "filename": "new.pdf"}), "and is known by its name");
    restore(1).await.expect(200);
    teacher.get(&of_item).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_one_does_not_see_comes_back_with_no_version() {
    let office = Office::open().await;
    let db = &office.app.db;
    let teacher = make::user(office.tenant).role(UserRole::Instructor).make(db).await;
    let course = make::course(office.tenant).owned_by(&teacher).published().with_modules(1, 1).make(db).await;
    let teacher = office.app.as_user(&teacher).await;
    let admin = office.as_role(UserRole::Admin).await;
    let item = format!("/api/content/{}/", course.items[0].id);
    let secret = upload(&admin, "secret.pdf", b"%PDF-1.7", None).await.expect(201);
    office.let_pass().await;
    admin.put(&format!("{item}file/"), json!({"file": super::id(&secret)})).await.expect(200);
    teacher.delete(&format!("{item}file/")).await.expect(204);

    let list = teacher.get(&format!("{item}versions/")).await.expect(200);
    let shown = list.results()[1]["id"].as_str().expect("an id");
    teacher.post(&format!("{item}versions/{shown}/restore/"), json!({})).await.expect(200);
    teacher.get(&format!("{item}file/")).await.expect(404);
    admin.post(&format!("{item}versions/{shown}/restore/"), json!({})).await.expect(200);
    assert_eq!(admin.get(&format!("{item}file/")).await.expect(200).body["filename"], "secret.pdf");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_sees_a_file_in_a_course_gets_it_as_it_is_now_and_no_address_of_its_author() {
    let office = Office::open().await;
    let db = &office.app.db;
    let author = make::user(office.tenant).role(UserRole::Instructor).make(db).await;
    let course = make::course(office.tenant).owned_by(&author).published().with_modules(1, 1).make(db).await;
    let teacher = office.app.as_user(&author).await;
    let file = upload(&teacher, "task.txt", b"with the solution", None).await.expect(201);
    office.let_pass().await;
    let of_item = format!("/api/content/{}/file/", course.items[0].id);
    teacher.put(&of_item, json!({"file": super::id(&file)})).await.expect(200);
    let form = super::Form::default().file("task.txt", b"the task");
    form.send(&teacher, &address(&file, "versions/")).await.expect(201);
    office.let_pass().await;
    let learner = office.as_role(UserRole::Learner).await;
    make::enrollment(learner.user.as_ref().expect("somebody"), &course).make(db).await;

    let shown = learner.get(&address(&file, "")).await.expect(200);
    assert_eq!((&shown.body["version_number"], &shown.body["file_size"]), (&json!(2), &json!(8)));
    let link = learner.get(&address(&file, "download/")).await.expect(200);
    let content = reqwest::get(link.text("/url")).await.expect("an answer").text().await.expect("a body");
    assert_eq!(content, "the task");
    for verb in ["versions/", "versions/1/", "versions/2/", "versions/1/download/", "versions/2/download/"] {
        let refused = learner.get(&address(&file, verb)).await.expect(403);
        assert!(!String::from_utf8_lossy(&refused.bytes).contains(&author.email));
    }
    assert!(!String::from_utf8_lossy(&shown.bytes).contains(&author.email), "{}", shown.body);

    let whole = teacher.get(&address(&file, "")).await.expect(200);
    assert_eq!(whole.text("/uploaded_by_email"), author.email);
    let admin = office.as_role(UserRole::Admin).await;
    for reader in [&teacher, &admin] {
        let versions = reader.get(&address(&file, "versions/")).await.expect(200);
        assert_eq!(versions.results()[1]["user_email"], author.email.as_str());
        reader.get(&address(&file, "versions/1/download/")).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn which_file_an_item_shows_is_in_the_log_and_an_item_that_went_gets_none() {
    let office = Office::open().await;
    let db = &office.app.db;
    let author = make::user(office.tenant).role(UserRole::Instructor).make(db).await;
    let course = make::course(office.tenant).owned_by(&author).published().with_modules(1, 2).make(db).await;
    let (one, other) = (make::file(db, &author, "one.txt", None).await, make::file(db, &author, "two.txt", None).await);
    let teacher = office.app.as_user(&author).await;
    let of_item = format!("/api/content/{}/file/", course.items[0].id);
    for file in [&one, &other] {
        teacher.put(&of_item, json!({"file": file.file.id})).await.expect(200);
    }
    teacher.delete(&of_item).await.expect(204);

    let admin = office.as_role(UserRole::Admin).await;
    let log = admin.get("/api/admin/audit-log/?subject_type=file_attachments").await.expect(200);
    assert!(log.results().iter().all(|line| line["actor"]["id"] == json!(author.id)), "{}", log.body);
    let told: Vec<_> = log.results().iter().map(|line| line["action"].as_str().expect("a word")).collect();
    assert_eq!(told, ["delete", "update", "insert"]);
    assert_eq!(log.results()[1]["before"]["file_id"], json!(one.file.id));

    let mut conn = db.tenant(office.tenant).await;
    course.items[1].delete(&mut conn, make::morning()).await.expect("deleted");
    let late = Attachment::set(&mut conn, office.tenant, course.items[1].id, Some(one.file.id)).await;
    assert!(matches!(late, Err(shared::files::FileError::NoSuchItem)), "{late:?}");
}

/// The only item of a course, and its file there.
async fn file_of(client: &Client, course: &str) -> (String, serde_json::Value) {
    let shown = client.get(course).await.expect(200);
    let item = shown.body["modules"][0]["content_items"][0]["id"].as_str().expect("an id").to_owned();
    let file = client.get(&format!("/api/content/{item}/file/")).await.expect(200).body;
    (item, file)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_course_shows_the_same_files_to_its_own_learners() {
    let office = Office::open().await;
    let db = &office.app.db;
    let teacher = make::user(office.tenant).role(UserRole::Instructor).make(db).await;
    let course = make::course(office.tenant).owned_by(&teacher).published().with_modules(1, 1).make(db).await;
    let teacher = office.app.as_user(&teacher).await;
    let file = upload(&teacher, "slides.pdf", b"%PDF-1.7", None).await.expect(201);
    office.let_pass().await;
    let of_item = format!("/api/content/{}/file/", course.items[0].id);
    teacher.put(&of_item, json!({"file": super::id(&file)})).await.expect(200);
    let (objects, used) = (office.stored(), office.used().await);

    let copy = teacher.post(&format!("/api/courses/{}/clone/", course.id), json!({})).await.expect(201);

    let (_, shown) = file_of(&teacher, copy.header("location")).await;
    assert_eq!(shown, file_of(&teacher, &format!("/api/courses/{}/", course.id)).await.1);
    assert_eq!((office.stored(), office.used().await), (objects, used), "nothing is stored twice");
    teacher.post(&format!("{}publish/", copy.header("location")), json!({})).await.expect(200);
    let (learner, outsider) = (office.as_role(UserRole::Learner).await, office.as_role(UserRole::Learner).await);
    let enroll = json!({"course": copy.body["id"]});
    learner.post("/api/enrollments/", enroll).await.expect(201);
    let (item, _) = file_of(&learner, copy.header("location")).await;
    learner.get(&address(&file, "download/")).await.expect(200);
    outsider.get(&address(&file, "download/")).await.expect(404);
    // It stays as long as one of the two shows it.
    teacher.delete(&of_item).await.expect(204);
    assert_eq!(teacher.delete(&address(&file, "")).await.expect(409).body["code"], "file_in_use");
    learner.get(&address(&file, "download/")).await.expect(200);
    teacher.delete(&format!("/api/content/{item}/file/")).await.expect(204);
    teacher.delete(&address(&file, "")).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_very_many_courses_is_still_that_of_the_first() {
    let office = Office::open().await;
    let db = &office.app.db;
    let teacher = make::user(office.tenant).role(UserRole::Instructor).make(db).await;
    let course = make::course(office.tenant).owned_by(&teacher).published().with_modules(1, 1).make(db).await;
    let file = make::file(db, &teacher, "slides.pdf", None).await.file.id;
    let learner = office.as_role(UserRole::Learner).await;
    make::enrollment(learner.user.as_ref().expect("somebody"), &course).make(db).await;
    let mut conn = db.tenant(office.tenant).await;
    Attachment::set(&mut conn, office.tenant, course.items[0].id, Some(file)).await.expect("attached");
    drop(conn);
    for _ in 0..60 {
        let later = make::course(office.tenant).published().with_modules(1, 1).make(db).await;
        let mut conn = db.tenant(office.tenant).await;
        Attachment::set(&mut conn, office.tenant, later.items[0].id, Some(file)).await.expect("attached");
    }

    learner.get(&format!("/api/files/{file}/")).await.expect(200);
    office.as_role(UserRole::Learner).await.get(&format!("/api/files/{file}/")).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_uploads_and_is_nobody_of_the_tenant() {
    let office = Office::open().await;
    let slug = office.app.db.texts("select slug as text from tenants").await.concat();
    let superuser = office.app.as_superuser().await.with("x-tenant-slug", &slug);
    let file = upload(&superuser, "notes.txt", b"hello", None).await.expect(201);
    assert!(file.body["uploaded_by"].is_null());
    office.let_pass().await;
    superuser.post(&address(&file, "versions/1/restore/"), serde_json::Value::Null).await.expect(201);
    superuser.post("/api/files/folders/", json!({"name": "Shelf"})).await.expect(201);
    superuser.delete(&address(&file, "")).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_gets_no_file_of_another_tenant() {
    let office = Office::open().await;
    let db = &office.app.db;
    make::course(office.tenant).published().with_modules(1, 1).make(db).await;
    let item = db.texts("select id::text as text from content_items").await.concat().parse().expect("an id");
    let elsewhere = office.app.tenant().await;
    let stranger = make::user(elsewhere).make(db).await;
    let foreign = make::file(db, &stranger, "notes.txt", None).await.file.id;
    let mut conn = db.tenant(office.tenant).await;
    let refused = Attachment::set(&mut conn, office.tenant, item, Some(foreign)).await;
    assert!(matches!(refused, Err(shared::files::FileError::Gone)), "{refused:?}");
}
