//! People, as administrators see and change them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, LOCATION};
use garde::Validate;
use serde::Deserialize;
use shared::ids::{TenantId, UserId};
use shared::tenants::Tenant;
use shared::users::{
    NewUser, User, UserChanges, UserError, UserFilter, UserOrder, UserRole, UserRow, UserStatus, check_strength,
};
use utoipa::{IntoParams, ToSchema};

use super::policy;
use super::{ReadUsers, UpdateProfile, UserOut, WriteUsers};
use crate::access::{Caller, CanAnywhere};
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, IfMatch, Listing, Paging, Path, Query, Tagged};

impl From<UserError> for ApiError {
    fn from(error: UserError) -> Self {
        let message = error.to_string();
        match error {
            UserError::EmailTaken => Self::Conflict { code: "email_taken", message },
            UserError::LastAdmin => Self::Conflict { code: "last_admin", message },
            UserError::NotAccepted => Self::Conflict { code: "invitation_not_accepted", message },
            UserError::NotInvited => Self::Conflict { code: "not_invited", message },
            UserError::Changed => Self::Changed,
            UserError::Database(error) => error.into(),
        }
    }
}

/// Which people are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListUsers {
    /// A part of the e-mail or the name.
    #[serde(default)]
    search: Option<String>,
    /// Only those with this role.
    #[serde(default)]
    role: Option<UserRole>,
    /// Only those with this status; the deleted are shown when asked for.
    #[serde(default)]
    status: Option<UserStatus>,
    /// Only those who are switched on, or off.
    #[serde(default)]
    is_active: Option<bool>,
    /// `email`, `last_name`, `first_name`, `role`, `status`, `date_joined` or `last_login`, with `-` the other way round.
    #[serde(default)]
    #[param(example = "-last_login")]
    ordering: Option<String>,
}

/// The people of the tenant; instructors see its learners, a superuser who has picked no tenant
/// sees everybody.
#[utoipa::path(get, path = "/api/users/", tag = "users", params(ListUsers, Paging),
    responses((status = OK, body = Listing<UserOut>)))]
pub async fn list_users(
    caller: CanAnywhere<ReadUsers>,
    Query(query): Query<ListUsers>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<UserOut>>> {
    let order = query.ordering.map(|order| order.parse::<UserOrder>()).transpose();
    let filter = UserFilter {
        tenant: caller.tenant,
        search: query.search,
        role: query.role,
        status: query.status,
        is_active: query.is_active,
        learners_only: !policy::may_see(&caller, UserRole::Admin),
        order: order.map_err(|error| ApiError::field("ordering", error.to_string()))?.unwrap_or_default(),
    };
    let mut conn = db.conn().await?;
    Ok(paging.answer(UserRow::list(&mut conn, &filter, paging.numbered()).await?))
}

/// Somebody about to be let in.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUser {
    /// Nobody else's, in any case.
    #[garde(email, length(chars, max = 254))]
    #[schema(format = Email, example = "new.user@acme.local")]
    email: String,
    /// The first name.
    #[garde(length(chars, max = 150))]
    #[serde(default)]
    #[schema(example = "New")]
    first_name: String,
    /// The last name.
    #[garde(length(chars, max = 150))]
    #[serde(default)]
    #[schema(example = "User")]
    last_name: String,
    /// A learner, unless said otherwise.
    #[garde(skip)]
    #[serde(default)]
    #[schema(example = "learner")]
    role: Option<UserRole>,
    /// With a password they can sign in at once; without one they are invited by mail to choose one.
    #[garde(length(bytes, min = 1, max = 1024))]
    #[serde(default)]
    #[schema(example = "securepassword123")]
    password: Option<String>,
    /// The same again, when the form asks twice.
    #[garde(length(bytes, max = 1024))]
    #[serde(default)]
    password2: Option<String>,
    /// The tenant's id or slug: one's own, or for a superuser any.
    #[garde(length(chars, max = 255))]
    #[serde(default)]
    tenant: Option<String>,
}

/// Let somebody in, or invite them.
#[utoipa::path(post, path = "/api/users/", tag = "users", request_body = CreateUser,
    responses((status = CREATED, body = UserOut), (status = 409, description = "Somebody has this e-mail already")))]
pub async fn create_user(
    caller: CanAnywhere<WriteUsers>,
    State(app): State<App>,
    db: Db,
    Body(body): Body<CreateUser>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Tagged<UserOut>)> {
    if let Some(again) = &body.password2
        && body.password.as_ref() != Some(again)
    {
        return Err(ApiError::field("password2", "The two passwords differ."));
    }
    let tenant = tenant_of_new(&caller, &db, body.tenant.as_deref()).await?;
    if let Some(password) = &body.password {
        check_strength(password, &[&body.email, &body.first_name, &body.last_name])
            .map_err(|weak| ApiError::field("password", weak.to_string()))?;
    }
    let password_hash = match body.password {
        Some(password) => Some(app.passwords.hash(password).await?),
        None => None,
    };
    let new = NewUser {
        tenant: Some(tenant),
        email: body.email,
        first_name: body.first_name,
        last_name: body.last_name,
        role: body.role.unwrap_or(UserRole::Learner),
        password_hash,
    };
    let mut conn = db.conn().await?;
    let user = User::create(&mut conn, new, Some(caller.user), &app.seal, app.clock.now()).await?;
    // Who has a home lets people in there only.
    let tenant_slug = match &caller.home_slug {
        Some(slug) => Some(slug.to_string()),
        None => Tenant::find(&mut conn, tenant).await?.map(|tenant| tenant.slug),
    };
    let location = format!("/api/users/{}/", user.id);
    let version = user.version;
    Ok((StatusCode::CREATED, [(LOCATION, location)], Tagged(version, UserRow { user, tenant_slug }.into())))
}

