//! Learning platforms that launch a tenant's courses.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, LOCATION};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::federation::{Jwk, KeyPair, LtiFilter, LtiPlatform, LtiPlatformChanges, LtiPlatformRow, NewLtiPlatform};
use shared::ids::{LtiPlatformId, TenantId};
use shared::secret::Sealed;
use utoipa::{IntoParams, ToSchema};

use super::{WriteTenant, https_or_empty};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, IfMatch, Listing, Paging, Path, Query, Tagged};

/// A learning platform, with a key pair of ours for it. The private key is never shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LtiPlatform)]
pub(super) struct LtiPlatformOut {
    id: LtiPlatformId,
    tenant: TenantId,
    name: String,
    #[schema(example = "https://canvas.example.org")]
    issuer: String,
    client_id: String,
    /// Where our tool was installed in it.
    deployments: Vec<String>,
    deployments_count: usize,
    auth_login_url: String,
    auth_token_url: String,
    keyset_url: String,
    /// PEM.
    tool_public_key: String,
    /// Always so: the server makes the pair.
    tool_private_key_set: bool,
    is_active: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<LtiPlatformRow> for LtiPlatformOut {
    fn from(LtiPlatformRow { platform, deployments }: LtiPlatformRow) -> Self {
        let LtiPlatform {
            id,
            tenant_id,
            name,
            issuer,
            client_id,
            auth_login_url,
            auth_token_url,
            keyset_url,
            tool_public_key,
            tool_private_key_sealed: _,
            is_active,
            version: _,
            created_at,
            updated_at,
            former_public_key: _,
            former_key_until: _,
        } = platform;
        Self {
            id,
            tenant: tenant_id,
            name,
            issuer,
            client_id,
            deployments_count: deployments.len(),
            deployments,
            auth_login_url,
            auth_token_url,
            keyset_url,
            tool_public_key,
            tool_private_key_set: true,
            is_active,
            created_at,
            updated_at,
        }
    }
}

/// Which platforms.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListLtiPlatforms {
    /// A part of name, issuer or client.
    search: Option<String>,
    /// Switched on, or off.
    is_active: Option<bool>,
}

/// List the learning platforms that launch the tenant's courses, newest first.
#[utoipa::path(get, path = "/api/core/settings/lti-platforms/", tag = "federation",
    params(ListLtiPlatforms, Paging), responses((status = OK, body = Listing<LtiPlatformOut>)))]
pub async fn list_lti_platforms(
    caller: Can<WriteTenant>,
    Query(ListLtiPlatforms { search, is_active }): Query<ListLtiPlatforms>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<LtiPlatformOut>>> {
    let filter = LtiFilter { search, is_active };
    let mut conn = db.conn().await?;
    Ok(paging.answer(LtiPlatform::list(&mut conn, caller.tenant(), &filter, paging.numbered()).await?))
}

/// A new learning platform. The server makes a key pair for it.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateLtiPlatform {
    #[garde(length(chars, min = 1, max = 255))]
    #[schema(example = "Canvas")]
    name: String,
    /// As the platform names itself.
    #[garde(length(chars, min = 1, max = 500), custom(https_or_empty))]
    #[schema(example = "https://canvas.example.org")]
    issuer: String,
    /// As the platform names us.
    #[garde(length(chars, min = 1, max = 255))]
    #[schema(example = "10000000000001")]
    client_id: String,
    #[garde(inner(inner(length(chars, min = 1, max = 255))), inner(length(max = 100)))]
    #[serde(default)]
    deployments: Option<Vec<String>>,
    #[garde(custom(https_or_empty))]
    #[serde(default)]
    auth_login_url: String,
    #[garde(custom(https_or_empty))]
    #[serde(default)]
    auth_token_url: String,
    #[garde(custom(https_or_empty))]
    #[serde(default)]
    keyset_url: String,
    /// Switched on unless said otherwise.
    #[garde(skip)]
    #[serde(default)]
    is_active: Option<bool>,
}

