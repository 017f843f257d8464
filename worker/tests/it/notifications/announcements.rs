//! Announcements, fanned out.

use chrono::TimeDelta;
use shared::courses::Standing;
use shared::enrollments::{Enrollment, EnrollmentStatus};
use shared::notifications::jobs::FanOutAnnouncement;
use shared::notifications::{
    Announcement, AnnouncementObstacle, AnnouncementStatus, DeliveryChannel, NewAnnouncement, PreferencesChange, Target,
};
use shared::testing::make;
use shared::users::{User, UserRole, UserStatus};

use super::{deliveries, prefers};
use crate::world::World;

const FAN_OUT: &str = "notifications.fan_out_announcement";

async fn written(world: &World, target: Target, wait: Option<TimeDelta>) -> Announcement {
    written_by(world, None, target, wait).await
}

async fn written_by(world: &World, author: Option<&User>, target: Target, wait: Option<TimeDelta>) -> Announcement {
    let new = NewAnnouncement {
        tenant: world.tenant,
        author: author.map(|author| author.id),
        title: "Rope has arrived".to_owned(),
        message: "Come and see.".to_owned(),
        target,
        scheduled_at: wait.map(|wait| world.services.clock.now() + wait),
    };
    let mut conn = world.db.tenant(world.tenant).await;
    Announcement::create(&mut conn, new, world.services.clock.now()).await.expect("written")
}

async fn send(world: &World, announcement: &Announcement) {
    let mut conn = world.db.tenant(world.tenant).await;
    announcement.send(&mut conn, world.services.clock.now()).await.expect("begun");
}

async fn find(world: &World, announcement: &Announcement) -> Announcement {
    let mut conn = world.db.tenant(world.tenant).await;
    let found = Announcement::find(&mut conn, world.tenant, announcement.id).await.expect("an answer");
    found.expect("the announcement").announcement
}

