//! When somebody learned, and how far they are with modules, over HTTP.

use axum::Json;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shared::enrollments::{ModuleProgress, STUDY_DAYS, Study, StudyDay};
use shared::ids::{EnrollmentId, ModuleId};
use utoipa::{IntoParams, ToSchema};

use super::policy::{self, Action};
use super::{RecordProgress, UseEnrollments};
use crate::access::Can;
use crate::courses::ReasonOut;
use crate::http::{ApiError, ApiResult, Db, Listing, Paging, Path, Query};

/// A day of somebody's learning.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = StudyDay)]
pub struct StudyDayOut {
    day: NaiveDate,
    #[schema(example = 45)]
    minutes: i64,
    /// How many events tell of it: one for every five minutes at work, and one for each item and
    /// module that was completed.
    events: i64,
}

/// When somebody learned, by the days of their own clock.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Study)]
pub struct StudyOut {
    #[schema(example = "Europe/Berlin")]
    timezone: &'static str,
    /// Days in a row up to today, or up to yesterday while today is not over.
    #[schema(example = 4)]
    current_streak_days: usize,
    /// The longest row of the last 366 days.
    #[schema(example = 12)]
    longest_streak_days: usize,
    last_studied_on: Option<NaiveDate>,
    /// In the days that are listed.
    #[schema(example = 310)]
    total_minutes: i64,
    /// Oldest first, the last one is today.
    days: Vec<StudyDayOut>,
}

impl StudyOut {
    fn of(study: &Study, days: u16) -> Self {
        let days = study.last(days);
        let seconds: i64 = days.iter().map(|day| day.seconds).sum();
        Self {
            timezone: study.zone.name(),
            current_streak_days: study.streak,
            longest_streak_days: study.longest_streak,
            last_studied_on: study.days.last().map(|day| day.day),
            total_minutes: seconds / 60,
            days: days.into_iter().map(StudyDayOut::from).collect(),
        }
    }
}

impl From<StudyDay> for StudyDayOut {
    fn from(StudyDay { day, seconds, events }: StudyDay) -> Self {
        Self { day, minutes: seconds / 60, events }
    }
}

/// How many days.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HowManyDays {
    /// The last so many days, today among them: 1 to 366, 30 when left out.
    #[param(value_type = Option<u16>, example = 30)]
    days: Option<u16>,
}

impl HowManyDays {
    fn get(&self) -> ApiResult<u16> {
        let days = self.days.unwrap_or(30);
        let fits = (1..=STUDY_DAYS).contains(&days);
        if fits { Ok(days) } else { Err(ApiError::field("days", "From 1 to 366 days.")) }
    }
}

/// Show when the caller learned: the streak, and the time of each day.
#[utoipa::path(get, path = "/api/progress/study/", tag = "enrollments", params(HowManyDays),
    responses((status = OK, body = StudyOut)))]
pub async fn show_my_study(
    caller: Can<RecordProgress>,
    Query(wanted): Query<HowManyDays>,
    db: Db,
) -> ApiResult<Json<StudyOut>> {
    let days = wanted.get()?;
    let study = Study::of(&mut *db.conn().await?, caller.tenant(), caller.user, None, caller.at).await?;
    Ok(Json(StudyOut::of(&study, days)))
}

/// Show when a learner learned in the course of an enrollment.
#[utoipa::path(get, path = "/api/enrollments/{enrollment}/study/", tag = "enrollments",
    params(("enrollment" = EnrollmentId, Path), HowManyDays), responses((status = OK, body = StudyOut)))]
pub async fn show_study(
    caller: Can<UseEnrollments>,
    Path(id): Path<EnrollmentId>,
    Query(wanted): Query<HowManyDays>,
    db: Db,
) -> ApiResult<Json<StudyOut>> {
    let mut conn = db.conn().await?;
    let row = policy::enrollment(&mut conn, &caller, id, Action::See).await?;
    let days = wanted.get()?;
    let (user, course) = (row.enrollment.user_id, Some(row.enrollment.course_id));
    let study = Study::of(&mut conn, caller.tenant(), user, course, caller.at).await?;
    Ok(Json(StudyOut::of(&study, days)))
}

/// How far a learner is with a module.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ModuleProgress)]
pub struct ModuleProgressOut {
    module: ModuleId,
    #[schema(example = "Decorators")]
    title: String,
    /// Whether it is shut for the learner.
    is_locked: bool,
    /// Why.
    reasons: Vec<ReasonOut>,
    /// Its required, published items.
    #[schema(example = 5)]
    required_items: i64,
    /// Those of them that are completed.
    #[schema(example = 2)]
    completed_items: i64,
    #[schema(example = 40)]
    progress_percentage: i16,
    /// All that it requires is completed; never where it requires nothing.
    is_completed: bool,
    completed_at: Option<DateTime<Utc>>,
}

impl From<ModuleProgress> for ModuleProgressOut {
    fn from(progress: ModuleProgress) -> Self {
        let ModuleProgress { id, title, decision, required, done, percent, completed_at } = progress;
        Self {
            module: id,
            title,
            is_locked: !decision.is_allowed(),
            reasons: ReasonOut::all(decision),
            required_items: required,
            completed_items: done,
            progress_percentage: percent,
            is_completed: completed_at.is_some(),
            completed_at,
        }
    }
}

/// List the modules of an enrollment's course in order, and how far its learner is with each.
#[utoipa::path(get, path = "/api/enrollments/{enrollment}/modules/", tag = "enrollments",
    params(("enrollment" = EnrollmentId, Path), Paging), responses((status = OK, body = Listing<ModuleProgressOut>)))]
pub async fn list_module_progress(
    caller: Can<UseEnrollments>,
    Path(id): Path<EnrollmentId>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<ModuleProgressOut>>> {
    let mut conn = db.conn().await?;
    let row = policy::enrollment(&mut conn, &caller, id, Action::See).await?;
    let access = row.enrollment.access(&mut conn, caller.at).await?.ok_or(ApiError::NotFound("enrollment"))?;
    Ok(paging.answer(ModuleProgress::list(&mut conn, &row.enrollment, &access, paging.numbered()).await?))
}
