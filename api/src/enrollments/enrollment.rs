//! Enrollments over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::courses::CourseStatus;
use shared::db::Conn;
use shared::enrollments::{
    Audience, CourseBrief, Enrolled, EnrolledBy, Enrollment, EnrollmentCause, EnrollmentFilter, EnrollmentRow,
    EnrollmentStatus,
};
use shared::ids::{CourseId, EnrollmentId, GroupId, UserId};
use shared::users::{Person, UserRole};
use utoipa::{IntoParams, ToSchema};

use super::policy::{self, Action};
use super::{UseEnrollments, WriteEnrollments};
use crate::access::Can;
use crate::app::App;
use crate::courses::{Action as CourseAction, course_key, visible_course};
use crate::http::{ApiError, ApiResult, Body, CourseRef, Db, Listing, Paging, Path, Query, dated};

/// A course that somebody takes part in.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = EnrolledCourse)]
pub struct EnrolledCourseOut {
    id: CourseId,
    #[schema(example = "Advanced Python")]
    title: String,
    #[schema(example = "advanced-python")]
    slug: String,
    thumbnail: Option<String>,
    #[schema(inline)]
    status: CourseStatus,
}

impl From<CourseBrief> for EnrolledCourseOut {
    fn from(course: CourseBrief) -> Self {
        let CourseBrief { id, title, slug, thumbnail, status, instructor_id: _ } = course;
        Self { id, title, slug, thumbnail, status }
    }
}

/// Who takes part.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = EnrolledUser)]
pub struct EnrolledUserOut {
    id: UserId,
    #[schema(example = "alice.williams@acme.local")]
    email: String,
    #[schema(example = "Alice")]
    first_name: String,
    #[schema(example = "Williams")]
    last_name: String,
    #[schema(example = "Alice Williams")]
    full_name: String,
    avatar_url: Option<String>,
}

impl From<Person> for EnrolledUserOut {
    fn from(person: Person) -> Self {
        let full_name = person.full_name();
        let Person { id, email, first_name, last_name, avatar_url } = person;
        Self { id, email, first_name, last_name, full_name, avatar_url }
    }
}

/// A learner in a course.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Enrollment)]
pub struct EnrollmentOut {
    id: EnrollmentId,
    user: EnrolledUserOut,
    course: EnrolledCourseOut,
    #[schema(inline)]
    status: EnrollmentStatus,
    #[schema(example = "Active")]
    status_display: &'static str,
    /// Percent of the required items; 100 only when all are done.
    #[schema(example = 40)]
    progress_percentage: i16,
    enrolled_at: DateTime<Utc>,
    /// Why the status is what it is.
    #[schema(inline)]
    cause: EnrollmentCause,
    /// The group that it came with: who leaves that, leaves the course.
    group: Option<GroupId>,
    /// When they first took part.
    started_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
}

impl From<EnrollmentRow> for EnrollmentOut {
    fn from(row: EnrollmentRow) -> Self {
        let EnrollmentRow { enrollment, course, user } = row;
        let Enrollment {
            id,
            tenant_id: _,
            user_id: _,
            course_id: _,
            status,
            progress,
            enrolled_at,
            completed_at,
            expires_at,
            removed: _,
            updated_at,
            started_at,
            cause,
            group_id,
        } = enrollment;
        Self {
            id,
            user: user.into(),
            course: course.into(),
            status,
            status_display: display(status),
            progress_percentage: progress,
            enrolled_at,
            cause,
            group: group_id,
            started_at,
            completed_at,
            expires_at,
            updated_at,
        }
    }
}

/// How an enrollment stands, for people.
pub(super) const fn display(status: EnrollmentStatus) -> &'static str {
    match status {
        EnrollmentStatus::Pending => "Pending",
        EnrollmentStatus::Active => "Active",
        EnrollmentStatus::Completed => "Completed",
        EnrollmentStatus::Cancelled => "Cancelled",
        EnrollmentStatus::Expired => "Expired",
    }
}

/// Which enrollments.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListEnrollments {
    /// A course's id or slug.
    #[serde(alias = "course_id")]
    #[param(value_type = Option<String>, example = "advanced-python")]
    course: Option<CourseRef>,
    /// A learner's id.
    #[serde(alias = "user_id")]
    #[param(value_type = Option<String>)]
    user: Option<UserId>,
    /// In any case.
    #[param(inline)]
    status: Option<EnrollmentStatus>,
}