async fn told(world: &World) -> Vec<String> {
    world
        .texts("select u.email as text from notifications n join users u on u.id = n.recipient_id where n.notification_type = 'ANNOUNCEMENT' order by 1")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_is_active_is_told_once_and_counted() {
    let world = World::make().await;
    make::user(world.tenant).status(UserStatus::Suspended).make(&world.db).await;
    let announcement = written(&world, Target::Tenant, None).await;
    send(&world, &announcement).await;

    world.work().await;

    let sent = find(&world, &announcement).await;
    assert_eq!((sent.status, sent.recipients_count), (AnnouncementStatus::Sent, 2));
    assert_eq!(told(&world).await.len(), 2);
    let [mail, _] = world.mail.messages().try_into().expect("two mails");
    assert_eq!(mail.subject, "Rope has arrived");
    assert!(mail.text.as_deref().is_some_and(|text| text.contains("Come and see.")));
    let stats = announcement.stats(&mut *world.db.tenant(world.tenant).await).await.expect("counts");
    assert_eq!((stats.notified, stats.delivered, stats.emails_sent, stats.read), (2, 2, 2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_reaches_whom_it_is_for_and_nobody_else() {
    let world = World::make().await;
    world.enrollment(EnrollmentStatus::Active).await;
    let gone: User = make::user(world.tenant).make(&world.db).await;
    make::enrollment(&gone, &world.course).status(EnrollmentStatus::Cancelled).make(&world.db).await;

    let announcement = written(&world, Target::Course(world.course.id), None).await;
    send(&world, &announcement).await;
    world.work().await;
    assert_eq!(told(&world).await, ["alice@example.org"]);

    let announcement = written(&world, Target::People(vec![gone.id]), None).await;
    send(&world, &announcement).await;
    world.work().await;
    assert_eq!(told(&world).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_course_tells_those_who_may_learn_in_it_now() {
    use EnrollmentStatus::{Active, Cancelled, Completed, Expired, Pending};
    let world = World::make().await;
    let now = world.services.clock.now();
    let mut expected = Vec::new();
    for status in [Active, Cancelled, Completed, Expired, Pending] {
        for end in [None, Some(now - TimeDelta::seconds(1)), Some(now), Some(now + TimeDelta::seconds(1))] {
            let person = make::user(world.tenant).make(&world.db).await;
            let made = make::enrollment(&person, &world.course).status(status).but(|row| row.expires_at = end);
            let Enrollment { id, status, progress, enrolled_at, started_at, expires_at, .. } =
                made.make(&world.db).await;
            // What decides about the course's content, too.
            let standing = Standing { id, status, progress, enrolled_at, started_at, expires_at };
            if standing.takes_part(now) {
                expected.push(person.email);
            }
        }
    }
    expected.sort();
    assert_eq!(expected.len(), 6, "two of the active ones, and the completed ones");

    let announcement = written(&world, Target::Course(world.course.id), None).await;
    send(&world, &announcement).await;
    world.work().await;

    assert_eq!(told(&world).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn preferences_are_kept_to() {
    let world = World::make().await;
    prefers(&world, PreferencesChange { is_enabled: Some(false), ..PreferencesChange::default() }).await;
    let announcement = written(&world, Target::People(vec![world.alice.id]), None).await;
    send(&world, &announcement).await;

    world.work().await;

    assert_eq!(deliveries(&world).await, Vec::<String>::new());
    let sent = find(&world, &announcement).await;
    assert_eq!((sent.status, sent.recipients_count), (AnnouncementStatus::Sent, 1));
    let stats = announcement.stats(&mut *world.db.tenant(world.tenant).await).await.expect("counts");
    assert_eq!(stats.notified, 0, "{:?}", DeliveryChannel::ALL);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_thousand_are_told_in_turns_and_each_once() {
    let world = World::make().await;
    world
        .texts(&format!(
            "insert into users (id, tenant_id, email, created_at, updated_at)
             select gen_random_uuid(), '{}', 'crowd-' || n || '@example.org', now(), now() from generate_series(1, 2100) n
             returning '' as text",
            world.tenant
        ))
        .await;
    world.texts("insert into notification_preferences (user_id, tenant_id, preferences, updated_at) select id, tenant_id, '{\"ANNOUNCEMENT\": {\"EMAIL\": false}}', now() from users returning '' as text").await;
    let announcement = written(&world, Target::Tenant, None).await;
    send(&world, &announcement).await;

    let runs = world.work().await;

    assert_eq!(World::outcomes(&runs, FAN_OUT), ["succeeded"; 3]);
    assert_eq!(find(&world, &announcement).await.recipients_count, 2_102);
    assert_eq!(told(&world).await.len(), 2_102);

    // As when a turn is run again after all: everybody was told already.
    let again = FanOutAnnouncement { tenant_id: world.tenant, announcement_id: announcement.id, after: None };
    world.enqueue(&again).await;
    world.work().await;
    assert_eq!(told(&world).await.len(), 2_102);
    assert_eq!(find(&world, &announcement).await.recipients_count, 2_102);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_one_goes_out_at_its_time_and_not_at_one_given_up() {
    let world = World::make().await;
    let announcement = written(&world, Target::Tenant, Some(TimeDelta::hours(1))).await;
    let cancelled = written(&world, Target::Tenant, Some(TimeDelta::hours(1))).await;
    cancelled.cancel(&mut *world.db.tenant(world.tenant).await, world.services.clock.now()).await.expect("cancelled");

    world.work().await;
    assert_eq!(find(&world, &announcement).await.status, AnnouncementStatus::Scheduled);

    world.work_after(TimeDelta::hours(1)).await;
    assert_eq!(find(&world, &announcement).await.status, AnnouncementStatus::Sent);
    assert_eq!(find(&world, &cancelled).await.status, AnnouncementStatus::Cancelled);
    assert_eq!(told(&world).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_author_may_not_send_it_any_more_is_given_up_and_says_so() {
    let world = World::make().await;
    world.enrollment(EnrollmentStatus::Active).await;
    let person = |role| make::user(world.tenant).role(role);
    let (teacher, colleague) = (person(UserRole::Instructor).make(&world.db).await, person(UserRole::Instructor));
    let (admin, demoted) = (person(UserRole::Admin).make(&world.db).await, person(UserRole::Learner));
    let gone = person(UserRole::Admin).status(UserStatus::Suspended).make(&world.db).await;
    let (colleague, demoted) = (colleague.make(&world.db).await, demoted.make(&world.db).await);
    let taught = format!("update courses set instructor_id = '{}' returning '' as text", teacher.id);
    world.texts(&taught).await;
    let course = || Target::Course(world.course.id);
    let (may, may_not) = ((AnnouncementStatus::Sent, None), {
        (AnnouncementStatus::Cancelled, Some(AnnouncementObstacle::AuthorMayNot))
    });
    let mut written = Vec::new();
    for (author, target, expected) in [
        (&teacher, course(), may),
        (&admin, Target::Tenant, may),
        (&colleague, course(), may_not),
        (&teacher, Target::Tenant, may_not),
        (&demoted, course(), may_not),
        (&gone, Target::Tenant, may_not),
    ] {
        written.push((written_by(&world, Some(author), target, Some(TimeDelta::hours(1))).await, author, expected));
    }

    world.services.clock.advance(TimeDelta::hours(1));
    let runs = world.work().await;

    assert!(runs.iter().all(|(_, outcome)| *outcome == "succeeded"), "{runs:?}");
    for (announcement, author, expected) in written {
        let found = find(&world, &announcement).await;
        assert_eq!((found.status, found.cancelled_because), expected, "{:?} of {}", found.target_type, author.role);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_one_for_nobody_is_given_up_and_says_so() {
    let world = World::make().await;
    let announcement = written(&world, Target::Course(world.course.id), Some(TimeDelta::hours(1))).await;

    let runs = world.work_after(TimeDelta::hours(1)).await;

    assert_eq!(World::outcomes(&runs, "notifications.send_scheduled_announcement"), ["succeeded"], "no job is dead");
    let found = find(&world, &announcement).await;
    let expected = (AnnouncementStatus::Cancelled, Some(AnnouncementObstacle::NobodyToTell));
    assert_eq!((found.status, found.cancelled_because), expected);
}
