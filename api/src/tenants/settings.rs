//! General settings of a tenant.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::ids::TenantId;
use shared::locale::{is_language, is_time_zone};
use shared::tenants::{PlatformSettings, SettingsChanges, Tenant, TenantSettings};
use utoipa::ToSchema;

use super::{Features, WriteTenant, json, known};
use crate::access::CanAnywhere;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, IfMatch, Tagged};

/// General settings of a tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Settings)]
pub struct SettingsOut {
    /// Whose they are; null for the platform's own.
    tenant: Option<TenantId>,
    /// The title of its pages.
    #[schema(example = "Acme Learning")]
    site_name: String,
    /// A sentence below the title.
    site_description: String,
    /// A language tag: new people's, until they choose another.
    #[schema(example = "en")]
    default_language: String,
    /// An IANA zone: new people's, until they choose another.
    #[schema(example = "UTC")]
    timezone: String,
    /// Where its people write for help; empty for none.
    support_email: String,
    /// Its terms of use; empty for none.
    terms_url: String,
    /// Its privacy policy; empty for none.
    privacy_url: String,
    /// Its logo; empty for none.
    logo_url: String,
    /// Its icon in the browser's tab; empty for none.
    favicon_url: String,
    /// What is switched on and off here, name to boolean. What a tenant does not name is as the platform has it.
    features: Value,
    /// When they were first written, or the tenant was made.
    created_at: DateTime<Utc>,
    /// When they were changed last.
    updated_at: DateTime<Utc>,
}

impl SettingsOut {
    fn of(settings: TenantSettings, tenant: Tenant) -> Self {
        let TenantSettings {
            tenant_id,
            site_name,
            site_description,
            default_language,
            timezone,
            support_email,
            terms_url,
            privacy_url,
            logo_url,
            favicon_url,
            version: _,
            created_at,
            updated_at,
        } = settings;
        Self {
            tenant: Some(tenant_id),
            site_name,
            site_description,
            default_language,
            timezone,
            support_email,
            terms_url,
            privacy_url,
            logo_url,
            favicon_url,
            features: tenant.feature_flags,
            created_at,
            updated_at,
        }
    }
}

impl From<PlatformSettings> for SettingsOut {
    fn from(settings: PlatformSettings) -> Self {
        let PlatformSettings {
            site_name,
            site_description,
            default_language,
            timezone,
            support_email,
            terms_url,
            privacy_url,
            logo_url,
            favicon_url,
            feature_flags,
            version: _,
            created_at,
            updated_at,
        } = settings;
        Self {
            tenant: None,
            site_name,
            site_description,
            default_language,
            timezone,
            support_email,
            terms_url,
            privacy_url,
            logo_url,
            favicon_url,
            features: feature_flags,
            created_at,
            updated_at,
        }
    }
}

/// The settings of one's tenant; the platform's own for a superuser who names none.
#[utoipa::path(get, path = "/api/core/settings/", tag = "tenants", responses((status = OK, body = SettingsOut)))]
pub async fn show_settings(caller: CanAnywhere<WriteTenant>, db: Db) -> ApiResult<Tagged<SettingsOut>> {
    let mut conn = db.conn().await?;
    let Some(tenant) = caller.tenant else {
        let settings = PlatformSettings::read(&mut conn).await?;
        return Ok(Tagged(settings.version, settings.into()));
    };
    let tenant = Tenant::find(&mut conn, tenant).await?.ok_or(ApiError::NotFound("tenant"))?;
    let settings = TenantSettings::of(&mut conn, &tenant).await?;
    Ok(Tagged(settings.version, SettingsOut::of(settings, tenant)))
}

