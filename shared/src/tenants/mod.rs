//! Tenants: the schools and companies that share the platform without seeing each other.

mod domain;
mod email_settings;
mod email_test;
mod feature;
pub mod jobs;
mod letterhead;
mod platform_settings;
mod settings;
mod settings_error;
mod stats;
mod storage_settings;
mod tenant;
mod usual;

pub use domain::TenantDomain;
pub use email_settings::{EmailSettings, EmailSettingsChanges, SMTP_PORTS};
pub use email_test::EmailTest;
pub use feature::{Feature, Features};
pub use letterhead::Letterhead;
pub use platform_settings::PlatformSettings;
pub use settings::{SettingsChanges, TenantSettings};
pub use settings_error::SettingsError;
pub use stats::TenantStats;
pub use storage_settings::{StorageSettings, StorageSettingsChanges};
pub use tenant::{NewTenant, Tenant, TenantChanges, TenantError, TenantFilter, TenantRow};
pub use usual::Usual;
