//! Work by the clock.

use chrono::{DateTime, TimeDelta, TimeZone, Timelike, Utc};
use diesel_async::SimpleAsyncConnection;
use shared::ids::TenantId;
use shared::jobs::JobState;
use shared::jobs::operate::{self, Filter};
use shared::jobs::schedule::{self, Change, EditError, Misfire, NewSchedule, Schedule};
use shared::testing::TestDb;

use crate::process::until;
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

/// Two hundred schedules, each second of twenty, and five who fire them: their clocks differ by up to
/// two seconds, and each second one of them is killed in the middle of it.
#[tokio::test(flavor = "multi_thread")]
async fn each_instant_is_fired_once_by_any_number_of_processes() {
    const SCHEDULES: usize = 200;
    const SECONDS: i64 = 20;
    let db = TestDb::lease().await;
    let declared: Vec<Schedule> = (0..SCHEDULES)
        .map(|number| {
            let name: &'static str = Box::leak(format!("s{number:03}").into_boxed_str());
            let job = Try { tenant: TenantId::PLATFORM, note: name.into() };
            let schedule = Schedule::new(name, "* * * * * *", &job).expect("a schedule");
            schedule.may_overlap().misfire(Misfire::All, 600)
        })
        .collect();
    sync(&db, &declared).await;
    db.owner()
        .await
        .batch_execute("update job_schedules set next_run_at = date_trunc('second', now())")
        .await
        .expect("set");
    let begin = next(&db).await;
    // Nobody's clock makes an instant fire before the last.
    let end = begin + TimeDelta::seconds(SECONDS - 1);
    let mut killed = 0;
    for second in 0..SECONDS {
        let at = begin + TimeDelta::seconds(second);
        let mut processes = Vec::new();
        for number in 0..5_i64 {
            let (pool, skew) =
                (db.pool.clone(), TimeDelta::seconds([0, 0, 0, -2, 2][usize::try_from(number).unwrap()]));
            processes.push(tokio::spawn(async move {
                let mut conn = pool.get(shared::db::Scope::Relay).await.expect("a connection");
                while schedule::fire(&mut conn, (at + skew).min(end)).await.expect("fired").0 > 0 {}
            }));
        }
        // Between any two of its statements, another each time.
        let victim = usize::try_from(second % 5).unwrap();
        for _ in 0..=second * 7 {
            tokio::task::yield_now().await;
        }
        killed += usize::from(!processes[victim].is_finished());
        processes[victim].abort();
        for process in processes {
            let _ = process.await;
        }
    }
    // What a connection of the killed still holds is passed over until the server has ended it.
    let due = format!("select name as text from job_schedules where next_run_at <= '{}'", end.to_rfc3339());
    until("nothing is due", async || {
        fire(&db, end).await;
        db.texts(&due).await.is_empty()
    })
    .await;
    assert!(killed > 5, "only {killed} were killed while they worked");
    let fired =
        db.texts("select count(*)::text as text from jobs group by args ->> 'note', args ->> 'scheduled_for'").await;
    assert_eq!(fired.len(), SCHEDULES * usize::try_from(SECONDS).unwrap(), "an instant is missing");
    assert!(fired.iter().all(|count| count == "1"), "an instant fired twice");
    let instants = db.texts("select distinct scheduled_for::text as text from schedule_runs").await;
    assert_eq!(instants.len(), usize::try_from(SECONDS).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn missed_instants_are_made_up_for_as_the_schedule_says() {
    for (misfire, grace, away, expected) in [
        (Misfire::Skip, 86_400, TimeDelta::hours(1), 0),
        (Misfire::Skip, 86_400, TimeDelta::hours(26), 0),
        (Misfire::One, 86_400, TimeDelta::hours(1), 1),
        (Misfire::One, 86_400, TimeDelta::hours(26), 1),
        (Misfire::One, 600, TimeDelta::hours(26), 0),
        (Misfire::All, 86_400, TimeDelta::hours(1), 2),
        (Misfire::All, 86_400, TimeDelta::hours(3), 4),
        (Misfire::All, 86_400, TimeDelta::hours(26), 24),
        (Misfire::All, 7_200, TimeDelta::hours(26), 2),
    ] {
        let db = TestDb::lease().await;
        sync(&db, &[hourly("hourly").misfire(misfire, grace).may_overlap()]).await;
        let due = next(&db).await;
        // Back a quarter past an hour.
        let now = due + away + TimeDelta::minutes(15);
        assert_eq!(fire(&db, now).await, expected, "{misfire:?} within {grace} s after {away}");
        assert!(next(&db).await > now, "{misfire:?}: due again at once");
        assert_eq!(fire(&db, now).await, 0, "{misfire:?}: fired twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_was_missed_only_one_is_made_up_for_at_a_time_when_jobs_may_not_overlap() {
    let db = TestDb::lease().await;
    sync(&db, &[hourly("careful").misfire(Misfire::All, 86_400)]).await;
    let due = next(&db).await;
    assert_eq!(fire(&db, due + TimeDelta::minutes(195)).await, 1);
    let runs = schedule::history(&mut *db.relay().await, "careful", None, 10).await.expect("runs");
    let has_job: Vec<bool> = runs.iter().map(|run| run.job_id.is_some()).collect();
    assert_eq!(has_job, [false, false, false, true], "the first has a job, and the others found it busy");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_of_years_of_seconds_is_made_up_for_at_once() {
    let db = TestDb::lease().await;
    let schedule = Schedule::new("each-second", "* * * * * *", &job()).expect("a schedule");
    sync(&db, &[schedule.misfire(Misfire::One, i32::MAX)]).await;
    let away = "update job_schedules set next_run_at = date_trunc('second', now()) - interval '30 years'";
    db.owner().await.batch_execute(away).await.expect("moved");
    let now = Utc::now();
    assert_eq!(fire(&db, now).await, 1);
    let jobs = operate::list(&mut *db.relay().await, &Filter::default(), 10).await.expect("jobs");
    let made_up: DateTime<Utc> = serde_json::from_value(jobs[0].args["scheduled_for"].clone()).expect("an instant");
    assert!(made_up <= now && now - made_up < TimeDelta::seconds(1), "{made_up} is not the last before {now}");
    assert_eq!(next(&db).await, made_up + TimeDelta::seconds(1));
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
    let change = Change {
        cron: Some("30 4 * * *".to_owned()),
        timezone: Some("Africa/Nairobi".to_owned()),
        ..Change::default()
    };
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
    db.owner()
        .await
        .batch_execute("update job_schedules set next_run_at = now() - interval '5 minutes'")
        .await
        .expect("moved");
    sync(&db, &[hourly("hourly")]).await;
    assert_eq!(schedule::fire_due(&mut *db.relay().await).await.expect("fired"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_release_does_not_know_any_more_is_switched_off() {
    let db = TestDb::lease().await;
    sync(&db, &[hourly("gone")]).await;
    pass(&db, 11).await;
    sync(&db, &[]).await;
    assert!(!schedule::list(&mut *db.relay().await).await.expect("schedules")[0].is_enabled);
    sync(&db, &[hourly("gone")]).await;
    assert!(schedule::list(&mut *db.relay().await).await.expect("schedules")[0].is_enabled);
}

/// So many minutes pass in which no worker says what it declares.
async fn pass(db: &TestDb, minutes: u32) {
    let pass = format!("update job_schedules set declared_at = declared_at - interval '{minutes} minutes'");
    db.owner().await.batch_execute(&pass).await.expect("passed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_of_the_old_release_that_restarts_in_a_deploy_switches_nothing_of_the_new_one_off() {
    let db = TestDb::lease().await;
    let (old, new) = ([hourly("both")], [hourly("both"), hourly("new")]);
    let enabled = async || {
        let rows = schedule::list(&mut *db.relay().await).await.expect("schedules");
        let enabled: Vec<_> = rows.into_iter().filter(|row| row.is_enabled && row.is_declared).collect();
        enabled.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    sync(&db, &new).await;
    sync(&db, &old).await;
    assert_eq!(enabled().await, ["both", "new"], "right after the new one began");
    for _ in 0..3 {
        pass(&db, 6).await;
        schedule::keep(&mut *db.relay().await, &new).await.expect("kept");
        pass(&db, 6).await;
        sync(&db, &old).await;
        assert_eq!(enabled().await, ["both", "new"], "while a worker of the new one lives");
    }
    // The new one was taken back, for good.
    pass(&db, 6).await;
    schedule::keep(&mut *db.relay().await, &old).await.expect("kept");
    assert_eq!(enabled().await, ["both"]);
    // And comes again.
    schedule::keep(&mut *db.relay().await, &new).await.expect("kept");
    assert_eq!(enabled().await, ["both", "new"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_runs_a_schedule_now_and_switches_it_off() {
    let db = TestDb::lease().await;
    sync(&db, &[hourly("hourly")]).await;
    let id = schedule::run_now(&mut *db.relay().await, "hourly", None).await.expect("asked for");
    assert_eq!(crate::support::show(&db, id).await.0.state, JobState::Available);
    let off = Change { is_enabled: Some(false), ..Change::default() };
    schedule::change(&mut *db.relay().await, "hourly", &off).await.expect("changed");
    assert_eq!(fire(&db, Utc::now() + TimeDelta::days(1)).await, 0);
    assert!(schedule::run_now(&mut *db.relay().await, "no such", None).await.is_err());
    let wrong = Change { cron: Some("0 0 30 2 *".to_owned()), ..Change::default() };
    assert!(schedule::change(&mut *db.relay().await, "hourly", &wrong).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_tells_what_fired_who_asked_and_what_became_of_it() {
    let db = TestDb::lease().await;
    sync(&db, &[hourly("careful")]).await;
    let later = "update job_schedules set next_run_at = '2100-01-01 00:00+00'";
    db.owner().await.batch_execute(later).await.expect("moved");
    let due = next(&db).await;
    fire(&db, due).await;
    fire(&db, due + TimeDelta::hours(1)).await;
    let somebody = shared::ids::UserId::new();
    let mut relay = db.relay().await;
    let by_hand = schedule::run_now(&mut relay, "careful", Some(somebody)).await.expect("asked for");

    let runs = schedule::history(&mut relay, "careful", None, 10).await.expect("runs");

    let seen: Vec<_> = runs.iter().map(|run| (run.state, run.is_by_hand, run.asked_by)).collect();
    let available = Some(JobState::Available);
    // The second instant found the first one's job unfinished. By hand is before both: they are yet to come.
    assert_eq!(seen, [(None, false, None), (available, false, None), (available, true, Some(somebody))]);
    assert_eq!(runs[2].job_id, Some(by_hand));
    let older = schedule::history(&mut relay, "careful", Some(due), 10).await.expect("runs");
    assert_eq!(older.len(), 1);
    assert!(schedule::history(&mut relay, "no such", None, 10).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_changes_how_misses_are_treated_and_gives_a_schedule_back() {
    let db = TestDb::lease().await;
    sync(&db, &[hourly("hourly")]).await;
    let mut relay = db.relay().await;
    let change = Change {
        misfire: Some(Misfire::All),
        misfire_grace_seconds: Some(7_200),
        may_overlap: Some(true),
        ..Change::default()
    };
    let row = schedule::change(&mut relay, "hourly", &change).await.expect("changed");
    assert_eq!((row.misfire.as_str(), row.misfire_grace_seconds, row.overlap.as_str()), ("all", 7_200, "allow"));
    sync(&db, &[hourly("hourly")]).await;
    assert_eq!(schedule::show(&mut relay, "hourly").await.expect("there").misfire, "all");

    schedule::give_back(&mut relay, "hourly").await.expect("given back");
    sync(&db, &[hourly("hourly")]).await;
    let row = schedule::show(&mut relay, "hourly").await.expect("there");
    assert_eq!((row.misfire.as_str(), row.is_edited), ("one", false));
    let wrong = Change { misfire_grace_seconds: Some(-1), ..Change::default() };
    assert!(schedule::change(&mut relay, "hourly", &wrong).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_stays_due_when_something_else_is_changed() {
    let db = TestDb::lease().await;
    sync(&db, &[hourly("hourly")]).await;
    let passed = "update job_schedules set next_run_at = now() - interval '5 minutes'";
    db.owner().await.batch_execute(passed).await.expect("moved");
    let mut relay = db.relay().await;
    let overlap = Change { may_overlap: Some(true), ..Change::default() };
    schedule::change(&mut relay, "hourly", &overlap).await.expect("changed");
    assert_eq!(schedule::fire_due(&mut relay).await.expect("fired"), 1);

    // Switched off and on again it begins anew.
    db.owner().await.batch_execute(passed).await.expect("moved");
    let missed = next(&db).await;
    for is_enabled in [false, true] {
        let change = Change { is_enabled: Some(is_enabled), ..Change::default() };
        schedule::change(&mut relay, "hourly", &change).await.expect("changed");
    }
    let anew = next(&db).await;
    assert!(anew > missed + TimeDelta::minutes(5), "it begins in the past");
    assert_eq!(fire(&db, anew - TimeDelta::seconds(1)).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_has_made_fires_outlives_releases_and_alone_is_deleted() {
    let db = TestDb::lease().await;
    // Never due later than ours.
    let theirs = [Schedule::new("theirs", "30 * * * *", &job()).expect("a schedule")];
    sync(&db, &theirs).await;
    let mut relay = db.relay().await;
    let of = shared::kinds::schedulable().find(|of| of.kind == "jobs.prune").expect("a kind");
    let new = NewSchedule {
        name: "ours".to_owned(),
        args: serde_json::json!({}),
        cron: "30 4 * * *".to_owned(),
        timezone: "Africa/Nairobi".to_owned(),
        is_enabled: true,
        misfire: Misfire::Skip,
        misfire_grace_seconds: 60,
        may_overlap: true,
    };
    let row = schedule::create(&mut relay, &of, &new).await.expect("made");
    assert_eq!((row.next_run_at.hour(), row.next_run_at.minute()), (1, 30), "half past four in Nairobi");
    assert!(matches!(schedule::create(&mut relay, &of, &new).await, Err(EditError::NameTaken)));
    let wrong = NewSchedule { name: "wrong".to_owned(), args: serde_json::json!({ "days": 1 }), ..new };
    assert!(matches!(schedule::create(&mut relay, &of, &wrong).await, Err(EditError::Args(_))));

    sync(&db, &theirs).await;
    let ours = schedule::show(&mut relay, "ours").await.expect("there");
    assert!(ours.is_enabled && !ours.is_declared, "a release has switched it off");
    assert_eq!(fire(&db, row.next_run_at).await, 2);
    assert_eq!(count(&db, "jobs.prune").await, 1);
    assert!(matches!(schedule::give_back(&mut relay, "ours").await, Err(EditError::NotDeclared)));

    assert!(matches!(schedule::delete(&mut relay, "theirs").await, Err(EditError::Declared)));
    schedule::delete(&mut relay, "ours").await.expect("deleted");
    assert!(matches!(schedule::delete(&mut relay, "ours").await, Err(EditError::NotFound)));
    assert_eq!(count(&db, "jobs.prune").await, 1, "what it has asked for is still done");
    // One that releases have given up is nobody's, and may go.
    pass(&db, 11).await;
    sync(&db, &[]).await;
    schedule::delete(&mut relay, "theirs").await.expect("deleted");
}
