//! Replies: written, nested, changed, deleted.

use serde_json::{Value, json};
use shared::discussions::jobs::ReplyPosted;
use shared::testing::count_queries;

use super::{Class, REPLIES, THREADS, thread_of};

#[tokio::test(flavor = "multi_thread")]
async fn replies_stand_below_what_they_answer_three_deep_at_most() {
    let class = Class::make().await;
    let thread = class.thread(&class.alice).await;
    let mut parent: Option<String> = None;
    let mut ids = Vec::new();
    for _ in 0..4 {
        let id = class.reply(&class.alice, &thread, parent.as_deref()).await;
        parent = Some(id.clone());
        ids.push(id);
    }
    let beside = class.reply(&class.teacher, &thread, None).await;

    let list = class.alice.get(&format!("{REPLIES}?thread_id={thread}")).await.expect(200);
    assert_eq!(list.body["count"], 2, "those that answer the thread itself");
    let mut at: &Value = &list.results()[0];
    for (depth, id) in ids.iter().enumerate() {
        assert_eq!(at["id"], *id, "{depth}");
        assert_eq!(at["child_count"], i32::from(depth < 3));
        at = &at["child_replies"][0];
    }
    assert_eq!(list.results()[1]["id"], beside);
    let below = class.alice.get(&format!("{REPLIES}?parent_reply={}", ids[1])).await.expect(200);
    assert_eq!(below.results()[0]["id"], ids[2]);

    let too_deep = json!({"thread": thread, "parent_reply": ids[3], "content": "Deeper."});
    let answer = class.alice.post(REPLIES, too_deep).await.expect(400);
    assert!(answer.body["errors"].get("parent_reply").is_some());
    let other = class.thread(&class.alice).await;
    let astray = json!({"thread": other, "parent_reply": ids[0], "content": "Astray."});
    class.alice.post(REPLIES, astray).await.expect(400);
    let shown = thread_of(&class.alice, &thread).await;
    assert_eq!((&shown["reply_count"], shown["recent_replies"].as_array().map(Vec::len)), (&json!(5), Some(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_has_the_followers_told_of_it_by_a_job() {
    let class = Class::make().await;
    let thread = class.thread(&class.alice).await;
    let reply = class.reply(&class.teacher, &thread, None).await;
    let asked = class.app.enqueued::<ReplyPosted>().await;
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].tenant_id, asked[0].reply_id.to_string()), (class.tenant, reply));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_is_changed_by_its_author_and_marked() {
    let class = Class::make().await;
    let thread = class.thread(&class.alice).await;
    let bob = class.learner().await;
    let address = format!("{REPLIES}{}/", class.reply(&class.alice, &thread, None).await);
    bob.patch(&address, json!({"content": "No."})).await.expect(403);
    class.alice.patch(&address, json!({"thread": thread})).await.expect(400);
    let changed = class.alice.patch(&address, json!({"content": "The <i>sheet bend</i><img src=x onerror=y>."})).await;
    let changed = changed.expect(200);
    assert_eq!(changed.body["content"], "The <i>sheet bend</i><img src=\"x\">.");
    assert_eq!(
        (&changed.body["is_edited"], &changed.body["edited_at"]),
        (&json!(true), &json!("2026-01-05T09:00:00Z"))
    );
    assert_eq!(class.alice.post(&format!("{address}like/"), json!({})).await.expect(200).body["like_count"], 1);
    assert_eq!(bob.get(&address).await.expect(200).body["is_liked"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_keeps_its_place_while_others_stand_below_it() {
    let class = Class::make().await;
    let thread = class.thread(&class.alice).await;
    let top = class.reply(&class.alice, &thread, None).await;
    let below = class.reply(&class.teacher, &thread, Some(&top)).await;
    let list = || async { class.alice.get(&format!("{REPLIES}?thread_id={thread}")).await.expect(200) };

    class.alice.delete(&format!("{REPLIES}{top}/")).await.expect(204);
    let shown = list().await;
    assert_eq!((&shown.results()[0]["is_deleted"], &shown.results()[0]["content"]), (&json!(true), &json!("")));
    assert_eq!(shown.results()[0]["child_replies"][0]["id"], below);
    assert_eq!(thread_of(&class.alice, &thread).await["reply_count"], 1);
    class.alice.get(&format!("{REPLIES}{top}/")).await.expect(404);

    class.teacher.delete(&format!("{REPLIES}{below}/")).await.expect(204);
    assert_eq!(list().await.body["count"], 0);
    let answer = json!({"thread": thread, "parent_reply": top, "content": "Too late."});
    class.alice.post(REPLIES, answer).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_many_takes_as_many_queries_as_one_of_few() {
    let class = Class::make().await;
    let thread = class.thread(&class.alice).await;
    for _ in 0..6 {
        let top = class.reply(&class.alice, &thread, None).await;
        class.reply(&class.teacher, &thread, Some(&top)).await;
    }
    for path in [format!("{REPLIES}?thread_id={thread}"), format!("{THREADS}?course_id={}", class.course.id)] {
        let (_, one) = count_queries(class.alice.get(&format!("{path}&page_size=1"))).await;
        let (_, many) = count_queries(class.alice.get(&format!("{path}&page_size=50"))).await;
        assert_eq!(one, many, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longer_a_page_the_fewer_replies_stand_below_each() {
    let class = Class::make().await;
    let thread = class.thread(&class.alice).await;
    let replies = format!(
        "with tops as (
             insert into discussion_replies (id, tenant_id, thread_id, depth, author_id, content, created_at, updated_at)
             select gen_random_uuid(), '{tenant}', '{thread}', 0, '{author}', 'Top', now(), now() from generate_series(1, 100)
             returning id
         )
         select id::text as text from tops",
        tenant = class.tenant,
        author = class.alice.id(),
    );
    let tops = class.app.db.texts(&replies).await;
    let below = format!(
        "insert into discussion_replies (id, tenant_id, thread_id, parent_id, root_id, depth, author_id, content, created_at, updated_at)
         select gen_random_uuid(), tenant_id, thread_id, id, id, 1, author_id, 'Below', now(), now()
         from discussion_replies cross join generate_series(1, 60) where thread_id = '{thread}' and depth = 0
         returning id::text as text"
    );
    assert_eq!(class.app.db.texts(&below).await.len(), 6_000);
    let list = async |size: usize| {
        class.alice.get(&format!("{REPLIES}?thread_id={thread}&page_size={size}")).await.expect(200)
    };
    let shown = |top: &Value| top["child_replies"].as_array().expect("replies").len();

    let long = list(100).await;
    assert_eq!(long.results().len(), 100);
    assert!(long.results().iter().all(|top| shown(top) == 5 && top["child_count"] == 60), "five hundred in all");
    let short = list(2).await;
    assert!(short.results().iter().all(|top| shown(top) == 50), "fifty of each");
    let rest = class.alice.get(&format!("{REPLIES}?parent_reply={}&page_size=200", tops[0])).await.expect(200);
    assert_eq!(rest.results().len(), 60, "the others are read by what they answer");
}
