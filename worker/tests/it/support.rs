//! What the tests of jobs share.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::clock::Clock;
use shared::config::{Env, PlatformConfig, StorageConfig};
use shared::db::Scope;
use shared::ids::{JobId, TenantId};
use shared::jobs::operate::{self, AttemptRow, JobRow};
use shared::jobs::{Backoff, Job, Queue};
use shared::storage::Storage;
use shared::testing::TestDb;
use worker::completions::Completions;
use worker::context::Services;
use worker::files::ClamdConfig;
use worker::mail::{MailConfig, Mailer};

/// The services of a test that asks for nothing but the database.
pub(crate) fn services(db: &TestDb) -> Services {
    services_with(db, Clock::Wall, &[])
}

/// The services of a test, with what it says of the environment.
pub(crate) fn services_with(db: &TestDb, clock: Clock, more: &[(&str, String)]) -> Services {
    let nowhere = [
        ("LMS_ENV", "development"),
        ("AWS_STORAGE_BUCKET_NAME", "lms"),
        ("AWS_ACCESS_KEY_ID", "access"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_S3_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("EMAIL_HOST", "127.0.0.1"),
        ("EMAIL_PORT", "1"),
        ("PUBLIC_URL", "https://api.example.org"),
        ("FRONTEND_URL", "https://learn.example.org"),
    ];
    let pairs = nowhere.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter();
    let mut env = Env::from_pairs(pairs.chain(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone()))));
    let platform = PlatformConfig::from_env(&mut env);
    let storage = Storage::new(&StorageConfig::from_env(&mut env));
    let mailer = Mailer::new(&MailConfig::from_env(&mut env)).expect("a mailer");
    let antivirus = worker::files::antivirus(ClamdConfig::from_env(&mut env).as_ref());
    env.finish(()).expect("a configuration");
    let completions = Completions::start(db.pool.clone());
    Services { pool: db.pool.clone(), completions, clock, storage, antivirus, mailer, platform }
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
