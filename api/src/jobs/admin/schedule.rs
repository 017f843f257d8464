//! The platform's work by the clock.

use std::str::FromStr;

use axum::Json;
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Deserializer, Serialize};
use shared::ids::JobId;
use shared::jobs::schedule::{self, Change, EditError, ScheduleRow};
use utoipa::ToSchema;

use super::super::OperatePlatform;
use crate::access::CanAnywhere;
use crate::http::{ApiError, ApiResult, Body, Path, PlatformDb};

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
}

/// Change when a schedule fires, or switch it on and off. A new release leaves that as it is.
#[utoipa::path(patch, path = "/api/admin/schedules/{schedule}/", tag = "jobs", request_body = UpdateSchedule,
    params(("schedule" = String, Path, example = "jobs.prune")), responses((status = OK, body = ScheduleOut)))]
pub async fn update_schedule(
    _: CanAnywhere<OperatePlatform>,
    Path(ScheduleName(name)): Path<ScheduleName>,
    db: PlatformDb,
    Body(UpdateSchedule { cron, timezone, is_enabled }): Body<UpdateSchedule>,
) -> ApiResult<Json<ScheduleOut>> {
    let change = Change { cron, timezone, is_enabled };
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
    _: CanAnywhere<OperatePlatform>,
    Path(ScheduleName(name)): Path<ScheduleName>,
    db: PlatformDb,
) -> ApiResult<Json<ScheduleAsked>> {
    let job = schedule::run_now(&mut *db.conn().await?, &name).await?;
    Ok(Json(ScheduleAsked { job }))
}
