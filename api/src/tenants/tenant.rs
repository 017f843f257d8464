//! Tenants themselves.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, LOCATION};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use shared::db::{Conn, Scope};
use shared::ids::TenantId;
use shared::tenants::{NewTenant, Tenant, TenantChanges, TenantError, TenantFilter, TenantRow, TenantStats};
use utoipa::{IntoParams, ToSchema};

use super::domain::{DomainOut, normal};
use super::{Features, GovernTenants, ReadTenants, WriteTenant, json, known, small};
use crate::access::{Caller, CanAnywhere};
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, HomeDb, IfMatch, Listing, Paging, Path, Query, Tagged};

impl From<TenantError> for ApiError {
    fn from(error: TenantError) -> Self {
        let message = error.to_string();
        match error {
            TenantError::NameTaken => Self::Conflict { code: "name_taken", message },
            TenantError::SlugTaken => Self::Conflict { code: "slug_taken", message },
            TenantError::DomainTaken(_) => Self::Conflict { code: "domain_taken", message },
            TenantError::Changed => Self::Changed,
            TenantError::Database(error) => error.into(),
        }
    }
}

/// A tenant in an address: by id or by slug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenantRef {
    /// By id.
    Id(TenantId),
    /// By slug.
    Slug(String),
}

impl FromStr for TenantRef {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        if is_slug(text) { Ok(Self::Slug(text.to_owned())) } else { Err("neither an id nor a slug") }
    }
}

impl<'de> Deserialize<'de> for TenantRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

fn is_slug(text: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    text.len() <= 255 && text.split('-').all(is_part)
}

/// The tenant, if it is the caller's, or the caller stands above tenants.
pub(super) async fn load(conn: &mut Conn, caller: &Caller, name: &TenantRef) -> ApiResult<Tenant> {
    let found = match name {
        TenantRef::Id(id) => Tenant::find(conn, *id).await?,
        TenantRef::Slug(slug) => Tenant::find_by_slug(conn, slug).await?,
    };
    found.filter(|tenant| caller.is_superuser || caller.tenant == Some(tenant.id)).ok_or(ApiError::NotFound("tenant"))
}

/// A school or a company.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
pub struct TenantOut {
    /// Names the tenant in addresses, as its slug does.
    id: TenantId,
    /// Unique on the platform.
    #[schema(example = "Acme Learning")]
    name: String,
    /// For addresses and the `X-Tenant-Slug` header.
    #[schema(example = "acme")]
    slug: String,
    /// Off: nobody of it may come in.
    is_active: bool,
    /// Its colours and texts: `primary_color`, `logo_text`.
    theme_config: Value,
    /// What is switched on and off by itself, name to boolean. What is not named here is as the platform has it.
    feature_flags: Value,
    /// Its host names, the primary one first.
    domains: Vec<DomainOut>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was changed last.
    updated_at: DateTime<Utc>,
}

impl From<TenantRow> for TenantOut {
    fn from(TenantRow { tenant, domains }: TenantRow) -> Self {
        let Tenant { id, name, slug, is_active, theme_config, feature_flags, version: _, created_at, updated_at } =
            tenant;
        let domains = domains.into_iter().map(DomainOut::from).collect();
        Self { id, name, slug, is_active, theme_config, feature_flags, domains, created_at, updated_at }
    }
}

/// Which tenants are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListTenants {
    /// A part of name, slug or domain.
    #[serde(default)]
    search: Option<String>,
    /// Only those that are on, or off.
    #[serde(default)]
    is_active: Option<bool>,
}

/// Tenants by name: all for a superuser, one's own for an administrator.
#[utoipa::path(get, path = "/api/core/tenants/", tag = "tenants", params(ListTenants, Paging),
    responses((status = OK, body = Listing<TenantOut>)))]
