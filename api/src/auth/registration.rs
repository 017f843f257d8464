//! Registering: anybody can become a learner of a tenant.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, LOCATION};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::db::{Acting, Scope};
use shared::ids::{TenantId, UserId};
use shared::tenants::Tenant;
use shared::users::{NewUser, User, UserRole, UserStatus, check_strength};
use utoipa::ToSchema;

use super::device::FromDevice;
use super::doors;
use super::password::agree;
use crate::access::AnyoneIn;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, PlatformDb};
use crate::middleware::request_id;

/// Who wants to learn here.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Nobody else's, in any case.
    #[garde(email, length(chars, max = 254))]
    #[schema(format = Email, example = "new.learner@acme.local")]
    email: String,
    /// 8 to 128 characters that are not easily guessed.
    #[garde(length(bytes, min = 1, max = 1024))]
    #[schema(example = "correct horse battery staple")]
    password: String,
    /// The same again, when the form asks twice.
    #[garde(length(bytes, max = 1024))]
    #[serde(default)]
    password2: Option<String>,
    /// The first name.
    #[garde(length(chars, max = 150))]
    #[serde(default)]
    first_name: String,
    /// The last name.
    #[garde(length(chars, max = 150))]
    #[serde(default)]
    last_name: String,
    /// The tenant's id or slug, when neither the host nor `X-Tenant-Slug` names it.
    #[garde(length(chars, max = 255))]
    #[serde(default)]
    tenant: Option<String>,
    /// `LEARNER`, or left out: other roles are given by an administrator.
    #[garde(skip)]
    #[serde(default)]
    role: Option<UserRole>,
}

/// Somebody who has registered.
#[derive(Debug, Serialize, ToSchema)]
pub struct Registered {
    /// The person.
    id: UserId,
    /// To sign in with.
    email: String,
    /// May be empty.
    first_name: String,
    /// May be empty.
    last_name: String,
    /// `LEARNER`.
    role: UserRole,
    /// Where they learn.
    tenant: TenantId,
    /// `ACTIVE`: they may sign in.
    status: UserStatus,
}

/// Register as a learner.
#[utoipa::path(post, path = "/api/auth/register/", tag = "auth", security(()), request_body = Register,
    responses((status = CREATED, body = Registered), (status = 409, description = "Somebody has this e-mail already")))]
pub async fn register(
    named: AnyoneIn,
    State(app): State<App>,
    FromDevice(device): FromDevice,
    db: PlatformDb,
    Body(body): Body<Register>,
) -> ApiResult<(StatusCode, [(HeaderName, &'static str); 1], Json<Registered>)> {
    let now = app.clock.now();
    if body.role.is_some_and(|role| role != UserRole::Learner) {
        return Err(ApiError::field("role", "Everybody registers as LEARNER; an administrator can change that."));
    }
    agree("password2", &body.password, body.password2.as_deref())?;
    let tenant = {
        let mut conn = db.conn().await?;
        doors::knock(&mut conn, doors::REGISTER_FROM, &device.address, now).await?;
        choose_tenant(&mut conn, named.tenant, body.tenant.as_deref()).await?
    };
    check_strength(&body.password, &[&body.email, &body.first_name, &body.last_name, &tenant.name])
        .map_err(|weak| ApiError::field("password", weak.to_string()))?;
    let new = NewUser {
        tenant: Some(tenant.id),
        email: body.email,
        first_name: body.first_name,
        last_name: body.last_name,
        role: UserRole::Learner,
        password_hash: Some(app.passwords.hash(body.password).await?),
    };
    let mut conn = app.pool.get_for(Scope::Tenant(tenant.id), &Acting::request(None, &request_id::current())).await?;
    let User { id, email, first_name, last_name, role, status, .. } =
        User::create(&mut conn, new, None, &app.seal, now).await?;
    let registered = Registered { id, email, first_name, last_name, role, tenant: tenant.id, status };
    Ok((StatusCode::CREATED, [(LOCATION, "/api/users/me/")], Json(registered)))
}

/// The tenant by host or header, else the one in the body; both must agree.
async fn choose_tenant(
    conn: &mut shared::db::Conn,
    by_request: Option<TenantId>,
    by_body: Option<&str>,
) -> ApiResult<Tenant> {
    let refused = |why: &str| ApiError::field("tenant", why);
    let found = match (by_request, by_body) {
        (None, None) => return Err(refused("Name the tenant, here or by the header X-Tenant-Slug.")),
        (Some(id), None) => Tenant::find(conn, id).await?,
        (by_request, Some(name)) => {
            let found = Tenant::find_by_name(conn, name).await?;
            found.filter(|tenant| by_request.is_none_or(|id| id == tenant.id))
        }
    };
    found.filter(|tenant| tenant.is_active).ok_or_else(|| refused("There is no such tenant here."))
}
