//! Everything dies. While people are invited over the API, each of whom gets a mail, and orders are
//! placed, each of which leaves a mark and asks for a mail, workers are killed each second, one is
//! paused for longer than its lease, the leader of the relay is killed, Redis is emptied twice, and
//! PostgreSQL is restarted without a warning.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use shared::jobs::Queue;

use super::api::Api;
use super::checker::{Account, Wanted, calm};
use super::control::operate;
use super::servers::Stop;
use super::world::World;
use super::{faults, size, sizes};
use crate::process::Program;

/// Workers at once, and jobs that each runs at once: few, so that tickets wait in Redis to be lost.
pub(super) const WORKERS: usize = 3;
pub(super) const SLOTS: usize = 8;
/// How long everything may take after the storm, until the last mail.
const CALM: Duration = Duration::from_secs(40);

/// How long people are invited, and the worst lasts.
fn storm_lasts() -> Duration {
    Duration::from_secs(sizes(20, 20, 600))
}

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy)]
enum Harm {
    Kill(usize),
    KillLeader,
    Pause(usize),
    Resume(usize),
    Flush,
    Restart,
}

/// What was done of it.
#[derive(Debug, Default)]
struct Harmed {
    kills: u32,
    leaders_killed: u32,
    epochs: HashSet<String>,
    restarts: u32,
}

/// What goes wrong, and in which second. The paused worker is not killed before it is back and has
/// tried to finish what it had.
fn plan() -> Vec<(u64, Harm)> {
    let mut plan: Vec<(u64, Harm)> = (1..=storm_lasts().as_secs())
        .map(|second| match usize::try_from(second).expect("few") {
            paused @ 3..14 => (second, Harm::Kill(1 + paused % (WORKERS - 1))),
            free => (second, Harm::Kill(free % WORKERS)),
        })
        .collect();
    plan.extend([(3, Harm::Pause(0)), (12, Harm::Resume(0)), (5, Harm::Flush), (15, Harm::Flush)]);
    plan.extend([(10, Harm::Restart), (7, Harm::KillLeader)]);
    plan.sort_by_key(|(second, _)| *second);
    plan
}

/// Places `orders`, evenly over the time of `plan`, and does the plan's harm. The last of `programs`
/// may be the API.
async fn storm(
    world: &World,
    programs: &mut [&mut Program],
    plan: Vec<(u64, Harm)>,
    orders: u32,
    pause_ms: u64,
) -> Harmed {
    let begun = Instant::now();
    let ticks = plan.last().map_or(1, |(second, _)| u32::try_from(*second).expect("few") * 4);
    let mut plan = plan.into_iter().peekable();
    let (mut harmed, mut ordered, mut restart, mut hunts_leader) = (Harmed::default(), 0, None, false);
    while plan.peek().is_some() || ordered < orders || hunts_leader {
        if ordered < orders {
            let next = (ordered + orders.div_ceil(ticks)).min(orders);
            world.order(ordered..next, pause_ms).await;
            ordered = next;
        }
        tokio::time::sleep(Duration::from_millis(250)).await; // between two questions
        harmed.epochs.insert(faults::epoch(world).await);
        while let Some((_, harm)) = plan.next_if(|(second, _)| *second <= begun.elapsed().as_secs()) {
            match harm {
                Harm::Kill(index) => programs[index].kill_and_restart(),
                Harm::KillLeader => hunts_leader = true,
                Harm::Pause(index) => programs[index].pause(),
                Harm::Resume(index) => programs[index].resume(),
                Harm::Flush => faults::flush(world).await,
                Harm::Restart => restart = Some(world.servers().restart_postgres(Stop::Immediate)),
            }
        }
        if hunts_leader {
            let leader = faults::leader(world).await;
            // Not the one that is paused: it is to come back.
            if let Some(program) = programs.iter_mut().skip(1).find(|program| Some(program.id()) == leader) {
                program.kill_and_restart();
                harmed.leaders_killed += 1;
                hunts_leader = false;
            }
        }
    }
    if let Some(restart) = restart {
        harmed.restarts = u32::from(restart.await.expect("no panic"));
    }
    harmed.kills = programs.iter().map(|program| program.deaths()).sum();
    harmed
}

/// A job whose worker was killed three times is held for the killer, and rightly dead. Does what an
/// operator does then, for just those; says how many they were.
async fn raise_the_buried(world: &World) -> i64 {
    let dead = world.ask("select count(*) from jobs where state = 'dead'").await;
    let lost_three_times = "select count(*) from jobs
        where state = 'dead' and error_class = 'worker_lost' and crashes = 3 and (
            select count(*) from job_attempts where job_id = jobs.id and outcome = 'worker_lost') = 3";
    assert_eq!(world.ask(lost_three_times).await, dead, "some are dead for another reason");
    if dead > 0 {
        operate(world, &["jobs", "replay", "--error", "worker_lost", "--yes"]);
        calm(world, CALM).await;
    }
    dead
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_dies_and_what_was_accepted_is_done_once() {
    let Some(world) = World::of_its_own().await else { return };
    let (people, orders) = (sizes(1_000, 10_000, 100_000), 400);
    // Slow enough for mails to be under way when a worker dies.
    world.sink.take_time(Duration::from_millis(size(100, 10)));
    let mut api = Api::start(&world).await;
    let mut workers: Vec<Program> = (0..WORKERS).map(|_| world.worker_of(Queue::Within5s, SLOTS)).collect();

    let begun = Instant::now();
    let admin = api.admin.clone();
    let inviting = tokio::spawn(async move { admin.invite_all(0..people, storm_lasts()).await });
    let mut programs: Vec<&mut Program> = workers.iter_mut().chain([&mut api.program]).collect();
    let mut harmed = storm(&world, &mut programs, plan(), orders, 100).await;
    let invited = inviting.await.expect("all are invited");
    let accepted = begun.elapsed();
    calm(&world, Duration::from_secs(90)).await;
    let took = begun.elapsed();
    let buried = raise_the_buried(&world).await;
    harmed.epochs.insert(faults::epoch(&world).await);

    let account = Account::settle(&world, Wanted { people: 0..people, orders: 0..orders, ..Wanted::default() }).await;
    println!(
        "everything: all accepted after {accepted:?}, all done after {took:?}, {} tries in trouble, {} kills, {buried} lost three times, {} epochs, {} times the same mail at the most, {account:?}",
        invited.troubles,
        harmed.kills,
        harmed.epochs.len(),
        account.most_of_one
    );
    assert!(harmed.kills >= 18, "only {} processes were killed", harmed.kills);
    assert_eq!((harmed.leaders_killed, harmed.restarts), (1, 1), "the leader, PostgreSQL");
    assert!(harmed.epochs.len() >= 3, "Redis was emptied unnoticed: {:?}", harmed.epochs);
    assert!(account.interrupted > 0, "no job was interrupted");
    assert!(invited.troubles > 0, "the API was never in trouble");
    account.assert_kept();
    // What the API has answered for is in the database once, and so is what came of it.
    let people = i64::from(people);
    let invitations = "select count(*) from users where email like 'learner%'";
    assert_eq!(world.ask(invitations).await, people);
    let jobs = "select count(*) from jobs where kind = 'users.send_invitation' and state = 'succeeded'";
    assert_eq!(world.ask(jobs).await, people);
    let effects =
        "select count(*) from job_effects where effect_key like 'users.send_invitation:%' and completed_at is not null";
    assert_eq!(world.ask(effects).await, people);
    // A promise about speed is one of optimised programs.
    assert!(took <= storm_lasts() + CALM || !world.is_optimised(), "it took {took:?}");
}
