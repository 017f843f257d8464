//! Why a record cannot be made or changed so.

use crate::db::{Error, broken_constraint};

/// Why a record cannot be made or changed so.
#[derive(Debug, thiserror::Error)]
pub enum FederationError {
    /// What this kind of provider needs.
    #[error("This kind of provider needs it.")]
    Missing(&'static str),
    /// The tenant has a provider of this name.
    #[error("There is a configuration with this name already.")]
    NameTaken,
    /// The tenant has this platform.
    #[error("There is a platform with this issuer and client already.")]
    PlatformTaken,
    /// Only what is switched on can be the default.
    #[error("Switch it on first.")]
    NotActive,
    /// Somebody else was faster.
    #[error("It was changed meanwhile.")]
    Changed,
    /// The database's.
    #[error(transparent)]
    Database(Error),
}

impl From<Error> for FederationError {
    fn from(error: Error) -> Self {
        match broken_constraint(&error) {
            Some("sso_configurations_name_per_tenant") => Self::NameTaken,
            Some("lti_platforms_once") => Self::PlatformTaken,
            _ => Self::Database(error),
        }
    }
}
