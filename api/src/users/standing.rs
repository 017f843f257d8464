//! Whether somebody may come in: suspended, let in again, invited once more.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use shared::ids::UserId;
use shared::users::{UserChanges, UserStatus};
use utoipa::ToSchema;

use super::user::change;
use super::{UserOut, WriteUsers, policy};
use crate::access::CanAnywhere;
use crate::app::App;
use crate::http::{ApiResult, Db, Path, Tagged};

/// Suspend somebody: every session of theirs ends at once.
#[utoipa::path(post, path = "/api/users/{user}/suspend/", tag = "users",
    params(("user" = UserId, Path, description = "The person")),
    responses((status = OK, body = UserOut), (status = 409, description = "Nobody would be left to run the tenant")))]
pub async fn suspend_user(
    caller: CanAnywhere<WriteUsers>,
    State(app): State<App>,
    Path(id): Path<UserId>,
    db: Db,
) -> ApiResult<Tagged<UserOut>> {
    let person = policy::person(&db, &caller, id).await?;
    policy::not_oneself(&caller, id)?;
    let changes = UserChanges { status: Some(UserStatus::Suspended), ..UserChanges::default() };
    change(&app, &caller, &db, person, changes, None).await
}

/// Let somebody in again.
#[utoipa::path(post, path = "/api/users/{user}/activate/", tag = "users",
    params(("user" = UserId, Path, description = "The person")),
    responses((status = OK, body = UserOut), (status = 409, description = "They have not accepted their invitation")))]
pub async fn activate_user(
    caller: CanAnywhere<WriteUsers>,
    State(app): State<App>,
    Path(id): Path<UserId>,
    db: Db,
) -> ApiResult<Tagged<UserOut>> {
    let person = policy::person(&db, &caller, id).await?;
    let changes = UserChanges { status: Some(UserStatus::Active), is_active: Some(true), ..UserChanges::default() };
    change(&app, &caller, &db, person, changes, None).await
}

/// What was set going.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invited {
    /// For people.
    detail: &'static str,
}

/// Send somebody's invitation again. The links of earlier ones stay good until one is used.
#[utoipa::path(post, path = "/api/users/{user}/invite/", tag = "users",
    params(("user" = UserId, Path, description = "The person")),
    responses((status = ACCEPTED, body = Invited), (status = 409, description = "No invitation waits for them")))]
pub async fn invite_user(
    caller: CanAnywhere<WriteUsers>,
    State(app): State<App>,
    Path(id): Path<UserId>,
    db: Db,
) -> ApiResult<(StatusCode, Json<Invited>)> {
    let person = policy::person(&db, &caller, id).await?;
    let mut conn = db.conn().await?;
    person.user.invite(&mut conn, caller.user, &app.seal, app.clock.now()).await?;
    Ok((StatusCode::ACCEPTED, Json(Invited { detail: "The invitation is on its way." })))
}
