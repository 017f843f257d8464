//! Push: a message on the devices of whoever wants it, by a push service that checks who sends it
//! and a browser that opens it.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use chrono::{NaiveTime, TimeDelta};
use devtools::push::{PushService, Subscription};
use serde_json::json;
use shared::config::VapidKey;
use shared::notifications::{
    Choices, DeliveryChannel, DeviceType, NotificationType, PreferencesChange, PushDevice, QuietHours, Reach,
};
use shared::testing::make;
use shared::users::UserStatus;

use super::{deliveries, enrolled, prefers};
use crate::world::World;

const DELIVER: &str = "notifications.deliver_push";
/// That of the application server in RFC 8291's example.
const KEY: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";

/// A world with a push service, and an Alice who wants messages about enrollments there only.
async fn push_world() -> (World, PushService) {
    let service = PushService::start(make::morning()).await.expect("a push service");
    let world = World::make_with(&[
        ("WEB_PUSH_PRIVATE_KEY", KEY.to_owned()),
        ("WEB_PUSH_SUBJECT", "mailto:ops@example.org".to_owned()),
        ("OUTBOUND_ALLOW", service.address().to_string()),
    ])
    .await;
    prefers(&world, only_push()).await;
    (world, service)
}

fn only_push() -> PreferencesChange {
    use DeliveryChannel::{Email, InApp, Push};
    let channels = BTreeMap::from([(Email, false), (InApp, false), (Push, true)]);
    let choices = Choices::from([(NotificationType::CourseEnrollment, channels)]);
    PreferencesChange { choices: Some(choices), ..PreferencesChange::default() }
}

/// A browser of Alice's.
async fn browser(world: &World, service: &PushService) -> Subscription {
    let public_key = VapidKey::read(KEY).expect("a key").public();
    let subscription = service.subscribe(&public_key).expect("subscribed");
    insert(world, &subscription).await;
    subscription
}

/// As if registered; the API would refuse an address on this machine.
async fn insert(world: &World, subscription: &Subscription) {
    let Subscription { endpoint, p256dh, auth } = subscription;
    world
        .texts(&format!(
            "insert into push_devices (id, tenant_id, user_id, device_type, token, p256dh, auth, created_at, updated_at)
             values (gen_random_uuid(), '{}', '{}', 'WEB', '{endpoint}', '{p256dh}', '{auth}', now(), now()) returning '' as text",
            world.tenant, world.alice.id
        ))
        .await;
}

