//! Throws away what apalis-redis keeps of finished tickets for ever. Its own `vacuum` would also
//! delete tickets that wait.

use super::super::{Queue, Road, RoadError};

/// Tickets at a time, so that Redis is never held up.
const BATCH: usize = 500;

/// Forgets the finished tickets of a queue.
pub(super) async fn tidy(road: &Road, queue: Queue) -> Result<(), RoadError> {
    let config = road.config(queue, 1);
    let mut redis = road.redis();
    for set in [config.done_jobs_set(), config.dead_jobs_set()] {
        loop {
            let ids: Vec<String> = redis::cmd("SPOP").arg(&set).arg(BATCH).query_async(&mut redis).await?;
            if ids.is_empty() {
                break;
            }
            let meta = config.job_meta_hash();
            let mut pipe = redis::pipe();
            pipe.hdel(config.job_data_hash(), &ids).ignore();
            pipe.unlink(ids.iter().map(|id| format!("{meta}:{id}")).collect::<Vec<_>>()).ignore();
            pipe.query_async::<()>(&mut redis).await?;
            if ids.len() < BATCH {
                break;
            }
        }
    }
    Ok(())
}
