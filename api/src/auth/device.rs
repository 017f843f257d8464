//! The device that a request comes from.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use shared::users::Device;

use crate::app::App;
use crate::http::{ApiError, ClientAddress};

/// The device that a request comes from, as far as it can be known.
#[derive(Debug, Clone)]
pub struct FromDevice(pub Device);

impl<S> FromRequestParts<S> for FromDevice
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, state).await?;
        let user_agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Self(Device { user_agent: user_agent.to_owned(), address }))
    }
}
