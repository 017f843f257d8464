//! Certificates, for those who earned them and those who govern them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::certificates::{Certificate, CertificateError, CertificateFilter, CertificateStatus};
use shared::enrollments::Audience;
use shared::ids::{CertificateId, CourseId, EnrollmentId, UserId};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{ReadCertificates, WriteCertificates, policy};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, CourseRef, Db, Listing, Paging, Path, Query};

/// A proof of a completed course.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Certificate)]
pub(super) struct CertificateOut {
    id: CertificateId,
    enrollment_id: EnrollmentId,
    course_id: CourseId,
    /// As it was when the certificate was issued.
    course_title: String,
    user_id: UserId,
    /// As it is printed.
    learner_name: String,
    /// As it is printed.
    instructor_name: Option<String>,
    status: CertificateStatus,
    /// When the course was completed.
    issued_date: DateTime<Utc>,
    /// Until when it counts; null for ever.
    expiry_date: Option<DateTime<Utc>>,
    /// When it was renewed last; null for never.
    renewed_date: Option<DateTime<Utc>>,
    /// Where it can be downloaded, once it is there.
    file_url: Option<String>,
    description: String,
    /// Whoever knows it may verify the certificate.
    verification_code: Uuid,
    /// The public page that verifies it.
    verify_url: String,
    revoked_at: Option<DateTime<Utc>>,
    /// Why it was revoked.
    revoked_because: Option<String>,
}

impl CertificateOut {
    pub(super) fn new(certificate: Certificate, app: &App) -> Self {
        let Certificate {
            id,
            tenant_id: _,
            enrollment_id,
            user_id,
            course_id,
            status,
            learner_name,
            course_title,
            instructor_name,
            description,
            verification_code,
            issued_at,
            expires_at,
            revoked_at,
            revoked_because,
            file_key: _,
            file_size_bytes: _,
            rendered_at: _,
            updated_at: _,
            renewed_at,
        } = certificate;
        let base = &app.config.platform.public_url;
        let is_there = status == CertificateStatus::Issued;
        Self {
            id,
            enrollment_id,
            course_id,
            course_title,
            user_id,
            learner_name,
            instructor_name,
            status,
            issued_date: issued_at,
            expiry_date: expires_at,
            renewed_date: renewed_at,
            file_url: is_there.then(|| format!("{base}/api/certificates/{id}/download/")),
            description,
            verification_code,
            verify_url: format!("{base}/api/certificates/verify/{verification_code}/"),
            revoked_at,
            revoked_because,
        }
    }
}

/// Why it is taken back.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RevokeCertificate {
    /// For the learner and the administrators; strangers are not told.
    #[garde(length(chars, min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500, example = "Issued for another person's work")]
    reason: String,
}

/// Which certificates.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListCertificates {
    /// Of this course, by id or slug.
    #[param(value_type = Option<String>)]
    course: Option<CourseRef>,
    /// This person's.
    #[param(value_type = Option<Uuid>)]
    user: Option<UserId>,
    /// In this state.
    status: Option<CertificateStatus>,
}

impl From<ListCertificates> for CertificateFilter {
    fn from(ListCertificates { course, user, status }: ListCertificates) -> Self {
        let (course, course_slug) = match course {
            Some(CourseRef::Id(id)) => (Some(id), None),
            Some(CourseRef::Slug(slug)) => (None, Some(slug)),
            None => (None, None),
        };
        Self { user, course, course_slug, status }
    }
}

impl From<CertificateError> for ApiError {
    fn from(error: CertificateError) -> Self {
        match error {
            CertificateError::Revoked => Self::Conflict { code: "revoked", message: sentence(&error) },
            CertificateError::NeverExpires => Self::Conflict { code: "never_expires", message: sentence(&error) },
            CertificateError::SwitchedOff => {
                Self::Refused { status: StatusCode::FORBIDDEN, code: "feature_off", message: sentence(&error) }
            }
            CertificateError::Database(error) => error.into(),
        }
    }
}

/// An error as a sentence.
fn sentence(error: &CertificateError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// List certificates, newest first: one's own; an instructor's courses' too; all for an
/// administrator.
#[utoipa::path(get, path = "/api/certificates/", tag = "certificates", params(Paging),
    responses((status = OK, body = Listing<CertificateOut>)))]
