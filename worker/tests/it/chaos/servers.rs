//! A PostgreSQL and a Redis of a test's own, to be harmed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use tokio::task::JoinHandle;

pub(super) struct Servers {
    directory: PathBuf,
    settings: Mutex<BTreeMap<String, String>>,
}

/// How PostgreSQL is stopped.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stop {
    /// Connections are ended, and everything is written.
    Fast,
    /// As by a power cut: what was committed is read back from the log.
    Immediate,
}

impl Servers {
    pub(super) fn start() -> Self {
        let directory = std::env::temp_dir().join(format!("lms-chaos-{}", uuid::Uuid::new_v4()));
        let servers = Self { directory, settings: Mutex::default() };
        servers.start_what_is_down();
        servers
    }

    /// Starts whichever of the two does not run, on its old port.
    pub(super) fn start_what_is_down(&self) {
        *self.settings.lock().expect("no panic") = self.launch(&["start"]);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let launcher = std::env::var("LMS_LAUNCHER").expect("LMS_LAUNCHER names the launcher; `./lms test` sets it");
        let mut command = Command::new(launcher);
        command.arg("servers").arg(arguments[0]).arg(&self.directory).args(&arguments[1..]);
        command
    }

    fn launch(&self, arguments: &[&str]) -> BTreeMap<String, String> {
        let output = self.command(arguments).output().expect("the launcher runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("text");
        text.lines().filter_map(|line| line.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
    }

    pub(super) fn get(&self, name: &str) -> String {
        let settings = self.settings.lock().expect("no panic");
        settings.get(name).unwrap_or_else(|| panic!("the launcher tells {name}")).clone()
    }

    /// Restarts PostgreSQL meanwhile; the answer says whether that was done.
    pub(super) fn restart_postgres(&self, stop: Stop) -> JoinHandle<bool> {
        let mode = match stop {
            Stop::Fast => "fast",
            Stop::Immediate => "immediate",
        };
        let mut command = self.command(&["restart-postgres", "--mode", mode]);
        tokio::task::spawn_blocking(move || command.output().is_ok_and(|output| output.status.success()))
    }

    /// Sends Redis a signal: STOP lets it hang, CONT go on, KILL ends it.
    pub(super) fn signal_redis(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.get("REDIS_PID")]).status();
        assert!(status.is_ok_and(|status| status.success()), "Redis is not there to be sent {name}");
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // One that hangs cannot be stopped.
        let _ = Command::new("kill").args(["-CONT", &self.get("REDIS_PID")]).output();
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.launch(&["remove"])));
    }
}
