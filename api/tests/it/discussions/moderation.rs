//! Those who run a course pin, lock and hide.

use serde_json::json;
use shared::users::UserRole;

use super::{Class, REPLIES, THREADS, thread_of};

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_run_the_course_pin_lock_and_hide() {
    let class = Class::make().await;
    let thread = class.thread(&class.alice).await;
    let reply = class.reply(&class.alice, &thread, None).await;
    let admin = class.app.as_role(class.tenant, UserRole::Admin).await;
    for address in
        [format!("{THREADS}{thread}/pin/"), format!("{THREADS}{thread}/lock/"), format!("{REPLIES}{reply}/hide/")]
    {
        class.alice.post(&address, json!({})).await.expect(403);
        class.teacher.post(&address, json!({})).await.expect(200);
        admin.post(&address, json!({})).await.expect(200);
    }
    let announcement = json!({"course": class.course.id, "title": "News", "content": "News.", "is_announcement": true});
    class.alice.post(THREADS, announcement.clone()).await.expect(403);
    assert_eq!(class.teacher.post(THREADS, announcement).await.expect(201).body["is_announcement"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_replies_in_a_locked_thread() {
    let class = Class::make().await;
    let thread = class.thread(&class.alice).await;
    let lock = format!("{THREADS}{thread}/lock/");
    let reply = json!({"thread": thread, "content": "Still."});

    assert_eq!(class.teacher.post(&lock, json!({})).await.expect(200).body["status"], "LOCKED");
    assert_eq!(class.alice.post(REPLIES, reply.clone()).await.expect(409).body["code"], "thread_closed");
    assert_eq!(thread_of(&class.alice, &thread).await["reply_count"], 0);

    assert_eq!(class.teacher.post(&lock, json!({})).await.expect(200).body["status"], "ACTIVE");
    class.alice.post(REPLIES, reply).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_is_seen_by_its_author_and_those_who_run_the_course() {
    let class = Class::make().await;
    let thread = class.thread(&class.alice).await;
    let reply = class.reply(&class.alice, &thread, None).await;
    let bob = class.learner().await;
    let (list, one) = (format!("{REPLIES}?thread_id={thread}"), format!("{REPLIES}{reply}/"));
    let hide = format!("{one}hide/");

    class.teacher.post(&hide, json!({"reason": "x".repeat(256)})).await.expect(400);
    let hidden = class.teacher.post(&hide, json!({"reason": "Off topic"})).await.expect(200);
    assert_eq!(hidden.body, json!({"is_hidden": true, "hidden_reason": "Off topic"}));
    bob.get(&one).await.expect(404);
    assert_eq!(bob.get(&list).await.expect(200).body["count"], 0);
    for client in [&class.alice, &class.teacher] {
        let seen = client.get(&one).await.expect(200);
        assert_eq!((&seen.body["content"], &seen.body["hidden_reason"]), (&json!("The bowline."), &json!("Off topic")));
    }
    assert_eq!(thread_of(&bob, &thread).await["reply_count"], 0);

    let shown = class.teacher.post(&hide, json!({})).await.expect(200);
    assert_eq!(shown.body, json!({"is_hidden": false, "hidden_reason": ""}));
    bob.get(&one).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_thread_is_seen_by_its_author_and_those_who_run_the_course() {
    let class = Class::make().await;
    let thread = class.thread(&class.alice).await;
    let bob = class.learner().await;
    let reply = class.reply(&bob, &thread, None).await;
    bob.post(&format!("{THREADS}{thread}/bookmark/"), json!({})).await.expect(200);
    let (one, of_bob) = (format!("{THREADS}{thread}/"), format!("{REPLIES}{reply}/"));
    let hide = format!("{one}hide/");
    let lists = [
        THREADS.to_owned(),
        format!("{THREADS}?search=hammock"),
        format!("{THREADS}?include_archived=true"),
        "/api/discussions/bookmarks/".to_owned(),
        REPLIES.to_owned(),
        format!("{REPLIES}?thread_id={thread}"),
    ];

    bob.post(&hide, json!({})).await.expect(403);
    class.alice.post(&hide, json!({})).await.expect(403);
    class.teacher.post(&hide, json!({"reason": "x".repeat(256)})).await.expect(400);
    let hidden = class.teacher.post(&hide, json!({"reason": "Off topic"})).await.expect(200);
    assert_eq!(hidden.body, json!({"is_hidden": true, "hidden_reason": "Off topic"}));

    for list in &lists {
        assert_eq!(bob.get(list).await.expect(200).body["count"], 0, "{list}");
    }
    for address in [&one, &of_bob] {
        bob.get(address).await.expect(404);
    }
    for verb in ["like", "bookmark", "follow", "view"] {
        bob.post(&format!("{one}{verb}/"), json!({})).await.expect(404);
    }
    bob.post(REPLIES, json!({"thread": thread, "content": "Still."})).await.expect(400);
    for client in [&class.alice, &class.teacher] {
        let seen = client.get(&one).await.expect(200);
        assert_eq!((&seen.body["is_hidden"], &seen.body["hidden_reason"]), (&json!(true), &json!("Off topic")));
        assert_eq!(client.get(&lists[1]).await.expect(200).body["count"], 1);
        client.get(&of_bob).await.expect(200);
    }

    let shown = class.teacher.post(&hide, json!({})).await.expect(200);
    assert_eq!(shown.body, json!({"is_hidden": false, "hidden_reason": ""}));
    for list in &lists {
        assert_eq!(bob.get(list).await.expect(200).body["count"], 1, "{list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hiding_a_thread_stands_in_the_audit_log_with_who_and_why() {
    let class = Class::make().await;
    let thread = class.thread(&class.alice).await;
    class.teacher.post(&format!("{THREADS}{thread}/hide/"), json!({"reason": "Off topic"})).await.expect(200);
    let lines = class
        .app
        .db
        .texts(&format!(
            "select actor_id || ' ' || after::text as text from audit_log
             where subject_type = 'discussion_threads' and subject_id = '{thread}' and action = 'update'"
        ))
        .await;
    let teacher = class.teacher.user.as_ref().expect("somebody").id;
    assert_eq!(lines, [format!(r#"{teacher} {{"is_hidden": true, "hidden_reason": "Off topic"}}"#)]);
}
