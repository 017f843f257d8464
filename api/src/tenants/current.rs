//! The tenant in which one is, as every client needs to know it.

use std::collections::BTreeMap;

use axum::Json;
use serde::Serialize;
use serde_json::Value;
use shared::ids::TenantId;
use shared::tenants::{Feature, Features, Tenant, TenantSettings};
use utoipa::ToSchema;

use super::UseOwnAccount;
use crate::access::Can;
use crate::http::{ApiError, ApiResult, Db};

/// The tenant in which one is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CurrentTenant)]
pub struct CurrentTenantOut {
    /// Names the tenant.
    id: TenantId,
    /// What it is called.
    #[schema(example = "Acme Learning")]
    name: String,
    /// For the `X-Tenant-Slug` header.
    #[schema(example = "acme")]
    slug: String,
    /// Its colours and texts: `primary_color`, `logo_text`.
    theme_config: Value,
    /// Every feature there is, and whether it is on here.
    #[schema(example = json!({"ai_content_generation": false, "ai_enabled": false, "certificates_enabled": true, "learning_paths_enabled": false}))]
    features: BTreeMap<String, bool>,
    /// The title of its pages.
    #[schema(example = "Acme Learning")]
    site_name: String,
    /// A sentence below the title.
    site_description: String,
    /// A language tag: of those who have not chosen another.
    #[schema(example = "en")]
    default_language: String,
    /// An IANA zone: of those who have not chosen another.
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
}

impl CurrentTenantOut {
    fn of(tenant: Tenant, settings: TenantSettings, features: &Features) -> Self {
        let Tenant {
            id,
            name,
            slug,
            is_active: _,
            theme_config,
            feature_flags: _,
            version: _,
            created_at: _,
            updated_at: _,
        } = tenant;
        let TenantSettings {
            tenant_id: _,
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
            created_at: _,
            updated_at: _,
        } = settings;
        let features = Feature::ALL.iter().map(|&feature| (feature.name().to_owned(), features.has(feature))).collect();
        Self {
            id,
            name,
            slug,
            theme_config,
            features,
            site_name,
            site_description,
            default_language,
            timezone,
            support_email,
            terms_url,
            privacy_url,
            logo_url,
            favicon_url,
        }
    }
}

/// How the tenant looks in which one is, and what is switched on there.
#[utoipa::path(get, path = "/api/tenants/current/", tag = "tenants", responses((status = OK, body = CurrentTenantOut)))]
pub async fn show_current_tenant(caller: Can<UseOwnAccount>, db: Db) -> ApiResult<Json<CurrentTenantOut>> {
    let mut conn = db.conn().await?;
    let tenant = Tenant::find(&mut conn, caller.tenant()).await?.ok_or(ApiError::NotFound("tenant"))?;
    let settings = TenantSettings::of(&mut conn, &tenant).await?;
    let features = Features::of(&mut conn, tenant.id).await?;
    Ok(Json(CurrentTenantOut::of(tenant, settings, &features)))
}
