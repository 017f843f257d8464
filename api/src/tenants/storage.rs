//! What a tenant allows to be uploaded, and a bucket of its own.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::files::Kind;
use shared::ids::TenantId;
use shared::jobs::enqueue_with;
use shared::tenants::jobs::TestStorageSettings;
use shared::tenants::{StorageSettings, StorageSettingsChanges};
use utoipa::ToSchema;

use super::WriteTenant;
use super::email::{Accepted, Started, accepted};
use super::settings::address_or_empty;
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiResult, Body, Db, IfMatch, Tagged, present};

/// What a tenant allows to be uploaded, and a bucket of its own for later. The secret key is never shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StorageSettings)]
pub struct StorageSettingsOut {
    tenant: TenantId,
    s3_bucket_name: String,
    #[schema(example = "us-east-1")]
    s3_region: String,
    s3_endpoint_url: String,
    s3_access_key_id: String,
    /// Whether there is a secret key.
    s3_secret_access_key_set: bool,
    /// In MiB; null for what the platform takes.
    #[schema(example = 50)]
    max_file_size_mb: Option<i32>,
    /// Empty for all that the platform takes.
    #[schema(example = "pdf,png")]
    allowed_extensions: String,
    updated_at: DateTime<Utc>,
}

impl From<StorageSettings> for StorageSettingsOut {
    fn from(settings: StorageSettings) -> Self {
        let StorageSettings {
            tenant_id,
            s3_bucket_name,
            s3_region,
            s3_endpoint_url,
            s3_access_key_id,
            s3_secret_access_key_sealed,
            max_file_size_mb,
            allowed_extensions,
            version: _,
            created_at: _,
            updated_at,
        } = settings;
        Self {
            tenant: tenant_id,
            s3_bucket_name,
            s3_region,
            s3_endpoint_url,
            s3_access_key_id,
            s3_secret_access_key_set: s3_secret_access_key_sealed.is_some(),
            max_file_size_mb,
            allowed_extensions,
            updated_at,
        }
    }
}

/// The storage settings of one's tenant.
///
/// `max_file_size_mb` and `allowed_extensions` hold for every upload. The bucket (`s3_*`) is kept, and tried out by
/// `…/test/`; files lie in the platform's store all the same, until moving them is built.
#[utoipa::path(get, path = "/api/core/settings/storage/", tag = "tenants",
    responses((status = OK, body = StorageSettingsOut)))]
pub async fn show_storage_settings(
    caller: Can<WriteTenant>,
    State(app): State<App>,
    db: Db,
) -> ApiResult<Tagged<StorageSettingsOut>> {
    let mut conn = db.conn().await?;
    let settings = StorageSettings::of(&mut conn, caller.tenant(), app.clock.now()).await?;
    Ok(Tagged(settings.version, settings.into()))
}

/// What may be changed of the storage settings; what is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateStorageSettings {
    /// The bucket; kept for later, and not used for files yet.
    #[garde(inner(custom(bucket)))]
    #[serde(default)]
    s3_bucket_name: Option<String>,
    /// Its region.
    #[garde(inner(custom(region)))]
    #[serde(default)]
    #[schema(example = "eu-central-1")]
    s3_region: Option<String>,
    /// Where it is, if not at Amazon.
    #[garde(inner(custom(address_or_empty)))]
    #[serde(default)]
    s3_endpoint_url: Option<String>,
    /// Who signs in there.
    #[garde(length(chars, max = 255))]
    #[serde(default)]
    s3_access_key_id: Option<String>,
    /// Kept encrypted and never shown; null or an empty text forgets it, and so does another endpoint, unless it is
    /// given with that.
    #[garde(inner(inner(length(bytes, max = 1024))))]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    s3_secret_access_key: Option<Option<String>>,
    /// The largest upload, in MiB; null for what the platform takes, which is never exceeded.
    #[garde(inner(inner(range(min = 1, max = 10240))))]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 10240)]
    max_file_size_mb: Option<Option<i32>>,
    /// With commas: `pdf,png`; empty for all that the platform takes.
    #[garde(inner(custom(extensions)))]
    #[serde(default)]
    #[schema(example = "pdf,png")]
    allowed_extensions: Option<String>,
}

/// Change the storage settings of one's tenant.
///
/// `max_file_size_mb` and `allowed_extensions` hold for every upload from now on. The bucket (`s3_*`) is only kept: no file
/// is put there or moved there by naming it.
#[utoipa::path(patch, path = "/api/core/settings/storage/", tag = "tenants", request_body = UpdateStorageSettings,
    responses((status = OK, body = StorageSettingsOut)))]
pub async fn update_storage_settings(
    caller: Can<WriteTenant>,
    State(app): State<App>,
    IfMatch(seen): IfMatch,
    db: Db,
    Body(body): Body<UpdateStorageSettings>,
) -> ApiResult<Tagged<StorageSettingsOut>> {
    let place = StorageSettings::secret_place(caller.tenant());
    let s3_secret_access_key_sealed = app.vault.seal_change(place, body.s3_secret_access_key)?;
    let changes = StorageSettingsChanges {
        s3_bucket_name: body.s3_bucket_name,
        s3_region: body.s3_region,
        s3_endpoint_url: body.s3_endpoint_url,
        s3_access_key_id: body.s3_access_key_id,
        s3_secret_access_key_sealed,
        max_file_size_mb: body.max_file_size_mb,
        allowed_extensions: body.allowed_extensions.map(|list| normal(&list).join(",")),
    };
    let mut conn = db.conn().await?;
    let settings = StorageSettings::change(&mut conn, caller.tenant(), changes, seen, app.clock.now()).await?;
    Ok(Tagged(settings.version, settings.into()))
}

/// Write an object to the tenant's own bucket and remove it, and tell in the job's result how that
/// went.
#[utoipa::path(post, path = "/api/core/settings/storage/test/", tag = "tenants",
    responses((status = ACCEPTED, body = Started)))]
pub async fn test_storage_settings(caller: Can<WriteTenant>, db: Db) -> ApiResult<Accepted> {
    let job = TestStorageSettings { tenant_id: caller.tenant() };
    let asked = enqueue_with(&mut *db.conn().await?, &job, caller.asks()).await?;
    Ok(accepted(asked.id()))
}

fn normal(list: &str) -> Vec<String> {
    let words = list.split(',').map(|word| word.trim().trim_start_matches('.').to_ascii_lowercase());
    words.filter(|word| !word.is_empty()).collect()
}

fn extensions(value: &str, (): &()) -> garde::Result {
    let is_taken = |word: &String| Kind::extensions().any(|extension| extension == word);
    if value.len() <= 500 && normal(value).iter().all(is_taken) {
        return Ok(());
    }
    let known: Vec<_> = Kind::extensions().collect();
    Err(garde::Error::new(format!("Not a list with commas of some of these: {}.", known.join(", "))))
}

fn bucket(value: &str, (): &()) -> garde::Result {
    let is_name = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if value.len() <= 255 && is_name { Ok(()) } else { Err(garde::Error::new("Not the name of a bucket.")) }
}

fn region(value: &str, (): &()) -> garde::Result {
    let is_name = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if value.len() <= 50 && is_name { Ok(()) } else { Err(garde::Error::new("Not the name of a region.")) }
}
