//! What the API needs to know to start.

use std::net::SocketAddr;
use std::time::Duration;

use secrecy::SecretString;
use shared::config::{ConfigError, DatabaseConfig, Env, PlatformConfig, RedisConfig, StorageConfig};

use crate::live::LiveSettings;

/// The API's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Stage, secrets, public addresses.
    pub platform: PlatformConfig,
    /// PostgreSQL.
    pub database: DatabaseConfig,
    /// Redis: only the relay needs it, requests do not.
    pub redis: RedisConfig,
    /// The object store.
    pub storage: StorageConfig,
    /// `JWT_SECRET_KEY`: signs access tokens.
    pub jwt_secret: SecretString,
    /// `API_LISTEN`, or `PORT` on all addresses.
    pub listen: SocketAddr,
    /// `API_INTERNAL_LISTEN`: metrics, for operators only.
    pub internal_listen: SocketAddr,
    /// `CORS_ALLOWED_ORIGINS`, separated by commas.
    pub cors_origins: Vec<String>,
    /// `TRUSTED_PROXIES`: how many proxies of ours stand before us, each adding one address to
    /// `X-Forwarded-For`.
    pub trusted_proxies: usize,
    /// `LIVE_STREAMS_PER_USER` and `LIVE_RECHECK_SECONDS`: the streams that clients wait at.
    pub live: LiveSettings,
    /// The host of `PUBLIC_URL`.
    pub public_host: String,
}

impl Config {
    /// Reads it.
    ///
    /// # Errors
    /// All that is missing or malformed.
    pub fn from_env(mut env: Env) -> Result<Self, ConfigError> {
        let config = Self::read(&mut env);
        env.finish(config)
    }

    /// Reads it, noting in `env` what is wrong.
    pub fn read(env: &mut Env) -> Self {
        let platform = PlatformConfig::from_env(env);
        let port: u16 = env.parsed("PORT", 8000);
        let public_host = url::Url::parse(&platform.public_url)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default();
        Self {
            database: DatabaseConfig::from_env(env),
            redis: RedisConfig::from_env(env),
            storage: StorageConfig::from_env(env),
            jwt_secret: env.secret(
                "JWT_SECRET_KEY",
                platform.stage,
                "insecure-jwt-secret-key-for-development-only",
                32,
            ),
            listen: env.parsed("API_LISTEN", SocketAddr::from(([0, 0, 0, 0], port))),
            internal_listen: env.parsed("API_INTERNAL_LISTEN", SocketAddr::from(([127, 0, 0, 1], 9100))),
            cors_origins: env
                .text("CORS_ALLOWED_ORIGINS", "http://localhost:3000,http://127.0.0.1:3000")
                .split(',')
                .map(|origin| origin.trim().trim_end_matches('/').to_owned())
                .filter(|origin| !origin.is_empty())
                .collect(),
            trusted_proxies: env.parsed("TRUSTED_PROXIES", 0),
            live: live(env),
            public_host,
            platform,
        }
    }
}

fn live(env: &mut Env) -> LiveSettings {
    let recheck = env.parsed("LIVE_RECHECK_SECONDS", 30);
    // Who was turned out sees nothing new a minute later.
    if !(1..=60).contains(&recheck) {
        env.problem("LIVE_RECHECK_SECONDS: not between 1 and 60");
    }
    LiveSettings { streams_per_user: env.parsed("LIVE_STREAMS_PER_USER", 8), recheck: Duration::from_secs(recheck) }
}
