//! `worker schedules …`.

use clap::Subcommand;
use shared::config::Env;
use shared::jobs::schedule::{self, Change, ScheduleRow};

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
    },
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
        Schedules::Set { name, cron, timezone } => (name, Change { cron, timezone, ..Change::default() }),
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
