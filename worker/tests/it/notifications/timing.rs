//! Quiet hours, summaries and a tenant's own words: when a mail comes, and what it says.

use chrono::{NaiveTime, TimeDelta};
use shared::mail::OwnWords;
use shared::notifications::{DigestChoice, DigestFrequency, EmailTemplate, PreferencesChange, QuietHours};
use shared::testing::make;

use super::{DELIVER, deliveries, enrolled, prefers};
use crate::world::World;

/// Quiet from eight to eleven; it is nine.
fn quiet() -> PreferencesChange {
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a time");
    PreferencesChange { quiet: Some(QuietHours::new(time(8), time(11))), ..PreferencesChange::default() }
}

fn daily(hour: u32) -> PreferencesChange {
    let digest = DigestChoice { frequency: DigestFrequency::Daily, hour, weekday: 1 };
    PreferencesChange { digest: Some(digest), ..PreferencesChange::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_waits_for_the_end_of_quiet_hours_and_the_screen_does_not() {
    let world = World::make().await;
    prefers(&world, quiet()).await;
    enrolled(&world).await;

    world.work().await;

    assert_eq!(deliveries(&world).await, ["EMAIL PENDING", "IN_APP SENT"]);
    assert!(world.mail.messages().is_empty());
    let until = "select to_char(held_until at time zone 'utc', 'HH24:MI') as text from notification_deliveries where channel = 'EMAIL'";
    assert_eq!(world.texts(until).await, ["11:00"]);

    world.work_after(TimeDelta::hours(1)).await;
    assert!(world.mail.messages().is_empty(), "it is ten");

    world.work_after(TimeDelta::hours(1)).await;
    assert_eq!(world.mail.messages().len(), 1);
    assert_eq!(deliveries(&world).await, ["EMAIL SENT", "IN_APP SENT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_asked_for_again_waits_as_well() {
    let world = World::make().await;
    world.mail.fail_next(1, 451);
    enrolled(&world).await;
    world.work().await;
    prefers(&world, quiet()).await;

    let runs = world.work_after(TimeDelta::hours(1)).await;

    assert_eq!(World::outcomes(&runs, DELIVER).len(), 1);
    assert!(world.mail.messages().is_empty(), "the second attempt falls into quiet hours");
    world.work_after(TimeDelta::hours(2)).await;
    assert_eq!(world.mail.messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_wait_is_summed_up_in_one_mail() {
    let world = World::make().await;
    prefers(&world, daily(12)).await;
    enrolled(&world).await;
    make::notification(&world.db, &world.alice).await;

    world.work().await;
    assert!(world.mail.messages().is_empty());
    let digests = "select to_char(due_at at time zone 'utc', 'HH24:MI') as text from notification_digests";
    assert_eq!(world.texts(digests).await, ["12:00"]);
    assert_eq!(deliveries(&world).await, ["EMAIL PENDING", "EMAIL PENDING", "IN_APP SENT", "IN_APP SENT"]);

    world.work_after(TimeDelta::hours(3)).await;
    let [mail] = world.mail.messages().try_into().expect("one mail");
    let text = mail.text.as_deref().expect("a text part");
    assert!(mail.subject.starts_with("2 notifications from "), "{}", mail.subject);
    assert!(text.contains("You are enrolled in Knots & <Splices>") && text.contains("Your certificate for"), "{text}");
    assert_eq!(deliveries(&world).await, ["EMAIL SENT", "EMAIL SENT", "IN_APP SENT", "IN_APP SENT"]);

    world.work_after(TimeDelta::days(1)).await;
    assert_eq!(world.mail.messages().len(), 1, "nothing has happened since");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_summary_that_falls_into_quiet_hours_comes_after_them() {
    let world = World::make().await;
    prefers(&world, PreferencesChange { digest: daily(10).digest, ..quiet() }).await;
    enrolled(&world).await;
    world.work().await;
    let digests = "select to_char(due_at at time zone 'utc', 'HH24:MI') as text from notification_digests";
    assert_eq!(world.texts(digests).await, ["11:00"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_says_it_in_its_own_words() {
    let world = World::make().await;
    let words = OwnWords {
        subject: Some("Ahoy {{ recipient_name }}".to_owned()),
        html: Some("<p>{{ course_title }} with {{ instructor_name }}</p>".to_owned()),
        text: None,
    };
    let mut conn = world.db.tenant(world.tenant).await;
    EmailTemplate::put(&mut conn, world.tenant, "course_enrollment", words, make::morning()).await.expect("kept");
    drop(conn);
    enrolled(&world).await;

    world.work().await;

    let [mail] = world.mail.messages().try_into().expect("one mail");
    assert_eq!(mail.subject, "Ahoy Alice Williams");
    assert!(
        mail.html.as_deref().is_some_and(|html| html.contains("<p>Knots &amp; &lt;Splices&gt; with Tom Teacher</p>"))
    );
    assert!(mail.text.as_deref().is_some_and(|text| text.contains("Hello Alice Williams,")), "the built-in part");
}
