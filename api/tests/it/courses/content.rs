//! Content items.

use serde_json::{Value, json};
use shared::testing::{count_queries, make};

use super::School;

#[tokio::test(flavor = "multi_thread")]
async fn an_instructor_adds_content() {
    let school = School::start().await;
    let owner = school.instructor.user.as_ref().expect("somebody");
    let course = make::course(school.tenant).owned_by(owner).published().with_modules(1, 0).make(&school.app.db).await;
    let path = format!("/api/modules/{}/content/", course.modules[0].id);

    let body = r##"{"title": "Understanding Decorators", "content_type": "text", "text_content": "# Decorators\n\nDecorators are...", "order": 1}"##;
    let answer = school.instructor.post(&path, serde_json::from_str(body).expect("JSON")).await.expect(201);

    assert_eq!(answer.body["content_type"], "TEXT");
    assert_eq!(answer.body["text_content"], "# Decorators\n\nDecorators are...");
    assert_eq!(answer.body["order"], 1);
    assert_eq!(answer.body["is_published"], false);
    assert_eq!(answer.body["is_required"], true);
    school.instructor.get(answer.header("location")).await.expect(200);
    school.learner.get(answer.header("location")).await.expect(404);
    let published = school.instructor.patch(answer.header("location"), json!({"is_published": true})).await.expect(200);
    assert_eq!(published.body["version"], 2);
    let seen = school.learner.get(answer.header("location")).await.expect(200);
    assert!(seen.body["text_content"].is_null() && seen.body["is_locked"] == true);
}

