//! General settings of the platform itself, which are also those of a tenant that says nothing.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Jsonb};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use super::{SettingsChanges, SettingsError};
use crate::db::schema::platform_settings;
use crate::db::{Conn, Error};

/// General settings of the platform itself: one row, which a migration made.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = platform_settings)]
pub struct PlatformSettings {
    pub site_name: String,
    pub site_description: String,
    pub default_language: String,
    /// An IANA zone.
    pub timezone: String,
    pub support_email: String,
    pub terms_url: String,
    pub privacy_url: String,
    pub logo_url: String,
    pub favicon_url: String,
    /// What is switched on, name to boolean; see [`Feature`](super::Feature).
    pub feature_flags: Value,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(AsChangeset)]
#[diesel(table_name = platform_settings)]
struct Changes {
    site_name: Option<String>,
    site_description: Option<String>,
    default_language: Option<String>,
    timezone: Option<String>,
    support_email: Option<String>,
    terms_url: Option<String>,
    privacy_url: Option<String>,
    logo_url: Option<String>,
    favicon_url: Option<String>,
}

impl PlatformSettings {
    /// Reads them; on a connection across tenants.
    pub async fn read(conn: &mut Conn) -> Result<Self, Error> {
        platform_settings::table.select(Self::as_select()).first(conn).await
    }

    /// Changes them and switches `features` on and off. `seen` is the version that the change is
    /// meant for.
    pub async fn change(
        conn: &mut Conn,
        changes: SettingsChanges,
        features: Option<&Value>,
        seen: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<Self, SettingsError> {
        let nothing = json!({});
        let merged = diesel::dsl::sql::<Jsonb>("feature_flags || ").bind::<Jsonb, _>(features.unwrap_or(&nothing));
        let changed = diesel::update(platform_settings::table)
            .filter(platform_settings::version.eq(seen.unwrap_or_default()).or(seen.is_none().into_sql::<Bool>()))
            .set((
                Changes::from(changes),
                platform_settings::feature_flags.eq(merged),
                platform_settings::version.eq(platform_settings::version + 1),
                platform_settings::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await
            .optional()?;
        changed.ok_or(SettingsError::Changed)
    }
}

impl From<SettingsChanges> for Changes {
    fn from(changes: SettingsChanges) -> Self {
        let SettingsChanges {
            site_name,
            site_description,
            default_language,
            timezone,
            support_email,
            terms_url,
            privacy_url,
            logo_url,
            favicon_url,
        } = changes;
        Self {
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
