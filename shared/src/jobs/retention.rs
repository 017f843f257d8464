//! Old rows go, in batches that nobody notices.

use diesel::sql_types::Double;
use diesel_async::RunQueryDsl;
use std::time::Duration;

use crate::db::{Conn, Error};

const DAY: Duration = Duration::from_secs(86_400);
/// Rows in one statement.
const BATCH: usize = 5_000;

/// How long what is kept.
const KEPT: [(&str, Duration); 5] = [
    // The dead wait for an operator; the others are only history. Attempts and cursors go with them.
    (
        "delete from jobs where id in (select id from jobs where state in ('succeeded', 'cancelled') and finished_at < now() - make_interval(secs => $1) limit 5000 for update skip locked)",
        DAY.saturating_mul(7),
    ),
    (
        "delete from jobs where id in (select id from jobs where state = 'dead' and finished_at < now() - make_interval(secs => $1) limit 5000 for update skip locked)",
        DAY.saturating_mul(90),
    ),
    (
        "delete from job_effects where effect_key in (select effect_key from job_effects where created_at < now() - make_interval(secs => $1) and not exists (select from jobs where jobs.id = job_effects.job_id and finished_at is null) limit 5000 for update skip locked)",
        DAY.saturating_mul(30),
    ),
    (
        "delete from schedule_runs where (schedule_id, scheduled_for) in (select schedule_id, scheduled_for from schedule_runs where created_at < now() - make_interval(secs => $1) limit 5000 for update skip locked)",
        DAY.saturating_mul(30),
    ),
    // A bucket that nobody has drawn from for a day is full: as if it had never been.
    (
        "delete from job_buckets where bucket in (select bucket from job_buckets where filled_at < now() - make_interval(secs => $1) limit 5000 for update skip locked)",
        DAY,
    ),
];

/// Deletes one batch of what is too old; `false` when nothing is left. Waits for nobody: a row that
/// somebody holds goes another time. `conn` is in the platform's
/// scope, or the relay's.
///
/// # Errors
/// The database's.
pub async fn prune(conn: &mut Conn) -> Result<bool, Error> {
    let mut is_more = false;
    for (statement, age) in KEPT {
        let deleted = diesel::sql_query(statement).bind::<Double, _>(age.as_secs_f64()).execute(conn).await?;
        is_more |= deleted >= BATCH;
    }
    Ok(is_more)
}
