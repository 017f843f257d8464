//! Tenants: the schools and companies that share the platform without seeing each other.

mod domain;
mod settings;
mod stats;
mod tenant;

pub use domain::TenantDomain;
pub use settings::{SettingsChanges, TenantSettings};
pub use stats::TenantStats;
pub use tenant::{NewTenant, Tenant, TenantChanges, TenantError, TenantFilter, TenantRow};
