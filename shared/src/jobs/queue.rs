//! The queues, named by what they promise: how soon a job starts at the latest.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::db::UnknownValue;

/// A queue and its promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Queue {
    /// Somebody waits in front of a screen: password mails, in-app notices.
    Within5s,
    /// Soon: notification mails, certificates.
    Within1m,
    /// Heavy and slow: files, AI.
    Within10m,
    /// Bulk work, rollups, cleaning up.
    Within1h,
}

impl Queue {
    /// All queues, most urgent first.
    pub const ALL: [Self; 4] = [Self::Within5s, Self::Within1m, Self::Within10m, Self::Within1h];
    /// All names, in the same order.
    pub const NAMES: [&'static str; 4] = ["within_5s", "within_1m", "within_10m", "within_1h"];

    /// The name, as in the database, in Redis and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Within5s => "within_5s",
            Self::Within1m => "within_1m",
            Self::Within10m => "within_10m",
            Self::Within1h => "within_1h",
        }
    }

    /// How soon a job of this queue starts at the latest, when workers suffice.
    pub const fn promise(self) -> Duration {
        Duration::from_secs(match self {
            Self::Within5s => 5,
            Self::Within1m => 60,
            Self::Within10m => 600,
            Self::Within1h => 3600,
        })
    }

    /// How long a claim holds without a sign of life from its worker.
    pub const fn lease(self) -> Duration {
        Duration::from_secs(match self {
            Self::Within5s => 5,
            _ => 30,
        })
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Queue {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        given.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for Queue {
    type Err = UnknownValue;

    fn from_str(given: &str) -> Result<Self, Self::Err> {
        const ALLOWED: &[&str] = &Queue::NAMES;
        Self::ALL
            .into_iter()
            .find(|queue| queue.name() == given)
            .ok_or_else(|| UnknownValue { given: given.to_owned(), allowed: ALLOWED })
    }
}
