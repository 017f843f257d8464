//! Sessions: a device signs in, stays so by refreshing, and signs out.

use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Anyone;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, PlatformDb};

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
    /// Buys the next access token, once.
    refresh: String,
}

/// Sign in.
#[utoipa::path(post, path = "/api/auth/login/", tag = "auth", security(()), request_body = Credentials,
    responses((status = OK, body = Tokens), (status = 401, description = "No such account, or another password")))]
pub async fn log_in(
    _: Anyone,
    State(app): State<App>,
    db: PlatformDb,
    Body(credentials): Body<Credentials>,
) -> ApiResult<Json<Tokens>> {
    let _ = (app, db, credentials);
    Err(ApiError::signed_out())
}
