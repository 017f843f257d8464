//! The worker's real executor and the real statements, on a real database, by a seed.
//!
//! What `simulated` plays, these are: each worker is a runtime of its own with its own connections,
//! and to kill it is to drop both. The seed deals out tickets, loses and doubles them, lets handlers
//! go on one at a time, ends leases and cancels. `EXECUTED_SEED` runs one seed alone, and
//! `EXECUTED_SEEDS` says how many are tried.

mod actors;

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use diesel_async::SimpleAsyncConnection;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use shared::db::Conn;
use shared::ids::TenantId;
use shared::jobs::{Queue, Ticket, enqueue, operate, relay};
use shared::testing::TestDb;

use actors::{Paid, Poison, Sends, Sent, Stored, Worker};

const JOBS: u32 = 12;
/// Until then things go wrong, and then no more.
const FAULTS_END: u32 = 120;
const END: u32 = 600;
const QUEUE: Queue = Queue::Within1m;
/// Seeds more at most, until enough has gone wrong: what a fault meets is not only the seed's choice.
const MORE: u64 = 8;

#[derive(Debug, Default)]
struct Harm {
    kills: u32,
    lost: u32,
    doubled: u32,
    expired: u32,
    cancelled: u32,
    /// What is done all the same.
    done: u32,
}

impl Harm {
    fn add(&mut self, other: &Self) {
        self.kills += other.kills;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.expired += other.expired;
        self.cancelled += other.cancelled;
        self.done += other.done;
    }

    /// Of each kind.
    fn is_enough(&self) -> bool {
        [self.kills, self.lost, self.doubled, self.expired, self.cancelled].iter().all(|count| *count > 2)
    }
}

struct World {
    owner: Conn,
    tenant: TenantId,
    random: StdRng,
    sends: Sends,
    workers: Vec<Worker>,
    started: u32,
    redis: VecDeque<Ticket>,
    harm: Harm,
    /// The last to go: until then nobody else has it.
    db: TestDb,
}

impl World {
    async fn new(seed: u64) -> Self {
        let db = TestDb::lease().await;
        let tenant = TenantId::new();
        let mut conn = db.tenant(tenant).await;
        for number in 0..JOBS {
            match number % 6 {
                0 if number == 0 => enqueue(&mut conn, &Poison { tenant, number }).await.expect("asked"),
                1 | 2 => enqueue(&mut conn, &Sent { tenant, number }).await.expect("asked"),
                3 | 4 => enqueue(&mut conn, &Paid { tenant, number }).await.expect("asked"),
                _ => enqueue(&mut conn, &Stored { tenant, number }).await.expect("asked"),
            };
        }
        drop(conn);
        let random = StdRng::seed_from_u64(seed);
        let owner = db.owner().await;
        let mut world = Self {
            db,
            owner,
            tenant,
            random,
            sends: Sends::default(),
            workers: Vec::new(),
            started: 0,
            redis: VecDeque::new(),
            harm: Harm::default(),
        };
        for _ in 0..3 {
            world.start();
        }
        world
    }

    fn start(&mut self) {
        self.started += 1;
        self.workers.push(Worker::start(&self.db, format!("w{}", self.started), &self.sends));
    }

    fn kill(&mut self, worker: usize) {
        self.harm.kills += 1;
        self.workers.remove(worker);
        self.start();
    }

    async fn change(&mut self, statement: &str) {
        self.owner.batch_execute(statement).await.expect("changed");
    }

    /// Until every run of every worker is at a gate, or over.
    async fn settle(&self) {
        let begun = Instant::now();
        while self.workers.iter().any(|worker| worker.gates.moving.load(Ordering::SeqCst) > 0) {
            assert!(begun.elapsed() < Duration::from_secs(60), "a run neither goes on nor ends");
            tokio::time::sleep(Duration::from_millis(1)).await; // between two questions
        }
    }

    /// Lets a handler go on; poison kills its worker.
    fn open_a_gate(&mut self) {
        let worker = self.random.random_range(0..self.workers.len());
        let gates = self.workers[worker].gates.clone();
        let mut waiting = gates.waiting.lock().unwrap();
        if waiting.is_empty() {
            return;
        }
        let one = self.random.random_range(0..waiting.len());
        let gate = waiting.swap_remove(one);
        drop(waiting);
        if gate.is_poison {
            self.kill(worker);
        } else if !gate.is_passed.swap(true, Ordering::SeqCst) {
            gates.moving.fetch_add(1, Ordering::SeqCst);
            let _ = gate.open.send(());
        }
    }

    async fn hand_out(&mut self, may_lose: bool) {
        // Time passes: what waits for its backoff is due.
        self.change("update jobs set run_at = now() where state = 'available' and kind <> 'test.mark'").await;
        let taken = relay::take_directly(&mut *self.db.relay().await, QUEUE, 3).await.expect("taken");
        if may_lose && self.random.random_ratio(1, 6) {
            // The relay died between the commit and the push.
            self.harm.lost += u32::try_from(taken.len()).unwrap();
            return;
        }
        self.redis.extend(taken);
    }

    fn deliver(&mut self, may_double: bool) {
        let Some(ticket) = self.redis.pop_front() else { return };
        let worker = self.random.random_range(0..self.workers.len());
        self.workers[worker].give(ticket);
        if may_double && self.random.random_ratio(1, 5) {
            self.harm.doubled += 1;
            let other = self.random.random_range(0..self.workers.len());
            self.workers[other].give(ticket);
        }
    }

