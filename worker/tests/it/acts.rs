//! What operators do at a terminal and on their page stands in the audit log, with who did it.

use serde_json::{Value, json};
use shared::audit::{self, AuditEntry, AuditFilter, Performer};
use shared::db::Part;
use shared::ids::{JobId, TenantId};
use shared::jobs::{enqueue, schedule};
use shared::testing::{TestDb, make};
use worker::rehearsal::Nothing;

use crate::process::{Worker, until};

/// The lines about the machinery, the newest first.
async fn log(db: &TestDb) -> Vec<AuditEntry> {
    let part = Part::Behind { last: None, size: 200 };
    let all = audit::list(&mut *db.platform().await, AuditFilter::default(), part).await.expect("the log").items;
    all.into_iter().filter(|line| line.subject_type.starts_with("job")).collect()
}

async fn asked(db: &TestDb, tenant: TenantId) -> JobId {
    enqueue(&mut *db.tenant(tenant).await, &Nothing { tenant }).await.expect("asked").id()
}

async fn died(db: &TestDb, tenant: TenantId) -> JobId {
    let id = asked(db, tenant).await;
    let death = format!(
        "update jobs set state = 'dead', finished_at = now(), error_class = 'timeout' where id = '{id}' returning '' as text"
    );
    db.texts(&death).await;
    id
}

/// The newest line, which must be the only new one, and whose who must be `operator`.
async fn the_line(db: &TestDb, before: usize, what: &str, operator: impl Fn(&str) -> bool) -> AuditEntry {
    let log = log(db).await;
    assert_eq!(log.len(), before + 1, "{what} left {} lines", log.len() - before);
    let line = log.into_iter().next().expect("a line");
    assert_eq!(line.performer(), Performer::Operator, "{what}: {line:?}");
    assert!(line.operator.as_deref().is_some_and(operator), "{what}: {line:?}");
    line
}

