//! Passwords: changed by who knows the old one, or asked for anew by mail.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::db::Scope;
use shared::requests::Throttle;
use shared::users::User;
use utoipa::ToSchema;

use super::device::FromDevice;
use super::passwords::Checked;
use super::{UseOwnAccount, doors};
use crate::access::{Anyone, CanAnywhere};
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, HomeDb, PlatformDb};

/// A sentence.
#[derive(Debug, Serialize, ToSchema)]
pub struct Told {
    /// For people.
    pub detail: &'static str,
}

/// The old password and the new one.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The password that you have.
    #[garde(length(bytes, min = 1, max = 1024))]
    #[schema(example = "password123")]
    old_password: String,
    /// The one that you want: 8 to 128 characters that are not easily guessed.
    #[garde(length(bytes, min = 1, max = 1024))]
    #[schema(example = "correct horse battery staple")]
    new_password: String,
    /// The same again, when the form asks twice.
    #[garde(length(bytes, max = 1024))]
    #[serde(default)]
    new_password2: Option<String>,
}

/// Whether both ways of typing a new password agree.
pub(super) fn agree(field: &str, password: &str, again: Option<&str>) -> ApiResult<()> {
    match again {
        Some(again) if again != password => Err(ApiError::field(field, "The two passwords differ.")),
        _ => Ok(()),
    }
}

/// Choose another password. Every other session of yours ends, and you are told by mail.
#[utoipa::path(post, path = "/api/users/me/password/", tag = "auth", request_body = ChangePassword,
    responses((status = OK, body = Told)))]
pub async fn change_password(
    caller: CanAnywhere<UseOwnAccount>,
    State(app): State<App>,
    db: HomeDb,
    Body(body): Body<ChangePassword>,
) -> ApiResult<Json<Told>> {
    let ChangePassword { old_password, new_password, new_password2 } = body;
    agree("new_password2", &new_password, new_password2.as_deref())?;
    let now = app.clock.now();
    let who = doors::hashed(&caller.user.to_string());
    {
        // Not in the request's own transaction, which is undone when the password is wrong.
        let mut conn = app.pool.get(Scope::of(caller.person.tenant_id)).await?;
        doors::knock(&mut conn, doors::CHANGE_OF, &who, now).await?;
    }
    let wrong = || ApiError::field("old_password", "This is not your password.");
    let checked = app.passwords.check(old_password, caller.person.password_hash.clone()).await?;
    if checked == Checked::Wrong {
        return Err(wrong());
    }
    caller.person.check_strength(&new_password).map_err(|weak| ApiError::field("new_password", weak.to_string()))?;
    let hash = app.passwords.hash(new_password).await?;
    let mut conn = db.conn().await?;
    if !caller.person.change_password(&mut conn, &hash, caller.session, now).await? {
        return Err(wrong());
    }
    doors::CHANGE_OF.give_back(&mut conn, &who).await?;
    Ok(Json(Told { detail: "The password was changed." }))
}

/// Who has forgotten their password.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskForReset {
    /// The account's e-mail, in any case.
    #[garde(length(chars, min = 3, max = 254))]
    #[schema(example = "alice.williams@acme.local")]
    email: String,
}

/// The answer comes after this time, whether there was much to do or nothing: the time does not
/// tell whether an account exists.
const ANSWERED_AFTER: Duration = Duration::from_millis(150);

/// Ask for a mail with a link to choose another password. The answer is the same whether there is
/// such an account or not.
#[utoipa::path(post, path = "/api/auth/password/reset/", tag = "auth", security(()), request_body = AskForReset,
    responses((status = ACCEPTED, body = Told)))]
pub async fn ask_for_reset(
    _: Anyone,
    State(app): State<App>,
    FromDevice(device): FromDevice,
    db: PlatformDb,
    Body(AskForReset { email }): Body<AskForReset>,
) -> ApiResult<(StatusCode, Json<Told>)> {
    let started = tokio::time::Instant::now();
    let now = app.clock.now();
    let mut conn = db.conn().await?;
    doors::knock(&mut conn, doors::RESET_FROM, &device.address, now).await?;
    let candidate = User::find_candidate(&mut conn, &email, &device.address).await?;
    let account = doors::hashed(&email.to_lowercase());
    let may_send = doors::RESET_TO.take(&mut conn, &account, now).await? == Throttle::Pass;
    drop(conn);
    if let Some(candidate) = candidate.filter(|candidate| may_send && candidate.may_enter()) {
        let user = candidate.user;
        let mut conn = app.pool.get(Scope::of(user.tenant_id)).await?;
        user.ask_for_reset(&mut conn, &app.seal, now).await?;
    }
    tokio::time::sleep_until(started + ANSWERED_AFTER).await;
    let detail = "If there is an account with this e-mail, a link to choose another password is on its way to it.";
    Ok((StatusCode::ACCEPTED, Json(Told { detail })))
}
