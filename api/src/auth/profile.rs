//! Oneself.

use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use shared::users::{User, UserChanges, UserRow};
use utoipa::ToSchema;

use super::UseOwnProfile;
use crate::access::CanAnywhere;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, HomeDb, IfMatch, Tagged};
use crate::users::{UpdateProfile, UserOut};

/// Who am I?
#[utoipa::path(get, path = "/api/users/me/", tag = "auth", responses((status = OK, body = UserOut)))]
pub async fn show_me(caller: CanAnywhere<UseOwnProfile>) -> Tagged<UserOut> {
    // The person came with the check of the token: nothing more to ask.
    let user = User::clone(&caller.person);
    Tagged(user.version, UserRow { user, tenant_slug: caller.home_slug.as_deref().map(str::to_owned) }.into())
}

/// What may be changed of oneself; what is left out stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateMe {
    /// The first name.
    #[garde(length(chars, max = 150))]
    #[serde(default)]
    #[schema(example = "Alice")]
    first_name: Option<String>,
    /// The last name.
    #[garde(length(chars, max = 150))]
    #[serde(default)]
    last_name: Option<String>,
    /// The rest.
    #[garde(dive)]
    #[serde(default)]
    profile: Option<UpdateProfile>,
}

/// Change oneself.
#[utoipa::path(patch, path = "/api/users/me/", tag = "auth", request_body = UpdateMe, responses((status = OK, body = UserOut)))]
pub async fn update_me(
    caller: CanAnywhere<UseOwnProfile>,
    State(app): State<App>,
    IfMatch(seen): IfMatch,
    db: HomeDb,
    Body(body): Body<UpdateMe>,
) -> ApiResult<Tagged<UserOut>> {
    let UpdateMe { first_name, last_name, profile } = body;
    let changes = UserChanges { first_name, last_name, ..profile.unwrap_or_default().changes() };
    change(&app, &caller, &db, changes, seen).await
}

/// Oneself, written anew.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceMe {
    /// The first name.
    #[garde(length(chars, min = 1, max = 150))]
    #[schema(example = "Alice")]
    first_name: String,
    /// The last name.
    #[garde(length(chars, min = 1, max = 150))]
    #[schema(example = "Williams")]
    last_name: String,
    /// The rest; what is left out of it stays.
    #[garde(dive)]
    #[serde(default)]
    profile: Option<UpdateProfile>,
}

/// Write oneself anew.
#[utoipa::path(put, path = "/api/users/me/", tag = "auth", request_body = ReplaceMe, responses((status = OK, body = UserOut)))]
pub async fn replace_me(
    caller: CanAnywhere<UseOwnProfile>,
    State(app): State<App>,
    IfMatch(seen): IfMatch,
    db: HomeDb,
    Body(body): Body<ReplaceMe>,
) -> ApiResult<Tagged<UserOut>> {
    let ReplaceMe { first_name, last_name, profile } = body;
    let changes = UserChanges {
        first_name: Some(first_name),
        last_name: Some(last_name),
        ..profile.unwrap_or_default().changes()
    };
    change(&app, &caller, &db, changes, seen).await
}

async fn change(
    app: &App,
    caller: &CanAnywhere<UseOwnProfile>,
    db: &HomeDb,
    changes: UserChanges,
    seen: Option<i32>,
) -> ApiResult<Tagged<UserOut>> {
    let mut conn = db.conn().await?;
    let home_tenant = caller.person.tenant_id;
    let user = User::change(&mut conn, home_tenant, caller.user, changes, seen, app.clock.now()).await?;
    let user = user.ok_or_else(ApiError::signed_out)?;
    Ok(Tagged(user.version, UserRow { user, tenant_slug: caller.home_slug.as_deref().map(str::to_owned) }.into()))
}
