//! The caller, found once for a request, and the extractors that name what a handler needs.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use shared::db::Scope;
use shared::ids::{SessionId, TenantId, UserId};
use shared::jobs::JobOptions;
use shared::users::{SignedIn, User, UserRole};

use super::permission::{Need, allows};
use super::tenant_choice;
use crate::app::App;
use crate::http::{ApiError, ApiResult};
use crate::middleware::request_id;

/// Somebody who is signed in and may be.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub user: UserId,
    /// In which tenant; none for a superuser who has not picked one.
    pub tenant: Option<TenantId>,
    /// As what. A superuser acts as an administrator.
    pub role: UserRole,
    /// Stands above tenants.
    pub is_superuser: bool,
    /// On which device.
    pub session: SessionId,
    /// When the request came: one instant for all that is decided about it.
    pub at: DateTime<Utc>,
    /// The person's row, as it was when the request came.
    pub person: Arc<User>,
    /// The slug of the person's own tenant; none for superusers.
    pub home_slug: Option<Arc<str>>,
}

impl Caller {
    /// How the caller's request asks for a job: they can watch it, and it leads back to the request.
    pub fn asks(&self) -> JobOptions {
        JobOptions { created_by: Some(self.user), request_id: Some(request_id::current()), ..JobOptions::default() }
    }
}

/// The token's person, without a look at what the request names.
#[derive(Debug, Clone)]
struct Identity(Caller);

/// Finds the caller of a request, once: later calls get the same answer.
///
/// # Errors
/// 401 without a token that is good for somebody who may come in; 403 when the request names
/// another tenant, unless `any_tenant_name`.
pub async fn authenticate(app: &App, parts: &mut Parts, any_tenant_name: bool) -> ApiResult<Caller> {
    let caller = match parts.extensions.get::<Identity>() {
        Some(Identity(caller)) => caller.clone(),
        None => identify(app, parts).await?,
    };
    parts.extensions.insert(Identity(caller.clone()));
    let home = caller.person.tenant_id;
    let tenant = if home.is_some() && (any_tenant_name || tenant_choice::names(parts, caller.home_slug.as_deref())) {
        home
    } else {
        tenant_choice::settle(home, tenant_choice::named_tenant(app, parts).await?)?
    };
    let caller = Caller { tenant, ..caller };
    parts.extensions.insert(caller.clone());
    Ok(caller)
}

async fn identify(app: &App, parts: &Parts) -> ApiResult<Caller> {
    let token = parts
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(ApiError::signed_out)?;
    let now = app.clock.now();
    let claims = app.tokens.check(token, now).ok_or_else(ApiError::signed_out)?;
    let signed_in = app.sessions.load(Scope::of(claims.tid), claims.sid, now).await?;
    let SignedIn { user: person, tenant_slug, .. } = signed_in
        .filter(|SignedIn { user, .. }| user.id == claims.sub && user.tenant_id == claims.tid)
        .ok_or_else(ApiError::signed_out)?;
    Ok(Caller {
        user: person.id,
        tenant: person.tenant_id,
        role: if person.is_superuser { UserRole::Admin } else { person.role },
        is_superuser: person.is_superuser,
        session: claims.sid,
        at: now,
        person,
        home_slug: tenant_slug,
    })
}

/// A caller in a tenant, whose role includes `N`. The only door to a tenant's data.
#[derive(Debug, Clone)]
pub struct Can<N> {
    caller: Caller,
    tenant: TenantId,
    need: PhantomData<N>,
}

impl<N> Can<N> {
    /// The tenant in which the caller acts.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The caller.
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl<N> Deref for Can<N> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<S, N> FromRequestParts<S> for Can<N>
where
    S: Send + Sync,
    App: FromRef<S>,
    N: Need,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        let CanAnywhere { caller, .. } = CanAnywhere::<N>::from_request_parts(parts, state).await?;
        let tenant = caller.tenant.ok_or_else(|| ApiError::Refused {
            status: StatusCode::BAD_REQUEST,
            code: "tenant_required",
            message: "Name the tenant to act in by the header X-Tenant-Slug.".to_owned(),
        })?;
        Ok(Self { caller, tenant, need: PhantomData })
    }
}

/// A caller whose role includes `N`, in a tenant or, for a superuser, above them.
#[derive(Debug, Clone)]
pub struct CanAnywhere<N> {
    caller: Caller,
    need: PhantomData<N>,
}

impl<N> Deref for CanAnywhere<N> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<S, N> FromRequestParts<S> for CanAnywhere<N>
where
    S: Send + Sync,
    App: FromRef<S>,
    N: Need,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        let app = App::from_ref(state);
        let caller = authenticate(&app, parts, N::ANY_TENANT_NAME).await?;
        if !allows(&caller, N::PERMISSION) {
            return Err(ApiError::forbidden());
        }
        Ok(Self { caller, need: PhantomData })
    }
}

/// Nobody in particular: for the few open endpoints, which a test lists.
#[derive(Debug, Clone, Copy)]
pub struct Anyone;

impl<S: Send + Sync> FromRequestParts<S> for Anyone {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self)
    }
}

/// [`Anyone`], where it matters which tenant the request names, if it names one.
#[derive(Debug, Clone, Copy)]
pub struct AnyoneIn {
    /// By header or host.
    pub tenant: Option<TenantId>,
}

impl<S> FromRequestParts<S> for AnyoneIn
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        let app = App::from_ref(state);
        Ok(Self { tenant: tenant_choice::of_stranger(&app, parts).await? })
    }
}

/// Whoever is signed in, if anybody is: for the endpoints that a stranger may call, too.
#[derive(Debug, Clone)]
pub struct Maybe(pub Option<Caller>);

impl<S> FromRequestParts<S> for Maybe
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        let app = App::from_ref(state);
        match authenticate(&app, parts, true).await {
            Ok(caller) => Ok(Self(Some(caller))),
            Err(ApiError::SignedOut(_)) => Ok(Self(None)),
            Err(error) => Err(error),
        }
    }
}
