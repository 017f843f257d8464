//! `If-None-Match`: what the client has already need not be sent again.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// Larger answers are not worth holding in memory for a tag.
const LARGEST: u64 = 1024 * 1024;

/// Tags every JSON answer to a GET, unless it carries the version of its row already, and answers
/// 304 when the client has it.
pub async fn not_modified(request: Request, next: Next) -> Response {
    if request.method() != Method::GET {
        return next.run(request).await;
    }
    let seen = request.headers().get(IF_NONE_MATCH).cloned();
    let mut response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    if !response.headers().contains_key(ETAG) {
        response = match with_tag(response).await {
            Ok(response) => response,
            Err(error) => return crate::http::ApiError::Internal(error).into_response(),
        };
    }
    let (Some(seen), Some(tag)) = (seen, response.headers().get(ETAG)) else { return response };
    if !matches(&seen, tag) {
        return response;
    }
    let mut unchanged = StatusCode::NOT_MODIFIED.into_response();
    for name in [ETAG, CACHE_CONTROL] {
        if let Some(value) = response.headers().get(&name) {
            unchanged.headers_mut().insert(name, value.clone());
        }
    }
    unchanged
}

async fn with_tag(response: Response) -> anyhow::Result<Response> {
    let is_json =
        response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let is_small = http_body::Body::size_hint(response.body()).upper().is_some_and(|size| size <= LARGEST);
    if !is_json || !is_small {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await?;
    let hash = hex::encode(Sha256::digest(&bytes).iter().take(12).copied().collect::<Vec<_>>());
    parts.headers.insert(ETAG, HeaderValue::try_from(format!("W/\"{hash}\""))?);
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

/// The weak comparison of RFC 9110, 13.1.2.
fn matches(seen: &HeaderValue, tag: &HeaderValue) -> bool {
    let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let (Ok(seen), Ok(tag)) = (seen.to_str(), tag.to_str()) else { return false };
    seen.trim() == "*" || seen.split(',').any(|one| plain(one) == plain(tag))
}
