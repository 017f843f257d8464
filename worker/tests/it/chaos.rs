//! Nothing is lost and nothing is doubled, whatever dies.
//!
//! The release's own binary, with a PostgreSQL and a Redis of the test's own, and a mail server
//! that nothing harms. Every order leaves a mark in the database and asks for a mail. While orders
//! come in, workers are killed each second (the leader of the relay among them), one is paused for
//! longer than its lease, Redis is emptied twice and PostgreSQL is restarted without a warning. At
//! the end each order has exactly one mark and at least one mail, and hardly any has two.
//!
//! A run that did not do all that harm has failed. `chaos_mutants` takes one protection away after
//! the other and wants to see this test fail.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use devtools::mail::MailSink;
use shared::config::RedisConfig;
use shared::db::{Pool, PoolSettings, Scope, migrate};
use shared::ids::TenantId;
use shared::jobs::operate::{self, Filter};
use shared::jobs::{Job, JobState, enqueue_many};
use worker::rehearsal::{Mail, Mark, Order};

use crate::process::Worker;

/// Workers at once, and jobs that each runs at once: few, so that tickets wait in Redis to be lost.
const WORKERS: usize = 3;
const SLOTS: usize = 8;
/// How long everything may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// A PostgreSQL and a Redis of our own.
struct Servers {
    directory: PathBuf,
    settings: BTreeMap<String, String>,
}

impl Servers {
    fn start() -> Self {
        let directory = std::env::temp_dir().join(format!("lms-chaos-{}", uuid::Uuid::new_v4()));
        let mut servers = Self { directory, settings: BTreeMap::new() };
        servers.settings = servers.launch(&["start"]);
        servers
    }

    fn launch(&self, arguments: &[&str]) -> BTreeMap<String, String> {
        let launcher = std::env::var("LMS_LAUNCHER").expect("LMS_LAUNCHER names the launcher; `./lms test` sets it");
        let mut command = Command::new(launcher);
        command.arg("servers").arg(arguments[0]).arg(&self.directory).args(&arguments[1..]);
        let output = command.output().expect("the launcher runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("text");
        text.lines().filter_map(|line| line.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
    }

    fn get(&self, name: &str) -> &str {
        self.settings.get(name).unwrap_or_else(|| panic!("the launcher tells {name}"))
    }

    fn redis(&self) -> RedisConfig {
        RedisConfig { url: self.get("REDIS_URL").to_owned(), namespace: "chaos".to_owned() }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.launch(&["remove"])));
    }
}

/// What is counted at the end.
#[derive(Debug, Default)]
struct Count {
    accepted: u32,
    unfinished: usize,
    dead: usize,
    lost: usize,
    phantom: usize,
    doubled_marks: usize,
    missing_marks: usize,
    repeated_mails: usize,
    seconds: f64,
    kills: u32,
    crashes_seen: usize,
    epochs: usize,
    restarts: u32,
}

impl Count {
    /// What is wrong with it.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut want = |is_right: bool, what: String| {
            if !is_right {
                faults.push(what);
            }
        };
        want(self.unfinished == 0, format!("{} jobs unfinished", self.unfinished));
        want(self.dead == 0, format!("{} jobs dead", self.dead));
        want(self.lost == 0, format!("{} mails lost", self.lost));
        want(self.phantom == 0, format!("{} mails that nobody asked for", self.phantom));
        want(self.doubled_marks == 0, format!("{} effects in the database doubled", self.doubled_marks));
        want(self.missing_marks == 0, format!("{} effects in the database missing", self.missing_marks));
        let most = usize::try_from(self.accepted / 100).expect("few");
        want(self.repeated_mails <= most, format!("{} mails repeated, of {}", self.repeated_mails, self.accepted));
        faults
    }

    fn assert_harm_was_done(&self) {
        assert!(self.kills >= 12, "only {} workers were killed", self.kills);
        assert!(self.crashes_seen > 0, "no job was interrupted");
        assert!(self.epochs >= 3, "Redis was emptied unnoticed: {} epochs", self.epochs);
        assert_eq!(self.restarts, 1, "PostgreSQL was not restarted");
    }
}

/// Asks for orders, as the API does. What is answered with success must be done.
struct Customer {
    pool: Pool,
    tenant: TenantId,
    accepted: u32,
}

