//! Progress over HTTP.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use shared::courses::{ContentType, Decision};
use shared::enrollments::{
    EnrollmentError, EnrollmentStatus, ItemBrief, Progress, ProgressReport, ProgressRow, ProgressStatus, Recorded,
};
use shared::ids::{ContentItemId, EnrollmentId, ModuleId, ProgressId};
use utoipa::ToSchema;

use super::policy::{self, Action};
use super::{RecordProgress, UseEnrollments};
use crate::access::Can;
use crate::app::App;
use crate::courses::{ReasonOut, content_type_display, small_object};
use crate::http::{ApiError, ApiResult, Body, Db, Listing, Paging, Path};

/// An item that somebody works on.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ProgressItem)]
pub struct ProgressItemOut {
    id: ContentItemId,
    #[schema(example = "Understanding Decorators")]
    title: String,
    module: ModuleId,
    #[schema(inline)]
    content_type: ContentType,
    #[schema(example = "Text")]
    content_type_display: &'static str,
    is_required: bool,
    /// Whether it is shut for the learner.
    is_locked: bool,
    /// Why.
    reasons: Vec<ReasonOut>,
}

impl ProgressItemOut {
    fn seen(item: ItemBrief, decision: Decision) -> Self {
        let ItemBrief { id, title, module_id, content_type, is_required } = item;
        Self {
            id,
            title,
            module: module_id,
            content_type,
            content_type_display: content_type_display(content_type),
            is_required,
            is_locked: !decision.is_allowed(),
            reasons: ReasonOut::all(decision),
        }
    }
}

/// What a learner has done with an item.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Progress)]
pub struct ProgressOut {
    /// None when it was not begun.
    id: Option<ProgressId>,
    enrollment_id: EnrollmentId,
    content_item: ProgressItemOut,
    #[schema(inline)]
    status: ProgressStatus,
    #[schema(example = "Completed")]
    status_display: &'static str,
    /// What players told.
    #[schema(value_type = Object)]
    progress_details: Value,
    started_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
}

const fn display(status: ProgressStatus) -> &'static str {
    match status {
        ProgressStatus::NotStarted => "Not Started",
        ProgressStatus::InProgress => "In Progress",
        ProgressStatus::Completed => "Completed",
    }
}

impl ProgressOut {
    fn begun(item: ProgressItemOut, progress: Progress) -> Self {
        let Progress {
            id,
            tenant_id: _,
            course_id: _,
            enrollment_id,
            content_item_id: _,
            status,
            progress_details,
            started_at,
            completed_at,
            updated_at,
        } = progress;
        Self {
            id: Some(id),
            enrollment_id,
            content_item: item,
            status,
            status_display: display(status),
            progress_details,
            started_at,
            completed_at,
            updated_at: Some(updated_at),
        }
    }

    pub(super) fn of(enrollment_id: EnrollmentId, row: ProgressRow) -> Self {
        let ProgressRow { item, decision, progress } = row;
        let item = ProgressItemOut::seen(item, decision);
        match progress {
            Some(progress) => Self::begun(item, progress),
            None => Self {
                id: None,
                enrollment_id,
                content_item: item,
                status: ProgressStatus::NotStarted,
                status_display: display(ProgressStatus::NotStarted),
                progress_details: json!({}),
                started_at: None,
                completed_at: None,
                updated_at: None,
            },
        }
    }
}

/// What became of a report of progress.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RecordedProgress)]
pub struct RecordedProgressOut {
    #[serde(flatten)]
    progress: ProgressOut,
    /// How the enrollment stands. Completion is looked at right afterwards, in the background.
    #[schema(inline)]
    enrollment_status: EnrollmentStatus,
    /// Percent of the course's required items.
    #[schema(example = 40)]
    progress_percentage: i16,
}

impl From<Recorded> for RecordedProgressOut {
    fn from(recorded: Recorded) -> Self {
        let Recorded { progress, item, enrollment_status, percent } = recorded;
        // What was reported was open.
        let item = ProgressItemOut::seen(item, Decision::default());
        Self { progress: ProgressOut::begun(item, progress), enrollment_status, progress_percentage: percent }
    }
}

/// How far one is with an item.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportProgress {
    #[garde(skip)]
    content_item: ContentItemId,
    /// An item that was completed stays so when it is begun again; `NOT_STARTED` takes it back.
    #[garde(skip)]
    #[schema(inline)]
    status: ProgressStatus,
    /// What a player tells: a position, a score. Laid over what it told before, key by key. Of `SCORM`
    /// items `lesson_status`, `lesson_location`, `score_raw`, `score_min`, `score_max`, `score_scaled`,
    /// `suspend_data` (64,000 characters), `total_time` and `session_time`, of `H5P` items `last_verb`,
    /// `completion`, `success`, the scores, `duration` and `state` are what their names promise.
    #[garde(custom(small_object))]
    #[serde(default)]
    #[schema(value_type = Object, example = json!({"last_position_seconds": 90}))]
    progress_details: Map<String, Value>,
}

/// Tell how far one is with an item of a course that one takes part in.
#[utoipa::path(post, path = "/api/progress/", tag = "enrollments", request_body = ReportProgress,
    responses((status = OK, body = RecordedProgressOut), (status = 409, description = "The enrollment is not active")))]
pub async fn record_progress(
    caller: Can<RecordProgress>,
    State(app): State<App>,
    db: Db,
    Body(body): Body<ReportProgress>,
) -> ApiResult<Json<RecordedProgressOut>> {
    let report = ProgressReport { item: body.content_item, status: body.status, details: body.progress_details };
    let mut conn = db.conn().await?;
    let recorded = Progress::record(&mut conn, caller.tenant(), caller.user, report, app.clock.now()).await?;
    Ok(Json(recorded.into()))
}

/// Show what the caller has done with an item: where a player goes on.
#[utoipa::path(get, path = "/api/progress/{content_item}/", tag = "enrollments",
    params(("content_item" = ContentItemId, Path)), responses((status = OK, body = ProgressOut)))]
pub async fn show_progress(
    caller: Can<RecordProgress>,
    Path(item): Path<ContentItemId>,
    db: Db,
) -> ApiResult<Json<ProgressOut>> {
    let mut conn = db.conn().await?;
    let found = Progress::of_item(&mut conn, caller.tenant(), caller.user, item, caller.at).await;
    let (enrollment, row) = found.map_err(of_address)?;
    Ok(Json(ProgressOut::of(enrollment, row)))
}

/// An error about an item that the address names: it is not there.
pub(super) fn of_address(error: EnrollmentError) -> ApiError {
    match error {
        EnrollmentError::NoSuchItem => ApiError::NotFound("content item"),
        error => error.into(),
    }
}

/// List every published item of an enrollment's course in order, begun or not.
#[utoipa::path(get, path = "/api/enrollments/{enrollment}/progress/", tag = "enrollments",
    params(("enrollment" = EnrollmentId, Path), Paging), responses((status = OK, body = Listing<ProgressOut>)))]
pub async fn list_progress(
    caller: Can<UseEnrollments>,
    Path(id): Path<EnrollmentId>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<ProgressOut>>> {
    let mut conn = db.conn().await?;
    let row = policy::enrollment(&mut conn, &caller, id, Action::See).await?;
    let access = row.enrollment.access(&mut conn, caller.at).await?.ok_or(ApiError::NotFound("enrollment"))?;
    let page = Progress::list(&mut conn, &row.enrollment, &access, paging.numbered()).await?;
    Ok(paging.answer(page.map(|progress| ProgressOut::of(row.enrollment.id, progress))))
}
