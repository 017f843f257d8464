//! Verification: anybody who holds a code may ask whether the certificate counts.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header::VARY;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::certificates::{PublicCertificate, Standing};
use shared::requests::{Throttle, ThrottleRule};
use utoipa::ToSchema;
use uuid::Uuid;

use super::page;
use crate::access::Anyone;
use crate::app::App;
use crate::http::{Accept, ApiError, ApiResult, ClientAddress, Path, PlatformDb};

/// Codes cannot be guessed; this keeps somebody who tries from costing us much.
const LOOKING_UP: ThrottleRule =
    ThrottleRule { name: "certificate_verify", burst: 60.0, every: Duration::from_secs(1) };

/// Whether a certificate counts, and what it says.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Verification {
    /// Whether it counts now.
    valid: bool,
    /// `ISSUED`, `PENDING`, `REVOKED` or `EXPIRED`.
    #[schema(example = "ISSUED")]
    status: &'static str,
    /// The same for people.
    #[schema(example = "This certificate is valid.")]
    detail: &'static str,
    learner_name: String,
    course_title: String,
    instructor_name: Option<String>,
    /// Who gave it.
    issuer: String,
    issued_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    description: String,
    verification_code: Uuid,
}

impl Verification {
    fn new(certificate: PublicCertificate, now: DateTime<Utc>) -> Self {
        let standing = certificate.standing(now);
        let PublicCertificate {
            status: _,
            learner_name,
            course_title,
            instructor_name,
            description,
            verification_code,
            issued_at,
            expires_at,
            revoked_at,
            tenant_name,
            theme_config: _,
        } = certificate;
        Self {
            valid: standing == Standing::Valid,
            status: match standing {
                Standing::Valid => "ISSUED",
                Standing::Pending => "PENDING",
                Standing::Expired => "EXPIRED",
                Standing::Revoked => "REVOKED",
            },
            detail: detail(standing),
            learner_name,
            course_title,
            instructor_name,
            issuer: tenant_name,
            issued_at,
            expires_at,
            revoked_at,
            description,
            verification_code,
        }
    }
}

/// A standing as a sentence.
pub(super) const fn detail(standing: Standing) -> &'static str {
    match standing {
        Standing::Valid => "This certificate is valid.",
        Standing::Pending => "This certificate is still being prepared.",
        Standing::Expired => "This certificate has expired.",
        Standing::Revoked => "This certificate has been revoked by its issuer.",
    }
}

/// Verify a certificate by its code, without signing in: as JSON or, for a browser, as a page. A
/// certificate that does not count any more is still an answer; a code that is nobody's is a 404.
#[utoipa::path(get, path = "/api/certificates/verify/{code}/", tag = "certificates", security(()),
    params(("code" = Uuid, Path, description = "As printed on the certificate")),
    responses(
        (status = OK, content((Verification = "application/json"), (String = "text/html"))),
        (status = 404, description = "No certificate has this code"),
    ))]
pub async fn verify_certificate(
    _: Anyone,
    State(app): State<App>,
    Path(code): Path<String>,
    accept: Accept,
    address: ClientAddress,
    db: PlatformDb,
) -> ApiResult<Response> {
    let now = app.clock.now();
    let mut conn = db.conn().await?;
    if let Throttle::Wait(wait) = LOOKING_UP.take(&mut conn, &address.0, now).await? {
        return Err(ApiError::TooMany { retry_after_seconds: wait.as_secs().max(1) });
    }
    let certificate = match code.trim().parse() {
        Ok(code) => PublicCertificate::find(&mut conn, code).await?,
        Err(_) => None,
    };
    drop(conn);
    let mut response = match (certificate, accept.prefers("text/html")) {
        (Some(certificate), true) => page::of(&certificate, now)?,
        (Some(certificate), false) => Json(Verification::new(certificate, now)).into_response(),
        (None, true) => page::unknown()?,
        (None, false) => ApiError::NotFound("certificate").into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept"));
    // Names of people do not belong into search engines.
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
    Ok(response)
}
