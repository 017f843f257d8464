//! The launcher on machines that this one is not: what they have is all that its path has.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// What would give a machine away, or fetch what it should not have.
const KEPT_FROM_IT: [&str; 9] =
    ["apt-get", "dnf", "brew", "sudo", "python", "python3", "pg_ctl", "redis-server", "valkey-server"];

/// A clone of the launcher, and a path with the system's small programs and one package manager that
/// finds nothing but notes what it was asked for.
struct Machine {
    folder: TempDir,
}

impl Machine {
    fn with(manager: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Servers run under another user, who must get through.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("permitted");
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        fs::copy(root.join("lms"), folder.path().join("lms")).expect("the launcher");
        fs::create_dir(folder.path().join(".launcher")).expect("a folder");
        for part in fs::read_dir(root.join(".launcher")).expect("its parts").flatten() {
            fs::copy(part.path(), folder.path().join(".launcher").join(part.file_name())).expect("a part");
        }
        let programs = folder.path().join("programs");
        fs::create_dir(&programs).expect("a folder");
        for program in ["/usr/bin", "/bin"].iter().filter_map(|place| fs::read_dir(place).ok()).flatten().flatten() {
            let name = program.file_name();
            if !KEPT_FROM_IT.iter().any(|kept| name == *kept) {
                let _ = symlink(program.path(), programs.join(name));
            }
        }
        let machine = Self { folder };
        machine.program(manager, "echo \"$(basename \"$0\") $*\" >>\"${0%/*}/../asked\"; exit 1");
        machine.program("sudo", "exec \"$@\"");
        // `up` looks whether it could build, before anything else.
        machine.program("cargo", "exit 1");
        machine
    }

