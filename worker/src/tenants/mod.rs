//! Tenants' settings, tried out.

mod test_email_settings;
mod test_storage_settings;

use crate::registry::Registry;

/// Its functions.
pub fn register(registry: Registry) -> Registry {
    registry.on(test_email_settings::test_email_settings).on(test_storage_settings::test_storage_settings)
}
