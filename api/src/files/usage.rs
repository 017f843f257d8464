//! How much a tenant keeps, and how much it may.

use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::files::Quota;
use utoipa::ToSchema;

use super::{GovernTenants, ReadFileUsage};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiResult, Body, Db};

/// How much a tenant keeps, and how much it may.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FileUsage {
    /// In the store, versions and uploads under way included.
    used_bytes: i64,
    limit_bytes: i64,
    /// Whether the limit is the tenant's own, and not everybody's.
    is_own_limit: bool,
}

impl From<Quota> for FileUsage {
    fn from(Quota { used_bytes, limit_bytes, is_own_limit }: Quota) -> Self {
        Self { used_bytes, limit_bytes, is_own_limit }
    }
}

/// Show how much the tenant keeps.
#[utoipa::path(get, path = "/api/files/usage/", tag = "files", responses((status = OK, body = FileUsage)))]
pub async fn show_file_usage(caller: Can<ReadFileUsage>, State(app): State<App>, db: Db) -> ApiResult<Json<FileUsage>> {
    let usual = app.config.files.tenant_quota_bytes;
    Ok(Json(Quota::of(&mut *db.conn().await?, caller.tenant(), usual).await?.into()))
}

/// How much the tenant may keep.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitFileUsage {
    /// Null for everybody's limit.
    #[garde(inner(range(min = 0, max = 1_000_000_000_000_000)))]
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(minimum = 0, required = true)]
    limit_bytes: Option<i64>,
}

/// Say how much the tenant of `X-Tenant-Slug` may keep. What is there stays, also when it is more.
#[utoipa::path(patch, path = "/api/files/usage/", tag = "files", request_body = LimitFileUsage,
    responses((status = OK, body = FileUsage)))]
pub async fn limit_file_usage(
    caller: Can<GovernTenants>,
    State(app): State<App>,
    db: Db,
    Body(body): Body<LimitFileUsage>,
) -> ApiResult<Json<FileUsage>> {
    let mut conn = db.conn().await?;
    Quota::set_limit(&mut conn, caller.tenant(), body.limit_bytes).await?;
    Ok(Json(Quota::of(&mut conn, caller.tenant(), app.config.files.tenant_quota_bytes).await?.into()))
}
