//! Entity tags: what was read, so that nobody overwrites what they have not seen.

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::ApiError;

/// An answer that carries the version of its row in its tag, and behind it what tells its content
/// from others: an answer may show more than its row, such as how far the reader is.
#[derive(Debug, Clone, Copy)]
pub struct Tagged<T>(pub i32, pub T);

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let Self(version, body) = self;
        let bytes = match serde_json::to_vec(&body) {
            Ok(bytes) => bytes,
            Err(error) => return ApiError::Internal(error.into()).into_response(),
        };
        let content = hex::encode(Sha256::digest(&bytes).iter().take(6).copied().collect::<Vec<_>>());
        let mut response = ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], bytes).into_response();
        if let Ok(tag) = HeaderValue::from_str(&format!("\"v{version}.{content}\"")) {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }
}

/// The version that the client has seen, by `If-Match`; none when it does not care.
#[derive(Debug, Clone, Copy)]
pub struct IfMatch(pub Option<i32>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get(IF_MATCH) else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(None));
        }
        // A compressing proxy may have made the tag a weak one; the version is the same.
        let tag = text.strip_prefix("W/").unwrap_or(text).trim_matches('"');
        // A tag that is not ours cannot be the current one.
        let version = tag.strip_prefix('v').and_then(|rest| rest.split('.').next());
        let version = version.and_then(|number| number.parse().ok()).ok_or(ApiError::Changed)?;
        Ok(Self(Some(version)))
    }
}