#[tokio::test(flavor = "multi_thread")]
async fn content_is_cleaned_and_checked() {
    let school = School::start().await;
    let course = make::course(school.tenant).with_modules(1, 0).make(&school.app.db).await;
    let path = format!("/api/modules/{}/content/", course.modules[0].id);
    let text = json!({"title": "T", "content_type": "TEXT", "text_content": "<p onclick=\"x()\">a<iframe src=\"x\"></iframe></p>"});
    let answer = school.admin.post(&path, text).await.expect(201);
    assert_eq!(answer.body["text_content"], "<p>a</p>");
    let video = json!({"title": "V", "content_type": "video", "external_url": "https://example.org/a/b.webm?c=d"});
    let answer = school.admin.post(&path, video).await.expect(201);
    assert_eq!(answer.body["file"]["mime_type"], "video/webm");
    assert_eq!(answer.body["file"]["original_filename"], "b.webm");
    assert_eq!(answer.body["order"], 2);

    for (body, field) in [
        (json!({"title": "T"}), "content_type"),
        (json!({"title": "T", "content_type": "POEM"}), "content_type"),
        (json!({"title": "", "content_type": "TEXT"}), "title"),
        (json!({"title": "T", "content_type": "URL"}), "external_url"),
        (json!({"title": "T", "content_type": "URL", "external_url": ""}), "external_url"),
        (json!({"title": "T", "content_type": "URL", "external_url": "javascript:alert(1)"}), "external_url"),
        (json!({"title": "T", "content_type": "TEXT", "metadata": []}), "metadata"),
        (json!({"title": "T", "content_type": "TEXT", "metadata": {"a": "x".repeat(70_000)}}), "metadata"),
        (json!({"title": "T", "content_type": "TEXT", "order": -1}), "order"),
        (json!({"title": "T", "content_type": "TEXT", "file": "x"}), "file"),
    ] {
        let answer = school.admin.post(&path, body.clone()).await.expect(400);
        assert!(answer.body["errors"][field].is_array(), "{field}: {}", answer.body);
    }
    let link =
        school.admin.post(&path, json!({"title": "L", "content_type": "URL", "external_url": "https://e.org"})).await;
    let link = format!("/api/content/{}/", link.expect(201).text("/id"));
    school.admin.patch(&link, json!({"external_url": ""})).await.expect(400);
    school.admin.patch(&link, json!({"title": "Link"})).await.expect(200);
    let text =
        school.admin.patch(&link, json!({"content_type": "TEXT", "external_url": null, "text_content": ""})).await;
    assert!(text.expect(200).body["external_url"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn items_keep_their_order() {
    let school = School::start().await;
    let course = make::course(school.tenant).with_modules(1, 2).make(&school.app.db).await;
    let path = format!("/api/modules/{}/content/", course.modules[0].id);
    let titles = async || {
        let answer = school.admin.get(&path).await.expect(200);
        answer.results().iter().map(|item| item["title"].as_str().expect("a title").to_owned()).collect::<Vec<_>>()
    };

    school.admin.post(&path, json!({"title": "New", "content_type": "TEXT", "order": 1})).await.expect(201);
    assert_eq!(titles().await, ["New", "Item 1", "Item 2"]);
    school.admin.patch(&format!("/api/content/{}/", course.items[1].id), json!({"order": 2})).await.expect(200);
    assert_eq!(titles().await, ["New", "Item 2", "Item 1"]);
    school.admin.delete(&format!("/api/content/{}/", course.items[1].id)).await.expect(204);
    assert_eq!(titles().await, ["New", "Item 1"]);
    let at_once = (0..6).map(|_| school.admin.post(&path, json!({"title": "X", "content_type": "TEXT"})));
    assert!(futures::future::join_all(at_once).await.iter().all(|answer| answer.status == 201));
    let places: Vec<Value> = school.admin.get(&path).await.results().iter().map(|item| item["order"].clone()).collect();
    let mut different = places.clone();
    different.dedup();
    assert_eq!(places, different, "two have one place");
}

#[tokio::test(flavor = "multi_thread")]
async fn content_of_others_is_not_changed() {
    let school = School::start().await;
    let db = &school.app.db;
    let course = make::course(school.tenant).published().with_modules(1, 1).make(db).await;
    let draft = make::course(school.tenant).with_modules(1, 1).make(db).await;
    for (course, seen) in [(&course, 403), (&draft, 404)] {
        let item = format!("/api/content/{}/", course.items[0].id);
        let module = format!("/api/modules/{}/", course.modules[0].id);
        let new = json!({"title": "T", "content_type": "TEXT"});
        for answer in [
            school.instructor.patch(&item, json!({"title": "x"})).await,
            school.instructor.delete(&item).await,
            school.instructor.post(&format!("{module}content/"), new.clone()).await,
            school.instructor.patch(&module, json!({"title": "x"})).await,
            school.instructor.delete(&module).await,
        ] {
            assert_eq!(answer.status.as_u16(), seen, "{}", answer.body);
        }
        school.learner.post(&format!("{module}content/"), new).await.expect(403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_listed_with_as_many_statements_for_one_as_for_twenty() {
    let school = School::start().await;
    let db = &school.app.db;
    let small = make::course(school.tenant).published().with_modules(1, 1).make(db).await;
    let large = make::course(school.tenant).published().with_modules(1, 20).make(db).await;
    let path = |course: &make::MadeCourse| format!("/api/modules/{}/content/", course.modules[0].id);

    let (_, for_one) = count_queries(school.learner.get(&path(&small))).await;
    let (answer, for_twenty) = count_queries(school.learner.get(&path(&large))).await;
    assert_eq!(answer.results().len(), 20);
    assert_eq!(for_one, for_twenty);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_type_says_of_itself_what_its_player_needs() {
    let school = School::start().await;
    let course = make::course(school.tenant).with_modules(1, 0).make(&school.app.db).await;
    let path = format!("/api/modules/{}/content/", course.modules[0].id);
    for (kind, metadata) in [
        ("TEXT", json!({"format": "markdown"})),
        ("DOCUMENT", json!({"pages": 3})),
        ("IMAGE", json!({"alt_text": "A snake"})),
        ("VIDEO", json!({"duration_seconds": 60})),
        ("AUDIO", json!({"duration_seconds": 60})),
        ("URL", json!({"opens_in": "tab"})),
        ("H5P", json!({"h5p_content_id": "7"})),
        ("SCORM", json!({"scorm_version": "2004", "entry_point": "index.html"})),
        ("QUIZ", json!({"assessment_id": course.id})),
    ] {
        let body = |metadata: &Value| json!({"title": kind, "content_type": kind, "metadata": metadata, "external_url": "https://e.org/x"});
        let made = school.admin.post(&path, body(&metadata)).await.expect(201);
        assert_eq!(made.body["metadata"], metadata, "{kind}");
        let item = format!("/api/content/{}/", made.text("/id"));
        let odd = school.admin.patch(&item, json!({"metadata": {"colour": "red"}})).await.expect(400);
        assert!(odd.body["errors"]["metadata"].is_array(), "{}", odd.body);
        assert!(
            school.admin.post(&path, body(&json!({"colour": "red"}))).await.expect(400).body["errors"]["metadata"]
                .is_array()
        );
    }
    let video = school.admin.get(&path).await.results()[3]["id"].as_str().expect("an id").to_owned();
    let video = format!("/api/content/{video}/");
    let refused = school.admin.patch(&video, json!({"content_type": "SCORM"})).await.expect(400);
    assert!(refused.body["errors"]["metadata"].is_array(), "what it says of itself must fit what it becomes");
    school.admin.patch(&video, json!({"content_type": "SCORM", "metadata": {}})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_shows_its_file_where_it_is_open() {
    let school = School::start().await;
    let db = &school.app.db;
    let author = school.instructor.user.as_ref().expect("somebody");
    let course = make::course(school.tenant).owned_by(author).published().with_modules(1, 2).make(db).await;
    let item = format!("/api/content/{}/", course.items[0].id);
    let document = json!({"content_type": "DOCUMENT", "external_url": "https://example.org/old.pdf"});
    school.instructor.patch(&item, document).await.expect(200);
    let file = make::file(db, author, "slides.pdf", None).await.file.id;
    school.instructor.put(&format!("{item}file/"), json!({"file": file})).await.expect(200);
    let expected = json!({
        "id": file, "original_filename": "slides.pdf", "file_url": format!("/api/files/{file}/download/"),
        "file_size": 5, "mime_type": "application/pdf", "status": "AVAILABLE",
    });
    let course_page = format!("/api/courses/{}/", course.id);
    let places = [
        (item.clone(), "/file"),
        (format!("/api/modules/{}/content/", course.modules[0].id), "/results/0/file"),
        (format!("/api/modules/{}/", course.modules[0].id), "/content_items/0/file"),
        (format!("{course_page}modules/"), "/results/0/content_items/0/file"),
        (course_page.clone(), "/modules/0/content_items/0/file"),
    ];
    for (path, pointer) in &places {
        let shown = school.instructor.get(path).await.expect(200);
        assert_eq!(shown.body.pointer(pointer), Some(&expected), "{path}");
        let outside = school.learner.get(path).await.expect(200);
        assert_eq!(outside.body.pointer(pointer), Some(&Value::Null), "{path}");
        assert!(!String::from_utf8_lossy(&outside.bytes).contains("slides.pdf"), "{path}");
    }
    make::enrollment(school.learner.user.as_ref().expect("somebody"), &course).make(db).await;
    for (path, pointer) in &places {
        assert_eq!(school.learner.get(path).await.expect(200).body.pointer(pointer), Some(&expected), "{path}");
    }
    let changed = school.instructor.patch(&item, json!({"title": "Slides"})).await.expect(200);
    assert_eq!(changed.body["file"], expected);

    let unseen = make::unseen_file(db, author, "film.mp4", None).await.file.id;
    school.instructor.put(&format!("{item}file/"), json!({"file": unseen})).await.expect(200);
    let waiting = school.learner.get(&item).await.expect(200);
    assert_eq!(
        (&waiting.body["file"]["status"], &waiting.body["file"]["file_url"]),
        (&json!("PROCESSING"), &Value::Null)
    );
    school.instructor.delete(&format!("{item}file/")).await.expect(204);
    let elsewhere = school.learner.get(&item).await.expect(200);
    assert_eq!(elsewhere.body["file"]["file_url"], "https://example.org/old.pdf");
}
