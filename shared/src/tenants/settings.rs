//! General settings of a tenant. Who has none has the defaults, of which the language and the zone are
//! the platform's; reading writes nothing.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::Value;

use super::{Tenant, TenantError, Usual};
use crate::db::schema::{tenant_settings, tenants};
use crate::db::{Conn, Error};
use crate::ids::TenantId;

/// General settings.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = tenant_settings)]
pub struct TenantSettings {
    pub tenant_id: TenantId,
    pub site_name: String,
    pub site_description: String,
    /// New people's, until they choose another.
    pub default_language: String,
    /// An IANA zone: new people's, until they choose another.
    pub timezone: String,
    pub support_email: String,
    pub terms_url: String,
    pub privacy_url: String,
    pub logo_url: String,
    pub favicon_url: String,
    /// Zero: never written.
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What may be changed; what is `None` stays.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = tenant_settings)]
pub struct SettingsChanges {
    pub site_name: Option<String>,
    pub site_description: Option<String>,
    pub default_language: Option<String>,
    pub timezone: Option<String>,
    pub support_email: Option<String>,
    pub terms_url: Option<String>,
    pub privacy_url: Option<String>,
    pub logo_url: Option<String>,
    pub favicon_url: Option<String>,
}

impl TenantSettings {
    /// The settings of this tenant.
    pub async fn of(conn: &mut Conn, tenant: &Tenant) -> Result<Self, Error> {
        let found = tenant_settings::table
            .filter(tenant_settings::tenant_id.eq(tenant.id))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()?;
        match found {
            Some(settings) => Ok(settings),
            None => Ok(Self::default_of(tenant, Usual::of(conn, None).await?)),
        }
    }

    fn default_of(tenant: &Tenant, usual: Usual) -> Self {
        Self {
            tenant_id: tenant.id,
            site_name: tenant.name.chars().take(100).collect(),
            site_description: String::new(),
            default_language: usual.language,
            timezone: usual.timezone,
            support_email: String::new(),
            terms_url: String::new(),
            privacy_url: String::new(),
            logo_url: String::new(),
            favicon_url: String::new(),
            version: 0,
            created_at: tenant.created_at,
            updated_at: tenant.created_at,
        }
    }

    /// Changes settings and switches `features` on and off, both or neither. `seen` is the version
    /// that the change is meant for. None when there is no such tenant.
    pub async fn change(
        conn: &mut Conn,
        tenant: TenantId,
        changes: SettingsChanges,
        features: Option<&Value>,
        seen: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<Option<(Self, Tenant)>, TenantError> {
        conn.transaction(async |conn| {
            let row = tenants::table.filter(tenants::id.eq(tenant)).select(Tenant::as_select());
            let found = row.for_no_key_update().first::<Tenant>(conn).await.optional()?;
            let Some(mut tenant) = found else { return Ok(None) };
            let before = Self::of(conn, &tenant).await?;
            if seen.is_some_and(|seen| seen != before.version) {
                return Err(TenantError::Changed);
            }
            if let Some(features) = features {
                tenant = tenant.switch_features(conn, features, now).await?;
            }
            diesel::insert_into(tenant_settings::table)
                .values(&before)
                .on_conflict(tenant_settings::tenant_id)
                .do_nothing()
                .execute(conn)
                .await?;
            let settings = diesel::update(tenant_settings::table.find(tenant.id))
                .set((
                    changes,
                    tenant_settings::version.eq(tenant_settings::version + 1),
                    tenant_settings::updated_at.eq(now),
                ))
                .returning(Self::as_returning())
                .get_result(conn)
                .await?;
            Ok(Some((settings, tenant)))
        })
        .await
    }
}