pub async fn list_tenants(
    caller: CanAnywhere<ReadTenants>,
    Query(query): Query<ListTenants>,
    paging: Paging,
    db: HomeDb,
) -> ApiResult<Json<Listing<TenantOut>>> {
    let only = if caller.is_superuser { None } else { caller.tenant };
    let filter = TenantFilter { only, search: query.search, is_active: query.is_active };
    let mut conn = db.conn().await?;
    Ok(paging.answer(Tenant::list(&mut conn, &filter, paging.numbered()).await?))
}

/// A tenant about to be made.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTenant {
    /// Unique on the platform.
    #[garde(length(chars, min = 1, max = 255))]
    #[schema(example = "Acme Learning")]
    name: String,
    /// Lower-case letters, digits and hyphens; made of the name when left out.
    #[garde(inner(custom(slug_shape)))]
    #[serde(default)]
    #[schema(example = "acme")]
    slug: Option<String>,
    /// On, unless said otherwise.
    #[garde(skip)]
    #[serde(default)]
    is_active: Option<bool>,
    /// Its colours and texts: an object of 16 KiB at most.
    #[garde(custom(small))]
    #[serde(default)]
    theme_config: Map<String, Value>,
    /// What is switched on and off: `certificates_enabled`, and of parts of the platform that are not there yet
    /// `ai_enabled`, `ai_content_generation` and `learning_paths_enabled`, which decide nothing so far.
    #[garde(custom(known))]
    #[schema(example = json!({"certificates_enabled": true}))]
    #[serde(default)]
    feature_flags: Features,
    /// Its host names; the first becomes the primary one.
    #[garde(length(max = 50), inner(length(chars, max = 300)))]
    #[serde(default)]
    domains: Vec<String>,
}

fn slug_shape(value: &str, (): &()) -> garde::Result {
    if is_slug(value) { Ok(()) } else { Err(garde::Error::new("Lower-case letters, digits and single hyphens only.")) }
}

/// Make a tenant.
#[utoipa::path(post, path = "/api/core/tenants/", tag = "tenants", request_body = CreateTenant,
    responses((status = CREATED, body = TenantOut), (status = 409, description = "Its name, slug or a domain is taken")))]
pub async fn create_tenant(
    _: CanAnywhere<GovernTenants>,
    State(app): State<App>,
    db: HomeDb,
    Body(body): Body<CreateTenant>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Tagged<TenantOut>)> {
    let domains = body.domains.iter().map(|name| normal(&app, "domains", name)).collect::<ApiResult<Vec<_>>>()?;
    let new = NewTenant {
        name: body.name,
        slug: body.slug,
        is_active: body.is_active.unwrap_or(true),
        theme_config: Value::Object(body.theme_config),
        feature_flags: json(body.feature_flags),
        domains,
    };
    let mut conn = db.conn().await?;
    let row = Tenant::create(&mut conn, new, app.clock.now()).await?;
    let location = format!("/api/core/tenants/{}/", row.tenant.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Tagged(row.tenant.version, row.into())))
}

/// A tenant.
#[utoipa::path(get, path = "/api/core/tenants/{tenant}/", tag = "tenants",
    params(("tenant" = String, Path, description = "The tenant's id or slug")), responses((status = OK, body = TenantOut)))]
pub async fn show_tenant(
    caller: CanAnywhere<ReadTenants>,
    Path(name): Path<TenantRef>,
    db: HomeDb,
) -> ApiResult<Tagged<TenantOut>> {
    let mut conn = db.conn().await?;
    let tenant = load(&mut conn, &caller, &name).await?;
    tagged(&mut conn, tenant).await
}

async fn tagged(conn: &mut Conn, tenant: Tenant) -> ApiResult<Tagged<TenantOut>> {
    let row = tenant.with_domains(conn).await?;
    Ok(Tagged(row.tenant.version, row.into()))
}

