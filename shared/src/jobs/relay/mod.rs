//! The relay hands tickets to Redis: fairly over tenants, never more than a window, and again when
//! Redis has lost them. It also takes back what died, and fires schedules.
//!
//! Every process hosts one. One of them leads, which is to hand out tickets, and one keeps the clock,
//! often the same. They are two posts because one needs Redis: who does not reach it leaves the lead
//! to those who do, while the clock goes on without it.

mod epoch;
mod janitor;
mod lead;
mod pick;
mod post;
mod sweep;
mod upkeep;
mod window;

use std::time::Duration;

use diesel_async::RunQueryDsl;
use tokio_util::sync::CancellationToken;

pub use pick::{take, take_directly};
use post::Post;
pub use sweep::{Swept, sweep};
pub use window::Window;

use super::{Road, RoadError};
use crate::config::RedisConfig;
use crate::db::{Conn, Error, Pool, PoolError};

/// When Redis is away for so long, workers take jobs straight from PostgreSQL, also those whose
/// tickets are as old.
pub const REDIS_PATIENCE: Duration = Duration::from_secs(10);

/// Why a post is given up.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Database(#[from] Error),
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error(transparent)]
    Road(#[from] RoadError),
    #[error("Redis does not answer here, and may answer others")]
    CutOff,
}

/// Hosts a relay until `shutdown`.
///
/// `program` is how the leader is called in the logs and in `job_relay`, with the process' id.
pub async fn run(pool: Pool, program: &'static str, redis: RedisConfig, shutdown: CancellationToken) {
    let road = match Road::new(&redis) {
        Ok(road) => road,
        Err(error) => {
            tracing::error!(error = %error, "The relay cannot start: {error}");
            return;
        }
    };
    let name = format!("{program} {}", std::process::id());
    let relay = Relay { pool, road, name };
    tokio::join!(
        Post::Leader.serve(&shutdown, || lead::lead(relay.clone(), shutdown.clone())),
        Post::Keeper.serve(&shutdown, || upkeep::keep(relay.clone(), shutdown.clone())),
    );
}

/// Has the leader look at once, as it does when jobs are enqueued.
pub(super) async fn wake(conn: &mut Conn) -> Result<(), Error> {
    diesel::sql_query("select pg_notify('jobs', '')").execute(conn).await?;
    Ok(())
}

#[derive(Clone)]
struct Relay {
    pool: Pool,
    road: Road,
    name: String,
}
