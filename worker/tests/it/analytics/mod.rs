//! Days, counted.

use chrono::{NaiveDate, TimeDelta};
use serde_json::json;
use shared::analytics::DailyRollup;
use shared::analytics::jobs::RollUpRecentDays;
use shared::events::{Event, EventKind};
use shared::ids::UserId;
use shared::jobs::enqueue;
use shared::testing::make;

use crate::world::World;

async fn happened(world: &World, kind: EventKind, user: UserId) {
    let event =
        Event { tenant: world.tenant, kind, user: Some(user), course: None, context: json!({}), dedupe_key: None };
    event.record(&mut *world.db.tenant(world.tenant).await, world.services.clock.now()).await.expect("recorded");
}

async fn counted(world: &World) -> Vec<(String, i64, i64)> {
    let day = NaiveDate::from_ymd_opt(2026, 1, 5).expect("a day");
    let rollups = DailyRollup::between(&mut *world.db.tenant(world.tenant).await, world.tenant, day, day).await;
    rollups.expect("counts").into_iter().map(|row| (row.event_type, row.events, row.people)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_counted_by_kind_and_people_once() {
    let world = World::make().await;
    let bob = make::user(world.tenant).make(&world.db).await;
    happened(&world, EventKind::SignIn, world.alice.id).await;
    happened(&world, EventKind::SignIn, world.alice.id).await;
    happened(&world, EventKind::SignIn, bob.id).await;
    happened(&world, EventKind::CourseEnrolled, bob.id).await;

    world.work_after(TimeDelta::minutes(1)).await;

    let expected = [("COURSE_ENROLLED".to_owned(), 1, 1), ("SIGN_IN".to_owned(), 3, 2)];
    assert_eq!(counted(&world).await, expected);
    let jobs = world.texts("select id::text as text from jobs where kind = 'analytics.roll_up_day'").await;
    assert_eq!(jobs.len(), 1, "one count for all that happened within seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_has_today_and_yesterday_counted_where_somebody_is() {
    let world = World::make().await;
    let closed = make::tenant(&world.db).await;
    world.texts(&format!("update tenants set is_active = false where id = '{}' returning '' as text", closed.id)).await;
    happened(&world, EventKind::SignIn, world.alice.id).await;
    // A count that is wrong, and one of a kind of which there is nothing any more.
    for (kind, events) in [("SIGN_IN", 70), ("GONE", 7)] {
        world.texts(&format!(
            "insert into daily_rollups values ('{}', '2026-01-05', '{kind}', {events}, 7, now()) returning '' as text",
            world.tenant
        ))
        .await;
    }
    for _ in 0..2 {
        enqueue(&mut *world.db.platform().await, &RollUpRecentDays {}).await.expect("enqueued");
        world.work_after(TimeDelta::minutes(1)).await;
        assert_eq!(counted(&world).await, [("SIGN_IN".to_owned(), 1, 1)]);
    }

    let days = world
        .texts("select distinct args ->> 'day' as text from jobs where kind = 'analytics.roll_up_day' order by 1")
        .await;
    assert_eq!(days, ["2026-01-04", "2026-01-05"]);
    let of_closed = world.texts(&format!("select id::text as text from jobs where tenant_id = '{}'", closed.id)).await;
    assert!(of_closed.is_empty());
}
