//! When the platform's schedules fired.

use axum::Json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::ids::{JobId, UserId};
use shared::jobs::JobState;
use shared::jobs::schedule::{self, RunRow};
use utoipa::{IntoParams, ToSchema};

use super::super::OperatePlatform;
use super::schedule::ScheduleName;
use crate::access::CanAnywhere;
use crate::http::{ApiResult, Path, PlatformDb, Query, dated};

/// A time at which a schedule fired.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScheduleRun)]
pub(super) struct ScheduleRunOut {
    /// The instant; or when somebody asked.
    scheduled_for: DateTime<Utc>,
    /// Null when the last job was still unfinished.
    job: Option<JobId>,
    /// Null when there was no job, or it is so old that it was deleted.
    state: Option<JobState>,
    finished_at: Option<DateTime<Utc>>,
    /// Somebody asked for it, beside the clock.
    is_by_hand: bool,
    asked_by: Option<UserId>,
}

impl From<RunRow> for ScheduleRunOut {
    fn from(row: RunRow) -> Self {
        let RunRow { scheduled_for, job_id, state, finished_at, is_by_hand, asked_by } = row;
        Self { scheduled_for, job: job_id, state, finished_at, is_by_hand, asked_by }
    }
}

/// When a schedule fired.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ScheduleRunsOut {
    /// The newest first.
    results: Vec<ScheduleRunOut>,
}

/// Which runs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListScheduleRuns {
    /// Those before this instant: the last `scheduled_for` that was seen.
    #[serde(default, deserialize_with = "dated")]
    before: Option<DateTime<Utc>>,
}

/// Runs at once.
const RUNS: i64 = 100;

/// List when a schedule fired, the newest first, a hundred at once. Kept for a month.
#[utoipa::path(get, path = "/api/admin/schedules/{schedule}/runs/", tag = "jobs",
    params(("schedule" = String, Path, example = "jobs.prune"), ListScheduleRuns),
    responses((status = OK, body = ScheduleRunsOut)))]
pub async fn list_schedule_runs(
    _: CanAnywhere<OperatePlatform>,
    Path(ScheduleName(name)): Path<ScheduleName>,
    Query(ListScheduleRuns { before }): Query<ListScheduleRuns>,
    db: PlatformDb,
) -> ApiResult<Json<ScheduleRunsOut>> {
    let rows = schedule::history(&mut *db.conn().await?, &name, before, RUNS).await?;
    Ok(Json(ScheduleRunsOut { results: rows.into_iter().map(ScheduleRunOut::from).collect() }))
}
