//! `worker schedules …`.

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::{Value, json};
use shared::config::Env;
use shared::db::Conn;
use shared::jobs::schedule::{self, Change, Misfire, NewSchedule, RunRow, ScheduleRow};
use shared::kinds;

use super::table::{or_dash, table};
use super::{Answer, Asked, connection};

/// What can be asked.
#[derive(Debug, Subcommand)]
pub enum Schedules {
    /// List the schedules.
    Ls,
    /// List the kinds of job that may be scheduled.
    Kinds,
    /// Ask for the job of a schedule at once, beside its times.
    RunNow {
        /// Its name.
        name: String,
    },
    /// Let it fire.
    Enable {
        /// Its name.
        name: String,
    },
    /// Let it not fire.
    Disable {
        /// Its name.
        name: String,
    },
    /// Change when it fires; a new release leaves that as it is.
    Set {
        /// Its name.
        name: String,
        /// Five fields, or six that begin with seconds.
        #[arg(long)]
        cron: Option<String>,
        /// An IANA zone.
        #[arg(long)]
        timezone: Option<String>,
        /// What is done about instants that nobody was there for: skip, one (the last) or all.
        #[arg(long)]
        misfire: Option<Misfire>,
        /// Up to which age in seconds they are made up for.
        #[arg(long, value_parser = clap::value_parser!(i32).range(0..))]
        grace: Option<i32>,
        /// Whether it fires while its last job is unfinished.
        #[arg(long, value_enum)]
        overlap: Option<OverlapRule>,
    },
    /// Take an operator's changes back: the next start of a worker does what its release says.
    Reset {
        /// Its name.
        name: String,
    },
    /// Make one, of a kind that may be scheduled.
    Create(Box<Wanted>),
    /// Delete one that an operator has made, and its history.
    Delete {
        /// Its name.
        name: String,
    },
    /// List when it fired, the newest first.
    Runs {
        /// Its name.
        name: String,
        /// At most so many.
        #[arg(long, default_value_t = 20)]
        limit: i64,
    },
}

/// A schedule that is wanted.
#[derive(Debug, Args)]
pub struct Wanted {
    /// How it is called: letters, digits, dots, dashes and underscores.
    name: String,
    /// The kind of its jobs; `worker schedules kinds` lists them.
    #[arg(long)]
    kind: String,
    /// The payload of its jobs, as JSON.
    #[arg(long, default_value = "{}", value_parser = payload)]
    args: Value,
    /// Five fields, or six that begin with seconds.
    #[arg(long)]
    cron: String,
    /// An IANA zone.
    #[arg(long, default_value = "UTC")]
    timezone: String,
    /// What is done about instants that nobody was there for: skip, one (the last) or all.
    #[arg(long, default_value = "one")]
    misfire: Misfire,
    /// Up to which age in seconds they are made up for.
    #[arg(long, default_value_t = 86_400, value_parser = clap::value_parser!(i32).range(0..))]
    grace: i32,
    /// Whether it fires while its last job is unfinished.
    #[arg(long, value_enum, default_value = "skip")]
    overlap: OverlapRule,
    /// Do not let it fire yet.
    #[arg(long)]
    disabled: bool,
}

fn payload(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text)
}

/// Whether a schedule fires while its last job is unfinished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OverlapRule {
    /// It does.
    Allow,
    /// It waits for its next instant.
    Skip,
}