/// What may be changed of a tenant; what is left out stays. The slug is for ever.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateTenant {
    /// Unique on the platform.
    #[garde(length(chars, min = 1, max = 255))]
    #[serde(default)]
    name: Option<String>,
    /// On or off; only a superuser may change it.
    #[garde(skip)]
    #[serde(default)]
    is_active: Option<bool>,
    /// Its colours and texts, all of them: an object of 16 KiB at most.
    #[garde(inner(custom(small)))]
    #[serde(default)]
    theme_config: Option<Map<String, Value>>,
    /// What is switched on and off, all of it; the names are those of a new tenant's.
    #[garde(inner(custom(known)))]
    #[serde(default)]
    feature_flags: Option<Features>,
}

/// Change a tenant.
#[utoipa::path(patch, path = "/api/core/tenants/{tenant}/", tag = "tenants", request_body = UpdateTenant,
    params(("tenant" = String, Path, description = "The tenant's id or slug")),
    responses((status = OK, body = TenantOut), (status = 409, description = "Another tenant has this name")))]
pub async fn update_tenant(
    caller: CanAnywhere<WriteTenant>,
    State(app): State<App>,
    Path(name): Path<TenantRef>,
    IfMatch(seen): IfMatch,
    db: HomeDb,
    Body(body): Body<UpdateTenant>,
) -> ApiResult<Tagged<TenantOut>> {
    let mut conn = db.conn().await?;
    let before = load(&mut conn, &caller, &name).await?;
    // The form of the web client sends it back as it was.
    let is_active = body.is_active.filter(|is_active| *is_active != before.is_active);
    if is_active.is_some() && !caller.is_superuser {
        return Err(ApiError::Forbidden("Only the platform switches tenants on and off.".into()));
    }
    let changes = TenantChanges {
        name: body.name,
        is_active,
        theme_config: body.theme_config.map(Value::Object),
        feature_flags: body.feature_flags.map(json),
    };
    let changed = Tenant::change(&mut conn, before.id, changes, seen, app.clock.now()).await?;
    tagged(&mut conn, changed.ok_or(ApiError::NotFound("tenant"))?).await
}

/// Switch a tenant off when it is on, and on when it is off. Nobody of one that is off may come in.
#[utoipa::path(post, path = "/api/core/tenants/{tenant}/toggle-status/", tag = "tenants",
    params(("tenant" = String, Path, description = "The tenant's id or slug")), responses((status = OK, body = TenantOut)))]
pub async fn toggle_tenant(
    caller: CanAnywhere<GovernTenants>,
    State(app): State<App>,
    Path(name): Path<TenantRef>,
    db: HomeDb,
) -> ApiResult<Tagged<TenantOut>> {
    let mut conn = db.conn().await?;
    let before = load(&mut conn, &caller, &name).await?;
    let toggled = Tenant::toggle(&mut conn, before.id, app.clock.now()).await?;
    tagged(&mut conn, toggled.ok_or(ApiError::NotFound("tenant"))?).await
}

/// A tenant in numbers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TenantStats)]
pub struct TenantStatsOut {
    /// People who are not deleted.
    total_users: i64,
    /// Drafts and archived ones, too.
    total_courses: i64,
    /// Of any state.
    total_enrollments: i64,
    /// People who signed in during the last thirty days.
    active_users_30d: i64,
}

/// A tenant in numbers.
#[utoipa::path(get, path = "/api/core/tenants/{tenant}/stats/", tag = "tenants",
    params(("tenant" = String, Path, description = "The tenant's id or slug")),
    responses((status = OK, body = TenantStatsOut)))]
pub async fn show_tenant_stats(
    caller: CanAnywhere<ReadTenants>,
    State(app): State<App>,
    Path(name): Path<TenantRef>,
    db: HomeDb,
) -> ApiResult<Json<TenantStatsOut>> {
    let tenant = load(&mut *db.conn().await?, &caller, &name).await?;
    let mut conn = app.pool.get(Scope::Tenant(tenant.id)).await?;
    let TenantStats { users, courses, enrollments, active_users_30d } =
        TenantStats::count(&mut conn, tenant.id, app.clock.now()).await?;
    Ok(Json(TenantStatsOut {
        total_users: users,
        total_courses: courses,
        total_enrollments: enrollments,
        active_users_30d,
    }))
}
