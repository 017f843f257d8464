//! Refusals and failures of requests, and the one shape in which they are told (RFC 9457).

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use shared::db::{PoolError, is_passing};
use shared::jobs::Backlog;
use utoipa::ToSchema;

use crate::middleware::request_id;

/// What a handler answers.
pub type ApiResult<T> = Result<T, ApiError>;

/// What is wrong with which field.
pub type Fields = BTreeMap<String, Vec<String>>;

/// Why a request was not done.
#[derive(Debug)]
pub enum ApiError {
    /// Nobody is signed in, or not any more.
    SignedOut(Cow<'static, str>),
    /// Somebody is, and may not; they may know that the thing exists.
    Forbidden(Cow<'static, str>),
    /// Not there, or they may not know that it is.
    NotFound(&'static str),
    /// Fields that do not hold what they should.
    Invalid(Fields),
    /// The state of things does not allow it.
    Conflict {
        /// For programs.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// Changed by somebody else since it was read.
    Changed,
    /// Too often.
    TooMany {
        /// When to come back.
        retry_after_seconds: u64,
    },
    /// Cannot be done now; it is us.
    Busy {
        /// When to come back.
        retry_after_seconds: u64,
    },
    /// Any other refusal, with its own status and code.
    Refused {
        /// A 4xx.
        status: StatusCode,
        /// For programs.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// A bug. Logged once, here; the client reads the request id.
    Internal(anyhow::Error),
}

impl ApiError {
    /// One field is wrong.
    pub fn field(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(Fields::from([(name.into(), vec![message.into()])]))
    }

    /// The token is missing or no good. One text for all of them: it tells an attacker nothing.
    pub const fn signed_out() -> Self {
        Self::SignedOut(Cow::Borrowed("Sign in: the access token is missing, expired or revoked."))
    }

    /// The caller's role does not include this.
    pub const fn forbidden() -> Self {
        Self::Forbidden(Cow::Borrowed("You may not do this."))
    }
}

/// A problem, as the client reads it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "detail": "No such course.", "type": "about:blank", "title": "Not Found", "status": 404,
    "code": "not_found", "request_id": "01935b7e-2c1f-7d3a-8f60-0242ac120002"
}))]
pub struct Problem {
    /// What happened, for people.
    pub detail: String,
    /// Always `about:blank`: `code` says which problem it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// Which problem it is, for programs; stable.
    pub code: &'static str,
    /// Name it when you ask for help: the logs know it.
    pub request_id: String,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Fields>,
}

/// The media type of problems.
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

impl Problem {
    /// A problem of this request.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            request_id: request_id::current(),
            errors: None,
        }
    }

    /// What is said where axum or a layer refused a request without our words.
    pub fn of_status(status: StatusCode) -> Self {
        let (code, detail) = match status {
            StatusCode::NOT_FOUND => ("not_found", "There is nothing at this address."),
            StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "This address does not know that method."),
            StatusCode::PAYLOAD_TOO_LARGE => ("body_too_large", "The body is larger than this address takes."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported_media_type", "Send JSON, with its content type."),
            StatusCode::REQUEST_TIMEOUT => ("request_timeout", "The request took too long to arrive."),
            StatusCode::URI_TOO_LONG => ("uri_too_long", "The address is too long."),
            status if status.is_server_error() => ("internal_error", "Something went wrong here; it has been noted."),
            _ => ("bad_request", "The request cannot be understood."),
        };
        Self::new(status, code, detail)
    }

    /// The answer, with the seconds after which to ask again.
    pub fn to_be_tried_again(self, seconds: u64) -> Response {
        let mut response = self.into_response();
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A struct of strings and numbers always has a JSON form.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        (status, [(CONTENT_TYPE, PROBLEM_JSON)], body).into_response()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        use ApiError as E;
        let mut retry_after = None;
        let problem = match self {
            E::SignedOut(detail) => Problem::new(StatusCode::UNAUTHORIZED, "not_authenticated", detail),
            E::Forbidden(detail) => Problem::new(StatusCode::FORBIDDEN, "permission_denied", detail),
            E::NotFound(what) => Problem::new(StatusCode::NOT_FOUND, "not_found", format!("No such {what}.")),
            E::Invalid(errors) => {
                let detail = summary(&errors);
                Problem { errors: Some(errors), ..Problem::new(StatusCode::BAD_REQUEST, "invalid", detail) }
            }
            E::Conflict { code, message } => Problem::new(StatusCode::CONFLICT, code, message),
            E::Changed => Problem::new(
                StatusCode::PRECONDITION_FAILED,
                "changed_meanwhile",
                "Somebody has changed this since you read it. Read it again.",
            ),
            E::TooMany { retry_after_seconds } => {
                retry_after = Some(retry_after_seconds);
                Problem::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "throttled",
                    format!("Too many requests. Try again in {retry_after_seconds} s."),
                )
            }
            E::Busy { retry_after_seconds } => {
                retry_after = Some(retry_after_seconds);
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Too much to do just now. Try again shortly.")
            }
            E::Refused { status, code, message } => Problem::new(status, code, message),
            E::Internal(error) => {
                tracing::error!(error = format!("{error:#}"), "Request failed");
                Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR)
            }
        };
        let unauthorized = problem.status == StatusCode::UNAUTHORIZED.as_u16();
        let mut response = problem.into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if unauthorized {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"api\""));
        }
        response
    }
}

