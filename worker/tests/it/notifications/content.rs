//! What is new in a course, told to those who learn in it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use shared::courses::{
    Authorship, ContentItem, ContentItemChanges, ContentNews, ContentType, EnrollmentStatus, Module, NewContentItem,
    Window,
};
use shared::notifications::{DigestChoice, DigestFrequency, PreferencesChange};
use shared::testing::{count_queries, make};
use shared::users::{User, UserStatus};

use super::prefers;
use crate::world::World;

const TELL: &str = "courses.content_published";

fn text(title: &str, is_published: bool) -> NewContentItem {
    NewContentItem {
        title: title.to_owned(),
        content_type: ContentType::Text,
        position: None,
        text_content: None,
        external_url: None,
        metadata: json!({}),
        is_published,
        is_required: true,
        window: Window::default(),
    }
}

async fn added(world: &World, module: &Module, new: NewContentItem) -> ContentItem {
    let mut conn = world.db.tenant(world.tenant).await;
    let now = world.services.clock.now();
    ContentItem::create(&mut conn, module, new, Authorship::default(), now).await.expect("made")
}

async fn publish(world: &World, item: &ContentItem, is_published: bool) {
    let mut conn = world.db.tenant(world.tenant).await;
    let changes = ContentItemChanges { is_published: Some(is_published), ..ContentItemChanges::default() };
    let now = world.services.clock.now();
    item.update(&mut conn, changes, None, Authorship::default(), now).await.expect("changed");
}

async fn learner(world: &World, email: &str) -> User {
    let learner = make::user(world.tenant).email(email).make(&world.db).await;
    make::enrollment(&learner, &world.course).make(&world.db).await;
    learner
}

/// An hour and its minute of grace later.
async fn an_hour_later(world: &World) -> Vec<(String, &'static str)> {
    world.services.clock.advance(TimeDelta::minutes(61));
    world.work().await
}

