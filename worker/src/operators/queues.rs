//! `worker queues …`.

use clap::Subcommand;
use shared::config::Env;
use shared::jobs::Queue;
use shared::jobs::operate;

use super::table::table;
use super::{connection, print, print_json};

/// What can be asked.
#[derive(Debug, Subcommand)]
pub enum Queues {
    /// List the queues: what waits, what runs, how long the oldest is due.
    Ls {
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Hold a queue: nothing of it starts. What runs goes on.
    Pause {
        /// Which.
        queue: Queue,
    },
    /// Let it go on.
    Resume {
        /// Which.
        queue: Queue,
    },
}

/// Answers.
///
/// # Errors
/// The database's.
pub async fn queues(env: Env, command: Queues) -> anyhow::Result<()> {
    let mut conn = connection(env).await?;
    match command {
        Queues::Ls { json: true } => print_json(&operate::queues(&mut conn).await?),
        Queues::Ls { json: false } => {
            let rows: Vec<_> = operate::queues(&mut conn)
                .await?
                .into_iter()
                .map(|row| {
                    [
                        row.queue,
                        if row.is_paused { "held" } else { "open" }.to_owned(),
                        row.ready.to_string(),
                        row.scheduled.to_string(),
                        row.running.to_string(),
                        row.dead.to_string(),
                        format!("{:.1}", row.oldest_due_seconds),
                    ]
                })
                .collect();
            print(&table(["QUEUE", "STATE", "READY", "LATER", "RUNNING", "DEAD", "OLDEST DUE (S)"], &rows))
        }
        Queues::Pause { queue } => {
            operate::pause(&mut conn, queue).await?;
            print(&format!("{queue} is held"))
        }
        Queues::Resume { queue } => {
            operate::resume(&mut conn, queue).await?;
            print(&format!("{queue} goes on"))
        }
    }
}