fn field(side: Option<&Value>, name: &str) -> Value {
    side.map(|side| side[name].clone()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_act_at_a_terminal_leaves_a_line_with_account_and_host() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    schedule::sync(&mut *db.relay().await, &worker::schedules().expect("schedules")).await.expect("written");
    let (waiting, dead) = (asked(&db, tenant).await.to_string(), died(&db, tenant).await.to_string());
    for (arguments, action, subject, name) in [
        (vec!["queues", "pause", "within_1h"], "update", "job_queues", "paused_at"),
        (vec!["queues", "resume", "within_1h"], "update", "job_queues", "paused_at"),
        (vec!["queues", "set", "within_1h", "--tenant-backlog", "9"], "update", "job_queues", "tenant_backlog"),
        (vec!["limits", "set", "provider:smtp", "--rate", "30/60+5"], "insert", "job_limits", "starts"),
        (vec!["limits", "reset", "provider:smtp"], "delete", "job_limits", ""),
        (vec!["schedules", "disable", "jobs.prune"], "update", "job_schedules", "is_enabled"),
        (vec!["schedules", "enable", "jobs.prune"], "update", "job_schedules", "is_enabled"),
        (vec!["schedules", "set", "jobs.prune", "--cron", "1 2 * * *"], "update", "job_schedules", "cron"),
        (vec!["schedules", "run-now", "jobs.prune"], "run_now", "job_schedules", "job"),
        (vec!["schedules", "reset", "jobs.prune"], "update", "job_schedules", "is_edited"),
        (
            vec!["schedules", "create", "mine", "--kind", "jobs.prune", "--cron", "1 2 * * *"],
            "insert",
            "job_schedules",
            "kind",
        ),
        (vec!["schedules", "delete", "mine"], "delete", "job_schedules", ""),
        (vec!["jobs", "cancel", &waiting], "cancel", "jobs", "state"),
        (vec!["jobs", "replay", &dead, "--yes"], "replay", "jobs", "state"),
    ] {
        let before = log(&db).await.len();
        let output = Worker::command(&arguments).env("DATABASE_URL", &db.url).output().expect("run");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        let what = arguments.join(" ");
        let at_a_terminal = |who: &str| who.starts_with("command line, ") && who.contains('@');
        let line = the_line(&db, before, &what, at_a_terminal).await;
        assert_eq!((line.action.as_str(), line.subject_type.as_str()), (action, subject), "{what}");
        assert_eq!(line.tenant_id, (subject == "jobs").then_some(tenant), "{what}");
        assert!(
            name.is_empty() || line.after.as_ref().is_some_and(|after| after.get(name).is_some()),
            "{what}: {line:?}"
        );
        assert!(line.before.is_some() || ["insert", "run_now"].contains(&action), "{what}: {line:?}");
    }
    // Looking leaves none, and neither does a dry run.
    let lines = log(&db).await.len();
    for arguments in [["jobs", "ls"], ["jobs", "replay"], ["queues", "ls"], ["limits", "ls"], ["schedules", "ls"]] {
        Worker::command(&arguments).env("DATABASE_URL", &db.url).output().expect("run");
    }
    assert_eq!(log(&db).await.len(), lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_lever_of_the_page_leaves_a_line_with_the_address_that_pulled_it() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    // It serves no queue that these jobs are in: what is done to them is what a lever does.
    let worker = Worker::start(&db, &["--queues", "within_10m=1"], &[]);
    // From the last of them on, the log is the levers'.
    let schedules = worker::schedules().expect("schedules").len();
    until("the schedules are written", async || {
        db.texts("select name as text from job_schedules").await.len() == schedules
    })
    .await;
    let (waiting, dead) = (asked(&db, tenant).await, died(&db, tenant).await);
    let http = reqwest::Client::new();
    for (lever, body, action, subject) in [
        ("queues/within_1h/pause".to_owned(), json!({}), "update", "job_queues"),
        ("queues/within_1h/resume".to_owned(), json!({}), "update", "job_queues"),
        ("schedules/jobs.prune/disable".to_owned(), json!({}), "update", "job_schedules"),
        ("schedules/jobs.prune/enable".to_owned(), json!({}), "update", "job_schedules"),
        ("schedules/jobs.prune/run".to_owned(), json!({}), "run_now", "job_schedules"),
        ("limits/provider:smtp/set".to_owned(), json!({ "rate": "30/60+5" }), "insert", "job_limits"),
        ("limits/provider:smtp/set".to_owned(), json!({}), "update", "job_limits"),
        ("limits/provider:smtp/reset".to_owned(), json!({}), "delete", "job_limits"),
        (format!("jobs/{waiting}/cancel"), json!({}), "cancel", "jobs"),
        ("jobs/replay".to_owned(), json!({ "ids": [dead] }), "replay", "jobs"),
    ] {
        let before = log(&db).await.len();
        let address = format!("http://{}/ops/{lever}", worker.internal());
        let answer = http.post(address).header("x-lms-ops", "1").header("content-type", "application/json");
        assert_eq!(answer.body(body.to_string()).send().await.expect("an answer").status(), 200, "{lever}");
        let line = the_line(&db, before, &lever, |who| who == "operator page, 127.0.0.1").await;
        assert_eq!((line.action.as_str(), line.subject_type.as_str()), (action, subject), "{lever}");
    }
    let log = log(&db).await;
    assert_eq!(
        (field(log[0].before.as_ref(), "state"), field(log[0].after.as_ref(), "jobs")),
        (json!("dead"), json!(1))
    );
    // The relay may have handed it out meanwhile.
    assert!(["available", "dispatched"].map(|state| json!(state)).contains(&field(log[1].before.as_ref(), "state")));
    assert_eq!(field(log[1].after.as_ref(), "state"), json!("cancelled"));
    assert_eq!((log[1].tenant_id, log[1].subject_id.clone()), (Some(tenant), Some(waiting.to_string())));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_limits_who_is_refused_more_and_how_queues_are_set() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    let worker = Worker::start(&db, &["--queues", "within_10m=1"], &[]);
    let page = async || {
        let answer = reqwest::get(format!("http://{}/ops/now", worker.internal())).await;
        match answer {
            Ok(answer) if answer.status() == 200 => answer.text().await.unwrap_or_default(),
            _ => String::new(),
        }
    };
    until("the page is there", async || page().await.contains("jobs.prune")).await;
    assert!(page().await.contains("No kind and no provider is limited."));
    for arguments in [
        vec!["limits", "set", "provider:smtp", "--rate", "3000/60+5"],
        vec!["limits", "set", "kind:files.scan", "--tenant-backlog", "12345"],
        vec!["queues", "set", "within_1h", "--tenant-cap", "77", "--tenant-backlog", "65432"],
        vec!["schedules", "create", "mine", "--kind", "jobs.prune", "--cron", "1 2 * * *"],
    ] {
        assert!(Worker::command(&arguments).env("DATABASE_URL", &db.url).output().expect("run").status.success());
    }
    // A queue that is held hands nothing out, so that what waits in it is counted.
    for statement in [
        "update job_queues set max_backlog = 1, paused_at = now() where queue = 'within_1h' returning '' as text",
        "insert into job_limits (subject, tenant_backlog, is_edited) values ('kind:rehearsal.nothing', 1, true) returning '' as text",
        &format!(
            "insert into jobs (id, tenant_id, kind, queue, args, max_attempts)
             values (gen_random_uuid(), '{tenant}', 'rehearsal.nothing', 'within_1h', '{{}}', 1) returning '' as text"
        ),
    ] {
        db.texts(statement).await;
    }

    until("it is shown", async || {
        let page = page().await;
        [
            "provider:smtp",
            "3,000 in 1 min, 5 at once",
            "12,345",
            "77 of a tenant at once",
            "65,432 of one kind",
            "made by an operator",
        ]
        .iter()
        .all(|shown| page.contains(shown))
    })
    .await;
    until("who is full is told", async || {
        let page = page().await;
        page.matches("<span class=\"badge bad\">full</span>").count() == 2 && page.contains(&tenant.to_string())
    })
    .await;
}
