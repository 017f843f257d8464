//! Groups that learn courses over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::db::Conn;
use shared::enrollments::{GroupEnrollment, GroupEnrollmentFilter, GroupEnrollmentRow};
use shared::ids::{CourseId, GroupEnrollmentId, GroupId};
use shared::users::{Group, UserRole};
use utoipa::{IntoParams, ToSchema};

use super::WriteEnrollments;
use crate::access::Can;
use crate::app::App;
use crate::courses::{Action, visible_course};
use crate::http::{ApiError, ApiResult, Body, CourseRef, Db, Listing, Paging, Path, Query};

/// A group that learns a course.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = GroupEnrollment)]
pub struct GroupEnrollmentOut {
    id: GroupEnrollmentId,
    group: GroupId,
    #[schema(example = "Engineering Team")]
    group_name: String,
    course: CourseId,
    #[schema(example = "Advanced Python")]
    course_title: String,
    #[schema(example = "advanced-python")]
    course_slug: String,
    enrolled_at: DateTime<Utc>,
}

impl From<GroupEnrollmentRow> for GroupEnrollmentOut {
    fn from(row: GroupEnrollmentRow) -> Self {
        let GroupEnrollmentRow { enrollment, group_name, course_title, course_slug, instructor_id: _ } = row;
        let GroupEnrollment { id, tenant_id: _, group_id, course_id, created_at } = enrollment;
        Self { id, group: group_id, group_name, course: course_id, course_title, course_slug, enrolled_at: created_at }
    }
}

/// Which groups in which courses.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListGroupEnrollments {
    /// A group's id.
    #[serde(alias = "group_id")]
    #[param(value_type = Option<String>)]
    group: Option<GroupId>,
    /// A course's id.
    #[serde(alias = "course_id")]
    #[param(value_type = Option<String>)]
    course: Option<CourseId>,
}

/// Which group learns what.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateGroupEnrollment {
    #[garde(skip)]
    group: GroupId,
    /// The course's id or slug.
    #[garde(skip)]
    #[schema(value_type = String, example = "advanced-python")]
    course: CourseRef,
}

/// List groups that learn courses: administrators find the tenant's, instructors those in their
/// courses.
#[utoipa::path(get, path = "/api/group-enrollments/", tag = "enrollments", params(ListGroupEnrollments, Paging),
    responses((status = OK, body = Listing<GroupEnrollmentOut>)))]
pub async fn list_group_enrollments(
    caller: Can<WriteEnrollments>,
    paging: Paging,
    Query(wanted): Query<ListGroupEnrollments>,
    db: Db,
) -> ApiResult<Json<Listing<GroupEnrollmentOut>>> {
    let ListGroupEnrollments { group, course } = wanted;
    let instructor = (caller.role != UserRole::Admin).then_some(caller.user);
    let filter = GroupEnrollmentFilter { group, course, instructor };
    let mut conn = db.conn().await?;
    Ok(paging.answer(GroupEnrollment::list(&mut conn, caller.tenant(), filter, paging.numbered()).await?))
}

/// Have a group learn a course. Its members are enrolled, and whoever joins later; whoever leaves the
/// group leaves the course, unless they have completed it.
#[utoipa::path(post, path = "/api/group-enrollments/", tag = "enrollments", request_body = CreateGroupEnrollment,
    responses((status = CREATED, body = GroupEnrollmentOut), (status = OK, description = "It does already", body = GroupEnrollmentOut),
        (status = 409, description = "The course is not published")))]
pub async fn create_group_enrollment(
    caller: Can<WriteEnrollments>,
    State(app): State<App>,
    db: Db,
    Body(body): Body<CreateGroupEnrollment>,
) -> ApiResult<Response> {
    let mut conn = db.conn().await?;
    let seen = match visible_course(&mut conn, &caller, &body.course, Action::See).await {
        Err(ApiError::NotFound(_)) => return Err(ApiError::field("course", "No such course.")),
        other => other?,
    };
    if !seen.runs {
        return Err(ApiError::Forbidden("Groups are enrolled by the course's instructor or an administrator.".into()));
    }
    let group = Group::find(&mut conn, caller.tenant(), body.group).await?;
    let group = group.ok_or_else(|| ApiError::field("group", "No such group."))?.group;
    let (id, is_new) = GroupEnrollment::create(&mut conn, &seen.course, group.id, app.clock.now()).await?;
    let row = find(&mut conn, &caller, id).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let location = format!("/api/group-enrollments/{id}/");
    Ok((status, [(LOCATION, location)], Json(GroupEnrollmentOut::from(row))).into_response())
}

/// The one with this id, if the caller runs its course.
async fn find(conn: &mut Conn, caller: &Can<WriteEnrollments>, id: GroupEnrollmentId) -> ApiResult<GroupEnrollmentRow> {
    let found = GroupEnrollment::find(conn, caller.tenant(), id).await?;
    let runs = |row: &GroupEnrollmentRow| caller.role == UserRole::Admin || row.instructor_id == Some(caller.user);
    found.filter(runs).ok_or(ApiError::NotFound("group enrollment"))
}

/// Show a group that learns a course.
#[utoipa::path(get, path = "/api/group-enrollments/{group_enrollment}/", tag = "enrollments",
    params(("group_enrollment" = GroupEnrollmentId, Path)), responses((status = OK, body = GroupEnrollmentOut)))]
pub async fn show_group_enrollment(
    caller: Can<WriteEnrollments>,
    Path(id): Path<GroupEnrollmentId>,
    db: Db,
) -> ApiResult<Json<GroupEnrollmentOut>> {
    let mut conn = db.conn().await?;
    Ok(Json(find(&mut conn, &caller, id).await?.into()))
}

/// Have a group learn a course no more. Who came with the group leaves, unless they have completed it.
#[utoipa::path(delete, path = "/api/group-enrollments/{group_enrollment}/", tag = "enrollments",
    params(("group_enrollment" = GroupEnrollmentId, Path)), responses((status = NO_CONTENT)))]
pub async fn delete_group_enrollment(
    caller: Can<WriteEnrollments>,
    Path(id): Path<GroupEnrollmentId>,
    db: Db,
) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    find(&mut conn, &caller, id).await?.enrollment.delete(&mut conn).await?;
    Ok(StatusCode::NO_CONTENT)
}
