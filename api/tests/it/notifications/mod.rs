//! Notifications: one's own, read, put away, and chosen.

mod devices;
mod quiet;
mod templates;

use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::testing::{count_queries, make};
use shared::users::UserRole;

use crate::support::{Client, TestApp};

/// Somebody of a tenant.
async fn member(app: &TestApp) -> Client {
    let tenant = app.tenant().await;
    app.as_role(tenant, UserRole::Learner).await
}

/// Tells somebody something, and returns its address.
async fn told(app: &TestApp, client: &Client) -> String {
    let notification = make::notification(&app.db, client.user.as_ref().expect("somebody")).await;
    format!("/api/notifications/{}/", notification.id)
}

async fn unread(client: &Client) -> Value {
    client.get("/api/notifications/unread-count/").await.expect(200).body["unread_count"].clone()
}

async fn count(client: &Client, query: &str) -> Value {
    client.get(&format!("/api/notifications/?{query}")).await.expect(200).body["count"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_says_what_and_how_it_is_delivered() {
    let app = TestApp::start().await;
    let alice = member(&app).await;
    let address = told(&app, &alice).await;

    let list = alice.get("/api/notifications/").await.expect(200);

    let one = alice.get(&address).await.expect(200);
    assert_eq!(list.results(), std::slice::from_ref(&one.body));
    let title = one.text("/subject").strip_prefix("Your certificate for ").expect("a subject");
    assert!(one.text("/message").contains(title));
    assert!(one.text("/action_url").starts_with("/verify/"));
    let person = alice.user.as_ref().expect("somebody");
    for (field, value) in [
        ("recipient", json!(person.id)),
        ("recipient_email", json!(person.email)),
        ("notification_type", json!("CERTIFICATE_ISSUED")),
        ("notification_type_display", json!("Certificate issued")),
        ("status", json!("PENDING")),
        ("status_display", json!("Pending")),
        ("is_read", json!(false)),
        ("read_at", json!(null)),
        ("sent_at", json!("2026-01-05T09:00:00Z")),
        ("created_at", json!("2026-01-05T09:00:00Z")),
        (
            "deliveries",
            json!([
                {"channel": "EMAIL", "status": "PENDING", "sent_at": null},
                {"channel": "IN_APP", "status": "SENT", "sent_at": "2026-01-05T09:00:00Z"},
            ]),
        ),
    ] {
        assert_eq!(one.body[field], value, "{field}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_is_said_and_unsaid() {
    let app = TestApp::start().await;
    let alice = member(&app).await;
    let address = told(&app, &alice).await;
    assert_eq!(unread(&alice).await, 1);

    let read = alice.patch(&address, json!({"is_read": true})).await.expect(200);
    assert_eq!((&read.body["is_read"], &read.body["status"]), (&json!(true), &json!("READ")));
    assert_eq!(read.body["read_at"], "2026-01-05T09:00:00Z");
    assert_eq!(unread(&alice).await, 0);

    app.app.clock.advance(TimeDelta::minutes(10));
    let again = alice.post(&format!("{address}mark-read/"), json!({})).await.expect(200);
    assert_eq!(again.body["read_at"], "2026-01-05T09:00:00Z", "when it was first read stays");
    let same = alice.patch(&address, json!({})).await.expect(200);
    assert_eq!(same.body, again.body);

    let undone = alice.patch(&address, json!({"is_read": false})).await.expect(200);
    assert_eq!((&undone.body["is_read"], &undone.body["read_at"]), (&json!(false), &json!(null)));
    assert_eq!(unread(&alice).await, 1);
    for bad in [json!({"is_read": "yes"}), json!({"status": "READ"}), json!([])] {
        alice.patch(&address, bad).await.expect(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_away_is_out_of_sight() {
    let app = TestApp::start().await;
    let alice = member(&app).await;
    let address = told(&app, &alice).await;

    for _ in 0..2 {
        let answer = alice.post(&format!("{address}dismiss/"), json!({})).await.expect(200);
        assert_eq!((&answer.body["status"], &answer.body["is_read"]), (&json!("DISMISSED"), &json!(true)));
    }

    assert_eq!(count(&alice, "").await, 0);
    assert_eq!(unread(&alice).await, 0);
    assert_eq!(count(&alice, "status=dismissed").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_filtered_as_the_web_client_asks() {
    let app = TestApp::start().await;
    let alice = member(&app).await;
    let first = told(&app, &alice).await;
    let second = told(&app, &alice).await;
    told(&app, &alice).await;
    alice.post(&format!("{first}mark-read/"), json!({})).await.expect(200);
    alice.post(&format!("{second}dismiss/"), json!({})).await.expect(200);
    for (query, expected) in [
        ("is_read=false", 1),
        ("is_read=true", 1),
        ("unread=true", 1),
        ("unread=false", 1),
        ("status=READ", 1),
        ("status=read,Pending", 2),
        ("status=PENDING,READ,DISMISSED", 3),
        ("status=SENT", 0),
        ("status=FAILED", 0),
        ("notification_type=certificate_issued", 2),
        ("notification_type=ANNOUNCEMENT", 0),
        ("status=", 2),
    ] {
        assert_eq!(count(&alice, query).await, expected, "{query}");
    }
    let wrong = alice.get("/api/notifications/?status=lost").await.expect(400);
    assert!(wrong.text("/errors/status/0").contains("PENDING, SENT, FAILED, READ, DISMISSED"), "{}", wrong.body);
    alice.get("/api/notifications/?is_read=perhaps").await.expect(400);

    // Delivery is a matter of its own: what was mailed is SENT, what bounced FAILED.
    for status in ["SENT", "FAILED"] {
        app.db
            .texts(&format!(
                "update notification_deliveries set status = '{status}' where channel = 'EMAIL' returning '' as text"
            ))
            .await;
        assert_eq!(count(&alice, &format!("status={status}")).await, 1, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_comes_first_and_many_take_as_many_queries_as_one() {
    let app = TestApp::start().await;
    let alice = member(&app).await;
    told(&app, &alice).await;
    let (_, for_one) = count_queries(alice.get("/api/notifications/")).await;
    let mut newest = String::new();
    for _ in 0..20 {
        newest = told(&app, &alice).await;
    }

    let (list, for_many) = count_queries(alice.get("/api/notifications/?page_size=200")).await;

    let list = list.expect(200);
    assert_eq!((list.results().len(), for_many), (21, for_one));
    assert!(newest.contains(list.text("/results/0/id")));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_are_read_at_once() {
    let app = TestApp::start().await;
    let alice = member(&app).await;
    for _ in 0..3 {
        told(&app, &alice).await;
    }
    for expected in [3, 0] {
        let answer = alice.post("/api/notifications/mark-all-read/", json!({})).await.expect(200);
        assert_eq!(answer.body, json!({"updated_count": expected}));
    }
    assert_eq!(unread(&alice).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_or_changes_what_is_somebody_elses() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let alice = app.as_role(tenant, UserRole::Learner).await;
    let address = told(&app, &alice).await;
    let elsewhere = member(&app).await;
    for other in [app.as_role(tenant, UserRole::Admin).await, elsewhere] {
        other.get(&address).await.expect(404);
        other.patch(&address, json!({"is_read": true})).await.expect(404);
        other.post(&format!("{address}mark-read/"), json!({})).await.expect(404);
        other.post(&format!("{address}dismiss/"), json!({})).await.expect(404);
        other.post("/api/notifications/mark-all-read/", json!({})).await.expect(200);
        assert_eq!(count(&other, "").await, 0);
    }
    assert_eq!(unread(&alice).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn choices_are_merged_and_answered_as_they_are_now() {
    let app = TestApp::start().await;
    let alice = member(&app).await;
    let path = "/api/notifications/preferences/";
    let by_default = json!({"EMAIL": true, "IN_APP": true, "PUSH": false, "SMS": false});
    let first = alice.get(path).await.expect(200);
    assert_eq!((&first.body["is_enabled"], &first.body["updated_at"]), (&json!(true), &json!(null)));
    assert_eq!(first.body["preferences"].as_object().map(serde_json::Map::len), Some(10));
    assert_eq!(first.body["preferences"]["ANNOUNCEMENT"], by_default);

    alice.patch(path, json!({"preferences": {"ANNOUNCEMENT": {"EMAIL": false}}})).await.expect(200);
    let second = alice.patch(path, json!({"preferences": {"announcement": {"push": true}}})).await.expect(200);
    assert_eq!(
        second.body["preferences"]["ANNOUNCEMENT"],
        json!({"EMAIL": false, "IN_APP": true, "PUSH": true, "SMS": false})
    );
    assert_eq!(second.body["preferences"]["SYSTEM_ALERT"], by_default);
    let off = alice.patch(path, json!({"is_enabled": false})).await.expect(200);
    assert_eq!(off.body["is_enabled"], false);
    assert_eq!(off.body["preferences"], second.body["preferences"]);
    assert_eq!(alice.get(path).await.expect(200).body, off.body);

    let anew = alice.put(path, json!({"preferences": {"SYSTEM_ALERT": {"SMS": true}}})).await.expect(200);
    assert_eq!(anew.body["is_enabled"], true);
    assert_eq!(anew.body["preferences"]["ANNOUNCEMENT"], by_default);
    assert_eq!(anew.body["preferences"]["SYSTEM_ALERT"]["SMS"], true);

    for bad in [
        json!({"preferences": {"NONSENSE": {"EMAIL": true}}}),
        json!({"preferences": {"ANNOUNCEMENT": {"PIGEON": true}}}),
        json!({"preferences": {"ANNOUNCEMENT": {"EMAIL": "yes"}}}),
        json!({"preferences": {"ANNOUNCEMENT": true}}),
        json!({"preferences": []}),
        json!({"is_enabled": 1}),
        json!({"enabled": true}),
    ] {
        alice.patch(path, bad.clone()).await.expect(400);
    }
    assert_eq!(alice.get(path).await.expect(200).body, anew.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_changes_at_once_are_both_kept() {
    let app = TestApp::start().await;
    let alice = member(&app).await;
    let path = "/api/notifications/preferences/";
    let change = |kind: &str| json!({"preferences": {kind: {"EMAIL": false}}});
    let (one, other) = (change("ANNOUNCEMENT"), change("SYSTEM_ALERT"));

    let (one, other) = tokio::join!(alice.patch(path, one), alice.patch(path, other));

    one.expect(200);
    other.expect(200);
    let now = alice.get(path).await.expect(200);
    for kind in ["ANNOUNCEMENT", "SYSTEM_ALERT"] {
        assert_eq!(now.body["preferences"][kind]["EMAIL"], false, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_belongs_to_no_tenant_and_is_not_notified() {
    let app = TestApp::start().await;
    let slug = make::tenant(&app.db).await.slug;
    let client = app.as_superuser().await.with("x-tenant-slug", &slug);
    client.get("/api/notifications/preferences/").await.expect(200);
    let answer = client.patch("/api/notifications/preferences/", json!({"is_enabled": false})).await.expect(409);
    assert_eq!(answer.body["code"], "not_a_member");
}
