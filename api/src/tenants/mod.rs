//! Tenants: the schools and companies, their domains, flags and settings.

mod current;
mod domain;
mod email;
mod settings;
mod storage;
mod tenant;

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use shared::tenants::Feature;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::needs;
use crate::app::App;

needs! {
    /// See tenants: one's own, or all for a superuser.
    ReadTenants;
    /// Change one's tenant: its name, theme, flags and settings.
    WriteTenant;
    /// Make tenants, switch them on and off, and give them host names.
    GovernTenants;
    /// See how one's tenant looks and what is switched on there.
    UseOwnAccount;
}

/// What is switched on, by name.
type Features = BTreeMap<String, bool>;

/// The domain's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(current::show_current_tenant))
        .routes(routes!(tenant::list_tenants, tenant::create_tenant))
        .routes(routes!(tenant::show_tenant, tenant::update_tenant))
        .routes(routes!(tenant::toggle_tenant))
        .routes(routes!(tenant::show_tenant_stats))
        .routes(routes!(domain::list_domains, domain::add_domain))
        .routes(routes!(domain::remove_domain))
        .routes(routes!(settings::show_settings, settings::update_settings))
        .routes(routes!(email::show_email_settings, email::update_email_settings))
        .routes(routes!(email::test_email_settings))
        .routes(routes!(storage::show_storage_settings, storage::update_storage_settings))
        .routes(routes!(storage::test_storage_settings))
}

/// A switch that nobody knows would do nothing.
fn known(features: &Features, (): &()) -> garde::Result {
    let Some(name) = features.keys().find(|name| !Feature::is_known(name)) else { return Ok(()) };
    let names = Feature::ALL.map(|feature| format!("`{}`", feature.name())).join(", ");
    Err(garde::Error::new(format!("There is no feature `{name}`. There are {names}.")))
}

fn small(value: &Map<String, Value>, (): &()) -> garde::Result {
    let size = serde_json::to_string(value).map_or(usize::MAX, |text| text.len());
    if size <= 16 * 1024 { Ok(()) } else { Err(garde::Error::new("More than 16 KiB.")) }
}

fn json(features: Features) -> Value {
    Value::Object(features.into_iter().map(|(name, is_on)| (name, Value::Bool(is_on))).collect())
}
