//! Where a test lives: a database, a Redis, a mail server that nothing harms, and the programs.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use devtools::mail::MailSink;
use shared::config::RedisConfig;
use shared::db::{Pool, PoolSettings, Scope, migrate};
use shared::ids::TenantId;
use shared::jobs::{Job, Queue, Road, enqueue_many};
use shared::testing::TestDb;
use tokio::sync::Mutex;
use tokio_postgres::{Client, NoTls};
use worker::rehearsal::{Mail, Order};

use super::servers::Servers;
use crate::process::{Program, Worker};

/// For how long the database may be away before a test gives up.
const AWAY: Duration = Duration::from_secs(40);

pub(super) struct World {
    pub(super) sink: MailSink,
    pub(super) tenant: TenantId,
    pub(super) pool: Pool,
    owner_url: String,
    /// By which the owner is asked: to be let in takes long beside what is asked.
    owner: Mutex<Option<Arc<Client>>>,
    /// The environment of the programs.
    settings: BTreeMap<&'static str, String>,
    binaries: PathBuf,
    servers: Option<Servers>,
    _db: Option<TestDb>,
}

/// The folder of the release's binaries; none when only fast tests are wanted.
fn release() -> Option<PathBuf> {
    let folder = std::env::var_os("LMS_RELEASE_BIN");
    if folder.is_none() {
        eprintln!("SKIPPED: LMS_RELEASE_BIN is not set, so there are no release binaries (./lms test sets it)");
    }
    folder.map(PathBuf::from)
}

impl World {
    /// On servers of its own, which may be harmed; none without a release build.
    pub(super) async fn of_its_own() -> Option<Self> {
        Some(Self::of_its_own_with(release()?, Servers::start()).await)
    }

    /// The same with a disk for PostgreSQL that can be filled, or why that cannot be made here; none
    /// without a release build.
    pub(super) async fn on_a_small_disk() -> Option<Result<Self, String>> {
        let binaries = release()?;
        Some(match Servers::start_on_a_small_disk() {
            Ok(servers) => Ok(Self::of_its_own_with(binaries, servers).await),
            Err(why) => Err(why),
        })
    }

    /// The same with the worker of the tests' own build, which is one for development.
    pub(super) async fn of_mutants() -> Self {
        let folder = Path::new(env!("CARGO_BIN_EXE_worker")).parent().expect("a folder");
        Self::of_its_own_with(folder.to_owned(), Servers::start()).await
    }

    async fn of_its_own_with(binaries: PathBuf, servers: Servers) -> Self {
        let owner_url = servers.get("DATABASE_OWNER_URL");
        migrate(&owner_url, Some("lms_server")).await.expect("migrated");
        let (url, redis) = (servers.get("DATABASE_URL"), servers.get("REDIS_URL"));
        Self::make(binaries, &url, &redis, owner_url, Some(servers), None).await
    }

    /// On the servers that all tests share, which must not be harmed; none without a release build.
    pub(super) async fn on_shared_servers() -> Option<Self> {
        let binaries = release()?;
        let db = TestDb::lease().await;
        let redis = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL names a Redis; `./lms test` starts one");
        Some(Self::make(binaries, &db.url.clone(), &redis, db.owner_url.clone(), None, Some(db)).await)
    }

    async fn make(
        binaries: PathBuf,
        url: &str,
        redis: &str,
        owner_url: String,
        servers: Option<Servers>,
        db: Option<TestDb>,
    ) -> Self {
        let sink = MailSink::start(([127, 0, 0, 1], 0).into(), None).await.expect("a mail server");
        let settings = BTreeMap::from([
            ("DATABASE_URL", url.to_owned()),
            ("REDIS_URL", redis.to_owned()),
            ("REDIS_NAMESPACE", format!("chaos:{}", uuid::Uuid::new_v4())),
            ("EMAIL_HOST", sink.address().ip().to_string()),
            ("EMAIL_PORT", sink.address().port().to_string()),
            ("EMAIL_USE_TLS", "false".to_owned()),
            ("SECRET_KEY", "a secret key of the chaos tests, long enough".to_owned()),
            ("JWT_SECRET_KEY", "another secret key of the chaos tests".to_owned()),
            ("RUST_LOG", std::env::var("LMS_CHAOS_LOG").unwrap_or_else(|_| "error,apalis_core=off".to_owned())),
        ]);
        let pool = PoolSettings { wait: Duration::from_secs(10), ..PoolSettings::new(url) };
        let pool = Pool::new(&pool).expect("a pool");
        Self {
            sink,
            tenant: TenantId::new(),
            pool,
            owner_url,
            owner: Mutex::default(),
            settings,
            binaries,
            servers,
            _db: db,
        }
    }

    /// Reaches the database by another port of this machine, as do programs that are started from now on.
    pub(super) fn reach_database_by(&mut self, port: u16) {
        let by = |url: &str| {
            let mut url: url::Url = url.parse().expect("a URL");
            url.set_port(Some(port)).expect("a port");
            url.to_string()
        };
        self.owner_url = by(&self.owner_url);
        self.owner = Mutex::default();
        let url = by(self.setting("DATABASE_URL"));
        let pool = PoolSettings { wait: Duration::from_secs(10), ..PoolSettings::new(url.as_str()) };
        self.pool = Pool::new(&pool).expect("a pool");
        self.set("DATABASE_URL", url);
    }

    /// Whether the programs are a release's, and not a developer's.
    pub(super) fn is_optimised(&self) -> bool {
        self.binaries.ends_with("release")
    }

