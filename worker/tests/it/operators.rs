//! The operators' commands, on the binary; and the handbook, whose every command is run.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use shared::ids::{JobId, TenantId};
use shared::jobs::enqueue;
use shared::testing::{TestDb, make};
use worker::rehearsal::{Nothing, Sleep};

use crate::process::{Worker, until};

/// What an operator has before them: three dead jobs, one that waits, and a schedule.
struct Desk {
    db: TestDb,
    tenant: TenantId,
    dead: Vec<JobId>,
    waiting: JobId,
}

impl Desk {
    async fn set() -> Self {
        let db = TestDb::lease().await;
        let tenant = make::tenant(&db).await.id;
        let mut conn = db.tenant(tenant).await;
        let mut dead = Vec::new();
        for class in ["timeout", "timeout", "retry"] {
            let id = enqueue(&mut conn, &Nothing { tenant }).await.expect("asked").id();
            let death = format!(
                "update jobs set state = 'dead', attempt = 20, finished_at = now(), error_class = '{class}',
                    last_error = 'it went wrong' where id = '{id}' returning '' as text"
            );
            db.texts(&death).await;
            dead.push(id);
        }
        let waiting = enqueue(&mut conn, &Sleep { tenant, milliseconds: 1 }).await.expect("asked").id();
        shared::jobs::schedule::sync(&mut *db.relay().await, &worker::schedules().expect("schedules"))
            .await
            .expect("written");
        drop(conn);
        Self { db, tenant, dead, waiting }
    }

    /// What a command says, and whether it was content.
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = Worker::command(arguments).env("DATABASE_URL", &self.db.url).output().expect("run");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    #[track_caller]
    fn says(&self, arguments: &[&str]) -> String {
        let (is_content, said) = self.run(arguments);
        assert!(is_content, "worker {}: {said}", arguments.join(" "));
        said
    }

