//! A chaos test that was never red proves nothing: each protection taken away must be noticed, by the
//! fault that it protects from. Each harm waits for the moment in which it does harm, so that neither
//! a fast machine nor a slow one misses it; with every protection in its place it does none.

use std::time::{Duration, Instant};

use shared::jobs::Queue;
use shared::jobs::mutant::Mutant;
use worker::rehearsal::Order;

use super::checker::{Account, Wanted, unfinished};
use super::everything::{SLOTS, WORKERS};
use super::faults;
use super::world::World;
use crate::process::{Program, until};

/// More than the workers do at once, so that tickets wait in Redis to be lost.
const ORDERS: u32 = 60;
/// How long an order takes after it has left its mark and before that is committed.
const PAUSE_MS: u64 = 2_000;
/// An order that has begun no longer ago than this is still at it when the harm comes.
const JUST_BEGUN_MS: u64 = 1_500;
/// Orders that a worker is at when the harm comes, at the least: one alone may be claimed and not begun.
const SEVERAL: i64 = 4;
/// When nothing has moved for so long, nothing will: longer than a lease and the sweep after it. Of
/// what has a protection taken away, so much is enough: to look away early finds more amiss, not less.
const STILL: Duration = Duration::from_secs(9);
/// What has every protection is waited for until it is done.
const PATIENCE: Duration = Duration::from_secs(40);

/// What goes wrong, in its moment.
#[derive(Debug, Clone, Copy)]
enum Harm {
    /// A worker is stopped in the middle of its orders, and goes on when others have done them.
    Pause,
    /// A worker is killed in the middle of its orders.
    Kill,
    /// Redis is emptied while tickets wait in it.
    Flush,
}

/// The harm that a protection is for.
const fn harm_of(mutant: Mutant) -> Harm {
    match mutant {
        Mutant::NoFence => Harm::Pause,
        Mutant::FinishFirst => Harm::Kill,
        Mutant::NoEpoch | Mutant::RedisIsTruth => Harm::Flush,
    }
}

const fn is_noticed(mutant: Mutant, account: &Account) -> bool {
    match mutant {
        Mutant::NoFence => account.marks_doubled > 0,
        Mutant::FinishFirst => account.marks_missing > 0,
        Mutant::NoEpoch | Mutant::RedisIsTruth => account.unfinished > 0,
    }
}

/// Whether `program` is in the middle of its orders: they have begun, and their marks are not committed.
/// The ledger's word alone would not do, for a mutant says that they are done.
async fn is_at_its_orders(world: &World, program: &Program) -> bool {
    let in_the_middle = format!(
        "worker like '%-{}-%' and started_at > now() - interval '{JUST_BEGUN_MS} ms' and not exists (
             select from jobs as mark where mark.kind = 'rehearsal.mark' and mark.args->'number' = jobs.args->'number')",
        program.id()
    );
    world.count::<Order>(&in_the_middle).await >= SEVERAL
}

/// Pauses it in the middle of its orders until others have done them, and lets it end what it believes
/// to have.
async fn pause(world: &World, program: &mut Program) {
    until("the worker is at its orders", async || is_at_its_orders(world, program).await).await;
    program.pause();
    let held = format!("state = 'running' and worker like '%-{}-%'", program.id());
    assert!(world.count::<Order>(&held).await > 0, "the paused worker holds nothing");
    until("others have done what the paused one had", async || unfinished(world).await == 0).await;
    program.resume();
    program.terminate();
    program.wait().await;
}

async fn kill(world: &World, program: &mut Program) {
    until("the worker is at its orders", async || is_at_its_orders(world, program).await).await;
    program.kill_and_restart();
}

async fn flush(world: &World) {
    until("tickets wait in Redis", async || world.tickets(Queue::Within5s).await > 0).await;
    faults::flush(world).await;
}

/// Orders, and the harm among them; what is the matter when nothing has moved for `patience`.
async fn suffer(world: &World, harm: Harm, patience: Duration) -> Account {
    let mut workers: Vec<Program> = (0..WORKERS).map(|_| world.worker_of(Queue::Within5s, SLOTS)).collect();
    // The one that is harmed is not the one that hands out the tickets: nothing would go on.
    until("one of them leads", async || {
        let leader = faults::leader(world).await;
        workers.iter().any(|worker| Some(worker.id()) == leader)
    })
    .await;
    if faults::leads(world, &workers[0]).await {
        workers.swap(0, 1);
    }
    world.order(0..ORDERS, PAUSE_MS).await;
    match harm {
        Harm::Pause => pause(world, &mut workers[0]).await,
        Harm::Kill => kill(world, &mut workers[0]).await,
        Harm::Flush => flush(world).await,
    }
    until_still(world, patience).await;
    Account::settle(world, Wanted { orders: 0..ORDERS, ..Wanted::default() }).await
}

/// Waits until all is done, or nothing moves any more.
async fn until_still(world: &World, patience: Duration) {
    let (mut left, mut moved) = (unfinished(world).await, Instant::now());
    while left > 0 && moved.elapsed() < patience {
        tokio::time::sleep(Duration::from_millis(200)).await; // between two questions
        let now = unfinished(world).await;
        if now != left {
            (left, moved) = (now, Instant::now());
        }
    }
}

async fn forget(world: &World) {
    for table in ["jobs", "job_relay", "job_effects"] {
        world.ask(&format!("with gone as (delete from {table} returning 1) select count(*) from gone")).await;
    }
    world.sink.clear().await.expect("cleared");
    faults::flush(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_protection_that_is_taken_away_is_missed() {
    let mut world = World::of_mutants().await;
    for (name, mutant) in Mutant::ALL {
        world.set("LMS_MUTANT", name);
        let account = suffer(&world, harm_of(mutant), STILL).await;
        println!("without {name}: {account:?}");
        assert!(is_noticed(mutant, &account), "nobody noticed the mutant {name}: {account:?}");
        assert!(!account.faults(account.mails_wanted).is_empty());
        forget(&world).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_every_protection_in_its_place_the_same_harm_does_none() {
    let world = World::of_mutants().await;
    for harm in [Harm::Pause, Harm::Kill, Harm::Flush] {
        let account = suffer(&world, harm, PATIENCE).await;
        println!("{harm:?}: {account:?}");
        // A mail that went out in the moment in which its worker was killed may be sent again.
        assert_eq!(account.faults(SLOTS), Vec::<String>::new(), "{harm:?}: {account:?}");
        forget(&world).await;
    }
}
