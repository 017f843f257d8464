//! Announcements: written, scheduled, sent, given up.

use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::ids::TenantId;
use shared::notifications::jobs::{FanOutAnnouncement, SendScheduledAnnouncement};
use shared::testing::make;
use shared::users::{UserRole, UserStatus};

use crate::support::{Client, TestApp};

const ALL: &str = "/api/notifications/announcements/";

async fn admin() -> (TestApp, TenantId, Client) {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    (app, tenant, admin)
}

fn words(more: Value) -> Value {
    let mut body = json!({"title": "Rope has arrived", "message": "Come <script>x</script>and see."});
    for (name, value) in more.as_object().expect("fields") {
        body[name] = value.clone();
    }
    body
}

async fn written(client: &Client, more: Value) -> String {
    let made = client.post(ALL, words(more)).await.expect(201);
    format!("{ALL}{}/", made.text("/id"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_is_a_draft_until_it_is_sent_once() {
    let (app, _, admin) = admin().await;
    let address = written(&admin, json!({})).await;
    let draft = admin.get(&address).await.expect(200);
    for (field, value) in [
        ("status", json!("DRAFT")),
        ("target_type", json!("ALL_TENANT")),
        ("message", json!("Come and see.")),
        ("author", json!(admin.id())),
        ("recipients_count", json!(0)),
        ("sent_at", json!(null)),
    ] {
        assert_eq!(draft.body[field], value, "{field}");
    }
    assert_eq!(app.enqueued::<FanOutAnnouncement>().await, []);

    let send = format!("{address}send/");
    let answers = futures::future::join_all((0..4).map(|_| admin.post(&send, json!({})))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409], "however often it is asked for at once, it is sent once");
    assert_eq!(app.enqueued::<FanOutAnnouncement>().await.len(), 1);

    let sending = admin.get(&address).await.expect(200);
    assert_eq!(
        (&sending.body["status"], &sending.body["sent_at"]),
        (&json!("SENDING"), &json!("2026-01-05T09:00:00Z"))
    );
    admin.patch(&address, json!({"title": "Other"})).await.expect(409);
    admin.post(&format!("{address}cancel/"), json!({})).await.expect(409);
    admin.delete(&address).await.expect(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_one_waits_for_its_time_and_may_be_moved_or_given_up() {
    let (app, tenant, admin) = admin().await;
    let later = app.app.clock.now() + TimeDelta::hours(2);
    let address = written(&admin, json!({"scheduled_at": later})).await;
    let asked = app.enqueued::<SendScheduledAnnouncement>().await;
    assert_eq!((asked.len(), asked[0].tenant_id, asked[0].scheduled_at), (1, tenant, later));
    let due = app.db.texts("select to_char(run_at at time zone 'utc', 'HH24:MI') as text from jobs where kind = 'notifications.send_scheduled_announcement'").await;
    assert_eq!(due, ["11:00"]);

    let moved = admin.patch(&address, json!({"scheduled_at": later + TimeDelta::hours(1)})).await.expect(200);
    assert_eq!((&moved.body["status"], moved.text("/scheduled_at")), (&json!("SCHEDULED"), "2026-01-05T12:00:00Z"));
    assert_eq!(app.enqueued::<SendScheduledAnnouncement>().await.len(), 2);
    let past = admin.patch(&address, json!({"scheduled_at": app.app.clock.now()})).await.expect(400);
    assert!(past.body["errors"].get("scheduled_at").is_some());
    let draft = admin.patch(&address, json!({"scheduled_at": null, "title": "Rope"})).await.expect(200);
    assert_eq!((&draft.body["status"], &draft.body["title"]), (&json!("DRAFT"), &json!("Rope")));

    let cancelled = admin.post(&format!("{address}cancel/"), json!({})).await.expect(200);
    assert_eq!(cancelled.body["status"], "CANCELLED");
    admin.post(&format!("{address}send/"), json!({})).await.expect(409);
    admin.delete(&address).await.expect(204);
    admin.get(&address).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_for_people_whom_the_tenant_has() {
    let (app, tenant, admin) = admin().await;
    let learner = make::user(tenant).make(&app.db).await;
    let away = make::user(tenant).status(UserStatus::Suspended).make(&app.db).await;
    let other = app.tenant().await;
    let stranger = make::user(other).make(&app.db).await;
    let foreign = make::course(other).published().make(&app.db).await;
    for (target, field) in [
        (json!({"target_type": "COURSE_ENROLLED"}), "target_course"),
        (json!({"target_type": "COURSE_ENROLLED", "target_course": foreign.id}), "target_course"),
        (json!({"target_type": "GROUP"}), "target_group"),
        (json!({"target_type": "GROUP", "target_group": foreign.id}), "target_group"),
        (json!({"target_type": "SPECIFIC_USERS"}), "target_user_ids"),
        (json!({"target_type": "SPECIFIC_USERS", "target_user_ids": []}), "target_user_ids"),
        (json!({"target_type": "SPECIFIC_USERS", "target_user_ids": [stranger.id]}), "target_user_ids"),
        (json!({"target_type": "SPECIFIC_USERS", "target_user_ids": [away.id]}), "target_user_ids"),
        (json!({"target_type": "SPECIFIC_USERS", "target_user_ids": vec![learner.id; 201]}), "target_user_ids"),
        (json!({"scheduled_at": "2020-01-01T00:00:00Z"}), "scheduled_at"),
        (json!({"status": "SENT"}), "status"),
        (json!({"tenant": other}), "tenant"),
    ] {
        let answer = admin.post(ALL, words(target.clone())).await.expect(400);
        assert!(answer.body["errors"].get(field).is_some(), "{target}: {}", answer.body);
    }
    let named = json!({"target_type": "specific_users", "target_user_ids": [learner.id, learner.id]});
    let address = written(&admin, named).await;
    assert_eq!(admin.get(&address).await.expect(200).body["target_user_ids"], json!([learner.id]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_what_is_for_nobody() {
    let (app, tenant, admin) = admin().await;
    let course = make::course(tenant).published().make(&app.db).await;
    let address = written(&admin, json!({"target_type": "COURSE_ENROLLED", "target_course": course.id})).await;
    let answer = admin.post(&format!("{address}send/"), json!({})).await.expect(409);
    assert_eq!(answer.body["code"], "nobody_to_tell");
    assert_eq!(admin.get(&address).await.expect(200).body["status"], "DRAFT");
}

#[tokio::test(flavor = "multi_thread")]
async fn instructors_announce_to_their_courses_and_see_their_own() {
    let (app, tenant, admin) = admin().await;
    let teacher = app.as_role(tenant, UserRole::Instructor).await;
    let own = make::course(tenant).owned_by(teacher.user.as_ref().expect("them")).published().make(&app.db).await;
    let others = make::course(tenant).published().make(&app.db).await;
    let of = |course: &make::MadeCourse| json!({"target_type": "COURSE_ENROLLED", "target_course": course.id});

    teacher.post(ALL, words(json!({}))).await.expect(403);
    teacher.post(ALL, words(of(&others))).await.expect(400);
    let address = written(&teacher, of(&own)).await;
    let theirs = written(&admin, json!({})).await;

    assert_eq!(teacher.get(ALL).await.expect(200).body["count"], 1);
    assert_eq!(admin.get(ALL).await.expect(200).body["count"], 2);
    assert_eq!(admin.get(&format!("{ALL}?status=scheduled")).await.expect(200).body["count"], 0);
    teacher.get(&theirs).await.expect(404);
    teacher.patch(&address, json!({"target_type": "ALL_TENANT"})).await.expect(403);
    for verb in ["send", "cancel"] {
        teacher.post(&format!("{theirs}{verb}/"), json!({})).await.expect(404);
    }
    let learner = app.as_role(tenant, UserRole::Learner).await;
    learner.get(ALL).await.expect(403);
    learner.post(ALL, words(json!({}))).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_counted_what_went_out_by_mail_and_what_to_devices() {
    let (app, tenant, admin) = admin().await;
    let address = written(&admin, json!({})).await;
    let id = admin.get(&address).await.expect(200).text("/id").to_owned();
    // Of four people: what each was sent by which channel, and how that went.
    for deliveries in [
        vec![("EMAIL", "SENT"), ("PUSH", "SENT")],
        vec![("EMAIL", "FAILED"), ("PUSH", "SENT")],
        vec![("EMAIL", "PENDING"), ("PUSH", "PENDING")],
        vec![("PUSH", "FAILED")],
    ] {
        let person = make::user(tenant).make(&app.db).await;
        let notification = app
            .db
            .texts(&format!(
                "insert into notifications (id, tenant_id, recipient_id, notification_type, subject, message, dedupe_key,
                     created_at, announcement_id)
                 values (gen_random_uuid(), '{tenant}', '{}', 'ANNOUNCEMENT', 'Rope', 'Come', 'announcement:{id}', now(), '{id}')
                 returning id::text as text",
                person.id
            ))
            .await
            .concat();
        for (channel, status) in deliveries {
            let sent_at = if status == "SENT" { "now()" } else { "null" };
            app.db
                .texts(&format!(
                    "insert into notification_deliveries (id, tenant_id, notification_id, channel, status, sent_at, updated_at)
                     values (gen_random_uuid(), '{tenant}', '{notification}', '{channel}', '{status}', {sent_at}, now())
                     returning id::text as text"
                ))
                .await;
        }
    }

    let stats = admin.get(&format!("{address}stats/")).await.expect(200).body;

    for (figure, expected) in [
        ("notified_count", 4),
        ("delivered_count", 2),
        ("emails_sent", 1),
        ("emails_pending", 1),
        ("emails_failed", 1),
        ("pushes_sent", 2),
        ("pushes_pending", 1),
        ("pushes_failed", 1),
    ] {
        assert_eq!(stats[figure], expected, "{figure}: {stats}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_teaches_the_course_no_more_does_not_announce_in_it() {
    let (app, tenant, admin) = admin().await;
    let teacher = app.as_role(tenant, UserRole::Instructor).await;
    let course = make::course(tenant).owned_by(teacher.user.as_ref().expect("them")).published().make(&app.db).await;
    let learner = make::user(tenant).make(&app.db).await;
    make::enrollment(&learner, &course).make(&app.db).await;
    let of_the_course = json!({"target_type": "COURSE_ENROLLED", "target_course": course.id});
    let address = written(&teacher, of_the_course).await;
    app.db.texts(&format!("update courses set instructor_id = '{}' returning '' as text", admin.id())).await;

    teacher.post(&format!("{address}send/"), json!({})).await.expect(403);
    let later = app.app.clock.now() + TimeDelta::hours(2);
    teacher.patch(&address, json!({"scheduled_at": later})).await.expect(403);

    assert_eq!(app.enqueued::<FanOutAnnouncement>().await, []);
    let draft = teacher.get(&address).await.expect(200);
    assert_eq!((&draft.body["status"], &draft.body["cancelled_because"]), (&json!("DRAFT"), &json!(null)));
    teacher.post(&format!("{address}cancel/"), json!({})).await.expect(200);
    let another = written(&admin, json!({"target_type": "COURSE_ENROLLED", "target_course": course.id})).await;
    admin.post(&format!("{another}send/"), json!({})).await.expect(200);
}