pub async fn list_certificates(
    caller: Can<ReadCertificates>,
    State(app): State<App>,
    Query(filter): Query<ListCertificates>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<CertificateOut>>> {
    let mut conn = db.conn().await?;
    let audience = policy::audience(&caller);
    let page = Certificate::list(&mut conn, caller.tenant(), audience, &filter.into(), paging.numbered()).await?;
    Ok(paging.answer(page.map(|certificate| CertificateOut::new(certificate, &app))))
}

/// List one's own certificates, newest first.
#[utoipa::path(get, path = "/api/certificates/my/", tag = "certificates", params(Paging),
    responses((status = OK, body = Listing<CertificateOut>)))]
pub async fn list_my_certificates(
    caller: Can<ReadCertificates>,
    State(app): State<App>,
    Query(filter): Query<ListCertificates>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<CertificateOut>>> {
    let mut conn = db.conn().await?;
    let own = Audience::Own(caller.user);
    let page = Certificate::list(&mut conn, caller.tenant(), own, &filter.into(), paging.numbered()).await?;
    Ok(paging.answer(page.map(|certificate| CertificateOut::new(certificate, &app))))
}

/// Show a certificate.
#[utoipa::path(get, path = "/api/certificates/{certificate}/", tag = "certificates",
    params(("certificate" = CertificateId, Path)), responses((status = OK, body = CertificateOut)))]
pub async fn show_certificate(
    caller: Can<ReadCertificates>,
    State(app): State<App>,
    Path(id): Path<CertificateId>,
    db: Db,
) -> ApiResult<Json<CertificateOut>> {
    let certificate = Certificate::find_visible(&mut *db.conn().await?, caller.tenant(), id, policy::audience(&caller))
        .await?
        .ok_or(ApiError::NotFound("certificate"))?;
    Ok(Json(CertificateOut::new(certificate, &app)))
}

/// Take a certificate back, for good: nothing brings it back. It is no longer downloaded, and verifying it says so.
#[utoipa::path(post, path = "/api/certificates/{certificate}/revoke/", tag = "certificates",
    params(("certificate" = CertificateId, Path)), request_body = RevokeCertificate,
    responses((status = OK, body = CertificateOut), (status = 409, description = "It is revoked already")))]
pub async fn revoke_certificate(
    caller: Can<WriteCertificates>,
    State(app): State<App>,
    Path(id): Path<CertificateId>,
    db: Db,
    Body(body): Body<RevokeCertificate>,
) -> ApiResult<Json<CertificateOut>> {
    let mut conn = db.conn().await?;
    let certificate =
        Certificate::find(&mut conn, caller.tenant(), id).await?.ok_or(ApiError::NotFound("certificate"))?;
    let revoked = certificate.revoke(&mut conn, &body.reason, app.clock.now()).await?;
    Ok(Json(CertificateOut::new(revoked, &app)))
}

/// What is to be done besides drawing it again.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReissueCertificate {
    /// Let it count for another term, by the course's rule of today and from now on.
    #[garde(skip)]
    #[serde(default)]
    #[schema(example = false)]
    renew: bool,
}

/// Have a certificate drawn again, in the tenant's colours and with the learner's name of today; with `renew` for another
/// term, also when it has expired. The code stays; what is printed already still verifies. `Location` names the job that
/// does it.
#[utoipa::path(post, path = "/api/certificates/{certificate}/reissue/", tag = "certificates",
    params(("certificate" = CertificateId, Path)), request_body = ReissueCertificate,
    responses((status = ACCEPTED, body = CertificateOut), (status = 409, description = "It is revoked, or is to be renewed and never expires")))]
pub async fn reissue_certificate(
    caller: Can<WriteCertificates>,
    State(app): State<App>,
    Path(id): Path<CertificateId>,
    db: Db,
    body: Option<Body<ReissueCertificate>>,
) -> ApiResult<Response> {
    let mut conn = db.conn().await?;
    let certificate =
        Certificate::find(&mut conn, caller.tenant(), id).await?.ok_or(ApiError::NotFound("certificate"))?;
    let now = app.clock.now();
    let (certificate, job) = if body.is_some_and(|Body(body)| body.renew) {
        certificate.renew(&mut conn, caller.user, now).await?
    } else {
        certificate.reissue(&mut conn, caller.user, now).await?
    };
    let location = format!("/api/jobs/{}/", job.id());
    Ok((StatusCode::ACCEPTED, [(LOCATION, location)], Json(CertificateOut::new(certificate, &app))).into_response())
}
