//! The platform's work by the clock.

use std::str::FromStr;

use axum::Json;
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Deserializer, Serialize};
use shared::ids::{JobId, UserId};
use shared::jobs::JobState;
use shared::jobs::schedule::{self, Change, EditError, Misfire, RunRow, ScheduleRow};
use utoipa::{IntoParams, ToSchema};

use super::super::OperatePlatform;
use crate::access::CanAnywhere;
use crate::http::{ApiError, ApiResult, Body, Path, PlatformDb, Query};

/// Work by the clock.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobSchedule)]
pub(super) struct ScheduleOut {
    /// Names it in addresses.
    #[schema(example = "jobs.prune")]
    name: String,
    /// The kind of job that it asks for.
    kind: String,
    queue: String,
    /// Five fields, or six that begin with seconds.
    #[schema(example = "17 * * * *")]
    cron: String,
    /// An IANA zone.
    #[schema(example = "UTC")]
    timezone: String,
    is_enabled: bool,
    /// An operator has changed it: a new release leaves that as it is.
    is_edited: bool,
    /// What is done about instants that nobody was there for: `skip`, `one` (the last) or `all`.
    misfire: String,
    /// Up to which age they are made up for.
    misfire_grace_seconds: i32,
    /// Whether it fires while its last job is unfinished: `allow` or `skip`.
    overlap: String,
    next_run_at: DateTime<Utc>,
    last_run_at: Option<DateTime<Utc>>,
}

impl From<ScheduleRow> for ScheduleOut {
    fn from(row: ScheduleRow) -> Self {
        Self {
            name: row.name,
            kind: row.kind,
            queue: row.queue,
            cron: row.cron,
            timezone: row.timezone,
            is_enabled: row.is_enabled,
            is_edited: row.is_edited,
            misfire: row.misfire,
            misfire_grace_seconds: row.misfire_grace_seconds,
            overlap: row.overlap,
            next_run_at: row.next_run_at,
            last_run_at: row.last_run_at,
        }
    }
}

/// All schedules.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SchedulesOut {
    /// By name.
    results: Vec<ScheduleOut>,
}

/// The name of a schedule, as it stands in an address.
#[derive(Debug, Clone)]
pub struct ScheduleName(String);

impl FromStr for ScheduleName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_name = (1..=200).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if is_name { Ok(Self(text.to_owned())) } else { Err("not the name of a schedule") }
    }
}

impl<'de> Deserialize<'de> for ScheduleName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl From<EditError> for ApiError {
    fn from(error: EditError) -> Self {
        match error {
            EditError::NotFound => Self::NotFound("schedule"),
            EditError::Cron(schedule::CronError::Zone(zone)) => {
                Self::field("timezone", format!("`{zone}` is no IANA time zone."))
            }
            EditError::Cron(error) => Self::field("cron", format!("{error}.")),
            EditError::Grace => Self::field("misfire_grace_seconds", "Not below zero."),
            EditError::Database(error) => error.into(),
        }
    }
}

/// List the work by the clock, by name.
#[utoipa::path(get, path = "/api/admin/schedules/", tag = "jobs", responses((status = OK, body = SchedulesOut)))]
pub async fn list_schedules(_: CanAnywhere<OperatePlatform>, db: PlatformDb) -> ApiResult<Json<SchedulesOut>> {
    let rows = schedule::list(&mut *db.conn().await?).await?;
    Ok(Json(SchedulesOut { results: rows.into_iter().map(ScheduleOut::from).collect() }))
}

/// How a schedule is to be; what is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateSchedule {
    /// Five fields, or six that begin with seconds.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(example = "17 * * * *")]
    #[serde(default)]
    cron: Option<String>,
    /// An IANA zone.
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(example = "Europe/Berlin")]
    #[serde(default)]
    timezone: Option<String>,
    /// Whether it fires.
    #[garde(skip)]
    #[serde(default)]
    is_enabled: Option<bool>,
    /// What is done about instants that nobody was there for.
    #[garde(skip)]
    #[serde(default)]
    misfire: Option<MisfireIn>,
    /// Up to which age they are made up for.
    #[garde(range(min = 0, max = 31_536_000))]
    #[schema(minimum = 0, maximum = 31_536_000)]
    #[serde(default)]
    misfire_grace_seconds: Option<i32>,
    /// Whether it fires while its last job is unfinished.
    #[garde(skip)]
    #[serde(default)]
    overlap: Option<OverlapIn>,
}

/// What is done about instants that nobody was there for.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Misfire)]
enum MisfireIn {
    /// Nothing.
    Skip,
    /// The last of them is made up for.
    One,
    /// Each of them is made up for.
    All,
}

impl From<MisfireIn> for Misfire {
    fn from(misfire: MisfireIn) -> Self {
        match misfire {
            MisfireIn::Skip => Self::Skip,
            MisfireIn::One => Self::One,
            MisfireIn::All => Self::All,
        }
    }
}

/// Whether a schedule fires while its last job is unfinished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Overlap)]
enum OverlapIn {
    /// It does.
    Allow,
    /// It waits for its next instant.
    Skip,
}

/// Change when a schedule fires, or switch it on and off. A new release leaves that as it is.
#[utoipa::path(patch, path = "/api/admin/schedules/{schedule}/", tag = "jobs", request_body = UpdateSchedule,
    params(("schedule" = String, Path, example = "jobs.prune")), responses((status = OK, body = ScheduleOut)))]
pub async fn update_schedule(
    _: CanAnywhere<OperatePlatform>,
    Path(ScheduleName(name)): Path<ScheduleName>,
    db: PlatformDb,
    Body(body): Body<UpdateSchedule>,
) -> ApiResult<Json<ScheduleOut>> {
    let UpdateSchedule { cron, timezone, is_enabled, misfire, misfire_grace_seconds, overlap } = body;
    let change = Change {
        is_enabled,
        cron,
        timezone,
        misfire: misfire.map(Misfire::from),
        misfire_grace_seconds,
        may_overlap: overlap.map(|overlap| overlap == OverlapIn::Allow),
    };
    let row = schedule::change(&mut *db.conn().await?, &name, &change).await?;
    Ok(Json(row.into()))
}

/// The job that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ScheduleAsked {
    job: JobId,
}

/// Ask for the job of a schedule at once, beside its times.
#[utoipa::path(post, path = "/api/admin/schedules/{schedule}/run-now/", tag = "jobs",
    params(("schedule" = String, Path, example = "jobs.prune")), responses((status = OK, body = ScheduleAsked)))]
pub async fn run_schedule(
    caller: CanAnywhere<OperatePlatform>,
    Path(ScheduleName(name)): Path<ScheduleName>,
    db: PlatformDb,
) -> ApiResult<Json<ScheduleAsked>> {
    let job = schedule::run_now(&mut *db.conn().await?, &name, Some(caller.user)).await?;
    Ok(Json(ScheduleAsked { job }))
}

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