/// A new pair: the public key and the sealed private one. Off the threads that serve, as it takes a
/// tenth of a second of computing.
async fn new_keys(app: &App, tenant: TenantId) -> ApiResult<(String, Sealed)> {
    let pair = tokio::task::spawn_blocking(KeyPair::generate).await.map_err(anyhow::Error::from)??;
    let sealed = app.vault.seal(LtiPlatform::key_place(tenant), &pair.private_key)?;
    Ok((pair.public_key, sealed))
}

/// Add a learning platform.
#[utoipa::path(post, path = "/api/core/settings/lti-platforms/", tag = "federation", request_body = CreateLtiPlatform,
    responses((status = CREATED, body = LtiPlatformOut), (status = 409, description = "`platform_taken`")))]
pub async fn create_lti_platform(
    caller: Can<WriteTenant>,
    State(app): State<App>,
    db: Db,
    Body(body): Body<CreateLtiPlatform>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Json<LtiPlatformOut>)> {
    let (tool_public_key, tool_private_key_sealed) = new_keys(&app, caller.tenant()).await?;
    let new = NewLtiPlatform {
        name: body.name,
        issuer: body.issuer,
        client_id: body.client_id,
        auth_login_url: body.auth_login_url,
        auth_token_url: body.auth_token_url,
        keyset_url: body.keyset_url,
        is_active: body.is_active.unwrap_or(true),
        tool_public_key,
        tool_private_key_sealed,
        deployments: sorted(body.deployments.unwrap_or_default()),
    };
    let made = LtiPlatform::create(&mut *db.conn().await?, caller.tenant(), new, app.clock.now()).await?;
    let location = format!("/api/core/settings/lti-platforms/{}/", made.platform.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(made.into())))
}

/// Each once, in the order in which they are shown.
fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names.dedup();
    names
}

fn tagged(found: Option<LtiPlatformRow>) -> ApiResult<Tagged<LtiPlatformOut>> {
    let row = found.ok_or(ApiError::NotFound("platform"))?;
    Ok(Tagged(row.platform.version, row.into()))
}

/// Show a learning platform.
#[utoipa::path(get, path = "/api/core/settings/lti-platforms/{lti_platform}/", tag = "federation",
    params(("lti_platform" = LtiPlatformId, Path)), responses((status = OK, body = LtiPlatformOut)))]
pub async fn show_lti_platform(
    caller: Can<WriteTenant>,
    Path(id): Path<LtiPlatformId>,
    db: Db,
) -> ApiResult<Tagged<LtiPlatformOut>> {
    tagged(LtiPlatform::find(&mut *db.conn().await?, caller.tenant(), id).await?)
}

/// What may be changed of a platform; what is left out stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateLtiPlatform {
    #[garde(length(chars, min = 1, max = 255))]
    #[serde(default)]
    name: Option<String>,
    #[garde(length(chars, min = 1, max = 500), inner(custom(https_or_empty)))]
    #[serde(default)]
    issuer: Option<String>,
    #[garde(length(chars, min = 1, max = 255))]
    #[serde(default)]
    client_id: Option<String>,
    /// All of them: those that are not named are forgotten.
    #[garde(inner(inner(length(chars, min = 1, max = 255))), inner(length(max = 100)))]
    #[serde(default)]
    deployments: Option<Vec<String>>,
    #[garde(inner(custom(https_or_empty)))]
    #[serde(default)]
    auth_login_url: Option<String>,
    #[garde(inner(custom(https_or_empty)))]
    #[serde(default)]
    auth_token_url: Option<String>,
    #[garde(inner(custom(https_or_empty)))]
    #[serde(default)]
    keyset_url: Option<String>,
    #[garde(skip)]
    #[serde(default)]
    is_active: Option<bool>,
}

/// Change a learning platform.
#[utoipa::path(patch, path = "/api/core/settings/lti-platforms/{lti_platform}/", tag = "federation",
    params(("lti_platform" = LtiPlatformId, Path)), request_body = UpdateLtiPlatform,
    responses((status = OK, body = LtiPlatformOut), (status = 409, description = "`platform_taken`")))]
