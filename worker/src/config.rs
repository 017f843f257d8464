//! What the worker needs to know to start.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use shared::config::{ConfigError, DatabaseConfig, Env, PlatformConfig, RedisConfig, Stage, StorageConfig};
use shared::jobs::Queue;

use crate::files::ClamdConfig;
use crate::mail::MailConfig;

/// The worker's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Stage, secrets, public addresses.
    pub platform: PlatformConfig,
    /// PostgreSQL.
    pub database: DatabaseConfig,
    /// Redis.
    pub redis: RedisConfig,
    /// The object store.
    pub storage: StorageConfig,
    /// Where viruses are looked for; nowhere when nothing is said.
    pub clamd: Option<ClamdConfig>,
    /// Where mail is handed in.
    pub mail: MailConfig,
    /// `WORKER_QUEUES`: which queues are served, and how many jobs of each at once.
    pub queues: BTreeMap<Queue, usize>,
    /// `WORKER_DRAIN`: how long running jobs may take to end after a stop signal.
    pub drain: Duration,
    /// `WORKER_INTERNAL_LISTEN`: health and metrics, for operators only.
    pub internal_listen: SocketAddr,
    /// `LMS_TEST_JOBS`: kinds of job that only tests and drills ask for. Never in production.
    pub has_test_jobs: bool,
}

impl Config {
    /// Reads it; `flags` of the command line rule over the environment.
    ///
    /// # Errors
    /// All that is missing or malformed.
    pub fn from_env(mut env: Env, flags: &Flags) -> Result<Self, ConfigError> {
        let config = Self::read(&mut env, flags);
        env.finish(config)
    }

    /// Reads it, noting in `env` what is wrong.
    pub fn read(env: &mut Env, flags: &Flags) -> Self {
        let platform = PlatformConfig::from_env(env);
        let has_test_jobs = env.switch("LMS_TEST_JOBS", false);
        if has_test_jobs && platform.stage == Stage::Production {
            env.problem("LMS_TEST_JOBS: not in production");
        }
        let wanted = env.optional("WORKER_QUEUES");
        let excluded = env.optional("WORKER_EXCLUDE");
        let queues = chosen(flags.queues.as_ref().or(wanted.as_ref()), flags.exclude.as_ref().or(excluded.as_ref()));
        let queues = queues.unwrap_or_else(|problem| {
            env.problem(format!("WORKER_QUEUES: {problem}"));
            BTreeMap::new()
        });
        let drain = env.optional("WORKER_DRAIN");
        let drain = flags.drain.as_ref().or(drain.as_ref()).map_or(Ok(Duration::from_secs(25)), |text| seconds(text));
        let drain = drain.unwrap_or_else(|problem| {
            env.problem(format!("WORKER_DRAIN: {problem}"));
            Duration::ZERO
        });
        Self {
            database: DatabaseConfig::from_env(env),
            redis: RedisConfig::from_env(env),
            storage: StorageConfig::from_env(env),
            clamd: ClamdConfig::from_env(env),
            mail: MailConfig::from_env(env),
            queues,
            drain,
            internal_listen: env.parsed("WORKER_INTERNAL_LISTEN", SocketAddr::from(([127, 0, 0, 1], 9101))),
            has_test_jobs,
            platform,
        }
    }
}

/// What may be said on the command line.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Flags {
    /// Serve these queues only, with so many jobs at once: `within_5s=20,within_1m=10`.
    #[arg(long, short = 'Q', value_name = "QUEUES")]
    pub queues: Option<String>,
    /// Serve all queues but these: `within_1h`.
    #[arg(long, short = 'X', value_name = "QUEUES")]
    pub exclude: Option<String>,
    /// How long running jobs may take to end after a stop signal: `25s`.
    #[arg(long, value_name = "SECONDS")]
    pub drain: Option<String>,
}

/// How many jobs of a queue run at once when nobody says otherwise.
const fn usual(queue: Queue) -> usize {
    match queue {
        Queue::Within5s | Queue::Within1m => 16,
        Queue::Within10m | Queue::Within1h => 4,
    }
}

fn chosen(wanted: Option<&String>, excluded: Option<&String>) -> Result<BTreeMap<Queue, usize>, String> {
    let mut queues = BTreeMap::new();
    match wanted {
        None => queues.extend(Queue::ALL.map(|queue| (queue, usual(queue)))),
        Some(text) => {
            for part in parts(text) {
                let (name, slots) = part.split_once('=').map_or((part, None), |(name, slots)| (name, Some(slots)));
                let queue: Queue = name.trim().parse().map_err(|error| format!("{error}"))?;
                let slots = match slots.map(|slots| slots.trim().parse::<usize>()) {
                    None => usual(queue),
                    Some(Ok(slots @ 1..=1_000)) => slots,
                    Some(_) => return Err(format!("`{part}` says no number of jobs between 1 and 1000")),
                };
                queues.insert(queue, slots);
            }
        }
    }
    for name in excluded.map(|text| parts(text).collect::<Vec<_>>()).unwrap_or_default() {
        let queue: Queue = name.parse().map_err(|error| format!("{error}"))?;
        queues.remove(&queue);
    }
    if queues.is_empty() { Err("no queue is left to serve".to_owned()) } else { Ok(queues) }
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.trim().trim_end_matches('s');
    number.parse().map(Duration::from_secs).map_err(|_| format!("`{text}` is no number of seconds"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(wanted: Option<&str>, excluded: Option<&str>) -> Result<Vec<(&'static str, usize)>, String> {
        let queues = chosen(wanted.map(str::to_owned).as_ref(), excluded.map(str::to_owned).as_ref())?;
        Ok(queues.into_iter().map(|(queue, slots)| (queue.name(), slots)).collect())
    }

    #[test]
    fn queues_are_chosen_and_excluded_by_name() {
        assert_eq!(choose(Some("within_5s=20, within_1m"), None), Ok(vec![("within_5s", 20), ("within_1m", 16)]));
        assert_eq!(choose(None, Some("within_5s,within_1m,within_10m")), Ok(vec![("within_1h", 4)]));
    }

    #[test]
    fn unknown_queues_and_silly_numbers_are_refused() {
        assert!(choose(Some("withn_5s=20"), None).is_err_and(|problem| problem.contains("withn_5s")));
        assert!(choose(None, Some("bulk")).is_err());
        assert!(choose(Some("within_5s=0"), None).is_err());
        assert!(choose(Some("within_5s"), Some("within_5s")).is_err());
    }
}
