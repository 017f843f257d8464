//! `worker jobs …`.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use shared::config::Env;
use shared::db::Conn;
use shared::ids::{JobId, TenantId};
use shared::jobs::operate::{self, AttemptRow, Cancelled, DeadRow, Filter, JobRow};
use shared::jobs::{JobState, Queue};
use shared::kinds;

use super::table::{or_dash, table};
use super::{Answer, Asked, connection};

/// What can be asked.
#[derive(Debug, Subcommand)]
pub enum Jobs {
    /// List jobs, the newest first.
    Ls {
        #[command(flatten)]
        which: Which,
        /// available, dispatched, running, succeeded, cancelled or dead.
        #[arg(long)]
        state: Option<JobState>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: i64,
    },
    /// Show one job, and what went wrong with it.
    Show {
        /// Its id.
        id: JobId,
    },
    /// Give dead jobs their attempts back. Without `--yes`, only say which.
    Replay {
        /// These; or all that the filter leaves.
        ids: Vec<JobId>,
        #[command(flatten)]
        which: Which,
        /// At most so many, oldest first.
        #[arg(long, default_value_t = 1_000)]
        limit: i64,
        /// Do it.
        #[arg(long)]
        yes: bool,
    },
    /// Cancel jobs: those that wait never start, those that run are asked to stop.
    Cancel {
        /// Which.
        #[arg(required = true)]
        ids: Vec<JobId>,
    },
}

/// Which jobs are meant.
#[derive(Debug, Args)]
pub struct Which {
    /// Of this kind: `notifications.deliver`.
    #[arg(long)]
    kind: Option<String>,
    /// In this queue.
    #[arg(long)]
    queue: Option<Queue>,
    /// Of this tenant.
    #[arg(long)]
    tenant: Option<TenantId>,
    /// With this class of error: `timeout`, `worker_lost`…
    #[arg(long)]
    error: Option<String>,
}

impl Which {
    fn filter(self, state: Option<JobState>) -> Filter {
        Filter { state, kind: self.kind, queue: self.queue, tenant: self.tenant, error_class: self.error }
    }
}

impl Jobs {
    /// Whether all that it names is there: who misspells a name must not hear that all is well.
    async fn names_what_is(&self, conn: &mut Conn) -> anyhow::Result<()> {
        let (ids, kind) = match self {
            Self::Ls { which, .. } => (&[][..], which.kind.as_deref()),
            Self::Show { id } => (std::slice::from_ref(id), None),
            Self::Replay { ids, which, .. } => (&ids[..], which.kind.as_deref()),
            Self::Cancel { ids } => (&ids[..], None),
        };
        if let Some(unknown) = operate::unknown(conn, ids).await?.first() {
            anyhow::bail!("there is no job {unknown}; nothing was done");
        }
        if let Some(kind) = kind {
            let is_there = kinds::named(kind).is_some() || operate::has_kind(conn, kind).await?;
            anyhow::ensure!(is_there, "this release knows no kind {kind}, and there are no jobs of it");
        }
        Ok(())
    }
}

/// Answers.
///
/// # Errors
/// The database's, or there is no such job.
pub async fn jobs(env: Env, Asked { command, json }: Asked<Jobs>) -> anyhow::Result<()> {
    let answer = Answer { is_json: json };
    let mut conn = connection(env).await?;
    command.names_what_is(&mut conn).await?;
    match command {
        Jobs::Ls { which, state, limit } => {
            let rows = operate::list(&mut conn, &which.filter(state), limit).await?;
            answer.give(&rows, |rows| list(rows))
        }
        Jobs::Show { id } => {
            let Some((job, attempts)) = operate::show(&mut conn, id).await? else {
                anyhow::bail!("there is no job {id}");
            };
            answer.give(&json!({ "job": job, "attempts": attempts }), |_| one(&job, &attempts))
        }
        Jobs::Replay { ids, which, limit, yes: true } => {
            let replayed = operate::replay(&mut conn, &which.filter(None), &ids, limit).await?;
            answer.give(&replayed, |replayed| format!("{} jobs live again", replayed.len()))
        }
        Jobs::Replay { ids, which, limit: _, yes: false } => {
            let rows = operate::dead(&mut conn, &which.filter(None), &ids).await?;
            answer.give(&rows, |rows| would_replay(rows))
        }
        Jobs::Cancel { ids } => {
            let mut told = Vec::new();
            for id in ids {
                let said = match operate::cancel(&mut conn, id).await? {
                    Cancelled::AtOnce => "cancelled",
                    Cancelled::Asked => "asked to stop",
                    Cancelled::TooLate => "over already",
                };
                told.push(Told { id, said });
            }
            answer.give(&told, |told| {
                let rows: Vec<_> = told.iter().map(|told| [told.id.to_string(), told.said.to_owned()]).collect();
                table(["ID", "SAID"], &rows)
            })
        }
    }
}

/// What became of a wish.
#[derive(Serialize)]
struct Told {
    id: JobId,
    said: &'static str,
}

fn would_replay(rows: &[DeadRow]) -> String {
    if rows.is_empty() {
        return "None of the dead is meant.".to_owned();
    }
    let rows: Vec<_> =
        rows.iter().map(|row| [row.kind.clone(), or_dash(row.error_class.as_ref()), row.jobs.to_string()]).collect();
    format!("{}\n\nNothing was done: add --yes to replay them.", table(["KIND", "ERROR", "DEAD"], &rows))
}

fn list(rows: &[JobRow]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            [
                row.id.to_string(),
                row.kind.clone(),
                row.queue.clone(),
                row.state.to_string(),
                format!("{}/{}", row.attempt, row.max_attempts),
                row.run_at.format("%F %T").to_string(),
                or_dash(row.error_class.as_ref()),
            ]
        })
        .collect();
    table(["ID", "KIND", "QUEUE", "STATE", "ATTEMPT", "DUE (UTC)", "ERROR"], &rows)
}

fn one(job: &JobRow, attempts: &[AttemptRow]) -> String {
    let facts = [
        ("id", job.id.to_string()),
        ("kind", job.kind.clone()),
        ("tenant", job.tenant_id.to_string()),
        ("queue", job.queue.clone()),
        ("state", job.state.to_string()),
        ("attempt", format!("{} of {}, {} crashes", job.attempt, job.max_attempts, job.crashes)),
        ("progress", or_dash(job.progress.map(|percent| format!("{percent} %")))),
        ("payload", job.args.to_string()),
        ("result", or_dash(job.result.as_ref())),
        ("worker", or_dash(job.worker.as_ref())),
        ("created", job.created_at.to_rfc3339()),
        ("due", job.run_at.to_rfc3339()),
        ("started", or_dash(job.started_at.map(|at| at.to_rfc3339()))),
        ("finished", or_dash(job.finished_at.map(|at| at.to_rfc3339()))),
        ("request", or_dash(job.request_id.as_ref())),
        ("error", or_dash(job.last_error.as_ref())),
    ];
    let facts: Vec<String> = facts.iter().map(|(name, value)| format!("{name:<9} {value}")).collect();
    if attempts.is_empty() {
        return facts.join("\n");
    }
    let rows: Vec<_> = attempts
        .iter()
        .map(|row| {
            [
                row.attempt.to_string(),
                row.ended_at.format("%F %T").to_string(),
                row.outcome.clone(),
                or_dash(row.error.as_ref()),
            ]
        })
        .collect();
    format!("{}\n\n{}", facts.join("\n"), table(["ATTEMPT", "ENDED (UTC)", "OUTCOME", "ERROR"], &rows))
}
