//! Old rows go, in batches that nobody notices.

use diesel_async::RunQueryDsl;

use crate::db::{Conn, Error};

/// Rows in one statement.
const BATCH: usize = 5_000;

/// How long what is kept: table, which of its rows may go, and after how long by which column.
const KEPT: [Old; 5] = [
    // The dead wait for an operator; the others are only history. Attempts go with their jobs.
    Old { table: "jobs", which: "state in ('succeeded', 'cancelled')", since: "finished_at", days: 7 },
    Old { table: "jobs", which: "state = 'dead'", since: "finished_at", days: 90 },
    // What a job has done elsewhere is remembered for as long as it may run again: the dead are replayed.
    Old {
        table: "job_effects",
        which: "not exists (select from jobs
                where jobs.id = job_effects.job_id and jobs.state not in ('succeeded', 'cancelled'))",
        since: "created_at",
        days: 30,
    },
    Old { table: "schedule_runs", which: "true", since: "created_at", days: 30 },
    // A bucket that nobody has drawn from for a day is full: as if it had never been.
    Old { table: "job_buckets", which: "true", since: "filled_at", days: 1 },
];

struct Old {
    table: &'static str,
    which: &'static str,
    since: &'static str,
    days: u32,
}

impl Old {
    /// The rows are picked once and as an array: of `in (select … limit …)` the planner may make a
    /// loop that picks anew for each row, and the limit would be forgotten. By their place, so that
    /// it serves tables with any key; a row that is picked is locked and cannot move.
    fn delete_a_batch(&self) -> String {
        let Self { table, which, since, days } = self;
        format!(
            "delete from {table} where ctid = any (array(
                select ctid from {table}
                where {which} and {since} < now() - interval '{days} days'
                limit {BATCH} for update skip locked))"
        )
    }
}

/// Deletes one batch of what is too old; `false` when nothing is left. Waits for nobody: a row that
/// somebody holds goes another time. `conn` is in the relay's scope, which alone reaches all of it.
///
/// # Errors
/// The database's.
pub async fn prune(conn: &mut Conn) -> Result<bool, Error> {
    let mut is_more = false;
    for old in KEPT {
        let deleted = diesel::sql_query(old.delete_a_batch()).execute(conn).await?;
        is_more |= deleted >= BATCH;
    }
    Ok(is_more)
}