pub async fn update_lti_platform(
    caller: Can<WriteTenant>,
    State(app): State<App>,
    Path(id): Path<LtiPlatformId>,
    IfMatch(seen): IfMatch,
    db: Db,
    Body(body): Body<UpdateLtiPlatform>,
) -> ApiResult<Tagged<LtiPlatformOut>> {
    let deployments = body.deployments.map(sorted);
    let changes = LtiPlatformChanges {
        name: body.name,
        issuer: body.issuer,
        client_id: body.client_id,
        auth_login_url: body.auth_login_url,
        auth_token_url: body.auth_token_url,
        keyset_url: body.keyset_url,
        is_active: body.is_active,
    };
    let mut conn = db.conn().await?;
    tagged(LtiPlatform::change(&mut conn, caller.tenant(), id, changes, deployments, seen, app.clock.now()).await?)
}

/// Delete a learning platform.
#[utoipa::path(delete, path = "/api/core/settings/lti-platforms/{lti_platform}/", tag = "federation",
    params(("lti_platform" = LtiPlatformId, Path)), responses((status = NO_CONTENT)))]
pub async fn delete_lti_platform(
    caller: Can<WriteTenant>,
    Path(id): Path<LtiPlatformId>,
    db: Db,
) -> ApiResult<StatusCode> {
    let deleted = LtiPlatform::delete(&mut *db.conn().await?, caller.tenant(), id).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("platform")) }
}

/// Switch a learning platform on or off.
#[utoipa::path(post, path = "/api/core/settings/lti-platforms/{lti_platform}/toggle-status/", tag = "federation",
    params(("lti_platform" = LtiPlatformId, Path)), responses((status = OK, body = LtiPlatformOut)))]
pub async fn toggle_lti_platform(
    caller: Can<WriteTenant>,
    State(app): State<App>,
    Path(id): Path<LtiPlatformId>,
    db: Db,
) -> ApiResult<Tagged<LtiPlatformOut>> {
    tagged(LtiPlatform::toggle(&mut *db.conn().await?, caller.tenant(), id, app.clock.now()).await?)
}

/// A new public key.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewPublicKey {
    /// PEM: give it to the platform.
    public_key: String,
}

/// Make a new key pair for a platform. Nothing is signed by the old one any more, which is shown for another day;
/// doing this twice takes it back at once.
#[utoipa::path(post, path = "/api/core/settings/lti-platforms/{lti_platform}/regenerate-keys/", tag = "federation",
    params(("lti_platform" = LtiPlatformId, Path)), responses((status = OK, body = NewPublicKey)))]
pub async fn regenerate_lti_keys(
    caller: Can<WriteTenant>,
    State(app): State<App>,
    Path(id): Path<LtiPlatformId>,
    db: Db,
) -> ApiResult<Json<NewPublicKey>> {
    let (public_key, sealed) = new_keys(&app, caller.tenant()).await?;
    let (mut conn, now) = (db.conn().await?, app.clock.now());
    if !LtiPlatform::renew_keys(&mut conn, caller.tenant(), id, (public_key.as_str(), &sealed), now).await? {
        return Err(ApiError::NotFound("platform"));
    }
    Ok(Json(NewPublicKey { public_key }))
}

/// Public keys as RFC 7517 has them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Jwks {
    /// RSA, for RS256: the current one, and for a day after it was made the one before it.
    #[schema(value_type = Vec<Object>)]
    keys: Vec<Jwk>,
}

/// The public keys for a platform, as a set of JSON Web Keys. Each is named by its thumbprint.
#[utoipa::path(get, path = "/api/core/settings/lti-platforms/{lti_platform}/jwks/", tag = "federation",
    params(("lti_platform" = LtiPlatformId, Path)), responses((status = OK, body = Jwks)))]
pub async fn show_lti_keys(
    caller: Can<WriteTenant>,
    State(app): State<App>,
    Path(id): Path<LtiPlatformId>,
    db: Db,
) -> ApiResult<Json<Jwks>> {
    let found = LtiPlatform::find(&mut *db.conn().await?, caller.tenant(), id).await?;
    let platform = found.ok_or(ApiError::NotFound("platform"))?.platform;
    let unreadable = || anyhow::anyhow!("a public key of platform {id} cannot be read");
    let keys = platform.public_keys(app.clock.now()).map(|pem| Jwk::of(pem).ok_or_else(unreadable));
    Ok(Json(Jwks { keys: keys.collect::<anyhow::Result<_>>()? }))
}