/// What may be changed of the settings; what is left out stays, and an empty address is none.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateSettings {
    /// The title of its pages.
    #[garde(length(chars, min = 1, max = 100))]
    #[serde(default)]
    site_name: Option<String>,
    /// A sentence below the title.
    #[garde(length(chars, max = 500))]
    #[serde(default)]
    site_description: Option<String>,
    /// A language tag: new people's, until they choose another.
    #[garde(inner(custom(language)))]
    #[serde(default)]
    default_language: Option<String>,
    /// An IANA zone: new people's, until they choose another.
    #[garde(inner(custom(zone)))]
    #[serde(default)]
    timezone: Option<String>,
    /// Where its people write for help.
    #[garde(inner(custom(email_or_empty)))]
    #[serde(default)]
    support_email: Option<String>,
    /// Its terms of use.
    #[garde(inner(custom(address_or_empty)))]
    #[serde(default)]
    terms_url: Option<String>,
    /// Its privacy policy.
    #[garde(inner(custom(address_or_empty)))]
    #[serde(default)]
    privacy_url: Option<String>,
    /// Its logo.
    #[garde(inner(custom(address_or_empty)))]
    #[serde(default)]
    logo_url: Option<String>,
    /// Its icon in the browser's tab.
    #[garde(inner(custom(address_or_empty)))]
    #[serde(default)]
    favicon_url: Option<String>,
    /// Switches these on and off; those that are not named stay as they are. `certificates_enabled`: whether
    /// certificates are issued, drawn again and renewed. `ai_enabled`, `ai_content_generation` and
    /// `learning_paths_enabled` are of parts of the platform that are not there yet, and decide nothing so far.
    #[garde(inner(custom(known)))]
    #[serde(default)]
    #[schema(example = json!({"ai_content_generation": true}))]
    features: Option<Features>,
}

/// Change the settings of one's tenant; the platform's own for a superuser who names none.
#[utoipa::path(patch, path = "/api/core/settings/", tag = "tenants", request_body = UpdateSettings,
    responses((status = OK, body = SettingsOut)))]
pub async fn update_settings(
    caller: CanAnywhere<WriteTenant>,
    State(app): State<App>,
    IfMatch(seen): IfMatch,
    db: Db,
    Body(body): Body<UpdateSettings>,
) -> ApiResult<Tagged<SettingsOut>> {
    let changes = SettingsChanges {
        site_name: body.site_name,
        site_description: body.site_description,
        default_language: body.default_language,
        timezone: body.timezone,
        support_email: body.support_email,
        terms_url: body.terms_url,
        privacy_url: body.privacy_url,
        logo_url: body.logo_url,
        favicon_url: body.favicon_url,
    };
    let features = body.features.map(json);
    let (mut conn, now) = (db.conn().await?, app.clock.now());
    let Some(tenant) = caller.tenant else {
        let settings = PlatformSettings::change(&mut conn, changes, features.as_ref(), seen, now).await?;
        return Ok(Tagged(settings.version, settings.into()));
    };
    let changed = TenantSettings::change(&mut conn, tenant, changes, features.as_ref(), seen, now).await?;
    let (settings, tenant) = changed.ok_or(ApiError::NotFound("tenant"))?;
    Ok(Tagged(settings.version, SettingsOut::of(settings, tenant)))
}

fn language(value: &str, (): &()) -> garde::Result {
    if is_language(value) { Ok(()) } else { Err(garde::Error::new("Not a language tag.")) }
}

fn zone(value: &str, (): &()) -> garde::Result {
    if is_time_zone(value) { Ok(()) } else { Err(garde::Error::new("Not an IANA time zone.")) }
}

pub(super) fn email_or_empty(value: &str, (): &()) -> garde::Result {
    let is_email = value.len() <= 254 && garde::rules::email::parse_email(value).is_ok();
    if value.is_empty() || is_email { Ok(()) } else { Err(garde::Error::new("Not an e-mail address.")) }
}

pub(super) fn address_or_empty(value: &str, (): &()) -> garde::Result {
    let is_web = value.len() <= 500 && url::Url::parse(value).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if value.is_empty() || is_web { Ok(()) } else { Err(garde::Error::new("Not an address of the web.")) }
}
