//! Where a client was when its stream was cut off.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// The id of the last event that the client has seen, by `Last-Event-ID`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastSeen(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for LastSeen {
    type Rejection = Infallible;

    /// One that we cannot have given is none: the client is shown everything.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let given = parts.headers.get("last-event-id").and_then(|value| value.to_str().ok());
        Ok(Self(given.filter(|id| (1..=200).contains(&id.len())).map(str::to_owned)))
    }
}
