//! `worker queues …`.

use clap::Subcommand;
use shared::config::Env;
use shared::jobs::Queue;
use shared::jobs::operate::{self, QueueChange};

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
    /// Change how it is set; what is left out stays.
    Set {
        /// Which.
        queue: Queue,
        /// Tickets in Redis at most, up to 4000.
        #[arg(long, value_parser = clap::value_parser!(i32).range(1..=4_000))]
        ticket_window: Option<i32>,
        /// Jobs of one tenant under way at most.
        #[arg(long, value_parser = clap::value_parser!(i32).range(1..=1_000_000))]
        tenant_cap: Option<i32>,
        /// Jobs waiting at most, before requests for more are refused.
        #[arg(long, value_parser = clap::value_parser!(i32).range(1..=1_000_000_000))]
        max_backlog: Option<i32>,
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
        Queues::Set { queue, ticket_window, tenant_cap, max_backlog } => {
            operate::set_queue(&mut conn, queue, &QueueChange { ticket_window, tenant_cap, max_backlog }).await?;
            let rows = operate::queues(&mut conn).await?;
            let Some(row) = rows.into_iter().find(|row| row.queue == queue.name()) else {
                anyhow::bail!("there is no queue {queue}");
            };
            let settings =
                [row.queue, row.ticket_window.to_string(), row.tenant_cap.to_string(), row.max_backlog.to_string()];
            print(&table(["QUEUE", "TICKET WINDOW", "TENANT CAP", "MAX BACKLOG"], &[settings]))
        }
    }
}
