//! The tenant is the token's. A header or a host may name it, never change it, except for a
//! superuser, who has none and picks one.

use std::net::IpAddr;

use axum::http::header::HOST;
use axum::http::request::Parts;
use shared::db::Scope;
use shared::ids::TenantId;
use shared::tenants::Tenant;

use crate::app::App;
use crate::http::{ApiError, ApiResult};

/// The header by which a client names a tenant.
pub const TENANT_HEADER: &str = "x-tenant-slug";

/// The tenant that the request names, by header or else by host.
pub(super) async fn named_tenant(app: &App, parts: &Parts) -> ApiResult<Named> {
    if let Some(value) = parts.headers.get(TENANT_HEADER) {
        let slug = value.to_str().unwrap_or_default().trim().to_ascii_lowercase();
        let mut conn = app.pool.get(Scope::Platform).await?;
        let tenant = Tenant::find_by_slug(&mut conn, &slug).await?;
        return Ok(tenant.map_or(Named::Unknown, |tenant| Named::Tenant(tenant.id)));
    }
    let Some(host) = host_of(parts).filter(|host| !is_neutral(app, host)) else { return Ok(Named::Nothing) };
    let mut conn = app.pool.get(Scope::Platform).await?;
    let tenant = Tenant::find_by_domain(&mut conn, &host).await?;
    Ok(tenant.map_or(Named::Nothing, |tenant| Named::Tenant(tenant.id)))
}

/// Whether the header names this very tenant: what clients send with every call, and what needs no
/// question to the database.
pub(super) fn names(parts: &Parts, slug: Option<&str>) -> bool {
    let named = parts.headers.get(TENANT_HEADER).and_then(|value| value.to_str().ok());
    matches!((named, slug), (Some(named), Some(slug)) if named.trim().eq_ignore_ascii_case(slug))
}

/// What a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// No tenant.
    Nothing,
    /// A header with a slug that is nobody's.
    Unknown,
    /// This one.
    Tenant(TenantId),
}

/// Compares what the request names with the token's tenant.
pub(super) fn settle(of_token: Option<TenantId>, named: Named) -> ApiResult<Option<TenantId>> {
    const OTHER: &str = "The request names another tenant than the one that you are signed in to.";
    match (of_token, named) {
        (Some(own), Named::Nothing) => Ok(Some(own)),
        (Some(own), Named::Tenant(named)) if own == named => Ok(Some(own)),
        (Some(_), _) => Err(ApiError::Forbidden(OTHER.into())),
        (None, Named::Nothing) => Ok(None),
        (None, Named::Tenant(named)) => Ok(Some(named)),
        (None, Named::Unknown) => Err(ApiError::NotFound("tenant")),
    }
}

fn host_of(parts: &Parts) -> Option<String> {
    let host = parts.headers.get(HOST)?.to_str().ok()?;
    let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.contains(']') { host } else { name });
    Some(name.trim_end_matches('.').to_ascii_lowercase())
}

/// Hosts that are nobody's: asking the database about them on every request would be a waste.
fn is_neutral(app: &App, host: &str) -> bool {
    host == "localhost" || host == app.config.public_host || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

/// The tenant that an anonymous request is about: by header, by host, or not at all.
pub(super) async fn of_stranger(app: &App, parts: &Parts) -> ApiResult<Option<TenantId>> {
    match named_tenant(app, parts).await? {
        Named::Nothing => Ok(None),
        Named::Unknown => Err(ApiError::NotFound("tenant")),
        Named::Tenant(tenant) => Ok(Some(tenant)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_superuser_may_pick_a_tenant() {
        let (own, other) = (TenantId::new(), TenantId::new());
        assert_eq!(settle(Some(own), Named::Nothing).expect("own"), Some(own));
        assert_eq!(settle(Some(own), Named::Tenant(own)).expect("own"), Some(own));
        assert!(matches!(settle(Some(own), Named::Tenant(other)), Err(ApiError::Forbidden(_))));
        assert!(matches!(settle(Some(own), Named::Unknown), Err(ApiError::Forbidden(_))));
        assert_eq!(settle(None, Named::Tenant(other)).expect("picked"), Some(other));
        assert_eq!(settle(None, Named::Nothing).expect("platform"), None);
        assert!(matches!(settle(None, Named::Unknown), Err(ApiError::NotFound(_))));
    }
}
