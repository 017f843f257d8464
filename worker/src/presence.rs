//! Telling operators that this worker is there.

use std::time::Duration;

use serde_json::{Map, Value};
use shared::db::{Pool, Scope};
use shared::jobs::presence::{self, Presence};

/// How often.
pub(crate) const EVERY: Duration = Duration::from_secs(5);

/// Who this worker is; what it does changes.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    name: String,
    host: String,
    queues: Value,
}

impl Identity {
    pub(crate) fn new(config: &crate::config::Config, name: &str) -> Self {
        let slots = config.queues.iter().map(|(queue, slots)| (queue.name().to_owned(), Value::from(*slots)));
        Self { name: name.to_owned(), host: host(), queues: Value::Object(slots.collect::<Map<_, _>>()) }
    }

    /// Notes that it is there. Nothing depends on that, so a failure is only told.
    pub(crate) async fn note(&self, pool: &Pool, running: usize, is_stopping: bool) {
        let presence = Presence {
            name: &self.name,
            host: &self.host,
            process_id: i32::try_from(std::process::id()).unwrap_or_default(),
            version: env!("CARGO_PKG_VERSION"),
            queues: &self.queues,
            running: i32::try_from(running).unwrap_or(i32::MAX),
            is_stopping,
        };
        let noted = async { anyhow::Ok(presence::note(&mut *pool.get(Scope::Relay).await?, &presence).await?) };
        if let Err(error) = noted.await {
            tracing::debug!("Operators are not told of this worker: {error:#}");
        }
    }

    /// Says good-bye.
    pub(crate) async fn forget(&self, pool: &Pool) {
        let forgotten = async { anyhow::Ok(presence::forget(&mut *pool.get(Scope::Relay).await?, &self.name).await?) };
        // A database that is away must not keep a process from ending.
        let _ = tokio::time::timeout(Duration::from_secs(1), forgotten).await;
    }
}

/// The name of this machine.
pub(crate) fn host() -> String {
    hostname::get().map_or_else(|_| "worker".to_owned(), |name| name.to_string_lossy().into_owned())
}
