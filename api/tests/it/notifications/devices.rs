//! Devices: one's own, registered by their owners, each with one owner.

use serde_json::{Value, json};
use shared::users::UserRole;

use super::member;
use crate::support::{Client, TestApp};

const DEVICES: &str = "/api/notifications/devices/";

/// What a browser says of its subscription; the keys are those of RFC 8291's example.
fn browser(number: u32) -> Value {
    json!({
        "device_type": "web",
        "endpoint": format!("https://push.example.net/push/{number}"),
        "keys": {
            "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "auth": "BTBZMqHH6r4Tts7J_aSIgg",
        },
        "device_name": "Firefox",
    })
}

/// Registers it, and returns its address.
async fn register(client: &Client, device: Value) -> String {
    let made = client.post(DEVICES, device).await.expect(201);
    format!("{DEVICES}{}/", made.text("/id"))
}

async fn count(client: &Client) -> Value {
    client.get(DEVICES).await.expect(200).body["count"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_registers_names_switches_and_forgets_their_devices() {
    let app = TestApp::start().await;
    let alice = member(&app).await;
    let made = alice.post(DEVICES, browser(1)).await.expect(201);
    let address = format!("{DEVICES}{}/", made.text("/id"));
    for (field, value) in [
        ("device_type", json!("WEB")),
        ("device_type_display", json!("Web")),
        ("token", json!("https://push.example.net/push/1")),
        ("device_name", json!("Firefox")),
        ("is_active", json!(true)),
        ("last_used_at", json!(null)),
    ] {
        assert_eq!(made.body[field], value, "{field}");
    }
    register(&alice, json!({"device_type": "ANDROID", "token": "fcm:APA91b"})).await;
    assert_eq!(count(&alice).await, 2);

    let named = alice.patch(&address, json!({"device_name": "Firefox at home"})).await.expect(200);
    assert_eq!(named.body["device_name"], "Firefox at home");
    let off = alice.post(&format!("{address}deactivate/"), json!({})).await.expect(200);
    assert_eq!((&off.body["is_active"], &off.body["device_name"]), (&json!(false), &json!("Firefox at home")));
    let on = alice.post(&format!("{address}activate/"), json!({})).await.expect(200);
    assert_eq!(alice.get(&address).await.expect(200).body, on.body);
    assert_eq!(on.body["is_active"], true);

    alice.delete(&address).await.expect(204);
    alice.delete(&address).await.expect(404);
    alice.get(&address).await.expect(404);
    assert_eq!(count(&alice).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_registered_again_is_the_same_and_active() {
    let app = TestApp::start().await;
    let alice = member(&app).await;
    let address = register(&alice, browser(1)).await;
    alice.post(&format!("{address}deactivate/"), json!({})).await.expect(200);

    let mut again = browser(1);
    again.as_object_mut().expect("an object").remove("device_name");
    assert_eq!(register(&alice, again).await, address);

    let device = alice.get(&address).await.expect(200);
    assert_eq!((&device.body["is_active"], &device.body["device_name"]), (&json!(true), &json!("Firefox")));
    assert_eq!(count(&alice).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_moves_to_whoever_registers_it_also_to_another_tenant() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let (alice, bob) = (app.as_role(tenant, UserRole::Learner).await, app.as_role(tenant, UserRole::Learner).await);
    let carol = member(&app).await;

    let of_alice = register(&alice, browser(1)).await;
    let of_bob = register(&bob, browser(1)).await;
    alice.get(&of_alice).await.expect(404);
    assert_eq!(count(&alice).await, 0);

    register(&carol, browser(1)).await;
    bob.get(&of_bob).await.expect(404);
    assert_eq!((count(&bob).await, count(&carol).await), (json!(0), json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_two_register_at_once_has_one_owner() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let mut people = Vec::new();
    for _ in 0..6 {
        people.push(app.as_role(tenant, UserRole::Learner).await);
    }
    let answers = futures::future::join_all(people.iter().map(|client| client.post(DEVICES, browser(1)))).await;
    for answer in answers {
        answer.expect(201);
    }
    assert_eq!(app.db.texts("select count(*)::text as text from push_devices").await, ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_or_changes_the_devices_of_others() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let alice = app.as_role(tenant, UserRole::Learner).await;
    let address = register(&alice, browser(1)).await;
    for role in [UserRole::Learner, UserRole::Instructor, UserRole::Admin] {
        let other = app.as_role(tenant, role).await;
        other.get(&address).await.expect(404);
        other.patch(&address, json!({"device_name": "Mine"})).await.expect(404);
        for verb in ["activate", "deactivate"] {
            other.post(&format!("{address}{verb}/"), json!({})).await.expect(404);
        }
        other.delete(&address).await.expect(404);
        assert_eq!(count(&other).await, 0);
    }
    assert_eq!(alice.get(&address).await.expect(200).body["device_name"], "Firefox");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reached_is_refused_by_the_field_that_is_wrong() {
    let app = TestApp::start().await;
    let alice = member(&app).await;
    let with = |field: &str, value: Value| {
        let mut device = browser(1);
        device[field] = value;
        device
    };
    for (device, field) in [
        (with("endpoint", json!("http://push.example.net/push/1")), "token"),
        (with("endpoint", json!("https://127.0.0.1/push/1")), "token"),
        (with("endpoint", json!("https://[::1]/push/1")), "token"),
        (with("endpoint", json!("no address")), "token"),
        (with("endpoint", json!("")), "token"),
        (with("endpoint", json!("x".repeat(2049))), "token"),
        (with("keys", json!(null)), "keys"),
        (with("keys", json!({"p256dh": "AAAA", "auth": "AAAA"})), "keys"),
        (with("device_type", json!("ios")), "keys"),
        (with("device_name", json!("x".repeat(256))), "device_name"),
    ] {
        let answer = alice.post(DEVICES, device).await.expect(400);
        assert!(answer.body["errors"].get(field).is_some(), "{field}: {}", answer.body);
    }
    assert_eq!(count(&alice).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_devices_the_one_registered_the_longest_ago_gives_way() {
    let app = TestApp::start().await;
    let alice = member(&app).await;
    let first = register(&alice, browser(0)).await;
    for number in 1..=20 {
        app.app.clock.advance(chrono::TimeDelta::seconds(1));
        register(&alice, browser(number)).await;
    }
    assert_eq!(count(&alice).await, 20);
    alice.get(&first).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_that_browsers_subscribe_for_is_the_platforms() {
    let off = TestApp::start().await;
    let alice = member(&off).await;
    let key = format!("{DEVICES}public-key/");
    assert_eq!(alice.get(&key).await.expect(200).body, json!({"public_key": null}));
    let channels = "/api/notifications/preferences/";
    assert_eq!(alice.get(channels).await.expect(200).body["available_channels"], json!(["EMAIL", "IN_APP"]));

    // The pair of the application server in RFC 8291's example.
    let on = TestApp::start_with(&[
        ("WEB_PUSH_PRIVATE_KEY", "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
        ("WEB_PUSH_SUBJECT", "mailto:ops@example.org"),
    ])
    .await;
    let alice = member(&on).await;
    let public = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
    assert_eq!(alice.get(&key).await.expect(200).body, json!({"public_key": public}));
    assert_eq!(alice.get(channels).await.expect(200).body["available_channels"], json!(["EMAIL", "IN_APP", "PUSH"]));
}