impl Customer {
    async fn order(&mut self, many: u32) {
        let orders: Vec<Order> = (self.accepted..self.accepted + many)
            .map(|number| Order { tenant: self.tenant, number, pause_ms: 150 })
            .collect();
        loop {
            // Both may fail while PostgreSQL is away; an answer that is lost is asked for.
            let asked = async {
                let mut conn = self.pool.get(Scope::Tenant(self.tenant)).await?;
                anyhow::Ok(enqueue_many(&mut conn, &orders).await?)
            };
            if asked.await.is_ok() || self.knows(self.accepted).await {
                self.accepted += many;
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await; // between two questions
        }
    }

    async fn knows(&self, number: u32) -> bool {
        let begun = Instant::now();
        loop {
            if let Ok(jobs) = list(&self.pool, Order::NAME).await {
                return jobs.iter().any(|job| job.args["number"] == number);
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "PostgreSQL does not come back");
            tokio::time::sleep(Duration::from_millis(200)).await; // between two questions
        }
    }
}

async fn list(pool: &Pool, kind: &str) -> anyhow::Result<Vec<operate::JobRow>> {
    let filter = Filter { kind: Some(kind.to_owned()), ..Filter::default() };
    Ok(operate::list(&mut *pool.get(Scope::Relay).await?, &filter, 1_000_000).await?)
}

/// How many orders a run has.
fn size() -> u32 {
    if std::env::var("LMS_CHAOS").is_ok_and(|size| size == "full") { 10_000 } else { 1_000 }
}

async fn run(binary: &std::path::Path, mutant: Option<&str>, orders: u32) -> Count {
    let servers = Servers::start();
    migrate(servers.get("DATABASE_OWNER_URL"), Some("lms_server")).await.expect("migrated");
    let settings = PoolSettings { wait: Duration::from_secs(10), ..PoolSettings::new(servers.get("DATABASE_URL")) };
    let mut customer = Customer { pool: Pool::new(&settings).expect("a pool"), tenant: TenantId::new(), accepted: 0 };
    let sink = MailSink::start(([127, 0, 0, 1], 0).into(), None).await.expect("a mail server");
    let mut workers: Vec<Worker> = (0..WORKERS)
        .map(|_| {
            let queues = format!("within_5s={SLOTS}");
            let mut command = Worker::command_of(binary, &["--queues", &queues, "--drain", "5s"]);
            command
                .env("DATABASE_URL", servers.get("DATABASE_URL"))
                .env("REDIS_URL", servers.get("REDIS_URL"))
                .env("REDIS_NAMESPACE", "chaos")
                .env("EMAIL_HOST", sink.address().ip().to_string())
                .env("EMAIL_PORT", sink.address().port().to_string())
                .env("RUST_LOG", "error,shared::jobs=warn");
            if let Some(mutant) = mutant {
                command.env("LMS_MUTANT", mutant);
            }
            Worker::of(command, servers.redis())
        })
        .collect();
    let mut count = Count::default();
    let begun = Instant::now();
    harm(&servers, &mut customer, &mut workers, &mut count, orders).await;
    // Calm: what is left is done.
    while begun.elapsed() < PATIENCE {
        let jobs = all(&customer.pool).await;
        if jobs.iter().all(|job| job.finished_at.is_some() || job.kind == Mark::NAME) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await; // between two questions
    }
    count.seconds = begun.elapsed().as_secs_f64();
    count.kills = workers.iter().map(Worker::deaths).sum();
    check(&customer, &sink, &mut count).await;
    println!("chaos{}: {count:?}", mutant.map(|name| format!(" without {name}")).unwrap_or_default());
    count
}

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy)]
enum Harm {
    Kill(usize),
    Pause(usize),
    Resume(usize),
    Flush,
    Restart,
}

/// What goes wrong, and in which second. The paused worker is not killed before it is back and has
/// tried to finish what it had.
fn plan() -> Vec<(u64, Harm)> {
    let mut plan: Vec<(u64, Harm)> = (1..=20)
        .map(|second| match usize::try_from(second).expect("few") {
            paused @ 3..14 => (second, Harm::Kill(1 + paused % (WORKERS - 1))),
            free => (second, Harm::Kill(free % WORKERS)),
        })
        .collect();
    plan.extend([(3, Harm::Pause(0)), (12, Harm::Resume(0)), (5, Harm::Flush), (15, Harm::Flush), (10, Harm::Restart)]);
    plan.sort_by_key(|(second, _)| *second);
    plan
}

/// Does harm while orders come in.
async fn harm(servers: &Servers, customer: &mut Customer, workers: &mut [Worker], count: &mut Count, orders: u32) {
    let begun = Instant::now();
    let mut epochs = HashSet::new();
    let mut restart = None;
    let mut plan = plan().into_iter().peekable();
    while plan.peek().is_some() || customer.accepted < orders {
        // Faster than they are done, so that there is always something to be lost.
        if customer.accepted < orders {
            customer.order((orders / 40).min(orders - customer.accepted)).await;
        }
        tokio::time::sleep(Duration::from_millis(250)).await; // between two questions
        epochs.extend(epoch(servers).await);
        while let Some((_, harm)) = plan.next_if(|(second, _)| *second <= begun.elapsed().as_secs()) {
            match harm {
                Harm::Kill(index) => workers[index].kill_and_restart(),
                Harm::Pause(index) => workers[index].pause(),
                Harm::Resume(index) => workers[index].resume(),
                Harm::Flush => flush(servers).await,
                Harm::Restart => restart = Some(restart_postgres(servers)),
            }
        }
    }
    if let Some(restart) = restart {
        count.restarts = u32::from(restart.await.expect("no panic"));
    }
    for _ in 0..20 {
        epochs.extend(epoch(servers).await);
        tokio::time::sleep(Duration::from_millis(100)).await; // between two questions
    }
    count.epochs = epochs.len();
}

