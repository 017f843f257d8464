//! The host names of a tenant. Only the platform gives them: whoever could take any free name for
//! their tenant could stand in another's way.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, LOCATION};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::ids::TenantDomainId;
use shared::tenants::TenantDomain;
use utoipa::ToSchema;

use super::tenant::{TenantRef, load};
use super::{GovernTenants, ReadTenants};
use crate::access::CanAnywhere;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, HomeDb, Listing, Paging, Path};

/// A host name of a tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TenantDomain)]
pub struct DomainOut {
    /// Names it in addresses.
    id: TenantDomainId,
    /// In lower case, without port.
    #[schema(example = "acme.localhost")]
    domain: String,
    /// The one for links.
    is_primary: bool,
    /// Since when.
    created_at: DateTime<Utc>,
}

impl From<TenantDomain> for DomainOut {
    fn from(TenantDomain { id, tenant_id: _, domain, is_primary, created_at }: TenantDomain) -> Self {
        Self { id, domain, is_primary, created_at }
    }
}

/// A host name in its stored form, or what is wrong with it.
pub(super) fn normal(app: &App, field: &str, name: &str) -> ApiResult<String> {
    TenantDomain::normal(name)
        .filter(|name| *name != app.config.public_host)
        .ok_or_else(|| ApiError::field(field, format!("`{name}` is not a host name that a tenant can have.")))
}

/// The host names of a tenant, the primary one first.
#[utoipa::path(get, path = "/api/core/tenants/{tenant}/domains/", tag = "tenants",
    params(("tenant" = String, Path, description = "The tenant's id or slug"), Paging),
    responses((status = OK, body = Listing<DomainOut>)))]
pub async fn list_domains(
    caller: CanAnywhere<ReadTenants>,
    Path(name): Path<TenantRef>,
    paging: Paging,
    db: HomeDb,
) -> ApiResult<Json<Listing<DomainOut>>> {
    let mut conn = db.conn().await?;
    let tenant = load(&mut conn, &caller, &name).await?;
    let page = TenantDomain::list(&mut conn, tenant.id, paging.numbered()).await?;
    Ok(paging.answer(page))
}

/// A host name.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddDomain {
    /// Without scheme and port.
    #[garde(length(chars, min = 1, max = 300))]
    #[schema(example = "learn.example.org")]
    domain: String,
}

/// Give a tenant a host name. Its first one becomes the primary one.
#[utoipa::path(post, path = "/api/core/tenants/{tenant}/domains/", tag = "tenants", request_body = AddDomain,
    params(("tenant" = String, Path, description = "The tenant's id or slug")),
    responses((status = CREATED, body = DomainOut), (status = 409, description = "A tenant has this name already")))]
pub async fn add_domain(
    caller: CanAnywhere<GovernTenants>,
    State(app): State<App>,
    Path(name): Path<TenantRef>,
    db: HomeDb,
    Body(body): Body<AddDomain>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Json<DomainOut>)> {
    let mut conn = db.conn().await?;
    let tenant = load(&mut conn, &caller, &name).await?;
    let domain = normal(&app, "domain", &body.domain)?;
    let added = TenantDomain::add(&mut conn, tenant.id, &[domain], app.clock.now()).await?;
    let added = added.into_iter().next().ok_or_else(|| anyhow::anyhow!("no domain was added"))?;
    let location = format!("/api/core/tenants/{}/domains/", tenant.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(added.into())))
}

/// Take a host name from a tenant. When it was the primary one, the oldest other becomes it.
#[utoipa::path(delete, path = "/api/core/tenants/{tenant}/domains/{domain}/", tag = "tenants",
    params(("tenant" = String, Path, description = "The tenant's id or slug"),
        ("domain" = TenantDomainId, Path, description = "The host name's id")),
    responses((status = NO_CONTENT)))]
pub async fn remove_domain(
    caller: CanAnywhere<GovernTenants>,
    Path((name, domain)): Path<(TenantRef, TenantDomainId)>,
    db: HomeDb,
) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    let tenant = load(&mut conn, &caller, &name).await?;
    let removed = TenantDomain::remove(&mut conn, tenant.id, domain).await?;
    if removed { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("domain")) }
}
