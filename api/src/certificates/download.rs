//! The page itself.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, RETRY_AFTER, VARY};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::certificates::{Certificate, CertificateStatus};
use shared::ids::CertificateId;
use shared::storage::attachment;
use utoipa::ToSchema;

use super::{ReadCertificates, policy};
use crate::access::Can;
use crate::app::App;
use crate::http::{Accept, ApiError, ApiResult, Db, Path};

/// How long a link is good.
const LINK_LIFETIME: Duration = Duration::from_secs(300);

/// A link to a file.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DownloadLink {
    /// Whoever has it may download the file, without signing in, until it expires.
    #[schema(example = "https://storage.example.org/lms/tenants/…/certificates/….pdf?X-Amz-Signature=…")]
    pub(super) url: String,
    pub(super) expires_at: DateTime<Utc>,
}

/// Download a certificate: a link that is good for five minutes or, with `Accept:
/// application/pdf`, the page itself.
#[utoipa::path(get, path = "/api/certificates/{certificate}/download/", tag = "certificates",
    params(("certificate" = CertificateId, Path)),
    responses(
        (status = OK, content((DownloadLink = "application/json"), (Vec<u8> = "application/pdf"))),
        (status = 409, description = "`not_ready`: it is being drawn, ask again after `Retry-After`; `revoked`"),
    ))]
pub async fn download_certificate(
    caller: Can<ReadCertificates>,
    State(app): State<App>,
    Path(id): Path<CertificateId>,
    accept: Accept,
    db: Db,
) -> ApiResult<Response> {
    // The connection goes back before the store is asked.
    let certificate = Certificate::find_visible(&mut *db.conn().await?, caller.tenant(), id, policy::audience(&caller))
        .await?
        .ok_or(ApiError::NotFound("certificate"))?;
    let key = match (certificate.status, &certificate.file_key) {
        (CertificateStatus::Revoked, _) => {
            return Err(ApiError::Conflict {
                code: "revoked",
                message: "This certificate has been revoked.".to_owned(),
            });
        }
        (CertificateStatus::Issued, Some(key)) => key,
        _ => return Ok(not_ready()),
    };
    let filename = format!("Certificate - {}.pdf", certificate.course_title);
    let mut response = if accept.prefers("application/pdf") {
        let bytes = app.storage.get(key).await.map_err(|error| {
            tracing::error!(error = format!("{error:#}"), "A certificate's page cannot be had from the store");
            ApiError::Busy { retry_after_seconds: 5 }
        })?;
        ([(CONTENT_TYPE, "application/pdf".to_owned()), (CONTENT_DISPOSITION, attachment(&filename))], bytes)
            .into_response()
    } else {
        let url = app.storage.signed_download(key, &filename, LINK_LIFETIME).await?;
        Json(DownloadLink { url, expires_at: app.clock.now() + LINK_LIFETIME }).into_response()
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

fn not_ready() -> Response {
    let mut response = ApiError::Conflict {
        code: "not_ready",
        message: "This certificate is being drawn. Ask again in a few seconds.".to_owned(),
    }
    .into_response();
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("3"));
    response
}
