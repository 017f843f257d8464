//! What a leader does by the clock, whatever Redis does: fires schedules, and takes back what died.

use std::time::{Duration, Instant};

use diesel_async::SimpleAsyncConnection;
use tokio_util::sync::CancellationToken;

use super::super::schedule;
use super::{LONGEST_SILENCE, RelayError, sweep};
use crate::db::{Pool, Scope};

/// How often.
const EVERY: Duration = Duration::from_millis(500);
/// After a change of leader, workers that lost the database too have this long to renew.
const GRACE: Duration = Duration::from_secs(2);

/// Does so until `shutdown`, on a connection of its own.
pub(super) async fn keep(pool: &Pool, shutdown: &CancellationToken) -> Result<(), RelayError> {
    let mut conn = pool.dedicated(Scope::Relay).await?;
    conn.batch_execute(LONGEST_SILENCE).await?;
    let began = Instant::now();
    while !shutdown.is_cancelled() {
        schedule::fire_due(&mut conn).await?;
        if began.elapsed() > GRACE {
            sweep(&mut conn).await?;
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.cancelled() => {}
        }
    }
    Ok(())
}
