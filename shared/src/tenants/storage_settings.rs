//! What a tenant allows to be uploaded, and a bucket of its own.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use secrecy::SecretString;

use super::SettingsError;
use crate::config::StorageConfig;
use crate::db::schema::tenant_storage_settings;
use crate::db::{Conn, Error};
use crate::ids::TenantId;
use crate::secret::{CannotOpen, Place, Sealed, Vault};

/// What a tenant allows, and where its bucket is.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = tenant_storage_settings, treat_none_as_default_value = false)]
pub struct StorageSettings {
    pub tenant_id: TenantId,
    pub s3_bucket_name: String,
    pub s3_region: String,
    /// Empty for Amazon's own.
    pub s3_endpoint_url: String,
    pub s3_access_key_id: String,
    pub s3_secret_access_key_sealed: Option<Sealed>,
    /// In MiB; none for what the platform takes, which is never exceeded.
    pub max_file_size_mb: Option<i32>,
    /// With commas, in lower case, without dots; empty for all that the platform takes.
    pub allowed_extensions: String,
    /// Zero: never written.
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What may be changed; what is `None` stays.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = tenant_storage_settings)]
pub struct StorageSettingsChanges {
    pub s3_bucket_name: Option<String>,
    pub s3_region: Option<String>,
    pub s3_endpoint_url: Option<String>,
    pub s3_access_key_id: Option<String>,
    pub s3_secret_access_key_sealed: Option<Option<Sealed>>,
    pub max_file_size_mb: Option<Option<i32>>,
    pub allowed_extensions: Option<String>,
}

impl StorageSettings {
    /// Where a tenant's secret key is sealed for.
    pub const fn secret_place(tenant: TenantId) -> Place {
        Place { tenant, column: "tenant_storage_settings.s3_secret_access_key" }
    }

    /// The bucket as a store's configuration; none while something is missing.
    pub fn bucket(&self, vault: &Vault) -> Result<Option<StorageConfig>, CannotOpen> {
        let Some(sealed) = &self.s3_secret_access_key_sealed else { return Ok(None) };
        let secret_key: SecretString = vault.open(Self::secret_place(self.tenant_id), sealed)?;
        let is_named = !self.s3_bucket_name.is_empty() && !self.s3_access_key_id.is_empty();
        Ok(is_named.then(|| StorageConfig {
            endpoint: Some(self.s3_endpoint_url.clone()).filter(|endpoint| !endpoint.is_empty()),
            public_endpoint: None,
            region: self.s3_region.clone(),
            bucket: self.s3_bucket_name.clone(),
            access_key: self.s3_access_key_id.clone(),
            secret_key,
        }))
    }

    /// The settings of this tenant, if it has ever written some.
    pub async fn find(conn: &mut Conn, tenant: TenantId) -> Result<Option<Self>, Error> {
        tenant_storage_settings::table
            .filter(tenant_storage_settings::tenant_id.eq(tenant))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()
    }

    /// The settings of this tenant, or the defaults.
    pub async fn of(conn: &mut Conn, tenant: TenantId, now: DateTime<Utc>) -> Result<Self, Error> {
        Ok(Self::find(conn, tenant).await?.unwrap_or_else(|| Self::unset(tenant, now)))
    }

    fn unset(tenant_id: TenantId, now: DateTime<Utc>) -> Self {
        Self {
            tenant_id,
            s3_bucket_name: String::new(),
            s3_region: "us-east-1".to_owned(),
            s3_endpoint_url: String::new(),
            s3_access_key_id: String::new(),
            s3_secret_access_key_sealed: None,
            max_file_size_mb: None,
            allowed_extensions: String::new(),
            version: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Changes them. `seen` is the version that the change is meant for. The secret key is for the
    /// endpoint that it was given for: with another one it is given anew, or forgotten.
    pub async fn change(
        conn: &mut Conn,
        tenant: TenantId,
        mut changes: StorageSettingsChanges,
        seen: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<Self, SettingsError> {
        conn.transaction::<_, SettingsError, _>(async |conn| {
            diesel::insert_into(tenant_storage_settings::table)
                .values(&Self::unset(tenant, now))
                .on_conflict(tenant_storage_settings::tenant_id)
                .do_nothing()
                .execute(conn)
                .await?;
            let its = tenant_storage_settings::table.filter(tenant_storage_settings::tenant_id.eq(tenant));
            let columns = (tenant_storage_settings::version, tenant_storage_settings::s3_endpoint_url);
            let (version, endpoint): (i32, String) = its.select(columns).for_update().first(conn).await?;
            if seen.is_some_and(|seen| seen != version) {
                return Err(SettingsError::Changed);
            }
            if changes.s3_endpoint_url.as_ref().is_some_and(|new| *new != endpoint) {
                // What it signs is of use to whoever answers there, and over plain http to whoever listens.
                changes.s3_secret_access_key_sealed.get_or_insert(None);
            }
            let set = (
                changes,
                tenant_storage_settings::version.eq(tenant_storage_settings::version + 1),
                tenant_storage_settings::updated_at.eq(now),
            );
            let row = diesel::update(tenant_storage_settings::table.find(tenant)).set(set);
            Ok(row.returning(Self::as_returning()).get_result(conn).await?)
        })
        .await
    }
}