async fn told(world: &World) -> Vec<String> {
    world
        .texts("select u.email || ': ' || n.subject as text from notifications n join users u on u.id = n.recipient_id where n.notification_type = 'NEW_CONTENT_AVAILABLE' order by 1")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_published_in_an_hour_is_told_together_when_it_is_over() {
    let world = World::make().await;
    world.enrollment(EnrollmentStatus::Active).await;
    let module = make::module(&world.db, &world.course, 1).await;
    added(&world, &module, text("Bends", true)).await;
    let draft = added(&world, &module, text("Hitches", false)).await;
    added(&world, &module, text("Splices", false)).await;
    world.services.clock.advance(TimeDelta::minutes(59));
    publish(&world, &draft, true).await;
    // Started by hand: the hour is not over.
    assert_eq!(World::outcomes(&world.work().await, TELL), ["deferred"]);
    assert_eq!(told(&world).await, Vec::<String>::new());

    let runs = world.work_after(TimeDelta::minutes(2)).await;

    assert_eq!(World::outcomes(&runs, TELL), ["succeeded"], "one job for the hour");
    assert_eq!(told(&world).await, ["alice@example.org: New in Knots & <Splices>: Bends and Hitches"]);
    let [mail] = world.mails("New in").try_into().expect("one mail");
    assert_eq!(mail.to, ["alice@example.org"]);
    let text = mail.text.as_deref().expect("a text part");
    assert!(text.contains("Bends and Hitches") && text.contains("/learner/courses/knots"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn those_are_told_who_take_part_then_and_to_whom_it_is_open() {
    let world = World::make().await;
    let [first, second] = [1, 2].map(|number| make::module(&world.db, &world.course, number));
    let (first, second) = (first.await, second.await);
    let before = make::item(&first, 1).make(&world.db).await;
    make::module_comes_before(&world.db, &first, &second).await;
    learner(&world, "beginner@example.org").await;
    let far = make::user(world.tenant).email("far@example.org").make(&world.db).await;
    let far = make::enrollment(&far, &world.course).make(&world.db).await;
    make::completed_item(&world.db, &far, &before).await;
    for (email, status) in [("cancelled", EnrollmentStatus::Cancelled), ("waits", EnrollmentStatus::Pending)] {
        let person = make::user(world.tenant).email(&format!("{email}@example.org")).make(&world.db).await;
        make::enrollment(&person, &world.course).status(status).make(&world.db).await;
    }
    let over = make::user(world.tenant).email("over@example.org").make(&world.db).await;
    let end = make::morning() + TimeDelta::minutes(30);
    make::enrollment(&over, &world.course).but(|row| row.expires_at = Some(end)).make(&world.db).await;
    let away = make::user(world.tenant).status(UserStatus::Suspended).make(&world.db).await;
    make::enrollment(&away, &world.course).make(&world.db).await;
    let later = make::user(world.tenant).email("later@example.org").make(&world.db).await;
    let began = make::morning() + TimeDelta::minutes(1);
    make::enrollment(&later, &world.course).but(|row| row.started_at = Some(began)).make(&world.db).await;
    added(&world, &first, NewContentItem { is_required: false, ..text("Bends", true) }).await;
    added(&world, &second, text("Splices", true)).await;
    let tomorrow = Some(make::morning() + TimeDelta::days(1));
    let window = Window { release_at: tomorrow, ..Window::default() };
    added(&world, &first, NewContentItem { window, is_required: false, ..text("Tomorrow", true) }).await;

    an_hour_later(&world).await;

    let beginner = "beginner@example.org: New in Knots & <Splices>: Bends";
    let far = "far@example.org: New in Knots & <Splices>: Bends and Splices";
    assert_eq!(told(&world).await, [beginner, far]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_or_seen_before_is_no_news() {
    let world = World::make().await;
    world.enrollment(EnrollmentStatus::Active).await;
    let module = make::module(&world.db, &world.course, 1).await;
    let mistake = added(&world, &module, text("A mistake", true)).await;
    publish(&world, &mistake, false).await;
    let old = make::item(&module, 2).but(|row| row.updated_at -= TimeDelta::days(1)).make(&world.db).await;
    publish(&world, &old, false).await;
    publish(&world, &old, true).await;

    an_hour_later(&world).await;
    assert_eq!(told(&world).await, Vec::<String>::new());

    publish(&world, &mistake, true).await;
    let runs = an_hour_later(&world).await;
    assert!(World::outcomes(&runs, TELL).is_empty(), "published for the second time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_course_that_is_not_open_tells_nothing_and_what_it_opens_with_is_no_news() {
    let world = World::make().await;
    world.enrollment(EnrollmentStatus::Active).await;
    let module = make::module(&world.db, &world.course, 1).await;
    let status = async |status: &str, at: DateTime<Utc>| {
        let change = format!("update courses set status = '{status}', published_at = '{at}' returning '' as text");
        world.texts(&change).await;
    };
    status("DRAFT", make::morning()).await;
    added(&world, &module, text("Bends", true)).await;
    world.services.clock.advance(TimeDelta::minutes(1));
    status("PUBLISHED", world.services.clock.now()).await;
    added(&world, &module, text("Hitches", true)).await;

    let runs = an_hour_later(&world).await;

    assert_eq!(World::outcomes(&runs, TELL), ["succeeded"]);
    assert_eq!(told(&world).await, ["alice@example.org: New in Knots & <Splices>: Hitches"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_a_digest_is_told_in_it() {
    let world = World::make().await;
    world.enrollment(EnrollmentStatus::Active).await;
    let digest = DigestChoice { frequency: DigestFrequency::Daily, ..DigestChoice::default() };
    prefers(&world, PreferencesChange { digest: Some(digest), ..PreferencesChange::default() }).await;
    let module = make::module(&world.db, &world.course, 1).await;
    added(&world, &module, text("Bends", true)).await;

    an_hour_later(&world).await;
    assert_eq!(told(&world).await.len(), 1);
    assert!(world.mails("New in").is_empty(), "it can wait");
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_learn_as_many_statements_find_out_what_is_open_to_them() {
    let world = World::make().await;
    let [first, second] = [1, 2].map(|number| make::module(&world.db, &world.course, number));
    let (first, second) = (first.await, second.await);
    let before = make::item(&first, 1).make(&world.db).await;
    make::module_comes_before(&world.db, &first, &second).await;
    added(&world, &second, text("Splices", true)).await;
    let far = make::user(world.tenant).make(&world.db).await;
    let enrollment = make::enrollment(&far, &world.course).make(&world.db).await;
    make::completed_item(&world.db, &enrollment, &before).await;
    let mut conn = world.db.tenant(world.tenant).await;
    let found = ContentNews::find(&mut conn, world.tenant, world.course.id, make::morning()).await.expect("asked");
    let news = found.expect("news");
    let now = world.services.clock.now();
    let (turn, for_one) = count_queries(news.turn(&mut conn, None, 100, now)).await;
    assert_eq!(turn.expect("a turn").told, BTreeMap::from([(vec!["Splices"], vec![far.id])]));
    for number in 0..10 {
        learner(&world, &format!("learner-{number}@example.org")).await;
    }

    let (turn, for_many) = count_queries(news.turn(&mut conn, None, 100, now)).await;

    assert_eq!(turn.expect("a turn").told, BTreeMap::from([(vec!["Splices"], vec![far.id])]));
    assert_eq!(for_many, for_one);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_told_in_turns_and_each_once() {
    let world = World::make().await;
    let module = make::module(&world.db, &world.course, 1).await;
    let crowd = format!(
        "with people as (
             insert into users (id, tenant_id, email, created_at, updated_at)
             select gen_random_uuid(), '{tenant}', 'crowd-' || n || '@example.org', now(), now()
             from generate_series(1, 1100) n returning id)
         insert into enrollments (id, tenant_id, user_id, course_id, status, progress, enrolled_at, started_at, updated_at)
         select gen_random_uuid(), '{tenant}', id, '{course}', 'ACTIVE', 0, '{at}', '{at}', '{at}' from people
         returning '' as text",
        tenant = world.tenant,
        course = world.course.id,
        at = make::morning(),
    );
    world.texts(&crowd).await;
    world.texts("insert into notification_preferences (user_id, tenant_id, preferences, updated_at) select id, tenant_id, '{\"NEW_CONTENT_AVAILABLE\": {\"EMAIL\": false}}', now() from users returning '' as text").await;
    added(&world, &module, text("Bends", true)).await;

    let runs = an_hour_later(&world).await;

    assert_eq!(World::outcomes(&runs, TELL), ["succeeded"; 3]);
    assert_eq!(told(&world).await.len(), 1_100);
    let hour = make::morning();
    let again = shared::courses::jobs::ContentPublished {
        tenant_id: world.tenant,
        course_id: world.course.id,
        hour,
        after: None,
    };
    world.enqueue(&again).await;
    world.work().await;
    assert_eq!(told(&world).await.len(), 1_100);
}