impl ListEnrollments {
    fn filter(&self) -> EnrollmentFilter<'_> {
        EnrollmentFilter { course: self.course.as_ref().map(course_key), user: self.user, status: self.status }
    }
}

/// Who enrolls in what.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateEnrollment {
    /// The course's id or slug.
    #[garde(skip)]
    #[schema(value_type = String, example = "advanced-python")]
    course: CourseRef,
    /// Somebody else, by the course's instructor or an administrator; the caller when left out.
    #[garde(skip)]
    user: Option<UserId>,
    /// `ACTIVE`, or `PENDING` to let it wait: for whoever enrolls somebody else.
    #[garde(inner(custom(may_begin)))]
    #[schema(inline)]
    status: Option<EnrollmentStatus>,
}

fn may_begin(status: &EnrollmentStatus, (): &()) -> garde::Result {
    match status {
        EnrollmentStatus::Active | EnrollmentStatus::Pending => Ok(()),
        _ => Err(garde::Error::new("An enrollment begins as ACTIVE or PENDING.")),
    }
}

/// List enrollments, newest first: administrators find the tenant's, instructors those in their
/// courses and their own, learners their own.
#[utoipa::path(get, path = "/api/enrollments/", tag = "enrollments", params(ListEnrollments, Paging),
    responses((status = OK, body = Listing<EnrollmentOut>)))]
pub async fn list_enrollments(
    caller: Can<UseEnrollments>,
    paging: Paging,
    Query(wanted): Query<ListEnrollments>,
    db: Db,
) -> ApiResult<Json<Listing<EnrollmentOut>>> {
    let audience = match caller.role {
        UserRole::Admin => Audience::Tenant,
        UserRole::Instructor => Audience::Instructor(caller.user),
        UserRole::Learner => Audience::Own(caller.user),
    };
    let mut conn = db.conn().await?;
    let page = Enrollment::list(&mut conn, caller.tenant(), audience, &wanted.filter(), paging.numbered()).await?;
    Ok(paging.answer(page))
}

/// List the caller's own enrollments, newest first.
#[utoipa::path(get, path = "/api/enrollments/my/", tag = "enrollments", params(ListEnrollments, Paging),
    responses((status = OK, body = Listing<EnrollmentOut>)))]
pub async fn list_my_enrollments(
    caller: Can<UseEnrollments>,
    paging: Paging,
    Query(wanted): Query<ListEnrollments>,
    db: Db,
) -> ApiResult<Json<Listing<EnrollmentOut>>> {
    let audience = Audience::Own(caller.user);
    let mut conn = db.conn().await?;
    let page = Enrollment::list(&mut conn, caller.tenant(), audience, &wanted.filter(), paging.numbered()).await?;
    Ok(paging.answer(page))
}

/// Enroll in a course, or somebody else in one's own course.
///
/// A course that is not free or asks for an approval gives a `PENDING` enrollment. Who is enrolled
/// already gets that enrollment with 200; who was once, comes back with what they had learned. A learner
/// whose time is over, or whom others have removed, waits for an approval to come back.
#[utoipa::path(post, path = "/api/enrollments/", tag = "enrollments", request_body = CreateEnrollment,
    responses((status = CREATED, body = EnrollmentOut), (status = OK, description = "There already, or there again", body = EnrollmentOut),
        (status = 409, description = "Not published, or other courses come first")))]
