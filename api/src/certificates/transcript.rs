//! All that a person has learnt, as a document that the worker draws.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, LOCATION};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::certificates::jobs::RenderTranscript;
use shared::certificates::{TRANSCRIPT_KEPT_FOR, transcript_key};
use shared::ids::{JobId, UserId};
use shared::jobs::{Job, JobState, JobView, enqueue_with};
use shared::users::{User, UserRole};
use utoipa::ToSchema;

use super::ReadCertificates;
use super::download::DownloadLink;
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, Path};

/// How long a link is good.
const LINK_LIFETIME: Duration = Duration::from_secs(300);

/// Whose transcript is wanted.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AskForTranscript {
    /// For an administrator: somebody of the tenant. One's own when left out.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    user: Option<UserId>,
}

/// The job that draws it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TranscriptAsked {
    /// At `/api/jobs/{job}/`, with its progress.
    job: JobId,
    /// Where it can be downloaded for a day, once the job has succeeded.
    download: String,
}

/// Ask for a transcript: every course with its dates, result and certificate, as a PDF in the tenant's colours.
/// `Location` names the job that draws it.
#[utoipa::path(post, path = "/api/certificates/transcripts/", tag = "certificates", request_body = AskForTranscript,
    responses((status = ACCEPTED, body = TranscriptAsked)))]
pub async fn ask_for_transcript(
    caller: Can<ReadCertificates>,
    db: Db,
    Body(AskForTranscript { user }): Body<AskForTranscript>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Json<TranscriptAsked>)> {
    let mut conn = db.conn().await?;
    let user_id = user.unwrap_or(caller.user);
    // Others' are an administrator's to ask for; for everybody else nobody has one.
    let may_ask = user_id == caller.user || caller.role == UserRole::Admin;
    if !may_ask || User::find(&mut conn, caller.tenant(), user_id).await?.is_none() {
        return Err(ApiError::NotFound("user"));
    }
    let wanted = RenderTranscript { tenant_id: caller.tenant(), user_id };
    let job = enqueue_with(&mut conn, &wanted, caller.asks()).await?.id();
    let download = format!("/api/certificates/transcripts/{job}/download/");
    Ok((StatusCode::ACCEPTED, [(LOCATION, format!("/api/jobs/{job}/"))], Json(TranscriptAsked { job, download })))
}

/// Download a transcript that one has asked for, within a day: a link that is good for five minutes.
#[utoipa::path(get, path = "/api/certificates/transcripts/{job}/download/", tag = "certificates",
    params(("job" = JobId, Path)),
    responses((status = OK, body = DownloadLink), (status = 409, description = "`not_ready`: it is being drawn, or could not be")))]
pub async fn download_transcript(
    caller: Can<ReadCertificates>,
    State(app): State<App>,
    Path(id): Path<JobId>,
    db: Db,
) -> ApiResult<Json<DownloadLink>> {
    let job = JobView::find(&mut *db.conn().await?, caller.tenant(), id)
        .await?
        .filter(|job| job.kind == RenderTranscript::NAME && job.created_by == Some(caller.user))
        .filter(|job| job.finished_at.is_none_or(|at| app.clock.now() < at + TRANSCRIPT_KEPT_FOR))
        .ok_or(ApiError::NotFound("transcript"))?;
    if job.state != JobState::Succeeded {
        return Err(ApiError::Conflict {
            code: "not_ready",
            message: "The transcript is not there yet. Watch its job.".to_owned(),
        });
    }
    let key = transcript_key(caller.tenant(), id);
    let url = app.storage.signed_download(&key, "Transcript.pdf", LINK_LIFETIME).await?;
    Ok(Json(DownloadLink { url, expires_at: app.clock.now() + LINK_LIFETIME }))
}
