//! The parts that both binaries need.

use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;

use super::{Env, WebPushConfig};
use crate::db::PoolSettings;
use crate::outbound::Outbound;
use crate::secret::Vault;

/// Whether real people depend on this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// On somebody's desk: secrets may be missing.
    Development,
    /// For real.
    Production,
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "development" | "dev" | "test" => Ok(Self::Development),
            "production" | "prod" => Ok(Self::Production),
            _ => Err("neither development nor production".to_owned()),
        }
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For a terminal.
    Text,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err("neither json nor text".to_owned()),
        }
    }
}

/// What concerns the whole platform.
#[derive(Debug, Clone)]
pub struct PlatformConfig {
    /// `LMS_ENV`.
    pub stage: Stage,
    /// `LOG_FORMAT`: `json` unless said otherwise.
    pub log_format: LogFormat,
    /// `SECRET_KEY`: encrypts and signs what the server gives out to itself.
    pub secret_key: SecretString,
    /// `SECRET_KEY_FALLBACKS`: former ones, with commas; what was sealed under them still opens.
    pub former_secret_keys: Vec<SecretString>,
    /// `OUTBOUND_ALLOW`: hosts that settings may name although they are not public, with commas.
    pub outbound: Outbound,
    /// `PUBLIC_URL`: where this API is reached from outside, without a slash at the end.
    pub public_url: String,
    /// `FRONTEND_URL`: where the web client is, for the links in mails.
    pub frontend_url: String,
    /// As whom browsers' push services are spoken to; none when push is not set up.
    pub web_push: Option<WebPushConfig>,
}

impl PlatformConfig {
    /// Reads it.
    pub fn from_env(env: &mut Env) -> Self {
        let stage =
            env.first_of(&["LMS_ENV", "DJANGO_SETTINGS_ENV"]).map_or(Ok(Stage::Production), |text| text.parse());
        let stage = stage.unwrap_or_else(|error| {
            env.problem(format!("LMS_ENV: {error}"));
            Stage::Production
        });
        Self {
            stage,
            log_format: env.parsed("LOG_FORMAT", LogFormat::Json),
            secret_key: env.secret("SECRET_KEY", stage, "insecure-secret-key-for-development-only", 32),
            former_secret_keys: former_keys(env),
            outbound: env.parsed("OUTBOUND_ALLOW", Outbound::default()),
            public_url: http_url(env, "PUBLIC_URL", "http://localhost:8000"),
            frontend_url: http_url(env, "FRONTEND_URL", "http://localhost:3000"),
            web_push: WebPushConfig::from_env(env),
        }
    }
}

impl PlatformConfig {
    /// Seals and opens what is kept encrypted.
    ///
    /// # Errors
    /// The cryptographic library refuses to work, which it never says in practice.
    pub fn vault(&self) -> anyhow::Result<Vault> {
        Vault::new(&self.secret_key, &self.former_secret_keys)
    }
}

fn former_keys(env: &mut Env) -> Vec<SecretString> {
    let keys = env.optional("SECRET_KEY_FALLBACKS").unwrap_or_default();
    keys.split(',').map(str::trim).filter(|key| !key.is_empty()).map(SecretString::from).collect()
}

fn http_url(env: &mut Env, name: &'static str, default: &str) -> String {
    let text = env.text(name, default);
    if !url::Url::parse(&text).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
        env.problem(format!("{name}: not an http address"));
    }
    text.trim_end_matches('/').to_owned()
}

/// PostgreSQL.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// `DATABASE_URL`: the login of the servers. It owns nothing and may act in `lms_app`,
    /// `lms_platform` and `lms_relay`.
    pub url: String,
    /// `DATABASE_OWNER_URL`: the login that migrates; the same as the servers' when left out.
    pub owner_url: String,
    /// `DATABASE_POOL_SIZE`: connections of this process.
    pub pool_size: usize,
}

impl DatabaseConfig {
    /// Reads it.
    pub fn from_env(env: &mut Env) -> Self {
        let url = env.required("DATABASE_URL");
        let owner_url = env.optional("DATABASE_OWNER_URL").unwrap_or_else(|| url.clone());
        for (name, url) in [("DATABASE_URL", &url), ("DATABASE_OWNER_URL", &owner_url)] {
            if !url.is_empty() && url.parse::<tokio_postgres::Config>().is_err() {
                env.problem(format!("{name}: not a PostgreSQL address"));
            }
        }
        Self { url, owner_url, pool_size: env.parsed("DATABASE_POOL_SIZE", 16) }
    }

    /// How the pool is set up.
    pub fn pool(&self) -> PoolSettings {
        PoolSettings { size: self.pool_size, wait: Duration::from_secs(2), ..PoolSettings::new(&self.url) }
    }

    /// The user of `DATABASE_URL`, which migrating lets into the servers' roles.
    pub fn server_login(&self) -> Option<String> {
        let config: tokio_postgres::Config = self.url.parse().ok()?;
        config.get_user().map(str::to_owned)
    }
}

/// Redis, or Valkey.
#[derive(Debug, Clone)]
pub struct RedisConfig {
    /// `REDIS_URL`, or what the system before us called it.
    pub url: String,
    /// `REDIS_NAMESPACE`: the beginning of every key, so that several systems share a server.
    pub namespace: String,
}

impl RedisConfig {
    /// Reads it.
    pub fn from_env(env: &mut Env) -> Self {
        let url = env.first_of(&["REDIS_URL", "CELERY_BROKER_URL", "CACHE_URL"]).unwrap_or_else(|| {
            env.problem("REDIS_URL: missing");
            String::new()
        });
        Self { url, namespace: env.text("REDIS_NAMESPACE", "lms") }
    }
}

/// An object store that speaks S3.
#[derive(Debug, Clone)]
pub struct StorageConfig {
    /// `AWS_S3_ENDPOINT_URL`: left out for AWS itself.
    pub endpoint: Option<String>,
    /// `AWS_S3_PUBLIC_ENDPOINT_URL`: where browsers reach the store, when that is another place.
    pub public_endpoint: Option<String>,
    /// `AWS_S3_REGION_NAME`.
    pub region: String,
    /// `AWS_STORAGE_BUCKET_NAME`.
    pub bucket: String,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_key: SecretString,
}

impl StorageConfig {
    /// Reads it.
    pub fn from_env(env: &mut Env) -> Self {
        Self {
            endpoint: env.optional("AWS_S3_ENDPOINT_URL"),
            public_endpoint: env.optional("AWS_S3_PUBLIC_ENDPOINT_URL"),
            region: env.text("AWS_S3_REGION_NAME", "us-east-1"),
            bucket: env.required("AWS_STORAGE_BUCKET_NAME"),
            access_key: env.required("AWS_ACCESS_KEY_ID"),
            secret_key: SecretString::from(env.required("AWS_SECRET_ACCESS_KEY")),
        }
    }
}