pub async fn create_enrollment(
    caller: Can<UseEnrollments>,
    State(app): State<App>,
    db: Db,
    Body(body): Body<CreateEnrollment>,
) -> ApiResult<Response> {
    let mut conn = db.conn().await?;
    let seen = match visible_course(&mut conn, &caller, &body.course, CourseAction::See).await {
        Err(ApiError::NotFound(_)) => return Err(ApiError::field("course", "No such course.")),
        other => other?,
    };
    let user = body.user.unwrap_or(caller.user);
    if !seen.runs && (user != caller.user || body.status.is_some_and(|status| status != EnrollmentStatus::Pending)) {
        return Err(ApiError::Forbidden("Others are enrolled by the course's instructor or an administrator.".into()));
    }
    // A superuser is nobody of this tenant, and learns nothing.
    if body.user.is_none() && caller.person.tenant_id != Some(caller.tenant()) {
        return Err(ApiError::field("user", "Say who is to be enrolled."));
    }
    let by = if seen.runs {
        EnrolledBy::Authority { pending: body.status == Some(EnrollmentStatus::Pending) }
    } else {
        EnrolledBy::Learner
    };
    let enrolled = Enrollment::enroll(&mut conn, &seen.course, user, by, app.clock.now()).await?;
    let (status, enrollment) = match enrolled {
        Enrolled::New(enrollment) => (StatusCode::CREATED, enrollment),
        Enrolled::Again(enrollment) | Enrolled::Already(enrollment) => (StatusCode::OK, enrollment),
    };
    let location = format!("/api/enrollments/{}/", enrollment.id);
    let Json(out) = shown(&mut conn, &enrollment).await?;
    Ok((status, [(LOCATION, location)], Json(out)).into_response())
}

async fn shown(conn: &mut Conn, enrollment: &Enrollment) -> ApiResult<Json<EnrollmentOut>> {
    let row = Enrollment::find(conn, enrollment.tenant_id, enrollment.id).await?;
    Ok(Json(row.ok_or(ApiError::NotFound("enrollment"))?.into()))
}

/// Show an enrollment.
#[utoipa::path(get, path = "/api/enrollments/{enrollment}/", tag = "enrollments",
    params(("enrollment" = EnrollmentId, Path)), responses((status = OK, body = EnrollmentOut)))]
pub async fn show_enrollment(
    caller: Can<UseEnrollments>,
    Path(id): Path<EnrollmentId>,
    db: Db,
) -> ApiResult<Json<EnrollmentOut>> {
    let mut conn = db.conn().await?;
    Ok(Json(policy::enrollment(&mut conn, &caller, id, Action::See).await?.into()))
}

/// How a learner is let in.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveEnrollment {
    /// When it ends: an instant that lies ahead. Left out, an end that was set before holds, unless it has passed.
    #[garde(skip)]
    #[serde(default, deserialize_with = "dated")]
    #[schema(example = "2099-12-31T23:00:00Z")]
    expires_at: Option<DateTime<Utc>>,
}

/// Let a learner in who waits for it.
#[utoipa::path(post, path = "/api/enrollments/{enrollment}/approve/", tag = "enrollments",
    params(("enrollment" = EnrollmentId, Path)), request_body = ApproveEnrollment,
    responses((status = OK, body = EnrollmentOut), (status = 409, description = "It does not wait")))]
pub async fn approve_enrollment(
    caller: Can<WriteEnrollments>,
    State(app): State<App>,
    Path(id): Path<EnrollmentId>,
    db: Db,
    body: Option<Body<ApproveEnrollment>>,
) -> ApiResult<Json<EnrollmentOut>> {
    let mut conn = db.conn().await?;
    let row = policy::enrollment(&mut conn, &caller, id, Action::Approve).await?;
    let (end, now) = (body.and_then(|Body(body)| body.expires_at), app.clock.now());
    if end.is_some_and(|end| end <= now) {
        return Err(ApiError::field("expires_at", "This has passed."));
    }
    let enrollment = row.enrollment.approve(&mut conn, end, now).await?;
    Ok(Json(EnrollmentRow { enrollment, ..row }.into()))
}

/// End an enrollment: one's own, or one in one's course. Progress is kept.
#[utoipa::path(post, path = "/api/enrollments/{enrollment}/cancel/", tag = "enrollments",
    params(("enrollment" = EnrollmentId, Path)),
    responses((status = OK, body = EnrollmentOut), (status = 409, description = "Completed, or ended already")))]
pub async fn cancel_enrollment(
    caller: Can<UseEnrollments>,
    State(app): State<App>,
    Path(id): Path<EnrollmentId>,
    db: Db,
) -> ApiResult<Json<EnrollmentOut>> {
    let mut conn = db.conn().await?;
    let row = policy::enrollment(&mut conn, &caller, id, Action::Cancel).await?;
    let enrollment = row.enrollment.cancel(&mut conn, caller.user, app.clock.now()).await?;
    Ok(Json(EnrollmentRow { enrollment, ..row }.into()))
}
