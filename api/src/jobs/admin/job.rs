//! Any job of the tenant, or of the platform.

use axum::Json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::ids::{JobId, TenantId, UserId};
use shared::jobs::operate::{self, AttemptRow, Cancelled, Filter, JobRow};
use shared::jobs::{JobState, Queue};
use utoipa::{IntoParams, ToSchema};

use super::super::OperateJobs;
use super::super::job::is_over;
use crate::access::CanAnywhere;
use crate::http::{ApiError, ApiResult, Db, LongListing, LongPaging, Path, Query};

/// A job as those see it who run the platform or a tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminJob)]
pub(super) struct AdminJobOut {
    id: JobId,
    /// In which tenant it acts; null for the platform's own.
    tenant: Option<TenantId>,
    #[schema(example = "certificates.render")]
    kind: String,
    #[schema(example = "within_1m")]
    queue: String,
    state: JobState,
    /// Percent, when the job tells.
    progress: Option<i16>,
    progress_note: Option<String>,
    attempt: i32,
    max_attempts: i32,
    /// How often the worker that ran it was lost.
    crashes: i32,
    /// How often it was put back without an attempt being counted.
    deferrals: i32,
    run_at: DateTime<Utc>,
    /// Useless afterwards.
    deadline_at: Option<DateTime<Utc>>,
    /// What kind of error the last attempt ended with.
    #[schema(example = "timeout")]
    error_class: Option<String>,
    /// What the error said. It may speak of the platform's insides: null but for superusers.
    last_error: Option<String>,
    /// Its payload: ids. Null but for superusers.
    #[schema(value_type = Option<Object>)]
    args: Option<Value>,
    /// Which worker has it, or had it last. Null but for superusers.
    worker: Option<String>,
    #[schema(value_type = Option<Object>)]
    result: Option<Value>,
    created_by: Option<UserId>,
    request_id: Option<String>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

impl AdminJobOut {
    fn new(row: JobRow, sees_insides: bool) -> Self {
        let JobRow {
            id,
            tenant_id,
            kind,
            queue,
            state,
            args,
            attempt,
            max_attempts,
            crashes,
            deferrals,
            run_at,
            deadline_at,
            lease_until: _,
            worker,
            progress,
            progress_note,
            result,
            last_error,
            error_class,
            created_by,
            request_id,
            created_at,
            started_at,
            finished_at,
        } = row;
        Self {
            id,
            tenant: (tenant_id != TenantId::PLATFORM).then_some(tenant_id),
            kind,
            queue,
            state,
            progress,
            progress_note,
            attempt,
            max_attempts,
            crashes,
            deferrals,
            run_at,
            deadline_at,
            error_class,
            last_error: last_error.filter(|_| sees_insides),
            args: sees_insides.then_some(args),
            worker: worker.filter(|_| sees_insides),
            result,
            created_by,
            request_id,
            created_at,
            started_at,
            finished_at,
        }
    }
}

/// An attempt that did not succeed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobAttempt)]
pub(super) struct AttemptOut {
    attempt: i32,
    started_at: Option<DateTime<Utc>>,
    ended_at: DateTime<Utc>,
    /// Which kind of error it was.
    #[schema(example = "timeout")]
    outcome: String,
    /// What it said. Null but for superusers.
    error: Option<String>,
    /// Which worker had it. Null but for superusers.
    worker: Option<String>,
}

impl AttemptOut {
    fn new(row: AttemptRow, sees_insides: bool) -> Self {
        let AttemptRow { attempt, worker, started_at, ended_at, outcome, error } = row;
        Self {
            attempt,
            started_at,
            ended_at,
            outcome,
            error: error.filter(|_| sees_insides),
            worker: worker.filter(|_| sees_insides),
        }
    }
}

/// A job, and what went wrong with it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobDetail {
    #[serde(flatten)]
    job: AdminJobOut,
    /// The attempts that did not succeed, the oldest first.
    attempts: Vec<AttemptOut>,
}

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListJobs {
    /// In this state.
    #[param(value_type = Option<JobState>)]
    state: Option<JobState>,
    /// Of this kind.
    #[param(example = "certificates.render")]
    kind: Option<String>,
    /// In this queue.
    #[param(value_type = Option<String>, example = "within_1m")]
    queue: Option<Queue>,
    /// With this class of error.
    #[param(example = "timeout")]
    error_class: Option<String>,
    /// Of this tenant: for superusers who have picked none.
    #[param(value_type = Option<Uuid>)]
    tenant: Option<TenantId>,
}

/// List jobs, the newest first: the tenant's, or for a superuser the platform's.
#[utoipa::path(get, path = "/api/admin/jobs/", tag = "jobs",
    params(ListJobs, ("cursor" = Option<String>, Query, description = "From `next` of the answer before"),
        ("page_size" = Option<u32>, Query, description = "Results at once, 20 unless said otherwise, at most 200")),
    responses((status = OK, body = LongListing<AdminJobOut>)))]
pub async fn list_jobs(
    caller: CanAnywhere<OperateJobs>,
    Query(ListJobs { state, kind, queue, error_class, tenant }): Query<ListJobs>,
    paging: LongPaging,
    db: Db,
) -> ApiResult<Json<LongListing<AdminJobOut>>> {
    let filter = Filter { state, kind, queue, tenant: caller.tenant.or(tenant), error_class };
    let found = operate::page(&mut *db.conn().await?, &filter, paging.behind()).await?;
    Ok(paging.answer_with(found, |row| AdminJobOut::new(row, caller.is_superuser)))
}

/// Show a job, and what went wrong with it.
#[utoipa::path(get, path = "/api/admin/jobs/{job}/", tag = "jobs", params(("job" = JobId, Path)),
    responses((status = OK, body = JobDetail)))]
pub async fn show_any_job(
    caller: CanAnywhere<OperateJobs>,
    Path(id): Path<JobId>,
    db: Db,
) -> ApiResult<Json<JobDetail>> {
    let found = operate::show_in(&mut *db.conn().await?, caller.tenant, id).await?;
    let (job, attempts) = found.ok_or(ApiError::NotFound("job"))?;
    let attempts = attempts.into_iter().map(|row| AttemptOut::new(row, caller.is_superuser)).collect();
    Ok(Json(JobDetail { job: AdminJobOut::new(job, caller.is_superuser), attempts }))
}

/// Cancel a job: one that waits never starts, one that runs is asked to stop.
#[utoipa::path(post, path = "/api/admin/jobs/{job}/cancel/", tag = "jobs", params(("job" = JobId, Path)),
    responses((status = OK, body = JobDetail), (status = 409, description = "It is over already")))]
pub async fn cancel_any_job(
    caller: CanAnywhere<OperateJobs>,
    Path(id): Path<JobId>,
    db: Db,
) -> ApiResult<Json<JobDetail>> {
    let mut conn = db.conn().await?;
    operate::show_in(&mut conn, caller.tenant, id).await?.ok_or(ApiError::NotFound("job"))?;
    if operate::cancel_in(&mut conn, caller.tenant, id).await? == Cancelled::TooLate {
        return Err(is_over());
    }
    let found = operate::show_in(&mut conn, caller.tenant, id).await?;
    let (job, attempts) = found.ok_or(ApiError::NotFound("job"))?;
    let attempts = attempts.into_iter().map(|row| AttemptOut::new(row, caller.is_superuser)).collect();
    Ok(Json(JobDetail { job: AdminJobOut::new(job, caller.is_superuser), attempts }))
}
