//! What becomes of an enrollment over HTTP: its end, and what it has been through.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::enrollments::{EnrollmentCause, EnrollmentChange, EnrollmentRow, EnrollmentStatus};
use shared::ids::{EnrollmentId, UserId};
use shared::users::Person;
use utoipa::ToSchema;

use super::enrollment::{EnrollmentOut, display};
use super::policy::{self, Action};
use super::{UseEnrollments, WriteEnrollments};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, Listing, Paging, Path, present_dated};

/// Changes of an enrollment. What is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateEnrollment {
    /// When it ends: an instant that lies ahead, or never.
    #[garde(skip)]
    #[serde(default, deserialize_with = "present_dated")]
    #[schema(value_type = Option<DateTime<Utc>>, example = "2099-12-31T23:00:00Z")]
    expires_at: Option<Option<DateTime<Utc>>>,
}

/// One status of an enrollment, and how it came.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = EnrollmentChange)]
pub struct EnrollmentChangeOut {
    /// None at its beginning.
    #[schema(inline)]
    from_status: Option<EnrollmentStatus>,
    #[schema(inline)]
    to_status: EnrollmentStatus,
    #[schema(example = "Active")]
    to_status_display: &'static str,
    #[schema(inline)]
    cause: EnrollmentCause,
    /// Who did it, if somebody of the tenant did.
    changed_by: Option<UserId>,
    #[schema(example = "John Smith")]
    changed_by_name: Option<String>,
    changed_at: DateTime<Utc>,
}

impl From<(EnrollmentChange, Option<Person>)> for EnrollmentChangeOut {
    fn from((change, person): (EnrollmentChange, Option<Person>)) -> Self {
        let EnrollmentChange { from_status, to_status, cause, changed_at } = change;
        let to_status_display = display(to_status);
        let changed_by = person.as_ref().map(|person| person.id);
        let changed_by_name = person.map(|person| person.full_name());
        Self { from_status, to_status, to_status_display, cause, changed_by, changed_by_name, changed_at }
    }
}

/// Say when an enrollment ends: those who run its course. One that is over begins again when its end lies ahead.
#[utoipa::path(patch, path = "/api/enrollments/{enrollment}/", tag = "enrollments",
    params(("enrollment" = EnrollmentId, Path)), request_body = UpdateEnrollment,
    responses((status = OK, body = EnrollmentOut), (status = 409, description = "Completed, or cancelled")))]
pub async fn update_enrollment(
    caller: Can<WriteEnrollments>,
    State(app): State<App>,
    Path(id): Path<EnrollmentId>,
    db: Db,
    Body(body): Body<UpdateEnrollment>,
) -> ApiResult<Json<EnrollmentOut>> {
    let mut conn = db.conn().await?;
    let row = policy::enrollment(&mut conn, &caller, id, Action::Approve).await?;
    let Some(end) = body.expires_at else { return Ok(Json(row.into())) };
    let now = app.clock.now();
    if end.is_some_and(|end| end <= now) {
        return Err(ApiError::field("expires_at", "This has passed: cancel the enrollment instead."));
    }
    let enrollment = row.enrollment.end_at(&mut conn, end, now).await?;
    Ok(Json(EnrollmentRow { enrollment, ..row }.into()))
}

/// List what an enrollment has been through, newest first.
#[utoipa::path(get, path = "/api/enrollments/{enrollment}/history/", tag = "enrollments",
    params(("enrollment" = EnrollmentId, Path), Paging), responses((status = OK, body = Listing<EnrollmentChangeOut>)))]
pub async fn list_history(
    caller: Can<UseEnrollments>,
    Path(id): Path<EnrollmentId>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<EnrollmentChangeOut>>> {
    let mut conn = db.conn().await?;
    let row = policy::enrollment(&mut conn, &caller, id, Action::See).await?;
    Ok(paging.answer(EnrollmentChange::list(&mut conn, &row.enrollment, paging.numbered()).await?))
}
