//! Workers come and go while there is work: a release is rolled out, and the number of workers
//! follows the load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use shared::jobs::Queue;
use worker::rehearsal::Mail;

use super::api::{Admin, Api};
use super::checker::{Account, Wanted, calm};
use super::size;
use super::world::World;
use crate::process::{Program, until};

/// How long a worker may take to end, beyond the time that its jobs are given.
const FAREWELL: Duration = Duration::from_secs(2);

/// Invites `rate` people a second, for so many seconds and until it is over; says how many they were,
/// and how many requests had trouble.
async fn invite_until(admin: Admin, rate: u32, seconds: u32, is_over: Arc<AtomicBool>) -> (u32, u32) {
    let (mut people, mut troubles) = (0, 0);
    while people < rate * seconds || !is_over.load(Ordering::Relaxed) {
        troubles += admin.invite_all(people..people + rate, Duration::from_secs(1)).await.troubles;
        people += rate;
    }
    (people, troubles)
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_are_replaced_one_by_one_under_load_and_nothing_is_lost_or_repeated() {
    let Some(mut world) = World::on_shared_servers().await else { return };
    let (rate, seconds, drain) = (size(40, 100), size(15, 60), size(5_u32, 25));
    let is_over = Arc::new(AtomicBool::new(false));
    world.sink.take_time(Duration::from_millis(50));
    let arguments = ["--queues", "within_5s=8", "--drain", &format!("{drain}s")];
    // The old release does not know the rehearsals.
    world.set("LMS_TEST_JOBS", "false");
    let mut old: Vec<Program> = (0..3).map(|_| world.worker(&arguments)).collect();
    world.set("LMS_TEST_JOBS", "true");
    let api = Api::start(&world).await;
    let admin = api.admin.clone();
    let inviting = tokio::spawn(invite_until(admin, rate, seconds, Arc::clone(&is_over)));
    until("the old ones work", async || world.ask("select count(distinct worker) from jobs").await == 3).await;

    let mut new = Vec::new();
    let mut slowest = Duration::ZERO;
    for (number, mut leaving) in (0..).zip(old.drain(..)) {
        let next = world.worker(&arguments);
        until("the new one is ready", async || next.probe("/health/ready").await == Some(200)).await;
        let known = "select count(*) from job_kinds where kind = 'rehearsal.mail'";
        until("it has said what it knows", async || world.ask(known).await == 1).await;
        new.push(next);
        // Work that only the new release knows, while old workers still take it.
        world.mail(number * 10..(number + 1) * 10, 0).await;
        let mine = format!("select count(*) from jobs where state = 'running' and worker like '%-{}-%'", leaving.id());
        until("the old one is in the middle of something", async || world.ask(&mine).await > 0).await;
        leaving.terminate();
        let told = Instant::now();
        assert!(leaving.wait().await.success(), "it did not end well");
        slowest = slowest.max(told.elapsed());
    }
    is_over.store(true, Ordering::Relaxed);
    let (people, troubles) = inviting.await.expect("all are invited");
    calm(&world, Duration::from_secs(60)).await;

    let account = Account::settle(&world, Wanted { people: 0..people, mails: 0..30, ..Wanted::default() }).await;
    let postponed = world.count::<Mail>("unknown_tries > 0").await;
    println!("deployment: the slowest ended in {slowest:?}, {postponed} postponed by old workers, {account:?}");
    assert_eq!(troubles, 0, "the API was in trouble");
    assert!(slowest <= Duration::from_secs(drain.into()) + FAREWELL, "a worker ended only after {slowest:?}");
    assert!(postponed > 0, "no old worker met a job that it does not know");
    account.assert_exact();
    let burnt = "select count(*) from jobs where attempt > 1 and (kind like 'rehearsal.%' or kind like 'users.%')";
    assert_eq!(world.ask(burnt).await, 0, "attempts were burnt");
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_are_added_and_taken_away_and_nothing_is_repeated() {
    const STAY: usize = 2;
    const SLOTS: usize = 4;
    const EACH_MS: u64 = 300;
    let Some(world) = World::on_shared_servers().await else { return };
    let mut mails: u32 = size(1_200, 6_000);
    world.mail(0..mails, EACH_MS).await;
    let at_work = "select count(distinct worker) from jobs where state = 'running'";
    let mut workers = vec![world.worker_of(Queue::Within5s, SLOTS)];
    until("the first is at work", async || world.ask(at_work).await == 1).await;
    workers.extend((1..8).map(|_| world.worker_of(Queue::Within5s, SLOTS)));
    until("eight are at work", async || world.ask(at_work).await == 8).await;
    // What was there may be nearly done by now; the two that stay are to have some of it.
    world.mail(mails..mails + 600, EACH_MS).await;
    mails += 600;
    let mut leaving = workers.split_off(STAY);
    leaving.iter().for_each(Program::terminate);
    for worker in &mut leaving {
        assert!(worker.wait().await.success(), "it did not end well");
    }
    assert!(world.count::<Mail>("state = 'available'").await > 0, "nothing was left for the two that stay");
    // Three times as long as they take if they never rest.
    let alone = Duration::from_millis(EACH_MS) * mails / u32::try_from(STAY * SLOTS).expect("few");
    calm(&world, alone * 3).await;
    Account::settle(&world, Wanted { mails: 0..mails, ..Wanted::default() }).await.assert_exact();
    assert_eq!(world.count::<Mail>("attempt <> 1 or crashes > 0").await, 0, "attempts were burnt");
}
