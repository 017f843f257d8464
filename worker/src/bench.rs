//! `worker bench …`: how many jobs go through, and how soon one starts. It only asks for jobs of the
//! rehearsal and reads their rows; the workers that do them are started as always, with
//! `LMS_TEST_JOBS=true`. `docs/performance.md` has the figures.

use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Subcommand;
use shared::config::{DatabaseConfig, Env, PlatformConfig, Stage};
use shared::db::{Pool, Scope};
use shared::ids::TenantId;
use shared::jobs::measure::{Measured, measure};
use shared::jobs::{Job, Queue, enqueue, enqueue_many, ledger, operate};

use crate::rehearsal::{Nothing, Ping};

/// How long a run may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// What can be measured.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Jobs a second through the whole ledger: all are asked for first, then the queue is opened.
    Throughput {
        /// So many.
        #[arg(long, default_value_t = 20_000)]
        jobs: usize,
        /// Of so many tenants.
        #[arg(long, default_value_t = 4)]
        tenants: usize,
    },
    /// From asking to starting, when there is nothing else to do.
    Latency {
        /// So many, one after the other.
        #[arg(long, default_value_t = 300)]
        jobs: usize,
        /// Milliseconds between one's end and the next.
        #[arg(long, default_value_t = 50)]
        pause: u64,
    },
}

/// Measures, and says what it found as JSON.
///
/// # Errors
/// The database's; or nobody does the jobs.
pub async fn bench(mut env: Env, command: Bench) -> anyhow::Result<String> {
    let platform = PlatformConfig::from_env(&mut env);
    let database = DatabaseConfig::from_env(&mut env);
    let database = env.finish(database)?;
    anyhow::ensure!(platform.stage != Stage::Production, "not in production: it fills the queues");
    let pool = Pool::new(&database.pool())?;
    let since = ledger::database_time(&mut *pool.get(Scope::Relay).await?).await?;
    let (kind, measured) = match command {
        Bench::Throughput { jobs, tenants } => (Nothing::NAME, throughput(&pool, jobs, tenants.max(1), since).await?),
        Bench::Latency { jobs, pause } => {
            (Ping::NAME, latency(&pool, jobs, Duration::from_millis(pause), since).await?)
        }
    };
    let rate = measured.seconds.filter(|seconds| *seconds > 0.0);
    let rate = rate.zip(u32::try_from(measured.succeeded).ok()).map(|(seconds, jobs)| f64::from(jobs) / seconds);
    Ok(serde_json::json!({
        "kind": kind,
        "succeeded": measured.succeeded,
        "seconds": measured.seconds,
        "jobs_per_second": rate,
        "start_p50_ms": measured.start_p50_ms,
        "start_p99_ms": measured.start_p99_ms,
    })
    .to_string())
}

async fn throughput(pool: &Pool, jobs: usize, tenants: usize, since: DateTime<Utc>) -> anyhow::Result<Measured> {
    operate::pause(&mut *pool.get(Scope::Relay).await?, Queue::Within1m).await?;
    for number in 0..tenants {
        let tenant = TenantId::new();
        let share = jobs / tenants + usize::from(number < jobs % tenants);
        let wanted: Vec<Nothing> = (0..share).map(|_| Nothing { tenant }).collect();
        enqueue_many(&mut *pool.get(Scope::Tenant(tenant)).await?, &wanted).await?;
    }
    operate::resume(&mut *pool.get(Scope::Relay).await?, Queue::Within1m).await?;
    finished(pool, Nothing::NAME, since).await
}

async fn latency(pool: &Pool, jobs: usize, pause: Duration, since: DateTime<Utc>) -> anyhow::Result<Measured> {
    let tenant = TenantId::new();
    for _ in 0..jobs {
        enqueue(&mut *pool.get(Scope::Tenant(tenant)).await?, &Ping { tenant }).await?;
        // The next comes when this one is certainly over, so that nothing is measured but the road.
        tokio::time::sleep(pause).await;
    }
    finished(pool, Ping::NAME, since).await
}

async fn finished(pool: &Pool, kind: &str, since: DateTime<Utc>) -> anyhow::Result<Measured> {
    let waited = async {
        loop {
            let measured = measure(&mut *pool.get(Scope::Relay).await?, kind, since).await?;
            if measured.unfinished == 0 {
                return anyhow::Ok(measured);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waited).await.map_err(|_| {
        anyhow::anyhow!(
            "nobody has done the jobs in {} s: do the workers run with LMS_TEST_JOBS=true?",
            PATIENCE.as_secs()
        )
    })?
}
