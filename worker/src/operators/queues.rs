//! `worker queues …`.

use anyhow::Context;
use clap::Subcommand;
use shared::config::Env;
use shared::db::Conn;
use shared::jobs::Queue;
use shared::jobs::backlog::{self, FullKind};
use shared::jobs::operate::{self, QueueChange, QueueRow};

use super::table::table;
use super::{Answer, Asked, connection};

/// Lines about tenants that are refused more at most.
const MOST_FULL: i64 = 1_000;

/// What can be asked.
#[derive(Debug, Subcommand)]
pub enum Queues {
    /// List the queues: what waits, what runs, how long the oldest is due.
    Ls,
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
        /// Jobs of one tenant and kind waiting at most, before its requests for more are refused.
        #[arg(long, value_parser = clap::value_parser!(i32).range(1..=1_000_000_000))]
        tenant_backlog: Option<i32>,
    },
    /// List the kinds of which a tenant has so many waiting that it is refused more.
    Full,
}

/// Answers.
///
/// # Errors
/// The database's.
pub async fn queues(env: Env, Asked { command, json }: Asked<Queues>) -> anyhow::Result<()> {
    let answer = Answer { is_json: json };
    let mut conn = connection(env).await?;
    match command {
        Queues::Ls => {
            let rows = operate::queues(&mut conn).await?;
            answer.give(&rows, |rows| format!("{}\n\n{}", loads(rows), settings(rows)))
        }
        Queues::Pause { queue } => {
            operate::pause(&mut conn, queue).await?;
            answer.give(&one(&mut conn, queue).await?, |_| format!("{queue} is held"))
        }
        Queues::Resume { queue } => {
            operate::resume(&mut conn, queue).await?;
            answer.give(&one(&mut conn, queue).await?, |_| format!("{queue} goes on"))
        }
        Queues::Set { queue, ticket_window, tenant_cap, max_backlog, tenant_backlog } => {
            let change = QueueChange { ticket_window, tenant_cap, max_backlog, tenant_backlog };
            operate::set_queue(&mut conn, queue, &change).await?;
            answer.give(&one(&mut conn, queue).await?, |row| settings(std::slice::from_ref(row)))
        }
        Queues::Full => answer.give(&backlog::full_kinds(&mut conn, MOST_FULL).await?, |rows| full(rows)),
    }
}

async fn one(conn: &mut Conn, queue: Queue) -> anyhow::Result<QueueRow> {
    let rows = operate::queues(conn).await?;
    rows.into_iter().find(|row| row.queue == queue.name()).with_context(|| format!("there is no queue {queue}"))
}

fn loads(rows: &[QueueRow]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            let state = match (row.is_paused, row.is_full) {
                (true, _) => "held",
                (false, true) => "full",
                (false, false) => "open",
            };
            [
                row.queue.clone(),
                state.to_owned(),
                row.ready.to_string(),
                row.scheduled.to_string(),
                row.running.to_string(),
                row.dead.to_string(),
                format!("{:.1}", row.oldest_due_seconds),
            ]
        })
        .collect();
    table(["QUEUE", "STATE", "READY", "LATER", "RUNNING", "DEAD", "OLDEST DUE (S)"], &rows)
}

fn settings(rows: &[QueueRow]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            [
                row.queue.clone(),
                row.ticket_window.to_string(),
                row.tenant_cap.to_string(),
                row.max_backlog.to_string(),
                row.tenant_backlog.to_string(),
            ]
        })
        .collect();
    table(["QUEUE", "TICKET WINDOW", "TENANT CAP", "MAX BACKLOG", "TENANT BACKLOG"], &rows)
}

fn full(rows: &[FullKind]) -> String {
    if rows.is_empty() {
        return "No tenant is refused anything.".to_owned();
    }
    let rows: Vec<_> =
        rows.iter().map(|row| [row.kind.clone(), row.tenant_id.to_string(), row.waiting.to_string()]).collect();
    table(["KIND", "TENANT", "WAITING"], &rows)
}
