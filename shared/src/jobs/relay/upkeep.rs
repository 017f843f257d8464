//! What is done by the clock, whatever Redis does: fires schedules, and takes back what died.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::super::{backlog, schedule};
use super::post::{Post, STANDBY};
use super::{Relay, RelayError, sweep};
use crate::db::Scope;

/// How often.
const EVERY: Duration = Duration::from_millis(500);
/// After a change of keeper, workers that lost the database too have this long to renew.
const GRACE: Duration = Duration::from_secs(2);

/// Stands for the post, and does so until `shutdown`.
pub(super) async fn keep(relay: Relay, shutdown: CancellationToken) -> Result<(), RelayError> {
    let mut conn = relay.pool.dedicated(Scope::Relay).await?;
    while !Post::Keeper.take(&mut conn).await? {
        tokio::select! {
            () = tokio::time::sleep(STANDBY) => {}
            () = shutdown.cancelled() => return Ok(()),
        }
    }
    // Ends with the term: dropped, it is aborted.
    let mut beside = tokio::task::JoinSet::new();
    beside.spawn(backlog::watch(relay.pool.clone()));
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
