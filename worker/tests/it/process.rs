//! Programs as processes: started, killed, told to stop, asked how they fare.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use shared::testing::{TestDb, free_address};

/// Asks as an orchestrator does: with little patience.
static PROBE: LazyLock<reqwest::Client> = LazyLock::new(|| {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(3)).pool_max_idle_per_host(0).build();
    client.expect("a client")
});

/// A process of ours; killed when dropped.
pub(crate) struct Program {
    command: Command,
    child: Child,
    deaths: u32,
    internal: SocketAddr,
}

impl Program {
    /// Starts it. `listen` is the variable by which it is told where operators ask.
    pub(crate) fn start(mut command: Command, listen: &str) -> Self {
        let internal = free_address();
        command.env(listen, internal.to_string());
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        Self { command, child, deaths: 0, internal }
    }

    /// Where it listens inside.
    pub(crate) fn internal(&self) -> SocketAddr {
        self.internal
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "the process is not there to be sent {name}");
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

    /// Kills it without a word.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("dead");
        self.deaths += 1;
    }

    /// Kills it without a word, and starts another.
    pub(crate) fn kill_and_restart(&mut self) {
        self.kill();
        self.child = self.command.spawn().expect("the process starts");
    }

    pub(crate) fn restart_if_dead(&mut self) {
        if self.has_ended() {
            self.deaths += 1;
            self.child = self.command.spawn().expect("the process starts");
        }
    }

    /// Whether it runs no more.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("an answer").is_some()
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
            assert!(begun.elapsed() < Duration::from_secs(40), "the process does not end");
            tokio::time::sleep(Duration::from_millis(20)).await; // between two questions
        }
    }

    /// The status that it answers a probe with; none when it does not answer.
    pub(crate) async fn probe(&self, path: &str) -> Option<u16> {
        let answer = PROBE.get(format!("http://{}{path}", self.internal)).send().await;
        answer.ok().map(|answer| answer.status().as_u16())
    }

    /// A metric, summed over its labels; 0 when nothing was counted yet. Not a number when nobody
    /// answers, so that it is neither more nor less than anything.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let Ok(answer) = reqwest::get(format!("http://{}/metrics", self.internal)).await else { return f64::NAN };
        let Ok(text) = answer.text().await else { return f64::NAN };
        text.lines()
            .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A worker process, on a leased database and a namespace of its own.
pub(crate) struct Worker(Program);

impl Worker {
    /// The binary under test, with nothing of this process' environment.
    pub(crate) fn command(arguments: &[&str]) -> Command {
        Self::command_of(&PathBuf::from(env!("CARGO_BIN_EXE_worker")), arguments)
    }

    /// Another build of it.
    pub(crate) fn command_of(binary: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary);
        command.args(arguments).env_clear().envs(
            [
                ("LMS_ENV", "development"),
                ("LMS_TEST_JOBS", "true"),
                ("LOG_FORMAT", "text"),
                ("RUST_LOG", "warn"),
                ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing"),
                ("REDIS_URL", "redis://127.0.0.1:1"),
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

    /// Starts one.
    pub(crate) fn start(db: &TestDb, arguments: &[&str], more: &[(&str, &str)]) -> Self {
        let mut command = Self::command(arguments);
        let url = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL names a Redis; `./lms test` starts one");
        let namespace = format!("test:{}", uuid::Uuid::new_v4());
        command.env("DATABASE_URL", &db.url).env("REDIS_URL", url).env("REDIS_NAMESPACE", namespace);
        command.envs(more.iter().copied());
        Self(Program::start(command, "WORKER_INTERNAL_LISTEN"))
    }
}

impl Deref for Worker {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.0
    }
}

impl DerefMut for Worker {
    fn deref_mut(&mut self) -> &mut Program {
        &mut self.0
    }
}

/// Asks again and again until the answer is yes; returns how long that took.
pub(crate) async fn until(what: &str, is_so: impl AsyncFnMut() -> bool) -> Duration {
    until_within(Duration::from_secs(50), what, is_so).await
}

/// The same, with another patience.
pub(crate) async fn until_within(patience: Duration, what: &str, mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let begun = Instant::now();
    loop {
        // Whoever was held up for long asks once more.
        let is_late = begun.elapsed() >= patience;
        if is_so().await {
            return begun.elapsed();
        }
        assert!(!is_late, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(50)).await; // between two questions
    }
}