    #[track_caller]
    fn tells(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.says(arguments)).expect("JSON")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_shown_replayed_and_cancelled() {
    let desk = Desk::set().await;
    let (first, waiting) = (desk.dead[0].to_string(), desk.waiting.to_string());

    let list = desk.says(&["jobs", "ls", "--state", "dead", "--error", "timeout"]);
    assert!(list.starts_with("ID ") && list.contains(&first) && !list.contains(&waiting), "{list}");
    assert_eq!(desk.tells(&["jobs", "ls", "--json", "--limit", "2"]).as_array().map(Vec::len), Some(2));
    let tenant = desk.tenant.to_string();
    assert_eq!(desk.tells(&["jobs", "ls", "--json", "--tenant", &tenant]).as_array().map(Vec::len), Some(4));
    let shown = desk.says(&["jobs", "show", &first]);
    assert!(shown.contains("rehearsal.nothing") && shown.contains("it went wrong"), "{shown}");
    assert_eq!(desk.tells(&["jobs", "show", &first, "--json"])["job"]["state"], "dead");

    let dry = desk.says(&["jobs", "replay", "--error", "timeout"]);
    assert!(dry.contains("rehearsal.nothing  timeout  2") && dry.contains("--yes"), "{dry}");
    assert_eq!(desk.tells(&["jobs", "replay", "--json"])[0]["jobs"], 2);
    assert_eq!(
        desk.tells(&["jobs", "ls", "--state", "dead", "--json"]).as_array().map(Vec::len),
        Some(3),
        "nothing was done"
    );
    assert!(desk.says(&["jobs", "replay", "--error", "timeout", "--yes"]).contains("2 jobs live again"));
    assert_eq!(
        desk.tells(&["jobs", "replay", &desk.dead[2].to_string(), "--yes", "--json"]).as_array().map(Vec::len),
        Some(1)
    );
    assert!(desk.says(&["jobs", "replay", "--yes"]).contains("0 jobs live again"));

    assert!(desk.says(&["jobs", "cancel", &waiting]).contains("cancelled"));
    assert_eq!(desk.tells(&["jobs", "cancel", &waiting, "--json"])[0]["said"], "over already");
    let (is_content, said) = desk.run(&["jobs", "show", "0193e0f0-0000-7000-8000-000000000000"]);
    assert!(!is_content && said.contains("there is no job"), "{said}");
    assert!(!desk.run(&["jobs", "ls", "--state", "done"]).0);
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_are_held_and_set_and_schedules_switched_and_changed() {
    let desk = Desk::set().await;
    assert!(desk.says(&["queues", "pause", "within_10m"]).contains("within_10m is held"));
    let held =
        |queues: &Value| queues.as_array().map(|all| all.iter().filter(|queue| queue["is_paused"] == true).count());
    assert_eq!(held(&desk.tells(&["queues", "ls", "--json"])), Some(1));
    assert!(desk.says(&["queues", "ls"]).contains("held"));
    desk.says(&["queues", "resume", "within_10m"]);
    assert_eq!(held(&desk.tells(&["queues", "ls", "--json"])), Some(0));
    let set = desk.says(&["queues", "set", "within_10m", "--tenant-cap", "7"]);
    assert!(set.contains("TENANT CAP") && set.lines().nth(1).is_some_and(|line| line.contains("  7 ")), "{set}");
    assert!(!desk.run(&["queues", "set", "within_10m", "--ticket-window", "9000"]).0, "more than the road can carry");
    assert!(!desk.run(&["queues", "pause", "bulk"]).0);

    assert!(desk.says(&["schedules", "ls"]).contains("jobs.prune"));
    assert!(desk.says(&["schedules", "disable", "jobs.prune"]).contains("off"));
    assert!(desk.says(&["schedules", "enable", "jobs.prune"]).contains("on"));
    let set = desk.says(&["schedules", "set", "jobs.prune", "--cron", "5 4 * * *", "--timezone", "Asia/Tokyo"]);
    assert!(set.contains("Asia/Tokyo") && set.contains("operator"), "{set}");
    let rules = ["schedules", "set", "jobs.prune", "--misfire", "all", "--grace", "60", "--overlap", "allow"];
    assert!(desk.says(&rules).contains("Asia/Tokyo"), "what is left out stays");
    let changed = desk.tells(&["schedules", "ls", "--json"]);
    let prune = changed.as_array().and_then(|all| all.iter().find(|row| row["name"] == "jobs.prune")).cloned();
    assert!(prune.is_some_and(|row| row["misfire"] == "all" && row["overlap"] == "allow"), "{changed}");
    assert!(desk.says(&["schedules", "run-now", "jobs.prune"]).contains("was asked for"));
    assert!(desk.says(&["schedules", "runs", "jobs.prune"]).contains("hand"));
    assert_eq!(desk.tells(&["schedules", "runs", "jobs.prune", "--json"]).as_array().map(Vec::len), Some(1));
    let (is_content, said) = desk.run(&["schedules", "set", "jobs.prune", "--timezone", "Europe/Atlantis"]);
    assert!(!is_content && said.contains("no IANA time zone"), "{said}");
    assert!(!desk.run(&["schedules", "run-now", "nothing"]).0);
}

/// What a program that asks gets: the exit status, what stands on stdout, and what on stderr.
impl Desk {
    fn ask(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = Worker::command(arguments).env("DATABASE_URL", &self.db.url).output().expect("run");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_changes_something_is_answered_with_one_document_for_programs_and_nothing_else() {
    let desk = Desk::set().await;
    let (dead, waiting) = (desk.dead[0].to_string(), desk.waiting.to_string());
    for (arguments, about, wanted) in [
        (vec!["jobs", "replay", &dead], "/0/jobs", json!(1)),
        (vec!["jobs", "replay", &dead, "--yes"], "/0", json!(dead)),
        (vec!["jobs", "replay", "--error", "timeout", "--yes"], "/0", json!(desk.dead[1])),
        (vec!["jobs", "cancel", &waiting], "/0/said", json!("cancelled")),
        (vec!["queues", "pause", "within_10m"], "/is_paused", json!(true)),
        (vec!["queues", "resume", "within_10m"], "/is_paused", json!(false)),
        (vec!["queues", "set", "within_10m", "--tenant-cap", "7"], "/tenant_cap", json!(7)),
        (vec!["schedules", "disable", "jobs.prune"], "/is_enabled", json!(false)),
        (vec!["schedules", "enable", "jobs.prune"], "/is_enabled", json!(true)),
        (vec!["schedules", "set", "jobs.prune", "--cron", "5 4 * * *"], "/cron", json!("5 4 * * *")),
        (vec!["schedules", "reset", "jobs.prune"], "/is_edited", json!(false)),
        (vec!["schedules", "create", "mine", "--kind", "jobs.prune", "--cron", "1 2 * * *"], "/name", json!("mine")),
        (vec!["schedules", "delete", "mine"], "/deleted", json!("mine")),
        (vec!["limits", "set", "provider:smtp", "--rate", "30/60+5"], "/burst", json!(5)),
        (vec!["limits", "set", "kind:files.scan", "--tenant-backlog", "9"], "/tenant_backlog", json!(9)),
        (vec!["limits", "reset", "provider:smtp"], "/subject", json!("provider:smtp")),
    ] {
        let arguments = [&arguments[..], &["--json"]].concat();
        let (code, stdout, stderr) = desk.ask(&arguments);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{arguments:?}");
        // One document: what follows it would be an error.
        let told: Value =
            serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {stdout}"));
        assert_eq!(told.pointer(about), Some(&wanted), "{arguments:?}: {told}");
    }
    let (_, asked, _) = desk.ask(&["schedules", "run-now", "jobs.prune", "--json"]);
    let asked: Value = serde_json::from_str(&asked).expect("one document");
    let job = asked["job"].as_str().expect("its id");
    assert_eq!(desk.tells(&["jobs", "show", job, "--json"])["job"]["kind"], "jobs.prune");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_refused_on_stderr_and_by_the_exit_status() {
    let desk = Desk::set().await;
    let (stranger, waiting) = (JobId::new().to_string(), desk.waiting.to_string());
    for arguments in [
        vec!["jobs", "show", &stranger],
        vec!["jobs", "cancel", &waiting, &stranger],
        vec!["jobs", "replay", &stranger],
        vec!["jobs", "replay", &stranger, "--yes"],
        vec!["jobs", "replay", "--kind", "files.scam", "--yes"],
        vec!["jobs", "replay", "--queue", "bulk", "--yes"],
        vec!["jobs", "ls", "--kind", "files.scam"],
        vec!["queues", "pause", "bulk"],
        vec!["queues", "resume", "bulk"],
        vec!["queues", "set", "bulk", "--tenant-cap", "7"],
        vec!["schedules", "run-now", "nothing"],
        vec!["schedules", "runs", "nothing"],
        vec!["schedules", "enable", "nothing"],
        vec!["schedules", "disable", "nothing"],
        vec!["schedules", "set", "nothing", "--cron", "5 4 * * *"],
        vec!["schedules", "reset", "nothing"],
        vec!["schedules", "delete", "nothing"],
        vec!["schedules", "create", "mine", "--kind", "files.scam", "--cron", "1 2 * * *"],
        vec!["limits", "set", "kind:files.scam", "--rate", "1/1"],
        vec!["limits", "set", "provider:post", "--rate", "1/1"],
        vec!["limits", "reset", "kind:files.scam"],
        vec!["limits", "reset", "provider:smtp"],
    ] {
        let (code, stdout, stderr) = desk.ask(&[&arguments[..], &["--json"]].concat());
        assert!(code.is_some_and(|code| code != 0), "{arguments:?} is content: {stdout}");
        assert_eq!(stdout, "", "{arguments:?}");
        let name = arguments
            .iter()
            .find(|word| ["nothing", "bulk", "scam", "post", "smtp"].iter().any(|part| word.contains(part)));
        let name = name.copied().unwrap_or(&stranger).trim_start_matches("kind:");
        assert!(stderr.contains(name), "{arguments:?}: {stderr}");
    }
    assert_eq!(desk.tells(&["jobs", "show", &waiting, "--json"])["job"]["state"], "available", "half of it was done");
}

/// The blocks of a document that are marked as commands.
fn commands(document: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block: Option<Vec<&str>> = None;
    for line in document.lines() {
        block = match (block, line) {
            (None, "```sh") => Some(Vec::new()),
            (Some(lines), "```") => {
                blocks.push(lines.join("\n"));
                None
            }
            (Some(mut lines), line) => {
                lines.push(line);
                Some(lines)
            }
            (None, _) => None,
        };
    }
    blocks
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_handbook_does_what_it_says() {
    let desk = Desk::set().await;
    let worker = Worker::start(&desk.db, &[], &[]);
    let internal = worker.internal().to_string();
    let ready = format!("http://{internal}/health/ready");
    until("the worker is ready", async || reqwest::get(&ready).await.is_ok_and(|answer| answer.status() == 200)).await;
    let handbook = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md");
    let blocks = commands(&std::fs::read_to_string(handbook).expect("the handbook"));
    assert!(blocks.len() > 8, "the handbook has only {} blocks of commands", blocks.len());

    let program = PathBuf::from(env!("CARGO_BIN_EXE_worker"));
    let path =
        format!("{}:{}", program.parent().expect("a folder").display(), std::env::var("PATH").unwrap_or_default());
    let mut replays = 0;
    for block in blocks {
        let mut shell = Command::new("sh");
        let template = Worker::command(&[]);
        shell.args(["-eu", "-c", &block]).env_clear();
        shell.envs(template.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.env("PATH", &path).env("DATABASE_URL", &desk.db.url).env("WORKER_INTERNAL_LISTEN", &internal);
        shell.env("JOB", desk.dead[0].to_string()).env("TENANT", desk.tenant.to_string());
        let output = shell.current_dir(std::env::temp_dir()).output().expect("a shell");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{block}\n{said}");
        if block.contains("worker jobs replay --error timeout --tenant \"$TENANT\" --yes") {
            replays += 1;
            assert!(said.contains("2 jobs live again"), "{block}\n{said}");
            // What died of something else stays dead; what becomes of the others is the worker's business.
            let dead = "select error_class as text from jobs where state = 'dead'";
            assert_eq!(desk.db.texts(dead).await, ["retry"]);
        }
    }
    assert_eq!(replays, 1, "the handbook shows how to replay by the cause");
}
