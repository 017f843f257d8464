//! Certificates that will expire, and who is told.

use chrono::{DateTime, TimeDelta, Utc};
use shared::certificates::jobs::TellOfExpiries;
use shared::certificates::{Certificate, CertificateRule};
use shared::enrollments::EnrollmentStatus;
use shared::testing::make;
use shared::users::User;

use crate::world::World;

const TOLD: &str = "select subject || ': ' || message as text from notifications where subject like '%expires'";

/// A certificate of somebody in the course, that counts from then on for so many days.
async fn certificate(world: &World, learner: &User, from: DateTime<Utc>, days: i64) -> Certificate {
    let enrollment = make::enrollment(learner, &world.course).status(EnrollmentStatus::Completed).make(&world.db).await;
    let certificate = make::certificate(&world.db, &enrollment).await;
    let until = from + TimeDelta::days(days);
    let change = format!(
        "update certificates set issued_at = '{from}', expires_at = '{until}' where id = '{}' returning id::text as text",
        certificate.id
    );
    assert_eq!(world.texts(&change).await.len(), 1);
    certificate
}

async fn look(world: &World) -> Vec<String> {
    world.enqueue_platform(&TellOfExpiries {}).await;
    let runs = world.work().await;
    assert!(runs.iter().all(|(_, outcome)| *outcome == "succeeded"), "{runs:?}");
    world.texts(TOLD).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_is_told_a_month_before_a_certificate_expires_and_once() {
    let world = World::make().await;
    certificate(&world, &world.alice, make::morning(), 365).await;
    world.services.clock.advance(TimeDelta::days(334));
    assert!(look(&world).await.is_empty(), "more than a month is left");
    world.services.clock.advance(TimeDelta::days(1));

    let told = look(&world).await;

    let words = "Your certificate for Knots & <Splices> expires: Your certificate for \
                 \u{201c}Knots & <Splices>\u{201d} is valid until 5 January 2027.";
    assert_eq!(told, [words]);
    let mails = world.mails("expires");
    let [mail] = &mails[..] else { panic!("{} mails", mails.len()) };
    assert_eq!(mail.to, ["alice@example.org"]);
    world.services.clock.advance(TimeDelta::days(1));
    assert_eq!(look(&world).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_what_is_new_or_over_or_taken_back_or_of_somebody_else() {
    let world = World::make().await;
    let now = world.services.clock.now();
    let others = ["New", "Over", "Revoked", "Forever"].map(|name| make::user(world.tenant).name(name, "Holder"));
    let mut holders = Vec::new();
    for holder in others {
        holders.push(holder.make(&world.db).await);
    }
    certificate(&world, &holders[0], now, 10).await;
    certificate(&world, &holders[1], now - TimeDelta::days(365), 364).await;
    let revoked = certificate(&world, &holders[2], now - TimeDelta::days(355), 365).await;
    let enrollment =
        make::enrollment(&holders[3], &world.course).status(EnrollmentStatus::Completed).make(&world.db).await;
    make::certificate(&world.db, &enrollment).await;
    let mut conn = world.db.tenant(world.tenant).await;
    revoked.revoke(&mut conn, "A mistake", now).await.expect("revoked");
    drop(conn);

    assert_eq!(look(&world).await, Vec::<String>::new());

    // What counts for ten days is told of when five are left.
    world.services.clock.advance(TimeDelta::days(5));
    let told = look(&world).await;
    assert_eq!(told.len(), 1, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_renewed_is_told_of_the_new_end_as_of_the_old_one() {
    let world = World::make().await;
    let course = world.course.id;
    let held = certificate(&world, &world.alice, make::morning(), 365).await;
    world.services.clock.advance(TimeDelta::days(364));
    assert_eq!(look(&world).await.len(), 1);
    let mut conn = world.db.tenant(world.tenant).await;
    let now = world.services.clock.now();
    CertificateRule::set(&mut conn, world.tenant, course, Some(40), now).await.expect("a rule");
    held.renew(&mut conn, world.alice.id, now).await.expect("renewed");
    drop(conn);

    assert_eq!(look(&world).await.len(), 1, "forty days are left, and it is fresh");
    world.services.clock.advance(TimeDelta::days(19));
    assert_eq!(look(&world).await.len(), 1, "not before half of the new term");
    world.services.clock.advance(TimeDelta::days(1));
    let told = look(&world).await;

    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().any(|words| words.ends_with("is valid until 13 February 2027.")), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_certificates_are_off_nobody_is_told_to_renew() {
    let world = World::make().await;
    certificate(&world, &world.alice, make::morning(), 365).await;
    world.services.clock.advance(TimeDelta::days(340));
    let switch = async |is_on: bool| {
        let flags =
            format!("update tenants set feature_flags = '{{\"certificates_enabled\": {is_on}}}' returning '' as text");
        world.texts(&flags).await;
    };

    switch(false).await;
    assert!(look(&world).await.is_empty());
    switch(true).await;
    assert_eq!(look(&world).await.len(), 1, "there is time");
}
