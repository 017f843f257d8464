//! Whom a tenant trusts: identity providers, by which its people may sign in, and learning platforms
//! that launch its courses. Here are the records; launches and sign-on use them.

mod error;
mod key_pair;
mod lti_platform;
mod sso_configuration;

pub use error::FederationError;
pub use key_pair::{Jwk, KeyPair};
pub use lti_platform::{LtiFilter, LtiPlatform, LtiPlatformChanges, LtiPlatformRow, NewLtiPlatform};
pub use sso_configuration::{NewSso, SsoChanges, SsoConfiguration, SsoFilter, SsoProviderType};
