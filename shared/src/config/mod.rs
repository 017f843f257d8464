//! Configuration from the environment, read once at the start.
//!
//! Every part reads what it needs from an [`Env`], which collects *all* that is missing or
//! malformed, so that an operator mends a configuration in one round; and it remembers what it
//! was asked for, so that a test can hold `.env.example` to the truth.

mod parts;
mod web_push;

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

pub use parts::{DatabaseConfig, LogFormat, PlatformConfig, RedisConfig, Stage, StorageConfig};
use secrecy::SecretString;
pub use web_push::{VapidKey, WebPushConfig};

/// The environment, being read.
#[derive(Debug, Default)]
pub struct Env {
    values: BTreeMap<String, String>,
    asked: BTreeSet<&'static str>,
    problems: Vec<String>,
}

/// What is wrong with the environment, all of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is not usable:\n  {}", .0.join("\n  "))]
pub struct ConfigError(pub Vec<String>);

impl Env {
    /// The process' environment.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn of_process() -> Self {
        Self::from_pairs(std::env::vars())
    }

    /// An environment made by hand.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        // An empty variable is how compose files and CI say "not set".
        let values = pairs.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect();
        Self { values, ..Self::default() }
    }

    /// A text that may be missing.
    pub fn optional(&mut self, name: &'static str) -> Option<String> {
        self.asked.insert(name);
        self.values.get(name).map(|value| value.trim().to_owned())
    }

    /// The first of several names that is set: ours, then those of the system that we replace.
    pub fn first_of(&mut self, names: &[&'static str]) -> Option<String> {
        names.iter().fold(None, |found, name| {
            let value = self.optional(name);
            found.or(value)
        })
    }

    /// A text, or `default`.
    pub fn text(&mut self, name: &'static str, default: &str) -> String {
        self.optional(name).unwrap_or_else(|| default.to_owned())
    }

    /// Anything that can be read from a text, or `default`.
    pub fn parsed<T: FromStr>(&mut self, name: &'static str, default: T) -> T
    where
        T::Err: std::fmt::Display,
    {
        match self.optional(name) {
            None => default,
            Some(text) => text.parse().unwrap_or_else(|error| {
                self.problem(format!("{name}: {error}"));
                default
            }),
        }
    }

    /// Yes or no, in any of the usual spellings.
    pub fn switch(&mut self, name: &'static str, default: bool) -> bool {
        match self.optional(name).map(|text| text.to_ascii_lowercase()) {
            None => default,
            Some(text) => match text.as_str() {
                "true" | "1" | "yes" | "on" => true,
                "false" | "0" | "no" | "off" => false,
                _ => {
                    self.problem(format!("{name}: neither true nor false"));
                    default
                }
            },
        }
    }

    /// A text that must be there.
    pub fn required(&mut self, name: &'static str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.problem(format!("{name}: missing"));
            String::new()
        })
    }

    /// A secret. Development may do without and gets `for_development`; production may not, nor
    /// may it run on a value that stands in the documentation.
    pub fn secret(&mut self, name: &'static str, stage: Stage, for_development: &str, shortest: usize) -> SecretString {
        let given = self.optional(name);
        let is_own = given.as_deref().is_some_and(|value| value != for_development && !value.starts_with("your-"));
        let value = given.unwrap_or_else(|| for_development.to_owned());
        if stage == Stage::Production {
            if !is_own {
                self.problem(format!("{name}: production needs a secret of its own"));
            } else if value.len() < shortest {
                self.problem(format!("{name}: shorter than {shortest} bytes"));
            }
        }
        SecretString::from(value)
    }

    /// Notes that something is wrong.
    pub fn problem(&mut self, what: impl Into<String>) {
        self.problems.push(what.into());
    }

    /// The variables that were asked for.
    pub fn asked(&self) -> impl Iterator<Item = &'static str> {
        self.asked.iter().copied()
    }

    /// `value`, unless something was wrong.
    ///
    /// # Errors
    /// All that was wrong.
    pub fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        if self.problems.is_empty() { Ok(value) } else { Err(ConfigError(self.problems)) }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        Env::from_pairs(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let mut env = env(&[("PORT", "many"), ("EMAIL_USE_TLS", "perhaps")]);
        env.required("DATABASE_URL");
        env.parsed::<u16>("PORT", 8000);
        env.switch("EMAIL_USE_TLS", true);
        let error = env.finish(()).expect_err("three problems");
        assert_eq!(
            error.0,
            ["DATABASE_URL: missing", "PORT: invalid digit found in string", "EMAIL_USE_TLS: neither true nor false"]
        );
    }

    #[test]
    fn production_refuses_missing_short_and_published_secrets() {
        for value in [None, Some("short"), Some("insecure-for-development"), Some("your-strong-jwt-secret-key-here")] {
            let pairs: Vec<_> = value.map(|value| ("JWT_SECRET_KEY", value)).into_iter().collect();
            let mut env = env(&pairs);
            env.secret("JWT_SECRET_KEY", Stage::Production, "insecure-for-development", 32);
            assert!(env.finish(()).is_err(), "{value:?} was accepted");
        }
    }

    #[test]
    fn development_runs_without_secrets_of_its_own() {
        let mut env = env(&[]);
        let secret = env.secret("JWT_SECRET_KEY", Stage::Development, "insecure-for-development", 32);
        assert_eq!(secret.expose_secret(), "insecure-for-development");
        assert!(env.finish(()).is_ok());
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        assert_eq!(env(&[("EMAIL_HOST", " ")]).optional("EMAIL_HOST"), None);
    }
}