async fn active(world: &World) -> Vec<String> {
    world.texts("select is_active::text as text from push_devices order by id").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_shows_what_its_owner_should_know() {
    let (world, service) = push_world().await;
    let subscription = browser(&world, &service).await;
    enrolled(&world).await;

    world.work().await;

    let [pushed] = service.pushed().try_into().unwrap_or_else(|_| panic!("{:?}", service.refusals()));
    let id = world.texts("select id::text as text from notifications").await;
    assert_eq!(
        pushed.body,
        json!({
            "notification_id": id[0],
            "notification_type": "COURSE_ENROLLMENT",
            "title": "You are enrolled in Knots & <Splices>",
            "body": pushed.body["body"],
            "url": "https://learn.example.org/learner/courses/knots",
        })
    );
    assert!(pushed.body["body"].as_str().is_some_and(|body| !body.is_empty() && body.chars().count() <= 200));
    assert_eq!(pushed.endpoint, subscription.endpoint);
    assert_eq!((pushed.subject.as_str(), pushed.urgency.as_deref()), ("mailto:ops@example.org", Some("normal")));
    assert_eq!(deliveries(&world).await, ["PUSH SENT"]);
    let used = "select (last_used_at = '2026-01-05T09:00:00Z')::text as text from push_devices";
    assert_eq!(world.texts(used).await, ["true"]);
    assert!(world.mail.messages().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_asked_for_it_or_has_no_device_is_not_pushed() {
    let (world, service) = push_world().await;
    enrolled(&world).await;
    world.work().await;
    assert_eq!(deliveries(&world).await, Vec::<String>::new(), "nothing reaches her");

    let (world, service) = (World::make().await, service);
    browser(&world, &service).await;
    enrolled(&world).await;
    world.work().await;
    assert_eq!(deliveries(&world).await, ["EMAIL SENT", "IN_APP SENT"], "push is off unless it is wanted");
    assert!(service.pushed().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_silent_in_quiet_hours() {
    let (world, service) = push_world().await;
    browser(&world, &service).await;
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a time");
    let quiet = Some(QuietHours::new(time(8), time(11)));
    prefers(&world, PreferencesChange { quiet, ..PreferencesChange::default() }).await;
    enrolled(&world).await;

    world.work().await;
    world.work_after(TimeDelta::hours(1)).await;
    assert!(service.pushed().is_empty(), "it is ten");

    world.work_after(TimeDelta::hours(2)).await;
    assert_eq!(service.pushed().len(), 1);
    assert_eq!(deliveries(&world).await, ["PUSH SENT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_gone_is_switched_off() {
    let (world, service) = push_world().await;
    let subscription = browser(&world, &service).await;
    service.unsubscribe(&subscription);
    enrolled(&world).await;

    let runs = world.work().await;

    assert_eq!(World::outcomes(&runs, DELIVER), ["succeeded"]);
    assert_eq!(deliveries(&world).await, ["PUSH SKIPPED The push service answered 410."]);
    assert_eq!(active(&world).await, ["false"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_push_service_is_asked_again_when_it_says() {
    for status in [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE] {
        let (world, service) = push_world().await;
        browser(&world, &service).await;
        service.answer_next(status, Some("1800"));
        enrolled(&world).await;

        world.work().await;
        assert_eq!(deliveries(&world).await, ["PUSH PENDING"]);
        world.work_after(TimeDelta::minutes(20)).await;
        assert!(service.pushed().is_empty(), "it has said half an hour");

        world.work_after(TimeDelta::minutes(31)).await;
        assert_eq!(service.pushed().len(), 1);
        assert_eq!(deliveries(&world).await, ["PUSH SENT"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_devices_the_one_that_has_it_does_not_get_it_again() {
    let (world, service) = push_world().await;
    browser(&world, &service).await;
    browser(&world, &service).await;
    service.answer_next(StatusCode::BAD_GATEWAY, None);
    enrolled(&world).await;

    let runs = world.work().await;
    assert_eq!(World::outcomes(&runs, DELIVER), ["retried"]);
    assert_eq!(service.pushed().len(), 1);

    world.work_after(TimeDelta::hours(1)).await;
    let pushed = service.pushed();
    assert_eq!(pushed.len(), 2);
    assert_ne!(pushed[0].endpoint, pushed[1].endpoint);
    assert_eq!(pushed[0].topic, pushed[1].topic, "a repetition would take the first one's place");
    assert_eq!(deliveries(&world).await, ["PUSH SENT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_inside_the_network_is_not_called() {
    let service = PushService::start(make::morning()).await.expect("a push service");
    let world = World::make_with(&[
        ("WEB_PUSH_PRIVATE_KEY", KEY.to_owned()),
        ("WEB_PUSH_SUBJECT", "mailto:ops@example.org".to_owned()),
    ])
    .await;
    prefers(&world, only_push()).await;
    let mut subscription = browser(&world, &service).await;
    for host in ["localhost", "localhost.", "127.0.0.1"] {
        subscription.endpoint = format!("https://{host}:443/push/{}", subscription.p256dh);
        insert(&world, &subscription).await;
    }
    enrolled(&world).await;

    world.work().await;

    assert!(service.pushed().is_empty() && service.refusals().is_empty());
    let [delivery] = deliveries(&world).await.try_into().expect("one");
    assert!(delivery.starts_with("PUSH SKIPPED The subscription's address is not called: "), "{delivery}");
    assert_eq!(active(&world).await, ["false"; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_subscribed_for_another_key_is_switched_off() {
    let (world, service) = push_world().await;
    let other = VapidKey::read("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94").expect("a key").public();
    insert(&world, &service.subscribe(&other).expect("subscribed")).await;
    enrolled(&world).await;

    world.work().await;

    assert_eq!(service.refusals(), ["the browser has subscribed for another key"]);
    assert_eq!(active(&world).await, ["false"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_gateway_carries_is_said_to_be_so() {
    let (world, _service) = push_world().await;
    let reach = Reach::read(DeviceType::Android, "fcm:APA91b", None).expect("well-formed");
    let mut conn = world.db.tenant(world.tenant).await;
    let alice = world.alice.id;
    PushDevice::register(&mut conn, world.tenant, alice, reach, None, make::morning()).await.expect("registered");
    drop(conn);
    enrolled(&world).await;

    let runs = world.work().await;

    assert_eq!(World::outcomes(&runs, DELIVER), ["succeeded"]);
    assert_eq!(deliveries(&world).await, ["PUSH SKIPPED Nothing carries messages to such devices here."]);
    assert_eq!(active(&world).await, ["true"], "there may be a gateway tomorrow");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_suspended_is_not_pushed() {
    let (mut world, service) = push_world().await;
    world.alice = make::user(world.tenant).status(UserStatus::Suspended).make(&world.db).await;
    prefers(&world, only_push()).await;
    browser(&world, &service).await;
    enrolled(&world).await;

    world.work().await;

    assert_eq!(deliveries(&world).await, ["PUSH SKIPPED The account is not active."]);
    assert!(service.pushed().is_empty());
}
