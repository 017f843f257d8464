//! Why settings cannot be changed so.

use crate::db::Error;

/// Why settings cannot be changed so.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// STARTTLS and TLS from the start.
    #[error("TLS from the start and STARTTLS exclude each other.")]
    TwoKindsOfTls,
    /// Switched on, with something missing.
    #[error("Set smtp_host and default_from_email before switching this on.")]
    Incomplete,
    /// Somebody else was faster.
    #[error("The settings were changed meanwhile.")]
    Changed,
    /// The database's.
    #[error(transparent)]
    Database(#[from] Error),
}