    /// Leases of some jobs end, although their workers may live: then they were paused.
    async fn expire(&mut self, which: &str) {
        let expired = format!(
            "update jobs set lease_until = now() - interval '1 second' where state = 'running' and {which} returning '' as text"
        );
        self.harm.expired += u32::try_from(self.db.texts(&expired).await.len()).unwrap();
        relay::sweep(&mut *self.db.relay().await).await.expect("swept");
    }

    async fn call_back(&mut self) {
        self.redis.clear();
        self.change("update jobs set state = 'available', dispatched_at = null where state = 'dispatched'").await;
    }

    async fn step_with_faults(&mut self) {
        match self.random.random_range(0..100) {
            0..20 => self.hand_out(true).await,
            20..45 => self.deliver(true),
            45..80 => self.open_a_gate(),
            80..84 => {
                let worker = self.random.random_range(0..self.workers.len());
                self.kill(worker);
            }
            84..88 => {
                // Killed in the middle of whatever it does.
                self.deliver(false);
                tokio::time::sleep(Duration::from_millis(self.random.random_range(0..8))).await; // how long the fault lasts
                let worker = self.random.random_range(0..self.workers.len());
                self.kill(worker);
            }
            88..94 => {
                let eighth = self.random.random_range(0..8);
                self.expire(&format!("('x' || right(id::text, 1))::bit(4)::int % 8 = {eighth}")).await;
            }
            94..98 => self.call_back().await,
            _ => {
                let ids = self.db.texts("select id::text as text from jobs where finished_at is null and kind = 'test.sent' order by id").await;
                if let Some(id) = ids.first().filter(|_| self.harm.cancelled < 2) {
                    operate::cancel(&mut *self.db.relay().await, id.parse().unwrap()).await.expect("cancelled");
                    self.harm.cancelled += 1;
                }
            }
        }
    }

    async fn is_over(&self) -> bool {
        let unfinished = "select kind as text from jobs where finished_at is null and kind <> 'test.mark' limit 1";
        self.db.texts(unfinished).await.is_empty()
    }

    async fn play(mut self) -> Result<Harm, String> {
        for step in 0..END {
            if step < FAULTS_END {
                self.step_with_faults().await;
            } else if step % 8 == 0 && self.is_over().await {
                break;
            } else {
                match step % 8 {
                    0 => self.hand_out(false).await,
                    1..3 => self.deliver(false),
                    3..7 => self.open_a_gate(),
                    // What dead workers held, and tickets that were lost.
                    _ if step % 40 == 39 => {
                        self.expire("true").await;
                        self.call_back().await;
                    }
                    _ => {}
                }
            }
            self.settle().await;
        }
        self.harm.done = self.judge().await?;
        Ok(self.harm)
    }

    /// How much is done, or what is wrong with the outcome.
    async fn judge(&self) -> Result<u32, String> {
        let mut done = 0;
        let rows = self.db.texts(
            "select kind || ' ' || (args ->> 'number') || ' ' || state::text || ' ' || coalesce(error_class, '') || ' '
                 || (select count(*) from jobs mark where mark.kind = 'test.mark' and mark.args ->> 'of' = jobs.id::text) as text
             from jobs where kind <> 'test.mark' order by id",
        )
        .await;
        let sends = self.sends.lock().unwrap().clone();
        for row in rows {
            let [kind, number, state, class, marks] = row.splitn(5, ' ').collect::<Vec<_>>()[..] else {
                return Err(format!("{row}: what is that?"));
            };
            let times = sends.get(&format!("{kind}:{}:{number}", self.tenant)).copied().unwrap_or_default();
            let is_done = state == "succeeded";
            let is_right = match kind {
                "test.stored" => {
                    (is_done && marks == "1") || (state == "dead" && class == "worker_lost" && marks == "0")
                }
                "test.sent" => {
                    (is_done && times >= 1) || state == "cancelled" || (state == "dead" && class == "worker_lost")
                }
                // Whether it was paid before its worker died, a person must find out.
                "test.paid" => (is_done && times == 1) || (state == "dead" && times <= 1),
                _ => state == "dead" && class == "worker_lost",
            };
            if !is_right {
                return Err(format!("{row}: sent {times} times"));
            }
            done += u32::from(is_done);
        }
        Ok(done)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_executor_keeps_its_word_whatever_a_seed_does_to_it() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("EXECUTED_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("EXECUTED_SEEDS").unwrap_or(4),
    };
    let is_whole = seeds.end - seeds.start >= 4;
    let more = if is_whole { MORE } else { 0 };
    let mut all = Harm::default();
    let mut tried = 0;
    for seed in seeds.start..seeds.end + more {
        if seed >= seeds.end && all.is_enough() {
            break;
        }
        match World::new(seed).await.play().await {
            Ok(harm) => all.add(&harm),
            Err(fault) => panic!("seed {seed}: {fault}\nEXECUTED_SEED={seed} runs it alone"),
        }
        tried += 1;
    }
    println!("{all:?}");
    assert!(!is_whole || all.is_enough(), "hardly anything went wrong: {all:?}");
    assert!(!is_whole || all.done > 4 * tried, "hardly anything was done: {all:?}");
}