/// The first thing that is wrong, in a sentence.
fn summary(errors: &Fields) -> String {
    match errors.iter().next() {
        Some((field, messages)) if !field.is_empty() => {
            format!("{field}: {}", messages.first().map_or("not valid", String::as_str))
        }
        Some((_, messages)) => messages.first().cloned().unwrap_or_else(|| "not valid".to_owned()),
        None => "The request is not valid.".to_owned(),
    }
}

/// Marks an error that is told as a page, because a person asked for one.
#[derive(Debug, Clone, Copy)]
pub struct ForPeople;

/// Gives every error that is not told in our words (axum's own, a layer's) the one shape.
pub async fn tell_every_error_alike(response: Response) -> Response {
    let status = response.status();
    let ours = response.headers().get(CONTENT_TYPE) == Some(&PROBLEM_JSON)
        || response.extensions().get::<ForPeople>().is_some();
    if ours || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let mut told = Problem::of_status(status).into_response();
    if let Some(allow) = response.headers().get(ALLOW) {
        told.headers_mut().insert(ALLOW, allow.clone());
    }
    told
}

impl From<shared::db::Error> for ApiError {
    /// Too much waits to be done already, or the server cannot do it just now; otherwise a bug: a
    /// missing row is never an accident, finders return options.
    fn from(error: shared::db::Error) -> Self {
        match Backlog::refused(&error) {
            Some(full @ Backlog::OfTenant) => Self::TooMany { retry_after_seconds: full.retry_after_seconds() },
            Some(full @ Backlog::OfQueue) => Self::Busy { retry_after_seconds: full.retry_after_seconds() },
            None if is_passing(&error) => {
                tracing::warn!(error = format!("{:#}", anyhow::Error::from(error)), "The database cannot do it now");
                Self::Busy { retry_after_seconds: 5 }
            }
            None => Self::Internal(error.into()),
        }
    }
}

impl From<PoolError> for ApiError {
    fn from(error: PoolError) -> Self {
        tracing::warn!(error = format!("{:#}", anyhow::Error::from(error)), "No database connection for a request");
        Self::Busy { retry_after_seconds: 1 }
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        // Told by what it is, also where it was passed on without a name.
        match error.downcast::<shared::db::Error>() {
            Ok(error) => error.into(),
            Err(other) => other.downcast::<PoolError>().map_or_else(Self::Internal, Self::from),
        }
    }
}