/// Where somebody is let in: in the caller's tenant, or for a superuser in the one that is named.
async fn tenant_of_new(caller: &Caller, db: &Db, named: Option<&str>) -> ApiResult<TenantId> {
    let named = match named {
        None => None,
        Some(name) => {
            let mut conn = db.conn().await?;
            let found = Tenant::find_by_name(&mut conn, name).await?;
            Some(found.ok_or_else(|| ApiError::field("tenant", "There is no such tenant."))?.id)
        }
    };
    match (caller.tenant, named) {
        (Some(own), Some(other)) if own != other => Err(ApiError::field("tenant", "There is no such tenant.")),
        (Some(own), _) => Ok(own),
        (None, Some(named)) => Ok(named),
        (None, None) => Err(ApiError::field("tenant", "Name the tenant, here or by the header X-Tenant-Slug.")),
    }
}

/// A person.
#[utoipa::path(get, path = "/api/users/{user}/", tag = "users",
    params(("user" = UserId, Path, description = "The person")), responses((status = OK, body = UserOut)))]
pub async fn show_user(caller: CanAnywhere<ReadUsers>, Path(id): Path<UserId>, db: Db) -> ApiResult<Tagged<UserOut>> {
    let person = policy::person(&db, &caller, id).await?;
    Ok(Tagged(person.user.version, person.into()))
}

/// What may be changed of a person; what is left out stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateUser {
    /// The first name.
    #[garde(length(chars, max = 150))]
    #[serde(default)]
    first_name: Option<String>,
    /// The last name.
    #[garde(length(chars, max = 150))]
    #[serde(default)]
    last_name: Option<String>,
    /// What they may do.
    #[garde(skip)]
    #[serde(default)]
    role: Option<UserRole>,
    /// `ACTIVE` or `SUSPENDED`.
    #[garde(skip)]
    #[serde(default)]
    status: Option<UserStatus>,
    /// Off signs them out everywhere.
    #[garde(skip)]
    #[serde(default)]
    is_active: Option<bool>,
    /// What they say of themselves.
    #[garde(dive)]
    #[serde(default)]
    profile: Option<UpdateProfile>,
}

/// Change a person. Who may not come in any more is signed out at once.
#[utoipa::path(patch, path = "/api/users/{user}/", tag = "users", request_body = UpdateUser,
    params(("user" = UserId, Path, description = "The person")),
    responses((status = OK, body = UserOut), (status = 409, description = "Nobody would be left to run the tenant")))]
pub async fn update_user(
    caller: CanAnywhere<WriteUsers>,
    State(app): State<App>,
    Path(id): Path<UserId>,
    IfMatch(seen): IfMatch,
    db: Db,
    Body(body): Body<UpdateUser>,
) -> ApiResult<Tagged<UserOut>> {
    let before = policy::person(&db, &caller, id).await?;
    let UpdateUser { first_name, last_name, role, status, is_active, profile } = body;
    if !matches!(status, None | Some(UserStatus::Active | UserStatus::Suspended)) {
        return Err(ApiError::field("status", "ACTIVE or SUSPENDED; people are invited and deleted by other calls."));
    }
    if before.user.is_superuser && role.is_some_and(|role| role != UserRole::Admin) {
        return Err(ApiError::field("role", "A superuser has no other role."));
    }
    // Only what differs: the form of the web client sends everything back.
    let role = role.filter(|role| *role != before.user.role);
    let status = status.filter(|status| *status != before.user.status);
    let is_active = is_active.filter(|is_active| *is_active != before.user.is_active);
    if role.is_some() || status.is_some() || is_active.is_some() {
        policy::not_oneself(&caller, id)?;
    }
    let changes =
        UserChanges { first_name, last_name, role, status, is_active, ..profile.unwrap_or_default().changes() };
    change(&app, &caller, &db, before, changes, seen).await
}

/// Changes somebody and shows them.
pub(super) async fn change(
    app: &App,
    caller: &Caller,
    db: &Db,
    before: UserRow,
    changes: UserChanges,
    seen: Option<i32>,
) -> ApiResult<Tagged<UserOut>> {
    let mut conn = db.conn().await?;
    let user = User::change(&mut conn, caller.tenant, before.user.id, changes, seen, app.clock.now()).await?;
    let user = user.ok_or(ApiError::NotFound("user"))?;
    Ok(Tagged(user.version, UserRow { user, tenant_slug: before.tenant_slug }.into()))
}

/// Delete a person: signed out at once, for ever, and out of every group. What they learned stays
/// on record, and their e-mail is free for another.
#[utoipa::path(delete, path = "/api/users/{user}/", tag = "users",
    params(("user" = UserId, Path, description = "The person")),
    responses((status = NO_CONTENT), (status = 409, description = "Nobody would be left to run the tenant")))]
pub async fn delete_user(
    caller: CanAnywhere<WriteUsers>,
    State(app): State<App>,
    Path(id): Path<UserId>,
    db: Db,
) -> ApiResult<StatusCode> {
    policy::person(&db, &caller, id).await?;
    policy::not_oneself(&caller, id)?;
    let mut conn = db.conn().await?;
    let deleted = User::delete(&mut conn, caller.tenant, id, app.clock.now()).await?;
    deleted.map(|_| StatusCode::NO_CONTENT).ok_or(ApiError::NotFound("user"))
}
