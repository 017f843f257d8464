//! Threads: opened, found, changed, marked.

use chrono::TimeDelta;
use serde_json::json;
use shared::discussions::{DiscussionError, NewThread, Thread};
use shared::enrollments::EnrollmentStatus;
use shared::testing::make;
use shared::users::UserRole;

use super::{Class, REPLIES, THREADS, thread_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_is_opened_by_who_takes_part_and_answered_whole() {
    let class = Class::make().await;
    let body = json!({
        "course": class.course.slug, "content_item": class.course.items[0].id, "title": " Which knot? ",
        "content": "For a <b>hammock</b><script>alert(1)</script>.",
    });

    let made = class.alice.post(THREADS, body).await.expect(201);

    assert_eq!(made.header("location"), format!("{THREADS}{}/", made.text("/id")));
    for (field, value) in [
        ("course", json!(class.course.id)),
        ("content_item", json!(class.course.items[0].id)),
        ("title", json!("Which knot?")),
        ("content", json!("For a <b>hammock</b>.")),
        ("status", json!("ACTIVE")),
        ("is_pinned", json!(false)),
        ("is_announcement", json!(false)),
        ("reply_count", json!(0)),
        ("is_following", json!(true)),
        ("has_new_replies", json!(true)),
        ("is_edited", json!(false)),
        ("recent_replies", json!([])),
    ] {
        assert_eq!(made.body[field], value, "{field}");
    }
    assert_eq!(made.body["author"]["full_name"], class.alice.user.as_ref().expect("her").full_name());
    assert!(made.body["author"].get("email").is_none(), "an e-mail is nobody's business here");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_take_part_teach_or_administer_read_and_write() {
    let class = Class::make().await;
    let id = class.thread(&class.alice).await;
    let outsider = class.app.as_role(class.tenant, UserRole::Learner).await;
    let colleague = class.app.as_role(class.tenant, UserRole::Instructor).await;
    let admin = class.app.as_role(class.tenant, UserRole::Admin).await;
    let gone = class.app.as_role(class.tenant, UserRole::Learner).await;
    let ended = make::enrollment(gone.user.as_ref().expect("somebody"), &class.course);
    ended.status(EnrollmentStatus::Cancelled).make(&class.app.db).await;
    let late = class.app.as_role(class.tenant, UserRole::Learner).await;
    let over = make::enrollment(late.user.as_ref().expect("somebody"), &class.course);
    over.but(|row| row.expires_at = Some(make::morning())).make(&class.app.db).await;
    let done = class.app.as_role(class.tenant, UserRole::Learner).await;
    let ended = make::enrollment(done.user.as_ref().expect("somebody"), &class.course);
    ended.status(EnrollmentStatus::Completed).make(&class.app.db).await;

    let new = json!({"course": class.course.id, "title": "Hello", "content": "Hello."});
    for (client, may) in [
        (&class.alice, true),
        (&class.teacher, true),
        (&admin, true),
        (&done, true),
        (&outsider, false),
        (&colleague, false),
        (&gone, false),
        (&late, false),
    ] {
        client.get(&format!("{THREADS}{id}/")).await.expect(if may { 200 } else { 404 });
        let count = client.get(&format!("{THREADS}?search=which")).await.expect(200).body["count"].clone();
        assert_eq!(count, i32::from(may));
        client.post(THREADS, new.clone()).await.expect(if may { 201 } else { 403 });
        for verb in ["like", "bookmark", "follow", "view"] {
            client.post(&format!("{THREADS}{id}/{verb}/"), json!({})).await.expect(if may { 200 } else { 404 });
        }
        let reply = json!({"thread": id, "content": "Hello."});
        client.post(super::REPLIES, reply).await.expect(if may { 201 } else { 400 });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_talked_about() {
    let class = Class::make().await;
    let owner = class.teacher.user.as_ref().expect("somebody");
    let other = make::course(class.tenant).owned_by(owner).published().with_modules(1, 1).make(&class.app.db).await;
    let draft = make::course(class.tenant).make(&class.app.db).await;
    let foreign = make::course(class.app.tenant().await).published().make(&class.app.db).await;
    let course = class.course.id;
    for (body, field) in [
        (json!({"course": draft.id, "title": "x", "content": "x"}), "course"),
        (json!({"course": foreign.id, "title": "x", "content": "x"}), "course"),
        (json!({"course": "no-such-course", "title": "x", "content": "x"}), "course"),
        (json!({"course": course, "content_item": other.items[0].id, "title": "x", "content": "x"}), "content_item"),
        (json!({"course": course, "module": other.modules[0].id, "title": "x", "content": "x"}), "module"),
        (json!({"course": course, "title": "  ", "content": "x"}), "title"),
        (json!({"course": course, "title": "x".repeat(256), "content": "x"}), "title"),
        (json!({"course": course, "title": "x", "content": "<script>x</script>"}), "content"),
        (json!({"course": course, "title": "x", "content": "x".repeat(20_001)}), "content"),
    ] {
        let answer = class.alice.post(THREADS, body).await.expect(400);
        assert!(answer.body["errors"].get(field).is_some(), "{field}: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_show_the_pinned_and_then_the_liveliest_and_are_searched() {
    let class = Class::make().await;
    let mut ids = Vec::new();
    for title in ["Bowline", "Reef knot", "100% hitch"] {
        let body = json!({"course": class.course.id, "title": title, "content": "Words."});
        ids.push(class.alice.post(THREADS, body).await.expect(201).text("/id").to_owned());
        class.app.app.clock.advance(TimeDelta::minutes(1));
    }
    class.teacher.post(&format!("{THREADS}{}/pin/", ids[1]), json!({})).await.expect(200);
    class.reply(&class.alice, &ids[0], None).await;

    for (query, titles) in [
        (format!("course_id={}", class.course.id), vec!["Reef knot", "Bowline", "100% hitch"]),
        (format!("course_id={}", class.course.slug), vec!["Reef knot", "Bowline", "100% hitch"]),
        ("ordering=-created_at".to_owned(), vec!["100% hitch", "Reef knot", "Bowline"]),
        ("ordering=title".to_owned(), vec!["100% hitch", "Bowline", "Reef knot"]),
        ("search=KNOT".to_owned(), vec!["Reef knot"]),
        ("search=0%25".to_owned(), vec!["100% hitch"]),
        ("search=_".to_owned(), vec![]),
        ("page_size=1&page=2".to_owned(), vec!["Bowline"]),
    ] {
        let list = class.alice.get(&format!("{THREADS}?{query}")).await.expect(200);
        let found: Vec<_> = list.results().iter().map(|thread| thread["title"].as_str().expect("a title")).collect();
        assert_eq!(found, titles, "{query}");
    }
    class.alice.get(&format!("{THREADS}?ordering=nonsense")).await.expect(400);
    class.alice.get(&format!("{THREADS}?content_item_id=x")).await.expect(400);
    let beyond = class.alice.get(&format!("{THREADS}?page=9")).await.expect(200);
    assert_eq!((beyond.results().len(), &beyond.body["count"]), (0, &json!(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_changed_by_their_author_and_those_who_run_the_course() {
    let class = Class::make().await;
    let id = class.thread(&class.alice).await;
    let address = format!("{THREADS}{id}/");
    let bob = class.learner().await;
    class.app.app.clock.advance(TimeDelta::minutes(10));

    bob.patch(&address, json!({"title": "Mine"})).await.expect(403);
    bob.delete(&address).await.expect(403);
    let changed = class.alice.patch(&address, json!({"title": "Which bend?"})).await.expect(200);
    assert_eq!((&changed.body["title"], &changed.body["is_edited"]), (&json!("Which bend?"), &json!(true)));
    assert_eq!(changed.body["last_activity_at"], "2026-01-05T09:00:00Z", "an edit makes nothing new");
    for theirs in [json!({"status": "LOCKED"}), json!({"is_announcement": true})] {
        class.alice.patch(&address, theirs.clone()).await.expect(403);
        class.teacher.patch(&address, theirs).await.expect(200);
    }
    for fixed in [json!({"course": class.course.id}), json!({"author": bob.id()})] {
        class.alice.patch(&address, fixed).await.expect(400);
    }

    class.teacher.patch(&address, json!({"status": "ARCHIVED"})).await.expect(200);
    assert_eq!(class.alice.get(THREADS).await.expect(200).body["count"], 0);
    assert_eq!(class.alice.get(&format!("{THREADS}?include_archived=true")).await.expect(200).body["count"], 1);
    class.alice.delete(&address).await.expect(204);
    class.alice.get(&address).await.expect(404);
    class.teacher.get(&address).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn likes_marks_and_views_are_ones_own_and_count_once() {
    let class = Class::make().await;
    let id = class.thread(&class.alice).await;
    let turn = |verb: &str| format!("{THREADS}{id}/{verb}/");
    let bob = class.learner().await;

    assert_eq!(
        class.alice.post(&turn("like"), json!({})).await.expect(200).body,
        json!({"liked": true, "like_count": 1})
    );
    assert_eq!(bob.post(&turn("like"), json!({})).await.expect(200).body, json!({"liked": true, "like_count": 2}));
    assert_eq!(bob.post(&turn("like"), json!({})).await.expect(200).body, json!({"liked": false, "like_count": 1}));
    assert_eq!(bob.post(&turn("bookmark"), json!({})).await.expect(200).body["bookmarked"], true);
    for _ in 0..2 {
        let viewed = bob.post(&turn("view"), json!({})).await.expect(200);
        assert_eq!((&viewed.body["viewed"], &viewed.body["view_count"]), (&json!(true), &json!(1)));
    }

    let seen = thread_of(&bob, &id).await;
    for (field, value) in [
        ("is_liked", json!(false)),
        ("like_count", json!(1)),
        ("is_bookmarked", json!(true)),
        ("view_count", json!(1)),
        ("has_new_replies", json!(false)),
        ("is_following", json!(false)),
    ] {
        assert_eq!(seen[field], value, "{field}");
    }
    class.app.app.clock.advance(TimeDelta::minutes(1));
    class.reply(&class.alice, &id, None).await;
    assert_eq!(thread_of(&bob, &id).await["has_new_replies"], true);

    let marks = bob.get("/api/discussions/bookmarks/").await.expect(200);
    assert_eq!(marks.results()[0]["thread"]["id"], id);
    assert_eq!(class.alice.get("/api/discussions/bookmarks/").await.expect(200).body["count"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_read_it_any_more_does_not_find_it_among_their_marks() {
    let class = Class::make().await;
    let id = class.thread(&class.alice).await;
    let bob = class.learner().await;
    bob.post(&format!("{THREADS}{id}/bookmark/"), json!({})).await.expect(200);
    class
        .app
        .db
        .texts(&format!(
            "update enrollments set status = 'CANCELLED' where user_id = '{}' returning '' as text",
            bob.id()
        ))
        .await;

    assert_eq!(bob.get("/api/discussions/bookmarks/").await.expect(200).body["count"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_like_it_at_once_are_counted_once_each() {
    let class = Class::make().await;
    let id = class.thread(&class.alice).await;
    let mut crowd = Vec::new();
    for _ in 0..5 {
        crowd.push(class.learner().await);
    }
    let address = format!("{THREADS}{id}/like/");
    futures::future::join_all(crowd.iter().map(|client| client.post(&address, json!({})))).await;
    assert_eq!(thread_of(&class.alice, &id).await["like_count"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_were_changed_meanwhile_are_not_overwritten_unseen() {
    let class = Class::make().await;
    let thread = class.thread(&class.alice).await;
    let reply = class.reply(&class.alice, &thread, None).await;
    let liked = class.alice.get(&format!("{THREADS}{thread}/")).await.expect(200).header("etag").to_owned();
    class.learner().await.post(&format!("{THREADS}{thread}/like/"), json!({})).await.expect(200);
    let careful = class.alice.with("if-match", &liked);
    careful.patch(&format!("{THREADS}{thread}/"), json!({"title": "Knots"})).await.expect(200);
    for address in [format!("{THREADS}{thread}/"), format!("{REPLIES}{reply}/")] {
        let seen = class.alice.get(&address).await.expect(200).header("etag").to_owned();
        let careful = class.alice.with("if-match", &seen);
        let changed = careful.patch(&address, json!({"content": "Two half hitches."})).await.expect(200);

        let refused = careful.patch(&address, json!({"content": "A clove hitch."})).await.expect(412);

        assert_eq!(refused.body["code"], "changed_meanwhile");
        let now = class.alice.get(&address).await.expect(200);
        assert_eq!(now.body["content"], "Two half hitches.");
        assert_eq!(now.header("etag"), changed.header("etag"));
        let hide = class.teacher.post(&format!("{address}hide/"), json!({"reason": "Off topic"})).await;
        hide.expect(200);
        let stale = class.teacher.with("if-match", changed.header("etag"));
        stale.patch(&address, json!({"content": "A bowline."})).await.expect(412);
        class.alice.patch(&address, json!({"content": "A bowline."})).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_talks_about_a_course_that_was_deleted_meanwhile() {
    let class = Class::make().await;
    let new = NewThread {
        tenant: class.tenant,
        course: class.course.id,
        module: None,
        content_item: None,
        author: class.alice.id(),
        runs: false,
        title: "Which knot?".to_owned(),
        content: "For a hammock.".to_owned(),
        is_announcement: false,
    };
    let mut conn = class.app.db.tenant(class.tenant).await;
    class.app.db.texts("delete from enrollments returning id::text as text").await;
    class.course.delete(&mut conn).await.expect("deleted");

    let late = Thread::open(&mut conn, new, make::morning()).await;

    assert!(matches!(late, Err(DiscussionError::NoSuchCourse)), "{late:?}");
}
