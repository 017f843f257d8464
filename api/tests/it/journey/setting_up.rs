//! `./lms up` as a newcomer meets it, and what it leaves behind however it ends.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use shared::testing::free_address;
use tempfile::TempDir;

/// A second start is ready within this time.
const SOON: Duration = Duration::from_secs(10);
/// After this a launcher that does not end, or a server that does not, is a fault.
const PATIENCE: Duration = Duration::from_secs(40);

/// Stands in for cargo, which has built already: once it takes until the launcher has said how far it
/// is, and draws its progress as cargo does.
const CARGO: &str = r#"#!/bin/sh
[ ! -e "$0.done" ] || exit 0
printf '    Building [=====>      ] 3/10: serde\r'
n=0
until grep -q 'building: 3 of 10' "$HOME/stderr" || [ "$n" -ge 400 ]; do
    sleep 0.1
    n=$((n + 1))
done
: >"$0.done"
"#;

/// A clone of the project whose programs are built.
struct Clone {
    folder: TempDir,
    port: u16,
}

impl Clone {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Servers run under another user, who must get through.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("permitted");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the project");
        for part in ["lms", ".launcher"] {
            symlink(root.join(part), folder.path().join(part)).expect("the launcher");
        }
        // What was fetched is not fetched again.
        fs::create_dir_all(root.join(".lms/tools")).expect("a folder");
        fs::create_dir(folder.path().join(".lms")).expect("a folder");
        symlink(root.join(".lms/tools"), folder.path().join(".lms/tools")).expect("the tools");

        let built =
            std::env::var("LMS_RELEASE_BIN").expect("LMS_RELEASE_BIN: where the binaries are; ./lms test sets it");
        fs::create_dir(folder.path().join("target")).expect("a folder");
        symlink(built, folder.path().join("target/release")).expect("the programs");
        fs::create_dir(folder.path().join("programs")).expect("a folder");
        fs::write(folder.path().join("programs/cargo"), CARGO).expect("written");
        fs::set_permissions(folder.path().join("programs/cargo"), fs::Permissions::from_mode(0o755))
            .expect("a program");

        Self { folder, port: free_address().port() }
    }

    fn lms(&self, arguments: &[&str]) -> Command {
        let path = std::env::var("PATH").expect("a path");
        let mut command = Command::new("/bin/sh");
        command
            .arg(self.folder.path().join("lms"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", format!("{}:{path}", self.folder.path().join("programs").display()))
            .env("HOME", self.folder.path())
            .env("PORT", self.port.to_string())
            .stdin(Stdio::null());
        command
    }

    /// `./lms up`, once it has said that all runs; how long that took, and what it said.
    fn up(&self) -> (Up, Duration, String) {
        let begun = Instant::now();
        let stderr = fs::File::create(self.folder.path().join("stderr")).expect("a file");
        let mut command = self.lms(&["up", "--release"]);
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let up = Up { child };
        let mut said = String::new();
        // The last line is the end of the command that signs in.
        for line in lines.by_ref().map_while(Result::ok) {
            said.push_str(&line);
            said.push('\n');
            if line.contains("\"password\"") {
                return (up, begun.elapsed(), said);
            }
        }
        panic!("it ended\n{said}\n{}", self.complaints());
    }

    fn complaints(&self) -> String {
        fs::read_to_string(self.folder.path().join("stderr")).unwrap_or_default()
    }

    /// The numbers of what runs in the clone, servers and all.
    fn running(&self) -> Vec<(String, u32)> {
        let cell = self.folder.path().join(".lms/dev");
        let mut notes: Vec<PathBuf> = fs::read_dir(cell.join("run"))
            .map_or_else(|_| Vec::new(), |files| files.flatten().map(|it| it.path()).collect());
        // Where others may not go, the data is elsewhere.
        let elsewhere = fs::read_to_string(cell.join("elsewhere")).map_or(cell, |place| place.trim().into());
        notes.push(elsewhere.join("postgres/postmaster.pid"));
        let number = |note: &PathBuf| fs::read_to_string(note).ok()?.split_whitespace().next()?.parse().ok();
        notes
            .iter()
            .filter_map(|note| Some((note.file_name()?.to_string_lossy().into_owned(), number(note)?)))
            .collect()
    }
}

/// A launcher at work. It is not left running by a test that fails.
struct Up {
    child: Child,
}

impl Up {
    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.expect("kill").success());
    }

    fn ended(mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status.code();
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(50)); // between two questions
        }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.signal("TERM");
            let _ = self.child.wait();
        }
    }
}

fn is_there(process: u32) -> bool {
    Command::new("kill").args(["-0", &process.to_string()]).stderr(Stdio::null()).status().is_ok_and(|it| it.success())
}

/// Waits until none of these runs any more.
fn are_gone(processes: &[(String, u32)]) {
    let begun = Instant::now();
    loop {
        let left: Vec<_> = processes.iter().filter(|(_, process)| is_there(*process)).collect();
        if left.is_empty() {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "still there: {left:?}");
        std::thread::sleep(Duration::from_millis(100)); // between two questions
    }
}

/// Runs the command that `up` has told, word by word.
fn sign_in(said: &str) -> Output {
    let (_, command) = said.split_once("  curl ").expect("the command");
    Command::new("/bin/sh").args(["-c", &format!("curl -sS --fail-with-body {command}")]).output().expect("a shell")
}

#[test]
fn a_newcomer_is_signed_in_by_the_command_it_tells_and_nothing_is_left_running_however_it_ends() {
    let clone = Clone::new();

    // The first start says how far the build is, and ends by telling how to go on.
    let (up, _, said) = clone.up();
    assert!(clone.complaints().contains("building: 3 of 10 crates"), "{}", clone.complaints());
    let answer = sign_in(&said);
    assert!(answer.status.success(), "{answer:?}");
    let answer: serde_json::Value = serde_json::from_slice(&answer.stdout).expect("JSON");
    assert!(answer["access"].is_string(), "{answer}");

    // Another one beside it does nothing but say so.
    let other = clone.lms(&["up", "--release"]).output().expect("it ran");
    assert!(!other.status.success());
    assert!(String::from_utf8_lossy(&other.stderr).contains("already running"), "{other:?}");

    // Ctrl-C ends all of it.
    let running = clone.running();
    for name in ["api", "worker", "devtools", "redis", "postmaster.pid"] {
        assert!(running.iter().any(|(noted, process)| noted == name && is_there(*process)), "{name}: {running:?}");
    }
    up.signal("INT");
    assert_eq!(up.ended(), Some(130), "{}", clone.complaints());
    are_gone(&running);

    // So does the end of the launcher itself, though nobody told it; and the next start is soon there.
    let (up, took, _) = clone.up();
    assert!(took < SOON, "ready after {took:?}");
    let running = clone.running();
    up.signal("KILL");
    assert_eq!(up.ended(), None);
    are_gone(&running);
    let (up, took, said) = clone.up();
    assert!(took < SOON, "ready after {took:?} and a crash");
    assert!(sign_in(&said).status.success());
    let running = clone.running();
    up.signal("TERM");
    assert_eq!(up.ended(), Some(143), "{}", clone.complaints());
    are_gone(&running);

    // A port that somebody else has is told of, with a way out.
    let taken = std::net::TcpListener::bind(("127.0.0.1", clone.port)).expect("it is free again");
    let refused = clone.lms(&["up", "--release"]).output().expect("it ran");
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is taken by another program"), "{refused:?}");
    drop(taken);

    let removed = clone.lms(&["servers", "remove", ".lms/dev"]).output().expect("it ran");
    assert!(removed.status.success(), "{removed:?}");
}
