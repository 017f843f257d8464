//! Notifications: told once, by the channels that a person wants.

mod announcements;
mod content;
mod discussions;
mod push;
mod timing;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use shared::enrollments::EnrollmentStatus;
use shared::enrollments::jobs::WelcomeLearner;
use shared::notifications::jobs::DeliverEmail;
use shared::notifications::{
    Choices, DeliveryChannel, Notification, NotificationFilter, NotificationStatus, NotificationType, Preferences,
    PreferencesChange,
};
use shared::testing::make;
use shared::users::UserStatus;

use crate::world::World;

const DELIVER: &str = "notifications.deliver_email";

/// Alice is enrolled, and is about to be told.
async fn enrolled(world: &World) -> WelcomeLearner {
    let enrollment = world.enrollment(EnrollmentStatus::Active).await;
    let job = WelcomeLearner { tenant_id: world.tenant, enrollment_id: enrollment.id };
    world.enqueue(&job).await;
    job
}

async fn deliveries(world: &World) -> Vec<String> {
    world
        .texts("select channel || ' ' || status || coalesce(' ' || failure_reason, '') as text from notification_deliveries order by channel")
        .await
}

async fn prefers(world: &World, change: PreferencesChange) {
    let mut conn = world.db.tenant(world.tenant).await;
    Preferences::change(&mut conn, world.tenant, world.alice.id, change, make::morning()).await.expect("changed");
}