fn restart_postgres(servers: &Servers) -> tokio::task::JoinHandle<bool> {
    let mut command = Command::new(std::env::var("LMS_LAUNCHER").expect("LMS_LAUNCHER"));
    command.args(["servers", "restart-postgres"]).arg(&servers.directory).args(["--mode", "immediate"]);
    tokio::task::spawn_blocking(move || command.output().is_ok_and(|output| output.status.success()))
}

async fn flush(servers: &Servers) {
    let client = redis::Client::open(servers.get("REDIS_URL")).expect("a URL");
    let mut redis = client.get_multiplexed_async_connection().await.expect("Redis answers");
    redis::cmd("FLUSHALL").query_async::<()>(&mut redis).await.expect("flushed");
}

/// Which life of Redis the relay believes in.
async fn epoch(servers: &Servers) -> Option<String> {
    let client = redis::Client::open(servers.get("REDIS_URL")).ok()?;
    let mut redis = client.get_multiplexed_async_connection().await.ok()?;
    redis::cmd("GET").arg("chaos:epoch").query_async(&mut redis).await.ok()?
}

async fn all(pool: &Pool) -> Vec<operate::JobRow> {
    let begun = Instant::now();
    loop {
        let lists = async {
            let mut jobs = list(pool, Order::NAME).await?;
            jobs.extend(list(pool, Mail::NAME).await?);
            jobs.extend(list(pool, Mark::NAME).await?);
            anyhow::Ok(jobs)
        };
        if let Ok(jobs) = lists.await {
            return jobs;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "PostgreSQL does not come back");
        tokio::time::sleep(Duration::from_millis(200)).await; // between two questions
    }
}

async fn check(customer: &Customer, sink: &MailSink, count: &mut Count) {
    let jobs = all(&customer.pool).await;
    let number = |job: &operate::JobRow| job.args["number"].as_u64().expect("a number");
    let mut marks: BTreeMap<u64, usize> = BTreeMap::new();
    for job in &jobs {
        count.crashes_seen += usize::try_from(job.crashes).expect("few");
        match job.kind.as_str() {
            Mark::NAME => *marks.entry(number(job)).or_default() += 1,
            _ if job.state == JobState::Dead => count.dead += 1,
            _ if job.state != JobState::Succeeded => count.unfinished += 1,
            _ => {}
        }
    }
    let mut mails: BTreeMap<u64, usize> = BTreeMap::new();
    for message in sink.messages() {
        let ordered = message.subject.strip_prefix("Order ").and_then(|number| number.parse().ok());
        *mails.entry(ordered.expect("a mail of ours")).or_default() += 1;
    }
    let accepted = u64::from(customer.accepted);
    count.accepted = customer.accepted;
    count.lost = (0..accepted).filter(|number| !mails.contains_key(number)).count();
    count.phantom = mails.keys().filter(|number| **number >= accepted).count();
    count.repeated_mails = mails.values().filter(|times| **times > 1).count();
    count.missing_marks = (0..accepted).filter(|number| !marks.contains_key(number)).count();
    count.doubled_marks = marks.values().filter(|times| **times > 1).count();
}

/// The release's worker; none when only fast tests are wanted.
fn release() -> Option<PathBuf> {
    let folder = std::env::var("LMS_RELEASE_BIN").ok();
    if folder.is_none() {
        eprintln!("SKIPPED: LMS_RELEASE_BIN is not set, so there is no release build to harm (./lms test sets it)");
    }
    Some(PathBuf::from(folder?).join("worker"))
}

#[tokio::test(flavor = "multi_thread")]
async fn chaos_nothing_is_lost_and_nothing_is_doubled() {
    let Some(binary) = release() else { return };
    let count = run(&binary, None, size()).await;
    count.assert_harm_was_done();
    assert_eq!(count.faults(), Vec::<String>::new(), "{count:?}");
}

/// Each protection taken away must be noticed. Needs a build of its own, so only at full size.
#[tokio::test(flavor = "multi_thread")]
async fn chaos_mutants_are_found() {
    if std::env::var("LMS_CHAOS").is_ok_and(|size| size == "full") {
        let binary = build_mutants();
        for mutant in ["no_fence", "finish_first", "no_epoch"] {
            let count = run(&binary, Some(mutant), 1_000).await;
            let faults = count.faults();
            println!("without {mutant}: {faults:?}");
            assert!(!faults.is_empty(), "nobody noticed the mutant {mutant}: {count:?}");
        }
    } else {
        eprintln!("SKIPPED: mutants are built and run by `./lms chaos --full` only");
    }
}

fn build_mutants() -> PathBuf {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = root.join("target/mutants");
    let status = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args(["build", "--release", "-p", "worker", "--features", "mutants", "--target-dir"])
        .arg(&target)
        .current_dir(&root)
        .status();
    assert!(status.is_ok_and(|status| status.success()), "the mutants cannot be built");
    target.join("release/worker")
}
