//! Coming by a link that was mailed: to choose another password, or to accept an invitation.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::Deserialize;
use shared::db::{Acting, Scope};
use shared::ids::UserId;
use shared::users::{Arrival, Device, OneTimePurpose, OneTimeToken, User};
use utoipa::ToSchema;

use super::device::FromDevice;
use super::doors;
use super::password::{Told, agree};
use crate::access::Anyone;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, PlatformDb};
use crate::middleware::request_id;

/// The link's parts, and the password.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmReset {
    /// The `uid` of the link; its token says it, too.
    #[garde(length(bytes, max = 100))]
    #[serde(default)]
    uid: Option<String>,
    /// The `token` of the link.
    #[garde(length(bytes, min = 1, max = 1024))]
    token: String,
    /// The password that you want: 8 to 128 characters that are not easily guessed.
    #[garde(length(bytes, min = 1, max = 1024))]
    #[schema(example = "correct horse battery staple")]
    new_password: String,
    /// The same again, when the form asks twice.
    #[garde(length(bytes, max = 1024))]
    #[serde(default)]
    new_password2: Option<String>,
}

/// Choose another password by the link of a mail. Every session ends.
///
/// The link of an invitation does here, too: the web client has one page for both, and either lets
/// its holder choose the password of the account that it was mailed to.
#[utoipa::path(post, path = "/api/auth/password/reset/confirm/", tag = "auth", security(()), request_body = ConfirmReset,
    responses((status = OK, body = Told)))]
pub async fn confirm_reset(
    _: Anyone,
    State(app): State<App>,
    FromDevice(device): FromDevice,
    db: PlatformDb,
    Body(body): Body<ConfirmReset>,
) -> ApiResult<Json<Told>> {
    let ConfirmReset { uid, token, new_password, new_password2 } = body;
    agree("new_password2", &new_password, new_password2.as_deref())?;
    let now = app.clock.now();
    let (link, user) = follow(&app, &db, &device, &token, now).await?;
    if uid.is_some_and(|uid| uid.parse::<UserId>().ok() != Some(user.id)) {
        return Err(no_good());
    }
    let names = Arrival::default();
    set_password(&app, &link, &user, ("new_password", new_password), names, now).await?;
    Ok(Json(Told { detail: "The password was set. Sign in with it." }))
}

/// The link's token, the password, and perhaps another name than the inviter wrote.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    /// The `token` of the link.
    #[garde(length(bytes, min = 1, max = 1024))]
    token: String,
    /// The password that you want: 8 to 128 characters that are not easily guessed.
    #[garde(length(bytes, min = 1, max = 1024))]
    #[schema(example = "correct horse battery staple")]
    password: String,
    /// The first name.
    #[garde(length(chars, max = 150))]
    #[serde(default)]
    first_name: Option<String>,
    /// The last name.
    #[garde(length(chars, max = 150))]
    #[serde(default)]
    last_name: Option<String>,
}

/// Accept an invitation.
#[utoipa::path(post, path = "/api/auth/invitation/accept/", tag = "auth", security(()), request_body = AcceptInvitation,
    responses((status = OK, body = Told)))]
pub async fn accept_invitation(
    _: Anyone,
    State(app): State<App>,
    FromDevice(device): FromDevice,
    db: PlatformDb,
    Body(body): Body<AcceptInvitation>,
) -> ApiResult<Json<Told>> {
    let AcceptInvitation { token, password, first_name, last_name } = body;
    let now = app.clock.now();
    let (link, user) = follow(&app, &db, &device, &token, now).await?;
    if link.purpose != OneTimePurpose::Invitation {
        return Err(no_good());
    }
    let names = Arrival { first_name, last_name, ..Arrival::default() };
    set_password(&app, &link, &user, ("password", password), names, now).await?;
    Ok(Json(Told { detail: "Welcome. Sign in with your e-mail and the password." }))
}

/// The link that a token belongs to, with its person.
async fn follow(
    app: &App,
    db: &PlatformDb,
    device: &Device,
    token: &str,
    now: DateTime<Utc>,
) -> ApiResult<(OneTimeToken, User)> {
    let mut conn = db.conn().await?;
    doors::knock(&mut conn, doors::LINK_FROM, &device.address, now).await?;
    OneTimeToken::find_good(&mut conn, token, &app.seal, now).await?.ok_or_else(no_good)
}

async fn set_password(
    app: &App,
    link: &OneTimeToken,
    user: &User,
    (field, password): (&str, String),
    names: Arrival,
    now: DateTime<Utc>,
) -> ApiResult<()> {
    // A password that is refused does not use the link up.
    user.check_strength(&password).map_err(|weak| ApiError::field(field, weak.to_string()))?;
    let arrival = Arrival { password_hash: app.passwords.hash(password).await?, ..names };
    let acting = Acting::request(Some(user.id), &request_id::current());
    let mut conn = app.pool.get_for(Scope::of(user.tenant_id), &acting).await?;
    link.set_password(&mut conn, &arrival, now).await?.ok_or_else(no_good)?;
    Ok(())
}

/// One answer for a link that never was, was used, or is too old.
fn no_good() -> ApiError {
    ApiError::field("token", "The link is invalid or has expired. Ask for a new one.")
}
