//! `Idempotency-Key`: a POST that names itself is done once, however often it is sent.
//!
//! The whole request runs in one transaction of the database, and the answer is stored in it:
//! either the effects and the answer are there, or neither is, also when this process is killed
//! between the two. A duplicate that comes while the first one runs is told to wait; one that comes
//! later gets the first one's answer; one with another body is refused.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use shared::db::{Scope, ScopedConn};
use shared::requests::{Found, IdempotencyKey, StoredAnswer};
use tokio::sync::Mutex;

use super::limits::BODY_BYTES;
use crate::access::{Caller, authenticate};
use crate::app::App;
use crate::http::{ApiError, ApiResult, Problem, RequestTransaction, acting};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Does a POST with a key once.
pub async fn once(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_upload = request.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"));
    let key = request.headers().get(&IDEMPOTENCY_KEY).cloned();
    // An upload is streamed and cannot be held to compare it; its parts name themselves.
    let Some(key) = key.filter(|_| request.method() == Method::POST && !is_upload) else {
        return next.run(request).await;
    };
    run(app, key, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn run(app: App, key: HeaderValue, request: Request, next: Next) -> ApiResult<Response> {
    let name = key.to_str().ok().filter(|key| (1..=255).contains(&key.len())).ok_or_else(|| ApiError::Refused {
        status: StatusCode::BAD_REQUEST,
        code: "idempotency_key_invalid",
        message: "An Idempotency-Key has 1 to 255 printable ASCII characters.".to_owned(),
    })?;
    let (mut parts, body) = request.into_parts();
    let caller = match authenticate(&app, &mut parts, true).await {
        Ok(caller) => caller,
        // It cannot be told who asks. The handler might be told, and would do it without the key.
        Err(error @ (ApiError::Busy { .. } | ApiError::Internal(_))) => return Err(error),
        // Nobody is signed in: there is nobody to keep the answer for, and the handler says what it says.
        Err(_) => return Ok(next.run(Request::from_parts(parts, body)).await),
    };
    let bytes = to_bytes(body, BODY_BYTES).await.map_err(|_| ApiError::Refused {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        code: "body_too_large",
        message: "The body is larger than this address takes.".to_owned(),
    })?;
    let key = IdempotencyKey {
        user: caller.user,
        tenant: caller.tenant,
        key: name.to_owned(),
        request_hash: hash(&parts, &bytes),
    };

    let mut conn = app.pool.get_for(Scope::of(caller.tenant), &acting(&parts)).await?;
    key.begin(&mut conn).await?;
    match key.claim(&mut conn).await? {
        Found::Nothing => {}
        Found::InProgress => return refuse(&mut conn, StatusCode::CONFLICT, "request_in_progress").await,
        Found::Other => return refuse(&mut conn, StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused").await,
        Found::Answer(answer) => {
            IdempotencyKey::roll_back(&mut conn).await?;
            return replay(answer);
        }
    }
    perform(&app, &key, &caller, conn, Request::from_parts(parts, Body::from(bytes)), next).await
}

/// Runs the handler in the transaction and settles it.
async fn perform(
    app: &App,
    key: &IdempotencyKey,
    caller: &Caller,
    conn: ScopedConn,
    mut request: Request,
    next: Next,
) -> ApiResult<Response> {
    let shared = Arc::new(Mutex::new(conn));
    request.extensions_mut().insert(RequestTransaction(Arc::clone(&shared)));
    let response = next.run(request).await;

    let status = response.status();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.map_err(anyhow::Error::from)?;
    let answer = StoredAnswer {
        status: status.as_u16(),
        content_type: text(parts.headers.get(CONTENT_TYPE)),
        location: text(parts.headers.get(LOCATION)),
        body: bytes.to_vec(),
    };
    let mut conn = shared.lock().await;
    let now = app.clock.now();
    if status.is_success() || status.is_redirection() {
        key.store(&mut conn, &answer, now).await?;
        IdempotencyKey::commit(&mut conn).await?;
    } else {
        // Whatever a refused request has written goes with it.
        IdempotencyKey::roll_back(&mut conn).await?;
        // Trying again may help after these; the others would be refused again.
        let passing = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS | StatusCode::CONFLICT);
        if status.is_client_error() && !passing && caller.tenant == key.tenant {
            key.store(&mut conn, &answer, now).await?;
        }
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

async fn refuse(conn: &mut ScopedConn, status: StatusCode, code: &'static str) -> ApiResult<Response> {
    IdempotencyKey::roll_back(conn).await?;
    let detail = match status {
        StatusCode::CONFLICT => "A request with this Idempotency-Key is being done. Ask again shortly.",
        _ => "This Idempotency-Key was used for another request.",
    };
    let mut response = Problem::new(status, code, detail).into_response();
    if status == StatusCode::CONFLICT {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    Ok(response)
}

fn replay(answer: StoredAnswer) -> ApiResult<Response> {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).map_err(anyhow::Error::from)?;
    let headers = response.headers_mut();
    for (name, value) in [(CONTENT_TYPE, answer.content_type), (LOCATION, answer.location)] {
        if let Some(value) = value {
            headers.insert(name, HeaderValue::try_from(value).map_err(anyhow::Error::from)?);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn hash(parts: &Parts, body: &Bytes) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(parts.method.as_str());
    hash.update([0]);
    hash.update(parts.uri.path_and_query().map_or("/", |path| path.as_str()));
    hash.update([0]);
    hash.update(body);
    hash.finalize().to_vec()
}

fn text(value: Option<&HeaderValue>) -> Option<String> {
    value.and_then(|value| value.to_str().ok()).map(str::to_owned)
}
