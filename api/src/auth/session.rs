//! Sessions: a device signs in, stays so by refreshing, and signs out.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::audit::Act;
use shared::db::{Acting, Conn, Scope};
use shared::ids::{SessionId, TenantId, UserId};
use shared::users::{Because, Candidate, Continued, Device, Refreshed, Rotation, Session, User, UserRole};
use utoipa::ToSchema;

use super::device::FromDevice;
use super::passwords::Checked;
use super::{UseOwnAccount, doors};
use crate::access::{Anyone, CanAnywhere, Maybe};
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, HomeDb, Listing, Paging, Path, PlatformDb};
use crate::middleware::request_id;

/// Who wants to come in.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The account's e-mail, in any case.
    #[garde(length(chars, min = 3, max = 254))]
    #[schema(example = "alice.williams@acme.local")]
    email: String,
    /// The password.
    #[garde(length(bytes, min = 1, max = 1024))]
    #[schema(example = "password123")]
    password: String,
}

/// The two tokens of a session.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tokens {
    /// For the `Authorization` header; good for fifteen minutes.
    access: String,
    /// Buys the next two tokens, once.
    refresh: String,
}

impl Tokens {
    fn of(app: &App, session: Continued, now: DateTime<Utc>) -> ApiResult<Json<Self>> {
        let Continued { session, user, refresh } = session;
        let role = if user.is_superuser { UserRole::Admin } else { user.role };
        let access = app.tokens.issue(user.id, session, user.tenant_id, role, now)?;
        Ok(Json(Self { access, refresh }))
    }
}

/// One answer for every reason: which of them it is, nobody learns who does not know the password.
fn refused() -> ApiError {
    ApiError::SignedOut("There is no account with this e-mail and password that may sign in.".into())
}

/// Sign in.
#[utoipa::path(post, path = "/api/auth/login/", tag = "auth", security(()), request_body = Credentials,
    responses((status = OK, body = Tokens), (status = 401, description = "No such account, or another password")))]
pub async fn log_in(
    _: Anyone,
    State(app): State<App>,
    FromDevice(device): FromDevice,
    db: PlatformDb,
    Body(Credentials { email, password }): Body<Credentials>,
) -> ApiResult<Json<Tokens>> {
    let now = app.clock.now();
    let mut conn = db.conn().await?;
    doors::knock(&mut conn, doors::LOG_IN_FROM, &device.address, now).await?;
    let candidate = User::find_candidate(&mut conn, &email, &device.address).await?;
    let account = doors::account(&email, candidate.as_ref(), &device);
    doors::knock(&mut conn, doors::LOG_IN_TO, &account, now).await?;
    // Hashing takes long: others may have the connection meanwhile.
    drop(conn);

    let tried = candidate.as_ref().map(|Candidate { user, .. }| (user.tenant_id, user.id, user.email.clone()));
    let stored = candidate.as_ref().and_then(|candidate| candidate.user.password_hash.clone());
    let checked = app.passwords.check(password, stored).await?;
    let (Some(candidate), Checked::Right { better_hash }) = (candidate.filter(Candidate::may_enter), checked) else {
        note_refusal(&mut *db.conn().await?, tried).await?;
        return Err(refused());
    };
    let session = open_session(&app, &candidate.user, &device, better_hash, now).await?;
    let mut conn = db.conn().await?;
    doors::LOG_IN_FROM.give_back(&mut conn, &device.address).await?;
    doors::LOG_IN_TO.give_back(&mut conn, &account).await?;
    Tokens::of(&app, session, now)
}

/// A line in the audit log for a sign-in that failed. For an unknown e-mail, too, which takes as
/// long; what was typed there may be a password, and is not kept.
async fn note_refusal(conn: &mut Conn, tried: Option<(Option<TenantId>, UserId, String)>) -> ApiResult<()> {
    let (tenant, id, email) = match tried {
        Some((tenant, id, email)) => (tenant, Some(id.to_string()), Some(email)),
        None => (None, None, None),
    };
    let act = Act {
        tenant,
        action: "sign_in_refused",
        subject_type: "users",
        subject_id: id,
        subject_name: email,
        after: None,
    };
    Ok(act.record(conn).await?)
}

async fn open_session(
    app: &App,
    user: &User,
    device: &Device,
    better_hash: Option<String>,
    now: DateTime<Utc>,
) -> ApiResult<Continued> {
    let acting = Acting::request(Some(user.id), &request_id::current());
    let mut conn = app.pool.get_for(Scope::of(user.tenant_id), &acting).await?;
    Session::open(&mut conn, user, device, better_hash, &app.seal, now).await?.ok_or_else(refused)
}

/// A refresh token.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshToken {
    /// As it was given at the last sign-in or refresh.
    #[garde(length(bytes, min = 1, max = 1024))]
    refresh: String,
}

