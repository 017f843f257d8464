//! Quiet hours and summaries, as people choose them.

use serde_json::{Value, json};
use shared::testing::make;
use shared::users::UserRole;

use crate::support::{Client, TestApp};

const CHOICES: &str = "/api/notifications/preferences/";

async fn member(app: &TestApp) -> Client {
    let tenant = app.tenant().await;
    app.as_role(tenant, UserRole::Learner).await
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_hours_and_summaries_are_chosen_and_given_up() {
    let app = TestApp::start().await;
    let alice = member(&app).await;
    let before = alice.get(CHOICES).await.expect(200);
    assert_eq!(before.body["digest"], json!({"frequency": "OFF", "hour": 8, "weekday": 1}));
    assert_eq!(before.body["quiet_hours"], Value::Null);
    assert_eq!(before.body["available_channels"], json!(["EMAIL", "IN_APP"]));

    let quiet = json!({"from": "22:00", "to": "07:30"});
    let changed = alice.patch(CHOICES, json!({"quiet_hours": quiet})).await.expect(200);
    assert_eq!(changed.body["quiet_hours"], quiet);
    let changed = alice.patch(CHOICES, json!({"digest": {"frequency": "weekly", "weekday": 5}})).await.expect(200);
    assert_eq!(changed.body["digest"], json!({"frequency": "WEEKLY", "hour": 8, "weekday": 5}));
    assert_eq!(alice.get(CHOICES).await.expect(200).body["quiet_hours"], quiet, "what is left out stays");

    let cleared = alice.patch(CHOICES, json!({"quiet_hours": null})).await.expect(200);
    assert_eq!(cleared.body["quiet_hours"], Value::Null);
    let anew = alice.put(CHOICES, json!({})).await.expect(200);
    assert_eq!(anew.body["digest"]["frequency"], "OFF");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_clock_shows_is_refused() {
    let app = TestApp::start().await;
    let alice = member(&app).await;
    for bad in [
        json!({"quiet_hours": {"from": "22:00"}}),
        json!({"quiet_hours": {"from": "24:00", "to": "07:00"}}),
        json!({"quiet_hours": {"from": "ten", "to": "07:00"}}),
        json!({"quiet_hours": {"from": "07:00", "to": "07:00"}}),
        json!({"quiet_hours": {"from": "22:00", "to": "07:00", "zone": "UTC"}}),
        json!({"digest": {"frequency": "HOURLY"}}),
        json!({"digest": {"frequency": "DAILY", "hour": 24}}),
        json!({"digest": {"frequency": "WEEKLY", "weekday": 0}}),
        json!({"digest": null, "zone": 1}),
    ] {
        alice.patch(CHOICES, bad.clone()).await.expect(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_by_cursor_without_losing_or_doubling_one() {
    let app = TestApp::start().await;
    let alice = member(&app).await;
    let user = alice.user.as_ref().expect("somebody");
    for _ in 0..5 {
        make::notification(&app.db, user).await;
    }
    let whole = alice.get("/api/notifications/?page_size=200").await.expect(200);
    let (mut read, mut address) = (Vec::new(), "/api/notifications/?page_size=2&cursor=".to_owned());
    loop {
        let part = alice.get(&address).await.expect(200);
        read.extend(part.results().to_vec());
        // What comes on top meanwhile moves nothing.
        make::notification(&app.db, user).await;
        let Some(next) = part.body["next"].as_str() else { break };
        address = next.trim_start_matches("http://localhost:8000").to_owned();
    }
    assert_eq!(read, whole.results());
    alice.get("/api/notifications/?cursor=nonsense").await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bell_rings_when_something_comes_or_is_read() {
    let app = TestApp::start().await;
    let alice = member(&app).await;
    let user = alice.user.as_ref().expect("somebody");
    let mut stream = alice.open("/api/notifications/stream/").await;
    let first = stream.event().await.expect("how it is now");
    assert_eq!((first.name.as_str(), &first.data), ("inbox", &json!({"unread_count": 0, "latest": null})));

    let told = make::notification(&app.db, user).await;
    let second = stream.event().await.expect("something new");
    assert_eq!((&second.data["unread_count"], &second.data["latest"]["id"]), (&json!(1), &json!(told.id)));

    alice.post(&format!("/api/notifications/{}/mark-read/", told.id), json!({})).await.expect(200);
    let third = stream.event().await.expect("that it is read");
    assert_eq!(third.data["unread_count"], 0);
}
