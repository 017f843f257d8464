//! The road to the workers: tickets in Redis, pushed through apalis-redis.
//!
//! A ticket names a job and says nothing about it. It may be lost, doubled or late, and no harm
//! comes of it: what happens to a job is decided by its row.

use std::collections::HashMap;
use std::time::Duration;

use apalis_core::backend::TaskSink;
use apalis_redis::{Config, RedisStorage};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use serde::{Deserialize, Serialize};

use super::Queue;
use crate::config::RedisConfig;
use crate::ids::{JobId, TenantId};

/// At most so many due tickets may ever wait in one queue of apalis-redis 1.0.0: its fetch script
/// breaks for good at 8,000 (`worker/tests/it/library_contract.rs`), and we stay far below.
pub const MOST_TICKETS: usize = 4_000;

/// What travels through Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The job.
    #[serde(rename = "j")]
    pub job: JobId,
    /// Its tenant, so that the claim is made in the tenant's scope at once.
    #[serde(rename = "t")]
    pub tenant: TenantId,
}

/// Where tickets wait, by queue.
pub type TicketStorage<T = Ticket> = RedisStorage<T, ConnectionManager>;

/// A way to Redis. Connects when it is first used, and again after each loss.
#[derive(Clone)]
pub struct Road {
    redis: ConnectionManager,
    namespace: String,
}

impl std::fmt::Debug for Road {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Road").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

/// Redis did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum RoadError {
    /// The server, or the way to it.
    #[error("Redis cannot be used: {0}")]
    Redis(#[from] redis::RedisError),
    /// Tickets could not be pushed.
    #[error("tickets could not be pushed: {0}")]
    Push(String),
}

impl Road {
    /// A way to the server of `config`. Nothing is sent yet: Redis may be away.
    ///
    /// # Errors
    /// The URL is not one.
    pub fn new(config: &RedisConfig) -> Result<Self, RoadError> {
        // Not `apalis_redis::connect`: its half second of patience ends every worker whenever
        // Redis hesitates.
        let settings = ConnectionManagerConfig::new()
            .set_response_timeout(Some(Duration::from_secs(5)))
            .set_connection_timeout(Some(Duration::from_secs(2)))
            .set_number_of_retries(2)
            .set_max_delay(Duration::from_millis(500));
        let client = redis::Client::open(config.url.as_str())?;
        let redis = ConnectionManager::new_lazy_with_config(client, settings)?;
        Ok(Self { redis, namespace: config.namespace.clone() })
    }

    /// A connection.
    pub fn redis(&self) -> ConnectionManager {
        self.redis.clone()
    }

    /// The settings under which `queue` travels, for the relay and the workers alike.
    pub fn config(&self, queue: Queue, batch: usize) -> Config {
        Config::default()
            .queue(format!("{}:{queue}", self.namespace))
            .batch_size(batch)
            .heartbeat_interval(Duration::from_secs(5))
            .missed_heartbeats(3)
            .lock_tasks(false)
            .emit_events(false)
    }

    /// Where the tickets of `queue` wait.
    pub fn storage<T>(&self, queue: Queue, batch: usize) -> TicketStorage<T> {
        RedisStorage::new(self.redis()).with_config(self.config(queue, batch))
    }

    /// Hands out tickets, and wakes the workers that listen.
    ///
    /// # Errors
    /// Redis is away, or refuses.
    pub async fn push(&self, queue: Queue, tickets: Vec<Ticket>) -> Result<(), RoadError> {
        self.storage(queue, 1).push_bulk(tickets).await.map_err(|error| RoadError::Push(error.to_string()))?;
        // Nobody has to hear this: workers look for themselves many times a second.
        let _ = redis::cmd("PUBLISH")
            .arg(self.wake_channel())
            .arg(queue.name())
            .query_async::<i64>(&mut self.redis())
            .await;
        Ok(())
    }

    /// Where it is said that a queue has new tickets.
    pub fn wake_channel(&self) -> String {
        format!("{}:wake", self.namespace)
    }

    /// [`Road::waiting`] for all queues, in one journey.
    ///
    /// # Errors
    /// Redis is away.
    pub async fn waiting_by_queue(&self) -> Result<HashMap<Queue, usize>, RoadError> {
        let mut ask = redis::pipe();
        for queue in Queue::ALL {
            let config = self.config(queue, 1);
            ask.llen(config.active_jobs_list()).zcard(config.scheduled_jobs_set());
        }
        let counts: Vec<usize> = ask.query_async(&mut self.redis()).await?;
        Ok(Queue::ALL.into_iter().zip(counts.chunks(2).map(|pair| pair.iter().sum())).collect())
    }

    /// How many tickets wait and were not fetched by a worker.
    ///
    /// # Errors
    /// Redis is away.
    pub async fn waiting(&self, queue: Queue) -> Result<usize, RoadError> {
        let config = self.config(queue, 1);
        let (active, scheduled): (usize, usize) = redis::pipe()
            .llen(config.active_jobs_list())
            .zcard(config.scheduled_jobs_set())
            .query_async(&mut self.redis())
            .await?;
        Ok(active.saturating_add(scheduled))
    }

    /// Whether Redis answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), RoadError> {
        redis::cmd("PING").query_async::<String>(&mut self.redis()).await?;
        Ok(())
    }

    /// A name of our own in Redis.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.namespace)
    }
}
