//! Workers as processes: started, killed, told to stop.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use shared::config::RedisConfig;
use shared::jobs::{Queue, Road};
use shared::testing::TestDb;

/// A worker process; killed when dropped.
pub(crate) struct Worker {
    command: Command,
    child: Child,
    deaths: u32,
    redis: RedisConfig,
}

impl Worker {
    /// The binary under test, with nothing of this process' environment.
    pub(crate) fn command(arguments: &[&str]) -> Command {
        let binary = PathBuf::from(env!("CARGO_BIN_EXE_worker"));
        Self::command_of(&binary, arguments)
    }

    /// Another build of it.
    pub(crate) fn command_of(binary: &std::path::Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary);
        command.args(arguments).env_clear().envs(
            [
                ("LMS_ENV", "development"),
                ("LMS_TEST_JOBS", "true"),
                ("LOG_FORMAT", "text"),
                ("RUST_LOG", "warn"),
                ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing"),
                ("REDIS_URL", "redis://127.0.0.1:1"),
                ("WORKER_INTERNAL_LISTEN", "127.0.0.1:0"),
                ("AWS_STORAGE_BUCKET_NAME", "lms"),
                ("AWS_ACCESS_KEY_ID", "access"),
                ("AWS_SECRET_ACCESS_KEY", "secret"),
            ]
            .into_iter()
            .collect::<HashMap<_, _>>(),
        );
        // Not the folder of a developer's `.env`.
        command.current_dir(std::env::temp_dir()).stdin(Stdio::null());
        command
    }

    /// Starts one on a leased database and a namespace of its own.
    pub(crate) fn start(db: &TestDb, arguments: &[&str], more: &[(&str, &str)]) -> Self {
        let mut command = Self::command(arguments);
        let url = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL names a Redis; `./lms test` starts one");
        let redis = RedisConfig { url, namespace: format!("test:{}", uuid::Uuid::new_v4()) };
        command.env("DATABASE_URL", &db.url).env("REDIS_URL", &redis.url).env("REDIS_NAMESPACE", &redis.namespace);
        command.envs(more.iter().copied());
        Self::of(command, redis)
    }

    pub(crate) fn of(mut command: Command, redis: RedisConfig) -> Self {
        let child = command.spawn().expect("the worker starts");
        Self { command, child, deaths: 0, redis }
    }

    /// Tickets that wait in Redis.
    pub(crate) async fn tickets(&self, queue: Queue) -> usize {
        Road::new(&self.redis).expect("a road").waiting(queue).await.expect("an answer")
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "the worker is not there to be sent {name}");
    }

    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    pub(crate) fn pause(&self) {
        self.signal("STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("CONT");
    }

    /// Kills it without a word, and starts another.
    pub(crate) fn kill_and_restart(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("dead");
        self.deaths += 1;
        self.child = self.command.spawn().expect("the worker starts");
    }

    pub(crate) fn restart_if_dead(&mut self) {
        if self.child.try_wait().expect("an answer").is_some() {
            self.deaths += 1;
            self.child = self.command.spawn().expect("the worker starts");
        }
    }

    pub(crate) fn deaths(&self) -> u32 {
        self.deaths
    }

    pub(crate) async fn wait(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("an answer") {
                return status;
            }
            assert!(begun.elapsed() < Duration::from_secs(40), "the worker does not end");
            tokio::time::sleep(Duration::from_millis(20)).await; // between two questions
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again until the answer is yes.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(50), "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(50)).await; // between two questions
    }
}