    /// Changes the environment of programs that are started from now on.
    pub(super) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.settings.insert(name, value.into());
    }

    pub(super) fn setting(&self, name: &str) -> &str {
        &self.settings[name]
    }

    pub(super) fn servers(&self) -> &Servers {
        self.servers.as_ref().expect("servers that may be harmed")
    }

    /// A program of the release, not started yet.
    pub(super) fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Worker::command_of(&self.binaries.join(name), arguments);
        command.envs(&self.settings);
        command
    }

    pub(super) fn worker(&self, arguments: &[&str]) -> Program {
        Program::start(self.command("worker", arguments), "WORKER_INTERNAL_LISTEN")
    }

    /// A worker for one queue, with so many jobs at once.
    pub(super) fn worker_of(&self, queue: Queue, slots: usize) -> Program {
        self.worker(&["--queues", &format!("{queue}={slots}"), "--drain", "5s"])
    }

    /// Asks the database as its owner: one number.
    pub(super) async fn ask(&self, query: &str) -> i64 {
        self.rows(query).await.first().map_or(0, |row| row.get(0))
    }

    /// One column of text.
    pub(super) async fn texts(&self, query: &str) -> Vec<String> {
        self.rows(query).await.iter().map(|row| row.get(0)).collect()
    }

    /// Waits for a database that is away.
    async fn rows(&self, query: &str) -> Vec<tokio_postgres::Row> {
        let begun = Instant::now();
        loop {
            match self.try_rows(query).await {
                Ok(rows) => return rows,
                Err(error) => assert!(begun.elapsed() < AWAY, "{query}: {error:?}"),
            }
            tokio::time::sleep(Duration::from_millis(200)).await; // between two questions
        }
    }

    /// Has the owner do something to the database, which may be written or not.
    pub(super) async fn order_of_the_owner(&self, statement: &str) {
        let (client, connection) = tokio_postgres::connect(&self.owner_url, NoTls).await.expect("a connection");
        let connection = tokio::spawn(connection);
        let writable = "set default_transaction_read_only = off";
        client.batch_execute(writable).await.expect("set");
        client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        connection.abort();
    }

    /// Writes so many mebibytes to the log of the database, as far as there is room for them.
    pub(super) async fn write_to_the_log(&self, mebibytes: u32) {
        let write = format!(
            "select count(pg_logical_emit_message(false, 'test', repeat('x', 1048576))) from generate_series(1, {mebibytes})"
        );
        let _ = self.try_rows(&write).await;
    }

    async fn try_rows(&self, query: &str) -> Result<Vec<tokio_postgres::Row>, tokio_postgres::Error> {
        let mut owner = self.owner.lock().await;
        let client = match owner.as_ref() {
            Some(client) => Arc::clone(client),
            None => {
                let (client, connection) = tokio_postgres::connect(&self.owner_url, NoTls).await?;
                tokio::spawn(connection);
                Arc::clone(owner.insert(Arc::new(client)))
            }
        };
        drop(owner);
        let rows = client.query(query, &[]).await;
        if rows.is_err() {
            *self.owner.lock().await = None;
        }
        rows
    }

    /// Redis, once it answers: it may hang at the moment.
    pub(super) async fn redis(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.setting("REDIS_URL")).expect("a URL");
        let patience = redis::AsyncConnectionConfig::new().set_response_timeout(Some(AWAY));
        let begun = Instant::now();
        loop {
            match client.get_multiplexed_async_connection_with_config(&patience).await {
                Ok(redis) => return redis,
                Err(error) => assert!(begun.elapsed() < AWAY, "Redis does not answer: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(200)).await; // between two questions
        }
    }

    /// Tickets that wait in Redis.
    pub(super) async fn tickets(&self, queue: Queue) -> usize {
        let namespace = self.setting("REDIS_NAMESPACE").to_owned();
        let redis = RedisConfig { url: self.setting("REDIS_URL").to_owned(), namespace };
        Road::new(&redis).expect("a road").waiting(queue).await.expect("an answer")
    }

    /// Asks for jobs, as the API does. What is answered with success must be done; an answer that is
    /// lost is asked for, because the database may be away in the middle.
    pub(super) async fn enqueue<J: Job>(&self, jobs: &[J]) {
        let probe = serde_json::to_value(&jobs[0]).expect("JSON").to_string();
        loop {
            let asked = async {
                let mut conn = self.pool.get(Scope::Tenant(self.tenant)).await?;
                anyhow::Ok(enqueue_many(&mut conn, jobs).await?)
            };
            let known = format!("select count(*) from jobs where kind = '{}' and args = '{probe}'", J::NAME);
            if asked.await.is_ok() || self.ask(&known).await > 0 {
                return;
            }
        }
    }

    /// Orders: each leaves a mark in the database, and asks for a mail.
    pub(super) async fn order(&self, numbers: Range<u32>, pause_ms: u64) {
        let orders: Vec<Order> = numbers.map(|number| Order { tenant: self.tenant, number, pause_ms }).collect();
        self.enqueue(&orders).await;
    }

    /// Mails, each sent after a pause.
    pub(super) async fn mail(&self, numbers: Range<u32>, pause_ms: u64) {
        let mails: Vec<Mail> = numbers.map(|number| Mail { tenant: self.tenant, number, pause_ms }).collect();
        self.enqueue(&mails).await;
    }

    /// How many jobs of a kind fulfil a condition.
    pub(super) async fn count<J: Job>(&self, condition: &str) -> i64 {
        self.ask(&format!("select count(*) from jobs where kind = '{}' and ({condition})", J::NAME)).await
    }
}
