//! Making and changing courses.

use serde_json::json;
use shared::enrollments::EnrollmentStatus;
use shared::testing::make;
use shared::users::UserRole;

use super::School;

#[tokio::test(flavor = "multi_thread")]
async fn an_instructor_makes_a_course_of_their_own() {
    let school = School::start().await;

    let body = r#"{"title": "Advanced Python", "description": "Deep dive into Python", "category": "programming", "difficulty_level": "advanced"}"#;
    let answer = school.instructor.post("/api/courses/", serde_json::from_str(body).expect("JSON")).await.expect(201);

    assert_eq!(answer.header("location"), format!("/api/courses/{}/", answer.text("/id")));
    assert_eq!(answer.body["slug"], "advanced-python");
    assert_eq!(answer.body["status"], "DRAFT");
    assert_eq!(answer.body["difficulty_level"], "advanced");
    assert_eq!(answer.body["price"], "0.00");
    assert_eq!(answer.body["is_free"], true);
    assert_eq!(answer.body["instructor"]["id"], json!(school.instructor.id()));
    school.instructor.get(answer.header("location")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn courses_of_one_title_made_at_once_get_addresses_of_their_own() {
    let school = School::start().await;
    let make = || school.instructor.post("/api/courses/", json!({"title": "Knots & Ropes"}));

    let made = futures::future::join_all((0..8).map(|_| make())).await;

    let mut slugs: Vec<_> = made.into_iter().map(|answer| answer.expect(201).text("/slug").to_owned()).collect();
    slugs.sort();
    slugs.dedup();
    assert_eq!(slugs.len(), 8, "{slugs:?}");
    assert!(slugs.contains(&"knots-ropes".to_owned()) && slugs.contains(&"knots-ropes-2".to_owned()), "{slugs:?}");
    let elsewhere = school.app.tenant().await;
    let other = school.app.as_role(elsewhere, UserRole::Instructor).await;
    let theirs = other.post("/api/courses/", json!({"title": "Knots & Ropes"})).await.expect(201);
    assert_eq!(theirs.body["slug"], "knots-ropes", "another tenant's slugs are not ours");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_course_holds_is_read_back_as_it_was_meant() {
    let school = School::start().await;
    let answer = school
        .admin
        .post(
            "/api/courses/",
            json!({
                "title": "  Ropes  ", "description": "<b>Ropes</b><script>alert(1)</script>", "price": 49.9,
                "learning_objectives": ["Tie", "Untie"], "tags": ["rope"], "estimated_duration": 3,
                "thumbnail": "https://images.unsplash.com/rope.jpg", "instructor_id": school.instructor.id(),
                "requires_approval": true, "status": "published",
            }),
        )
        .await
        .expect(201);
    assert_eq!(answer.body["title"], "Ropes");
    assert_eq!(answer.body["description"], "<b>Ropes</b>");
    assert_eq!(answer.body["price"], "49.90");
    assert_eq!(answer.body["is_free"], false);
    assert_eq!(answer.body["learning_objectives"], json!(["Tie", "Untie"]));
    assert_eq!(answer.body["requires_approval"], true);
    assert_eq!(answer.body["status"], "PUBLISHED");
    assert!(answer.body["published_at"].is_string());

    let path = format!("/api/courses/{}/", answer.text("/slug"));
    let changed = school
        .admin
        .patch(
            &path,
            json!({"title": "Knots", "is_free": true, "thumbnail": "", "instructor_id": null, "price": "49.90"}),
        )
        .await
        .expect(200);
    assert_eq!(changed.body["title"], "Knots");
    assert_eq!(changed.body["slug"], "ropes", "an address stays");
    assert_eq!(changed.body["price"], "0.00", "a free course costs nothing");
    assert!(changed.body["thumbnail"].is_null());
    assert!(changed.body["instructor"].is_null());
    assert_eq!(changed.body["tags"], json!(["rope"]), "what is left out stays");
    school.admin.patch(&path, json!({})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_courses_are_refused_with_the_field() {
    let school = School::start().await;
    let foreign = make::user(school.app.tenant().await).role(UserRole::Instructor).make(&school.app.db).await;
    for (body, field) in [
        (json!({}), "title"),
        (json!({"title": "   "}), "title"),
        (json!({"title": "x".repeat(256)}), "title"),
        (json!({"title": "a", "difficulty_level": "hard"}), "difficulty_level"),
        (json!({"title": "a", "price": "-1"}), "price"),
        (json!({"title": "a", "price": "1.234"}), "price"),
        (json!({"title": "a", "estimated_duration": -1}), "estimated_duration"),
        (json!({"title": "a", "thumbnail": "javascript:alert(1)"}), "thumbnail"),
        (json!({"title": "a", "tags": "python"}), "tags"),
        (json!({"title": "a", "category": "x".repeat(101)}), "category"),
        (json!({"title": "a", "slug": "b"}), "slug"),
        (json!({"title": "a", "instructor_id": foreign.id}), "instructor_id"),
        (json!({"title": "a", "instructor_id": school.learner.id()}), "instructor_id"),
    ] {
        let answer = school.admin.post("/api/courses/", body.clone()).await.expect(400);
        assert!(answer.body["errors"][field].is_array(), "{body}: {}", answer.body);
    }
    assert_eq!(school.admin.get("/api/courses/").await.body["count"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_runs_a_course_changes_it() {
    let school = School::start().await;
    let db = &school.app.db;
    let owner = school.instructor.user.as_ref().expect("somebody");
    let open = make::course(school.tenant).owned_by(owner).published().make(db).await;
    let hidden = make::course(school.tenant).owned_by(owner).make(db).await;
    let colleague = school.app.as_role(school.tenant, UserRole::Instructor).await;
    let elsewhere = school.app.tenant().await;
    let stranger = school.app.as_role(elsewhere, UserRole::Admin).await;

    for (who, client, of_open, of_hidden) in [
        ("learner", &school.learner, 403, 403),
        ("colleague", &colleague, 403, 404),
        ("another tenant's admin", &stranger, 404, 404),
    ] {
        for (course, status) in [(&open, of_open), (&hidden, of_hidden)] {
            let path = format!("/api/courses/{}/", course.id);
            for answer in [
                client.patch(&path, json!({"title": "Mine"})).await,
                client.delete(&path).await,
                client.post(&format!("{path}publish/"), json!({})).await,
                client.post(&format!("{path}archive/"), json!({})).await,
                client.post(&format!("{path}modules/"), json!({"title": "M"})).await,
                client.post(&format!("{path}prerequisites/"), json!({"prerequisite_course": open.id})).await,
            ] {
                assert_eq!(answer.status.as_u16(), status, "{who}: {}", answer.body);
            }
        }
    }
    assert_eq!(school.admin.get(&format!("/api/courses/{}/", open.id)).await.body["title"], json!(open.title));
    school.admin.patch(&format!("/api/courses/{}/", hidden.id), json!({"title": "Ours"})).await.expect(200);
    let own = format!("/api/courses/{}/", hidden.id);
    school.instructor.patch(&own, json!({"title": "Mine"})).await.expect(200);
    let given_away = school.instructor.patch(&own, json!({"instructor_id": colleague.id()})).await;
    given_away.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_course_is_published_once_and_archived_once() {
    let school = School::start().await;
    let course = make::course(school.tenant).make(&school.app.db).await;
    let path = format!("/api/courses/{}/", course.slug);

    let publish = format!("{path}publish/");
    let (first, second) = tokio::join!(school.admin.post(&publish, json!({})), school.admin.post(&publish, json!({})));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(school.learner.get(&path).await.expect(200).body["status"], "PUBLISHED");

    school.admin.send(axum::http::Method::POST, &format!("{path}archive/"), None).await.expect(200);
    let again = school.admin.post(&format!("{path}archive/"), json!({})).await.expect(409);
    assert_eq!(again.body["code"], "already_archived");
    school.learner.get(&path).await.expect(404);
    let back = school.admin.patch(&path, json!({"status": "published"})).await.expect(200);
    assert_eq!(back.body["status"], "PUBLISHED");
    assert_eq!(
        back.body["published_at"],
        first.body["published_at"].as_str().map_or(second.body["published_at"].clone(), |at| json!(at))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_overwrites_what_they_have_not_seen() {
    let school = School::start().await;
    let course = make::course(school.tenant).published().make(&school.app.db).await;
    let path = format!("/api/courses/{}/", course.slug);
    let tag = school.admin.get(&path).await.expect(200).header("etag").to_owned();
    assert!(tag.starts_with("\"v1."), "{tag}");

    let first = school.admin.with("if-match", &tag).patch(&path, json!({"title": "First"})).await.expect(200);
    let late = school.admin.with("if-match", &tag).patch(&path, json!({"title": "Second"})).await.expect(412);
    assert_eq!(late.body["code"], "changed_meanwhile");
    school.admin.with("if-match", first.header("etag")).patch(&path, json!({"title": "Third"})).await.expect(200);

    let unchanged = school.learner.get(&path).await.expect(200).header("etag").to_owned();
    school.learner.with("if-none-match", &unchanged).get(&path).await.expect(304);
    school.learner.post("/api/enrollments/", json!({"course": course.slug})).await.expect(201);
    let news = school.learner.with("if-none-match", &unchanged).get(&path).await.expect(200);
    assert_eq!(news.body["is_enrolled"], true, "the row is the same, the answer is not");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_course_that_people_take_part_in_is_not_deleted() {
    let school = School::start().await;
    let db = &school.app.db;
    let me = school.learner.user.as_ref().expect("somebody");
    let taken = make::course(school.tenant).published().make(db).await;
    make::enrollment(me, &taken).status(EnrollmentStatus::Completed).make(db).await;
    let left = make::course(school.tenant).published().with_modules(1, 1).make(db).await;
    make::enrollment(me, &left).status(EnrollmentStatus::Cancelled).make(db).await;

    let refused = school.admin.delete(&format!("/api/courses/{}/", taken.id)).await.expect(409);
    assert_eq!(refused.body["code"], "course_in_use");
    school.admin.delete(&format!("/api/courses/{}/", left.id)).await.expect(204);
    school.admin.get(&format!("/api/courses/{}/", left.id)).await.expect(404);
    school.admin.delete(&format!("/api/courses/{}/", left.id)).await.expect(404);
}
