//! A chaos test that was never red proves nothing: each protection taken away must be noticed, and
//! by the fault that it protects from.

use std::time::{Duration, Instant};

use shared::jobs::Queue;
use shared::jobs::mutant::Mutant;

use super::checker::{Account, Wanted, unfinished};
use super::everything::{Harm, SLOTS, WORKERS, storm};
use super::faults;
use super::world::World;
use crate::process::{Program, until};

/// So many that some wait when Redis is emptied, and so few that those of the paused worker have been
/// done by others before it comes back.
const ORDERS: u32 = 120;
/// When nothing has moved for so long, nothing will: longer than a lease and the sweep after it.
const STILL: Duration = Duration::from_secs(9);

/// The storm, in short: the paused worker is away for longer than its lease.
fn plan() -> Vec<(u64, Harm)> {
    let mut plan = vec![(1, Harm::Pause(0)), (2, Harm::Flush), (4, Harm::Flush), (13, Harm::Resume(0))];
    plan.extend((2..=7).map(|second| (second, Harm::Kill(1 + usize::from(second % 2 == 0)))));
    plan.sort_by_key(|(second, _)| *second);
    plan
}

async fn without(world: &mut World, name: &str) -> Account {
    world.set("LMS_MUTANT", name);
    let mut workers: Vec<Program> = (0..WORKERS).map(|_| world.worker_of(Queue::Within5s, SLOTS)).collect();
    world.order(0..ORDERS, 300).await;
    // The one that is paused is not the one that hands out the tickets: nothing would go on.
    until("one of them leads", async || {
        let leader = faults::leader(world).await;
        workers.iter().any(|worker| Some(worker.id()) == leader)
    })
    .await;
    if faults::leads(world, &workers[0]).await {
        workers.swap(0, 1);
    }
    let mut programs: Vec<&mut Program> = workers.iter_mut().collect();
    let harmed = storm(world, &mut programs, plan(), 0, 0).await;
    assert!(harmed.kills >= 6, "only {} workers were killed", harmed.kills);
    let (mut left, mut moved) = (unfinished(world).await, Instant::now());
    while left > 0 && moved.elapsed() < STILL {
        tokio::time::sleep(Duration::from_millis(200)).await; // between two questions
        let now = unfinished(world).await;
        if now != left {
            (left, moved) = (now, Instant::now());
        }
    }
    let account = Account::settle(world, Wanted { orders: 0..ORDERS, ..Wanted::default() }).await;
    println!("without {name}: {account:?}");
    account
}

#[tokio::test(flavor = "multi_thread")]
async fn each_protection_that_is_taken_away_is_missed() {
    let mut world = World::of_mutants().await;
    for (name, mutant) in Mutant::ALL {
        let account = without(&mut world, name).await;
        let is_noticed = match mutant {
            Mutant::NoFence => account.marks_doubled > 0,
            Mutant::FinishFirst => account.marks_missing > 0,
            Mutant::NoEpoch | Mutant::RedisIsTruth => account.unfinished > 0,
        };
        assert!(is_noticed, "nobody noticed the mutant {name}: {account:?}");
        assert!(!account.faults(account.mails_wanted / 100).is_empty());
        world.ask("with gone as (delete from jobs returning 1) select count(*) from gone").await;
        world.ask("with gone as (delete from job_relay returning 1) select count(*) from gone").await;
        world.ask("with gone as (delete from job_effects returning 1) select count(*) from gone").await;
        world.sink.clear().await.expect("cleared");
        faults::flush(&world).await;
    }
}