fn without(channel: DeliveryChannel) -> PreferencesChange {
    let choices = Choices::from([(NotificationType::CourseEnrollment, BTreeMap::from([(channel, false)]))]);
    PreferencesChange { choices: Some(choices), ..PreferencesChange::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_is_welcomed_on_the_screen_and_by_mail() {
    let world = World::make().await;
    enrolled(&world).await;

    world.work().await;

    assert_eq!(deliveries(&world).await, ["EMAIL SENT", "IN_APP SENT"]);
    let [mail] = world.mail.messages().try_into().expect("one mail");
    assert_eq!(mail.to, ["alice@example.org"]);
    assert_eq!(mail.subject, "You are enrolled in Knots & <Splices>");
    let text = mail.text.as_deref().expect("a text part");
    for words in ["Hello Alice Williams,", "with Tom Teacher", "https://learn.example.org/learner/courses/knots"] {
        assert!(text.contains(words), "no {words} in {text}");
    }
    let html = mail.html.as_deref().expect("an HTML part");
    assert!(html.contains("href=\"https://learn.example.org/learner/courses/knots\""), "{html}");
    let delivery = world.texts("select id::text as text from notification_deliveries where channel = 'EMAIL'").await;
    assert!(mail.message_id.as_deref().is_some_and(|id| id.contains(&delivery[0])), "{:?}", mail.message_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_an_approval_is_not_welcomed() {
    let world = World::make().await;
    let enrollment = world.enrollment(EnrollmentStatus::Pending).await;
    world.enqueue(&WelcomeLearner { tenant_id: world.tenant, enrollment_id: enrollment.id }).await;

    world.work().await;

    assert_eq!(deliveries(&world).await, Vec::<String>::new());
    assert!(world.mail.messages().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_it_does_not_cancel_its_mail() {
    let world = World::make().await;
    let notification = make::notification(&world.db, &world.alice).await;
    let mut conn = world.db.tenant(world.tenant).await;
    let (tenant, alice, now) = (world.tenant, world.alice.id, make::morning());
    Notification::set_read(&mut conn, tenant, alice, notification.id, true, now).await.expect("an answer").expect("it");
    Notification::dismiss(&mut conn, tenant, alice, notification.id, now).await.expect("an answer").expect("it");
    drop(conn);

    world.work().await;

    assert_eq!(world.mail.messages().len(), 1);
    assert_eq!(deliveries(&world).await, ["EMAIL SENT", "IN_APP SENT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_does_not_want_does_not_come() {
    for (change, expected, mails, seen) in [
        (without(DeliveryChannel::Email), vec!["IN_APP SENT"], 0, 1),
        (without(DeliveryChannel::InApp), vec!["EMAIL SENT"], 1, 0),
        (PreferencesChange { is_enabled: Some(false), ..PreferencesChange::default() }, vec![], 0, 0),
    ] {
        let world = World::make().await;
        prefers(&world, change.clone()).await;
        enrolled(&world).await;

        world.work().await;

        assert_eq!(deliveries(&world).await, expected, "{change:?}");
        assert_eq!(world.mail.messages().len(), mails, "{change:?}");
        let mut conn = world.db.tenant(world.tenant).await;
        let unread = Notification::unread_count(&mut conn, world.tenant, world.alice.id).await.expect("a count");
        assert_eq!(unread, seen, "{change:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_nobody_has_is_given_up_and_said_so() {
    let world = World::make().await;
    world.mail.fail_next(1, 550);
    enrolled(&world).await;

    let runs = world.work().await;

    assert_eq!(World::outcomes(&runs, DELIVER), ["dead"]);
    let deliveries = deliveries(&world).await;
    assert!(deliveries[0].starts_with("EMAIL FAILED ") && deliveries[0].contains("550"), "{deliveries:?}");
    assert_eq!(deliveries[1], "IN_APP SENT");
    let mut conn = world.db.tenant(world.tenant).await;
    let filter = NotificationFilter { statuses: vec![NotificationStatus::Failed], ..NotificationFilter::default() };
    let page = Notification::list(
        &mut conn,
        world.tenant,
        world.alice.id,
        &filter,
        shared::db::Part::Numbered(shared::db::Numbered::default()),
    );
    let page = page.await.expect("a page");
    assert_eq!(page.items[0].status(), NotificationStatus::Failed, "what stands on the screen masks the failure");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_is_busy_is_asked_again() {
    let world = World::make().await;
    world.mail.fail_next(1, 451);
    enrolled(&world).await;

    let runs = world.work().await;
    assert_eq!(World::outcomes(&runs, DELIVER), ["retried"]);
    assert_eq!(deliveries(&world).await, ["EMAIL PENDING", "IN_APP SENT"]);

    world.work_after(TimeDelta::hours(1)).await;
    assert_eq!(world.mail.messages().len(), 1);
    assert_eq!(deliveries(&world).await, ["EMAIL SENT", "IN_APP SENT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_receipt_was_lost_comes_again_under_the_same_id() {
    let world = World::make().await;
    world.mail.lose_answers(1);
    enrolled(&world).await;

    world.work().await;
    world.work_after(TimeDelta::hours(1)).await;

    let deliveries = world.mail.deliveries();
    assert_eq!(deliveries.values().copied().collect::<Vec<_>>(), [2], "{deliveries:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_sent_is_not_sent_again() {
    let world = World::make().await;
    let welcome = enrolled(&world).await;
    world.work().await;
    let id = world.texts("select id::text as text from notification_deliveries where channel = 'EMAIL'").await;
    let deliver = DeliverEmail { tenant_id: world.tenant, delivery_id: id[0].parse().expect("an id") };

    world.enqueue(&welcome).await;
    world.enqueue(&deliver).await;
    world.work().await;
    assert_eq!(world.mail.messages().len(), 1, "the row says that it was sent");

    // As when the worker died before it could write that down.
    world
        .texts("update notification_deliveries set status = 'PENDING' where channel = 'EMAIL' returning '' as text")
        .await;
    world.enqueue(&deliver).await;
    let runs = world.work().await;
    assert_eq!(World::outcomes(&runs, DELIVER), ["succeeded"]);
    assert_eq!(world.mail.messages().len(), 1, "the ledger of effects says that it was sent");
    assert_eq!(deliveries(&world).await, ["EMAIL SENT", "IN_APP SENT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_suspended_gets_no_mail() {
    let mut world = World::make().await;
    world.alice = make::user(world.tenant).status(UserStatus::Suspended).make(&world.db).await;
    enrolled(&world).await;

    let runs = world.work().await;

    assert_eq!(World::outcomes(&runs, DELIVER), ["succeeded"]);
    assert_eq!(deliveries(&world).await, ["EMAIL SKIPPED The account is not active.", "IN_APP SENT"]);
    assert!(world.mail.messages().is_empty());
}