/// Answers.
///
/// # Errors
/// The database's, or there is no such schedule.
pub async fn schedules(env: Env, Asked { command, json }: Asked<Schedules>) -> anyhow::Result<()> {
    let answer = Answer { is_json: json };
    let mut conn = connection(env).await?;
    let (name, change) = match command {
        Schedules::Kinds => return answer.give(&kind_rows(), |rows| kinds_table(rows)),
        Schedules::Ls => return answer.give(&schedule::list(&mut conn).await?, |rows| list(rows)),
        Schedules::Create(wanted) => {
            let row = create(&mut conn, *wanted).await?;
            return answer.give(&row, |row| list(std::slice::from_ref(row)));
        }
        Schedules::Delete { name } => {
            schedule::delete(&mut conn, &name).await.context(name.clone())?;
            return answer.give(&json!({ "deleted": name }), |_| format!("{name} is deleted"));
        }
        Schedules::Reset { name } => {
            let row = schedule::give_back(&mut conn, &name).await.context(name.clone())?;
            return answer.give(&row, |_| format!("{name} is the release's again, from the next start of a worker on"));
        }
        Schedules::RunNow { name } => {
            let job = schedule::run_now(&mut conn, &name, None).await.context(name.clone())?;
            return answer.give(&json!({ "job": job }), |_| format!("{name} was asked for: job {job}"));
        }
        Schedules::Runs { name, limit } => {
            schedule::show(&mut conn, &name).await.context(name.clone())?;
            let runs = schedule::history(&mut conn, &name, None, limit.clamp(1, 10_000)).await?;
            return answer.give(&runs, |runs| history(runs));
        }
        Schedules::Enable { name } => (name, Change { is_enabled: Some(true), ..Change::default() }),
        Schedules::Disable { name } => (name, Change { is_enabled: Some(false), ..Change::default() }),
        Schedules::Set { name, cron, timezone, misfire, grace, overlap } => {
            let change = Change {
                is_enabled: None,
                cron,
                timezone,
                misfire,
                misfire_grace_seconds: grace,
                may_overlap: overlap.map(|overlap| overlap == OverlapRule::Allow),
            };
            (name, change)
        }
    };
    let row = schedule::change(&mut conn, &name, &change).await.context(name)?;
    answer.give(&row, |row| list(std::slice::from_ref(row)))
}

async fn create(conn: &mut Conn, wanted: Wanted) -> anyhow::Result<ScheduleRow> {
    let Wanted { name, kind, args, cron, timezone, misfire, grace, overlap, disabled } = wanted;
    let of = kinds::schedulable().find(|of| of.kind == kind);
    let of = of.with_context(|| format!("{kind} is no kind that may be scheduled: see `worker schedules kinds`"))?;
    let new = NewSchedule {
        name,
        args,
        cron,
        timezone,
        is_enabled: !disabled,
        misfire,
        misfire_grace_seconds: grace,
        may_overlap: overlap == OverlapRule::Allow,
    };
    Ok(schedule::create(conn, &of, &new).await?)
}

/// A kind of job that may be scheduled.
#[derive(Serialize)]
struct KindRow {
    kind: &'static str,
    queue: &'static str,
}

fn kind_rows() -> Vec<KindRow> {
    let rows = kinds::schedulable();
    rows.map(|of| KindRow { kind: of.kind, queue: of.queue.name() }).collect()
}

fn kinds_table(rows: &[KindRow]) -> String {
    let rows: Vec<_> = rows.iter().map(|row| [row.kind.to_owned(), row.queue.to_owned()]).collect();
    table(["KIND", "QUEUE"], &rows)
}

fn list(rows: &[ScheduleRow]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            [
                row.name.clone(),
                row.kind.clone(),
                row.cron.clone(),
                row.timezone.clone(),
                if row.is_enabled { "on" } else { "off" }.to_owned(),
                row.next_run_at.format("%F %T").to_string(),
                or_dash(row.last_run_at.map(|at| at.format("%F %T"))),
                match (row.is_declared, row.is_edited) {
                    (false, _) => "made by an operator",
                    (true, true) => "operator",
                    (true, false) => "release",
                }
                .to_owned(),
            ]
        })
        .collect();
    table(["NAME", "KIND", "CRON", "ZONE", "STATE", "NEXT (UTC)", "LAST (UTC)", "SET BY"], &rows)
}

fn history(runs: &[RunRow]) -> String {
    let rows: Vec<_> = runs
        .iter()
        .map(|run| {
            [
                run.scheduled_for.format("%F %T").to_string(),
                if run.is_by_hand { "hand" } else { "clock" }.to_owned(),
                or_dash(run.job_id),
                or_dash(run.state),
            ]
        })
        .collect();
    table(["FOR (UTC)", "BY", "JOB", "STATE"], &rows)
}
