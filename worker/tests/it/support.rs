//! What the tests of jobs share.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::clock::Clock;
use shared::db::Scope;
use shared::ids::{JobId, TenantId};
use shared::jobs::operate::{self, AttemptRow, JobRow};
use shared::jobs::{Backoff, Job, Queue};
use shared::testing::TestDb;
use worker::context::Services;

/// The services of a test.
pub(crate) fn services(db: &TestDb) -> Services {
    Services { pool: db.pool.clone(), clock: Clock::Wall }
}

/// What a job is now.
pub(crate) async fn show(db: &TestDb, id: JobId) -> (JobRow, Vec<AttemptRow>) {
    operate::show(&mut *db.relay().await, id).await.expect("an answer").expect("the job")
}

/// A payload for anything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Try {
    pub(crate) tenant: TenantId,
    #[serde(default)]
    pub(crate) note: Value,
}

impl Try {
    pub(crate) fn in_tenant(tenant: TenantId) -> Self {
        Self { tenant, note: Value::Null }
    }
}

impl Job for Try {
    const NAME: &'static str = "test.try";
    const QUEUE: Queue = Queue::Within5s;
    const MAX_ATTEMPTS: i32 = 3;
    const BACKOFF: Backoff = Backoff::Steps(&[10, 100]);
    const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(2);

    fn tenant(&self) -> TenantId {
        self.tenant
    }

    fn unique_key(&self) -> Option<String> {
        self.note.get("unique").and_then(Value::as_str).map(str::to_owned)
    }

    fn strand(&self) -> Option<String> {
        self.note.get("strand").and_then(Value::as_str).map(str::to_owned)
    }
}

/// What a job of [`Try`] leaves in the database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) tenant: TenantId,
    pub(crate) of: JobId,
}

impl Job for Mark {
    const NAME: &'static str = "test.mark";
    const QUEUE: Queue = Queue::Within1h;

    fn tenant(&self) -> TenantId {
        self.tenant
    }
}

/// How many jobs there are of a kind.
pub(crate) async fn count(db: &TestDb, kind: &str) -> usize {
    let filter = operate::Filter { kind: Some(kind.to_owned()), ..operate::Filter::default() };
    let mut conn = db.pool.get(Scope::Relay).await.expect("a connection");
    operate::list(&mut conn, &filter, 100_000).await.expect("rows").len()
}
