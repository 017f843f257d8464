//! A second PostgreSQL that follows the first, and takes its place.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use shared::testing::free_address;

use super::servers::Servers;

pub(super) struct Standby {
    address: SocketAddr,
    data: PathBuf,
    programs: PathBuf,
    /// The account that PostgreSQL runs under, when it is not our own.
    account: Option<String>,
}

impl Standby {
    /// Copies the first, and follows it from then on.
    pub(super) fn of(servers: &Servers) -> Self {
        let programs = Path::new(&servers.get("PG_CTL")).parent().expect("a folder").to_owned();
        let account = said(Command::new("stat").args(["-c", "%U"]).arg(servers.get("POSTGRES_DATA")));
        let ours = said(Command::new("id").arg("-un"));
        let data = std::env::temp_dir().join(format!("lms-standby-{}", uuid::Uuid::new_v4()));
        let standby =
            Self { address: free_address(), data, programs, account: Some(account).filter(|name| *name != ours) };
        let data = standby.data.display().to_string();
        standby.run("pg_basebackup", &["-d", &servers.get("DATABASE_OWNER_URL"), "-D", &data, "-R", "-c", "fast"]);
        let log = standby.data.with_extension("log").display().to_string();
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=300",
            standby.address.port()
        );
        standby.run("pg_ctl", &["start", "-s", "-w", "-t", "60", "-D", &data, "-l", &log, "-o", &options]);
        standby
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on it is written to.
    pub(super) fn promote(&self) {
        self.run("pg_ctl", &["promote", "-s", "-w", "-D", &self.data.display().to_string()]);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.programs.join(program);
        let mut command = match &self.account {
            None => Command::new(&program),
            Some(account) => {
                let mut command = Command::new("runuser");
                command.args(["-u", account, "--"]).arg(&program);
                command
            }
        };
        // What it starts must not hold a pipe of ours open.
        let log = fs::File::create(std::env::temp_dir().join(format!("lms-standby-{}.out", self.address.port())));
        let log = log.expect("a file");
        let again = log.try_clone().expect("a file");
        let status = command.args(arguments).current_dir("/").stdout(log).stderr(again).status();
        assert!(status.is_ok_and(|status| status.success()), "{} {arguments:?}: {}", program.display(), self.told());
    }

    fn told(&self) -> String {
        let output = std::env::temp_dir().join(format!("lms-standby-{}.out", self.address.port()));
        let files = [output, self.data.with_extension("log")];
        files.iter().filter_map(|file| fs::read_to_string(file).ok()).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        let data = self.data.display().to_string();
        let stop = || self.run("pg_ctl", &["stop", "-s", "-m", "immediate", "-D", &data]);
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(stop));
        let _ = fs::remove_dir_all(&self.data);
        let _ = fs::remove_file(self.data.with_extension("log"));
        let _ = fs::remove_file(std::env::temp_dir().join(format!("lms-standby-{}.out", self.address.port())));
    }
}

/// What a command says, in one line.
fn said(command: &mut Command) -> String {
    let output = command.output().expect("run");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
