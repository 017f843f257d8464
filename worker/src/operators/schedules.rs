//! `worker schedules …`.

use clap::{Subcommand, ValueEnum};
use shared::config::Env;
use shared::jobs::schedule::{self, Change, Misfire, RunRow, ScheduleRow};

use super::table::{or_dash, table};
use super::{connection, print, print_json};

/// What can be asked.
#[derive(Debug, Subcommand)]
pub enum Schedules {
    /// List the schedules.
    Ls {
        /// For programs.
        #[arg(long)]
        json: bool,
    },
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
    /// List when it fired, the newest first.
    Runs {
        /// Its name.
        name: String,
        /// At most so many.
        #[arg(long, default_value_t = 20)]
        limit: i64,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
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
pub async fn schedules(env: Env, command: Schedules) -> anyhow::Result<()> {
    let mut conn = connection(env).await?;
    let (name, change) = match command {
        Schedules::Ls { json: true } => return print_json(&schedule::list(&mut conn).await?),
        Schedules::Ls { json: false } => return print(&list(&schedule::list(&mut conn).await?)),
        Schedules::RunNow { name } => {
            let id = schedule::run_now(&mut conn, &name, None).await?;
            return print(&format!("{name} was asked for: job {id}"));
        }
        Schedules::Enable { name } => (name, Change { is_enabled: Some(true), ..Change::default() }),
        Schedules::Disable { name } => (name, Change { is_enabled: Some(false), ..Change::default() }),
        Schedules::Runs { name, limit, json } => {
            let runs = schedule::history(&mut conn, &name, None, limit.clamp(1, 10_000)).await?;
            return if json { print_json(&runs) } else { print(&history(&runs)) };
        }
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
    let row = schedule::change(&mut conn, &name, &change).await?;
    print(&list(&[row]))
}

fn list(rows: &[ScheduleRow]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            [
                row.name.clone(),
                row.cron.clone(),
                row.timezone.clone(),
                if row.is_enabled { "on" } else { "off" }.to_owned(),
                row.next_run_at.format("%F %T").to_string(),
                or_dash(row.last_run_at.map(|at| at.format("%F %T"))),
                if row.is_edited { "operator" } else { "release" }.to_owned(),
            ]
        })
        .collect();
    table(["NAME", "CRON", "ZONE", "STATE", "NEXT (UTC)", "LAST (UTC)", "SET BY"], &rows)
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