/// Says that a request comes from a client that keeps its first refresh token and forgets later
/// ones: put into a request's extensions by the part that knows its dialect.
#[derive(Debug, Clone, Copy)]
pub struct KeepsItsToken;

/// Continue a session: both tokens are replaced. Shown again later, a token that was used up ends
/// its session, because somebody has a copy of it.
#[utoipa::path(post, path = "/api/auth/token/refresh/", tag = "auth", security(()), request_body = RefreshToken,
    responses((status = OK, body = Tokens), (status = 401, description = "Not a token of a session that is alive")))]
pub async fn refresh_tokens(
    _: Anyone,
    State(app): State<App>,
    FromDevice(device): FromDevice,
    keeps: Option<Extension<KeepsItsToken>>,
    db: PlatformDb,
    Body(RefreshToken { refresh }): Body<RefreshToken>,
) -> ApiResult<Json<Tokens>> {
    let now = app.clock.now();
    let rotation = if keeps.is_some() { Rotation::Keep } else { Rotation::Rotate };
    let mut conn = db.conn().await?;
    doors::knock(&mut conn, doors::REFRESH_FROM, &device.address, now).await?;
    match Session::refresh(&mut conn, &refresh, rotation, &app.seal, now).await? {
        Refreshed::Continued(session) => Tokens::of(&app, *session, now),
        Refreshed::Refused => Err(ApiError::SignedOut("Sign in again: the session has ended.".into())),
        Refreshed::Reused(session) => {
            tracing::warn!(session.id = %session, "A refresh token was used twice: the session was ended");
            Err(ApiError::SignedOut("Sign in again: the session has ended.".into()))
        }
    }
}

/// Whose session ends; without it, the access token says so.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogOut {
    /// The session's refresh token.
    #[garde(length(bytes, max = 1024))]
    #[serde(default)]
    refresh: Option<String>,
}

/// Sign out: the session of the access token ends, and that of the refresh token if one is given.
#[utoipa::path(post, path = "/api/auth/logout/", tag = "auth", security(()), request_body = LogOut,
    responses((status = NO_CONTENT), (status = 401, description = "Neither token was given")))]
pub async fn log_out(
    Maybe(caller): Maybe,
    State(app): State<App>,
    db: PlatformDb,
    body: Option<Body<LogOut>>,
) -> ApiResult<StatusCode> {
    let now = app.clock.now();
    let refresh = body.and_then(|Body(LogOut { refresh })| refresh);
    if caller.is_none() && refresh.is_none() {
        return Err(ApiError::signed_out());
    }
    let by_token = refresh.and_then(|token| Session::named_by(&token, &app.seal));
    let mut conn = db.conn().await?;
    for session in caller.map(|caller| caller.session).into_iter().chain(by_token) {
        Session::end(&mut conn, session, Because::SignedOut, now).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// A device that you are signed in on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionOut {
    /// Names it in addresses.
    id: SessionId,
    /// What the device called itself.
    #[schema(example = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")]
    user_agent: String,
    /// The network that it signed in from.
    #[schema(example = "203.0.113.7")]
    address: String,
    /// When it signed in.
    created_at: DateTime<Utc>,
    /// When it signed in or refreshed last.
    last_used_at: DateTime<Utc>,
    /// When it must sign in again.
    expires_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    is_current: bool,
}

/// The devices that you are signed in on, the one used last first.
#[utoipa::path(get, path = "/api/users/me/sessions/", tag = "auth", params(Paging),
    responses((status = OK, body = Listing<SessionOut>)))]
pub async fn list_sessions(
    caller: CanAnywhere<UseOwnAccount>,
    State(app): State<App>,
    paging: Paging,
    db: HomeDb,
) -> ApiResult<Json<Listing<SessionOut>>> {
    let mut conn = db.conn().await?;
    let page = Session::list(&mut conn, caller.user, paging.numbered(), app.clock.now()).await?;
    let here = caller.session;
    Ok(paging.answer(page.map(|session| SessionOut {
        id: session.id,
        user_agent: session.user_agent,
        address: session.address,
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        expires_at: session.expires_at,
        is_current: session.id == here,
    })))
}

/// Sign a device out.
#[utoipa::path(delete, path = "/api/users/me/sessions/{session}/", tag = "auth",
    params(("session" = SessionId, Path, description = "The session")), responses((status = NO_CONTENT)))]
pub async fn delete_session(
    caller: CanAnywhere<UseOwnAccount>,
    State(app): State<App>,
    Path(session): Path<SessionId>,
    db: HomeDb,
) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    let ended = Session::end_own(&mut conn, caller.user, session, app.clock.now()).await?;
    if ended { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("session")) }
}
