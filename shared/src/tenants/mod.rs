//! Tenants: the schools and companies that share the platform without seeing each other.

mod tenant;

pub use tenant::Tenant;
