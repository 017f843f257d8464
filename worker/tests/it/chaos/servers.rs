//! A PostgreSQL and a Redis of a test's own, to be harmed.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::disk::SmallDisk;

pub(super) struct Servers {
    directory: PathBuf,
    disk: Option<SmallDisk>,
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
        let servers = Self { directory, disk: None, settings: Mutex::default() };
        servers.start_what_is_down();
        servers
    }

    /// The same with a disk for PostgreSQL that can be filled; or why that cannot be made here.
    pub(super) fn start_on_a_small_disk() -> Result<Self, String> {
        let mut servers = Self::start();
        servers.launch(&["stop"]);
        servers.disk = Some(SmallDisk::under(Path::new(&servers.get("POSTGRES_DATA")))?);
        servers.start_what_is_down();
        Ok(servers)
    }

    pub(super) fn disk(&self) -> &SmallDisk {
        self.disk.as_ref().expect("a disk that can be filled")
    }

    pub(super) fn is_postgres_up(&self) -> bool {
        TcpStream::connect(format!("127.0.0.1:{}", self.get("POSTGRES_PORT"))).is_ok()
    }

    /// Starts whichever of the two does not run, on its old port.
    pub(super) fn start_what_is_down(&self) {
        let begun = Instant::now();
        loop {
            *self.settings.lock().expect("no panic") = self.launch(&["start"]);
            // One that was killed a moment ago may not be buried yet, and looks alive to the launcher.
            if TcpStream::connect(format!("127.0.0.1:{}", self.get("REDIS_PORT"))).is_ok() {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "Redis does not start again");
        }
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

    /// PostgreSQL's machine is gone from one moment to the next.
    pub(super) fn kill_postgres(&self) {
        let status = self.command(&["kill-postgres"]).stdout(Stdio::null()).status();
        assert!(status.is_ok_and(|status| status.success()), "PostgreSQL is not there to be killed");
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
        let disk = self.disk.take();
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            if let Some(disk) = disk {
                self.launch(&["stop"]);
                drop(disk);
            }
            self.launch(&["remove"])
        }));
    }
}
