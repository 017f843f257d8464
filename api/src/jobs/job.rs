//! A job, for whoever waits for it.

use axum::Json;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use shared::ids::{JobId, UserId};
use shared::jobs::operate::{self, Cancelled};
use shared::jobs::{JobState, JobView};
use shared::users::UserRole;
use utoipa::ToSchema;

use super::ReadJobs;
use crate::access::Can;
use crate::http::{ApiError, ApiResult, Db, Path};

/// How far a job is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub(super) struct JobOut {
    id: JobId,
    #[schema(example = "certificates.render")]
    kind: String,
    state: JobState,
    /// Percent, when the job tells.
    progress: Option<i16>,
    /// What it is doing.
    progress_note: Option<String>,
    /// How often it was tried.
    attempt: i32,
    /// How often it is tried at most.
    max_attempts: i32,
    /// When it is tried next, while it waits.
    next_attempt_at: Option<DateTime<Utc>>,
    /// What it has left for whoever asked for it.
    #[schema(value_type = Option<Object>)]
    result: Option<Value>,
    /// What kind of error the last attempt ended with.
    #[schema(example = "retry")]
    error_code: Option<String>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

impl From<JobView> for JobOut {
    fn from(job: JobView) -> Self {
        let JobView {
            id,
            kind,
            state,
            attempt,
            max_attempts,
            run_at,
            progress,
            progress_note,
            result,
            error_class,
            created_by: _,
            created_at,
            started_at,
            finished_at,
        } = job;
        Self {
            id,
            kind,
            state,
            progress,
            progress_note,
            attempt,
            max_attempts,
            next_attempt_at: (state == JobState::Available).then_some(run_at),
            result,
            error_code: error_class.filter(|_| state != JobState::Succeeded),
            created_at,
            started_at,
            finished_at,
        }
    }
}

/// Whether somebody may watch a job: administrators all of the tenant's, others what they started.
pub(super) fn may_watch(role: UserRole, user: UserId, created_by: Option<UserId>) -> bool {
    role == UserRole::Admin || created_by == Some(user)
}

/// Show how far a job is.
#[utoipa::path(get, path = "/api/jobs/{job}/", tag = "jobs", params(("job" = JobId, Path)),
    responses((status = OK, body = JobOut)))]
pub async fn show_job(caller: Can<ReadJobs>, Path(id): Path<JobId>, db: Db) -> ApiResult<Json<JobOut>> {
    let job = JobView::find(&mut *db.conn().await?, caller.tenant(), id)
        .await?
        .filter(|job| may_watch(caller.role, caller.user, job.created_by))
        .ok_or(ApiError::NotFound("job"))?;
    Ok(Json(job.into()))
}

/// Cancel a job that one started: one that waits never starts, one that runs is asked to stop.
#[utoipa::path(post, path = "/api/jobs/{job}/cancel/", tag = "jobs", params(("job" = JobId, Path)),
    responses((status = OK, body = JobOut), (status = 409, description = "It is over already")))]
pub async fn cancel_job(caller: Can<ReadJobs>, Path(id): Path<JobId>, db: Db) -> ApiResult<Json<JobOut>> {
    let mut conn = db.conn().await?;
    let visible = JobView::find(&mut conn, caller.tenant(), id).await?;
    visible.filter(|job| may_watch(caller.role, caller.user, job.created_by)).ok_or(ApiError::NotFound("job"))?;
    if operate::cancel_in(&mut conn, Some(caller.tenant()), id).await? == Cancelled::TooLate {
        return Err(is_over());
    }
    let job = JobView::find(&mut conn, caller.tenant(), id).await?.ok_or(ApiError::NotFound("job"))?;
    Ok(Json(job.into()))
}

/// It cannot be stopped any more.
pub(super) fn is_over() -> ApiError {
    ApiError::Conflict { code: "job_is_over", message: "The job is over already.".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_watches_what() {
        let (one, other) = (UserId::new(), UserId::new());
        for (role, created_by, may) in [
            (UserRole::Learner, Some(one), true),
            (UserRole::Learner, Some(other), false),
            (UserRole::Instructor, Some(other), false),
            (UserRole::Learner, None, false),
            (UserRole::Admin, Some(other), true),
            (UserRole::Admin, None, true),
        ] {
            assert_eq!(may_watch(role, one, created_by), may, "{role} {created_by:?}");
        }
    }
}
