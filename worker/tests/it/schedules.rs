//! Work by the clock.

use chrono::{DateTime, TimeDelta, TimeZone, Timelike, Utc};
use diesel_async::SimpleAsyncConnection;
use shared::ids::TenantId;
use shared::jobs::schedule::{self, Change, Misfire, Schedule};
use shared::jobs::operate::{self, Filter};
use shared::jobs::JobState;
use shared::testing::TestDb;

use crate::support::{Try, count};

fn job() -> Try {
    Try::in_tenant(TenantId::PLATFORM)
}

fn hourly(name: &'static str) -> Schedule {
    Schedule::new(name, "0 * * * *", &job()).expect("a schedule")
}

async fn sync(db: &TestDb, declared: &[Schedule]) {
    schedule::sync(&mut *db.relay().await, declared).await.expect("synced");
}

/// Fires at `now`; says how many jobs were asked for.
async fn fire(db: &TestDb, now: DateTime<Utc>) -> usize {
    schedule::fire(&mut *db.relay().await, now).await.expect("fired").1
}

/// The instant at which the only schedule is due.
async fn next(db: &TestDb) -> DateTime<Utc> {
    schedule::list(&mut *db.relay().await).await.expect("schedules")[0].next_run_at
}

#[tokio::test(flavor = "multi_thread")]
async fn each_instant_is_fired_once_by_any_number_of_processes() {
    let db = TestDb::lease().await;
    let names: Vec<&'static str> = (0..150).map(|n| &*Box::leak(format!("s{n}").into_boxed_str())).collect();
    let declared: Vec<Schedule> = names
        .iter()
        .map(|name| Schedule::new(name, "* * * * * *", &job()).expect("a schedule").may_overlap().misfire(Misfire::All, 600))
        .collect();
    sync(&db, &declared).await;
    let begin = next(&db).await;
    let seconds = 8;
    for second in 0..seconds {
        let at = begin + TimeDelta::seconds(second);
        // Five processes, each with another idea of the time.
        futures::future::join_all((0..5).map(|n| {
            let db = &db;
            async move {
                for _ in 0..3 {
                    fire(db, at + TimeDelta::milliseconds(n * 100)).await;
                }
            }
        }))
        .await;
    }
    while fire(&db, begin + TimeDelta::seconds(seconds - 1)).await > 0 {}
    assert_eq!(count(&db, "test.try").await, 150 * usize::try_from(seconds).expect("few"));
}

#[tokio::test(flavor = "multi_thread")]
async fn missed_instants_are_made_up_for_as_the_schedule_says() {
    for (misfire, grace, away, expected) in [
        (Misfire::Skip, 86_400, TimeDelta::hours(26), 0),
        (Misfire::One, 86_400, TimeDelta::hours(1), 1),
        (Misfire::One, 86_400, TimeDelta::hours(26), 1),
        (Misfire::One, 600, TimeDelta::hours(26), 0),
        (Misfire::All, 86_400, TimeDelta::hours(3), 4),
        (Misfire::All, 7_200, TimeDelta::hours(26), 2),
    ] {
        let db = TestDb::lease().await;
        sync(&db, &[hourly("hourly").misfire(misfire, grace)]).await;
        let due = next(&db).await;
        // Back a quarter past an hour.
        let now = due + away + TimeDelta::minutes(15);
        assert_eq!(fire(&db, now).await, expected, "{misfire:?} within {grace} s after {away}");
        assert!(next(&db).await > now, "{misfire:?}: due again at once");
        assert_eq!(fire(&db, now).await, 0, "{misfire:?}: fired twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_job_learns_the_instant_and_the_next_is_an_hour_later() {
    let db = TestDb::lease().await;
    sync(&db, &[hourly("hourly")]).await;
    let due = next(&db).await;
    assert_eq!((due.minute(), due.second()), (0, 0));
    assert_eq!(fire(&db, due - TimeDelta::seconds(1)).await, 0);
    assert_eq!(fire(&db, due).await, 1);
    assert_eq!(next(&db).await, due + TimeDelta::hours(1));
    let jobs = operate::list(&mut *db.relay().await, &Filter::default(), 10).await.expect("jobs");
    let told: DateTime<Utc> = serde_json::from_value(jobs[0].args["scheduled_for"].clone()).expect("an instant");
    assert_eq!(told, due);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_waits_for_its_last_job_unless_it_may_overlap() {
    for (schedule, expected) in [(hourly("careful"), 1), (hourly("bold").may_overlap(), 2)] {
        let db = TestDb::lease().await;
        sync(&db, &[schedule]).await;
        let due = next(&db).await;
        fire(&db, due).await;
        fire(&db, due + TimeDelta::hours(1)).await;
        assert_eq!(count(&db, "test.try").await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_changes_what_no_operator_has_changed() {
    let db = TestDb::lease().await;
    sync(&db, &[hourly("ours"), hourly("theirs")]).await;
    let change = Change { cron: Some("30 4 * * *".to_owned()), timezone: Some("Africa/Nairobi".to_owned()), ..Change::default() };
    schedule::change(&mut *db.relay().await, "theirs", &change).await.expect("changed");
    let daily = |name| Schedule::new(name, "0 2 * * *", &job()).expect("a schedule");
    sync(&db, &[daily("ours"), daily("theirs")]).await;
    let rows = schedule::list(&mut *db.relay().await).await.expect("schedules");
    let seen: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.cron.as_str(), row.timezone.as_str())).collect();
    assert_eq!(seen, [("ours", "0 2 * * *", "UTC"), ("theirs", "30 4 * * *", "Africa/Nairobi")]);
    let nairobi = Utc.with_ymd_and_hms(2026, 1, 1, 1, 30, 0).single().expect("a time");
    assert_eq!(rows[1].next_run_at.time(), nairobi.time());
}

#[tokio::test(flavor = "multi_thread")]
async fn starting_again_does_not_move_what_is_due() {
    let db = TestDb::lease().await;
    sync(&db, &[hourly("hourly")]).await;
    db.owner().await.batch_execute("update job_schedules set next_run_at = now() - interval '5 minutes'").await.expect("moved");
    sync(&db, &[hourly("hourly")]).await;
    assert_eq!(schedule::fire_due(&mut *db.relay().await).await.expect("fired"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_release_does_not_know_any_more_is_switched_off() {
    let db = TestDb::lease().await;
    sync(&db, &[hourly("gone")]).await;
    sync(&db, &[]).await;
    assert!(!schedule::list(&mut *db.relay().await).await.expect("schedules")[0].is_enabled);
    sync(&db, &[hourly("gone")]).await;
    assert!(schedule::list(&mut *db.relay().await).await.expect("schedules")[0].is_enabled);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_runs_a_schedule_now_and_switches_it_off() {
    let db = TestDb::lease().await;
    sync(&db, &[hourly("hourly")]).await;
    let id = schedule::run_now(&mut *db.relay().await, "hourly").await.expect("asked for");
    assert_eq!(crate::support::show(&db, id).await.0.state, JobState::Available);
    let off = Change { is_enabled: Some(false), ..Change::default() };
    schedule::change(&mut *db.relay().await, "hourly", &off).await.expect("changed");
    assert_eq!(fire(&db, Utc::now() + TimeDelta::days(1)).await, 0);
    assert!(schedule::run_now(&mut *db.relay().await, "no such").await.is_err());
    let wrong = Change { cron: Some("0 0 30 2 *".to_owned()), ..Change::default() };
    assert!(schedule::change(&mut *db.relay().await, "hourly", &wrong).await.is_err());
}
