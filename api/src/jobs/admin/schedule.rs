//! The platform's work by the clock.

use std::str::FromStr;

use axum::Json;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use shared::ids::JobId;
use shared::jobs::schedule::{self, Change, EditError, Misfire, NewSchedule, Schedulable, ScheduleRow};
use shared::kinds;
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
    #[schema(example = "jobs.prune")]
    kind: String,
    /// The payload of its jobs.
    #[schema(value_type = Object)]
    args: Value,
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
    /// The release declares it: it can be switched off, not deleted.
    is_declared: bool,
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
            args: row.args,
            queue: row.queue,
            cron: row.cron,
            timezone: row.timezone,
            is_enabled: row.is_enabled,
            is_edited: row.is_edited,
            is_declared: row.is_declared,
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
    /// The kinds of job of which schedules may be made.
    kinds: Vec<SchedulableOut>,
}

/// A kind of job that may be scheduled.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SchedulableKind)]
struct SchedulableOut {
    #[schema(example = "jobs.prune")]
    kind: &'static str,
    #[schema(example = "within_1h")]
    queue: &'static str,
}

impl From<Schedulable> for SchedulableOut {
    fn from(of: Schedulable) -> Self {
        Self { kind: of.kind, queue: of.queue.name() }
    }
}

/// The name of a schedule, as it stands in an address.
#[derive(Debug, Clone)]
pub struct ScheduleName(pub(super) String);

impl FromStr for ScheduleName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if schedule::is_name(text) { Ok(Self(text.to_owned())) } else { Err("not the name of a schedule") }
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
            EditError::Name => Self::field("name", "Letters, digits, dots, dashes and underscores, at most a hundred."),
            EditError::Args(why) => Self::field("args", format!("{why}.")),
            EditError::NameTaken => {
                Self::Conflict { code: "name_taken", message: "There is a schedule of this name.".to_owned() }
            }
            EditError::Declared => Self::Conflict {
                code: "schedule_declared",
                message: "The release declares this schedule: switch it off instead.".to_owned(),
            },
            EditError::NotDeclared => Self::Conflict {
                code: "schedule_not_declared",
                message: "No release declares this schedule: there is nothing to go back to.".to_owned(),
            },
            EditError::Database(error) => error.into(),
        }
    }
}

/// List the work by the clock, by name.
#[utoipa::path(get, path = "/api/admin/schedules/", tag = "jobs", responses((status = OK, body = SchedulesOut)))]
pub async fn list_schedules(_: CanAnywhere<OperatePlatform>, db: PlatformDb) -> ApiResult<Json<SchedulesOut>> {
    let rows = schedule::list(&mut *db.conn().await?).await?;
    Ok(Json(SchedulesOut {
        results: rows.into_iter().map(ScheduleOut::from).collect(),
        kinds: kinds::schedulable().map(SchedulableOut::from).collect(),
    }))
}

/// Show a schedule.
#[utoipa::path(get, path = "/api/admin/schedules/{schedule}/", tag = "jobs",
    params(("schedule" = String, Path, example = "jobs.prune")), responses((status = OK, body = ScheduleOut)))]
pub async fn show_schedule(
    _: CanAnywhere<OperatePlatform>,
    Path(ScheduleName(name)): Path<ScheduleName>,
    db: PlatformDb,
) -> ApiResult<Json<ScheduleOut>> {
    Ok(Json(schedule::show(&mut *db.conn().await?, &name).await?.into()))
}

/// A schedule that is wanted.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSchedule {
    /// How it is called: letters, digits, dots, dashes and underscores.
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100, example = "files.sweep-on-sundays")]
    name: String,
    /// The kind of its jobs: one of those that may be scheduled.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(example = "files.sweep_store")]
    kind: String,
    /// The payload of its jobs.
    #[garde(skip)]
    #[schema(value_type = Object, example = json!({}))]
    #[serde(default)]
    args: Map<String, Value>,
    /// Five fields, or six that begin with seconds.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(example = "30 4 * * SUN")]
    cron: String,
    /// An IANA zone.
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(example = "Europe/Berlin")]
    #[serde(default = "utc")]
    timezone: String,
    /// Whether it fires.
    #[garde(skip)]
    #[serde(default = "yes")]
    is_enabled: bool,
    /// What is done about instants that nobody was there for: the last is made up for, unless you
    /// say otherwise.
    #[garde(skip)]
    #[serde(default)]
    misfire: Option<MisfireIn>,
    /// Up to which age they are made up for: a day, unless you say otherwise.
    #[garde(range(min = 0, max = 31_536_000))]
    #[schema(minimum = 0, maximum = 31_536_000)]
    #[serde(default = "day")]
    misfire_grace_seconds: i32,
    /// Whether it fires while its last job is unfinished: it does not, unless you say otherwise.
    #[garde(skip)]
    #[serde(default)]
    overlap: Option<OverlapIn>,
}

fn utc() -> String {
    "UTC".to_owned()
}

const fn yes() -> bool {
    true
}

const fn day() -> i32 {
    86_400
}

/// Make a schedule of a kind of job that may be scheduled. No release changes it.
#[utoipa::path(post, path = "/api/admin/schedules/", tag = "jobs", request_body = CreateSchedule,
    responses((status = CREATED, body = ScheduleOut), (status = 409, description = "There is one of this name")))]
pub async fn create_schedule(
    _: CanAnywhere<OperatePlatform>,
    db: PlatformDb,
    Body(body): Body<CreateSchedule>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Json<ScheduleOut>)> {
    let CreateSchedule { name, kind, args, cron, timezone, is_enabled, misfire, misfire_grace_seconds, overlap } = body;
    let of = kinds::schedulable().find(|of| of.kind == kind);
    let of =
        of.ok_or_else(|| ApiError::field("kind", "No kind that may be scheduled: the list of schedules names them."))?;
    let new = NewSchedule {
        name,
        args: Value::Object(args),
        cron,
        timezone,
        is_enabled,
        misfire: misfire.map_or(Misfire::One, Misfire::from),
        misfire_grace_seconds,
        may_overlap: overlap == Some(OverlapIn::Allow),
    };
    let row = schedule::create(&mut *db.conn().await?, &of, &new).await?;
    let location = format!("/api/admin/schedules/{}/", row.name);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(row.into())))
}

/// Delete a schedule that an operator has made, and its history. Jobs that it has asked for stay.
#[utoipa::path(delete, path = "/api/admin/schedules/{schedule}/", tag = "jobs",
    params(("schedule" = String, Path, example = "files.sweep-on-sundays")),
    responses((status = NO_CONTENT), (status = 409, description = "The release declares it")))]
pub async fn delete_schedule(
    _: CanAnywhere<OperatePlatform>,
    Path(ScheduleName(name)): Path<ScheduleName>,
    db: PlatformDb,
) -> ApiResult<StatusCode> {
    schedule::delete(&mut *db.conn().await?, &name).await?;
    Ok(StatusCode::NO_CONTENT)
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

/// Take an operator's changes back: the next start of a worker does what its release says.
#[utoipa::path(post, path = "/api/admin/schedules/{schedule}/reset/", tag = "jobs",
    params(("schedule" = String, Path, example = "jobs.prune")),
    responses((status = OK, body = ScheduleOut), (status = 409, description = "No release declares it")))]
pub async fn reset_schedule(
    _: CanAnywhere<OperatePlatform>,
    Path(ScheduleName(name)): Path<ScheduleName>,
    db: PlatformDb,
) -> ApiResult<Json<ScheduleOut>> {
    Ok(Json(schedule::give_back(&mut *db.conn().await?, &name).await?.into()))
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
