//! The launcher on machines that this one is not: what they have is all that its path has.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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
            .env_clear()
            .env("PATH", self.path("programs"))
            .env("HOME", self.folder.path())
            // Nobody listens there.
            .env("PORT", "1")
            // Programs of the machine that runs this test, at places of their own.
            .env("LMS_SKIP_SYSTEM", "yes")
            .output()
            .expect("it ran")
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const SYSTEMS: [(&str, &str); 3] = [
    ("apt-get", "apt-get install -y --no-install-recommends postgresql redis-server"),
    ("dnf", "dnf install -y postgresql-server valkey"),
    ("brew", "brew install postgresql@17 valkey"),
];

#[test]
fn servers_are_asked_for_by_the_package_manager_that_a_system_has() {
    for (manager, line) in SYSTEMS {
        let machine = Machine::with(manager);
        let output = machine.lms(&["servers", "start", "cell"]);
        assert!(!output.status.success(), "{manager} has nothing, and {}", said(&output));
        assert_eq!(machine.asked().lines().last(), Some(line), "{}", said(&output));
        // Wheels come first, and need nobody's rights.
        assert!(said(&output).contains("There is no Python with pip"), "{}", said(&output));
        assert!(said(&output).contains("or set DATABASE_URL and REDIS_URL"), "{}", said(&output));
    }
}

#[test]
fn nothing_is_installed_when_that_is_not_wanted_and_the_way_is_told() {
    for (manager, line) in SYSTEMS {
        let machine = Machine::with(manager);
        let output = machine.lms(&["up", "--no-install"]);
        assert!(!output.status.success());
        assert_eq!(machine.asked(), "", "{}", said(&output));
        for told in ["PostgreSQL 15 or newer", "Redis 6.2 or newer", line] {
            assert!(said(&output).contains(told), "{told}: {}", said(&output));
        }
    }
}