    fn program(&self, name: &str, body: &str) {
        let path = self.path("programs").join(name);
        // What is there leads to the machine's own, which must not be written over.
        let _ = fs::remove_file(&path);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a program");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the package manager was asked for.
    fn asked(&self) -> String {
        fs::read_to_string(self.path("asked")).unwrap_or_default()
    }

    fn lms(&self, arguments: &[&str]) -> Output {
        Command::new("/bin/sh")
            .arg(self.path("lms"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", self.path("programs"))
            .env("HOME", self.folder.path())
            // Nobody listens there.
            .env("PORT", "1")
            .env("LMS_POLICY", self.path("policy"))
            // Programs of the machine that runs this test, at places of their own.
            .env("LMS_SKIP_SYSTEM", "yes")
            .output()
            .expect("it ran")
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Package managers, how each is asked for servers, and how for what fetches wheels.
const SYSTEMS: [(&str, &str, &str); 3] = [
    (
        "apt-get",
        "apt-get install -y --no-install-recommends postgresql redis-server",
        "apt-get install -y --no-install-recommends python3-pip",
    ),
    ("dnf", "dnf install -y postgresql-server valkey", "dnf install -y python3-pip"),
    ("brew", "brew install postgresql@17 valkey", "brew install python"),
];

#[test]
fn servers_are_asked_for_by_the_package_manager_that_a_system_has() {
    for (manager, line, pip) in SYSTEMS {
        let machine = Machine::with(manager);
        let output = machine.lms(&["servers", "start", "cell"]);
        assert!(!output.status.success(), "{manager} has nothing, and {}", said(&output));
        // Wheels come first, and need nobody's rights.
        assert!(said(&output).contains("There is no Python with pip"), "{}", said(&output));
        // They come last, too, for what the system has may be too old.
        let asked: Vec<_> = machine.asked().lines().filter(|it| !it.contains("update")).map(str::to_owned).collect();
        assert_eq!(asked, [line, pip], "{}", said(&output));
        assert!(said(&output).contains("or set DATABASE_URL and REDIS_URL"), "{}", said(&output));
    }
}

#[test]
fn nothing_is_installed_when_that_is_not_wanted_and_the_way_is_told() {
    for (manager, line, _) in SYSTEMS {
        let machine = Machine::with(manager);
        let output = machine.lms(&["up", "--no-install"]);
        assert!(!output.status.success());
        assert_eq!(machine.asked(), "", "{}", said(&output));
        for told in ["PostgreSQL 15 or newer", "Redis 6.2 or newer", line] {
            assert!(said(&output).contains(told), "{told}: {}", said(&output));
        }
    }
}

#[test]
fn a_manager_that_is_broken_off_leaves_the_systems_policy_as_it_was() {
    let machine = Machine::with("apt-get");
    // Ctrl-C, while packages are fetched.
    machine.program("apt-get", "[ \"$1\" = update ] || { cp \"$LMS_POLICY\" \"${0%/*}/../asked\"; kill -INT $PPID; }");
    let output = machine.lms(&["servers", "start", "cell"]);
    assert!(!output.status.success(), "{}", said(&output));
    assert_eq!(machine.asked(), "#!/bin/sh\nexit 101\n", "no server is started meanwhile");
    assert!(!machine.path("policy").exists(), "{}", said(&output));
}

#[test]
fn a_system_that_keeps_no_list_of_processes_knows_its_own() {
    let machine = Machine::with("none");
    // As macOS prints it: the column is filled up.
    let ps = ["/usr/bin/ps", "/bin/ps"].into_iter().find(|path| Path::new(path).exists()).expect("ps");
    machine.program("ps", &format!("{ps} \"$@\" | awk '{{ printf \"%-80s\\n\", $0 }}'"));
    let tools = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.lms/tools"));
    if tools.exists() {
        fs::create_dir(machine.path(".lms")).expect("a folder");
        symlink(tools.canonicalize().expect("a path"), machine.path(".lms/tools")).expect("the tools");
    }
    let servers = |action: &str| {
        let path = std::env::var("PATH").expect("a path");
        Command::new("/bin/sh")
            .arg(machine.path("lms"))
            .args(["servers", action, "cell"])
            .current_dir(machine.folder.path())
            .env_clear()
            .env("PATH", format!("{}:{path}", machine.path("programs").display()))
            .env("HOME", machine.folder.path())
            .env("LMS_PROC", "/nowhere")
            .output()
            .expect("it ran")
    };
    let started = servers("start");
    assert!(started.status.success(), "{}", said(&started));
    let status = servers("status");
    let told = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.status.success() && !told.contains("stopped"), "{told}");
    // It is the one that runs that is told of again, and not another.
    assert_eq!(servers("start").stdout, started.stdout);
    assert!(servers("stop").status.success());
    let status = servers("status");
    assert_eq!(String::from_utf8_lossy(&status.stdout), "postgres stopped\nredis stopped\n");
    assert!(servers("remove").status.success());
}

#[test]
fn a_process_that_has_ended_runs_no_more_also_when_nobody_asks_for_its_end() {
    let machine = Machine::with("none");
    for proc in ["/proc", "/nowhere"] {
        // As in a container whose first process asks for nobody's.
        let mut process = Command::new("sleep").arg("600").spawn().expect("a process");
        let ask = |what: &str| {
            let script = format!(". .launcher/basics.sh; . .launcher/processes.sh; {what}");
            let output = Command::new("/bin/sh")
                .args(["-c", &script])
                .current_dir(machine.folder.path())
                .env("LMS_PROC", proc)
                .env("CELL", machine.folder.path())
                .output()
                .expect("it ran");
            assert!(output.stderr.is_empty(), "{}", said(&output));
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        };
        let number = process.id().to_string();
        ask(&format!("mkdir -p run; note_process sleeper {number}"));
        assert_eq!(ask("process sleeper || echo none"), number, "by {proc}");
        process.kill().expect("killed");
        let killed = Instant::now();
        while ask("process sleeper || echo none") != "none" {
            assert!(killed.elapsed() < Duration::from_secs(10), "it is taken for one that runs, by {proc}");
        }
        process.wait().expect("ended");
    }
}
