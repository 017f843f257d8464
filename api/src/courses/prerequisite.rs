//! Prerequisites over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::courses::{
    CourseLink, NewPrerequisite, Prerequisite, PrerequisiteChanges, PrerequisiteRow, PrerequisiteType,
};
use shared::db::Conn;
use shared::ids::{CourseId, PrerequisiteId};
use utoipa::ToSchema;

use super::course::PrerequisitesMetOut;
use super::policy::{self, Action, Seen};
use super::{ReadCourses, WriteCourses};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, CourseRef, Db, Listing, Paging, Path};

/// A course that should be learned before another.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Prerequisite)]
pub struct PrerequisiteOut {
    id: PrerequisiteId,
    course: CourseId,
    prerequisite_course: CourseId,
    #[schema(example = "Introduction to Python")]
    prerequisite_course_title: String,
    #[schema(example = "introduction-to-python")]
    prerequisite_course_slug: String,
    #[schema(inline)]
    prerequisite_type: PrerequisiteType,
    #[schema(example = "Required")]
    prerequisite_type_display: &'static str,
    /// Percent of the other course.
    #[schema(example = 100)]
    minimum_completion_percentage: i16,
    created_at: DateTime<Utc>,
}

impl From<PrerequisiteRow> for PrerequisiteOut {
    fn from(row: PrerequisiteRow) -> Self {
        let PrerequisiteRow { prerequisite, title, slug } = row;
        let Prerequisite {
            id,
            tenant_id: _,
            course_id,
            prerequisite_course_id,
            prerequisite_type,
            minimum_completion_percentage,
            created_at,
        } = prerequisite;
        Self {
            id,
            course: course_id,
            prerequisite_course: prerequisite_course_id,
            prerequisite_course_title: title,
            prerequisite_course_slug: slug,
            prerequisite_type,
            prerequisite_type_display: display(prerequisite_type),
            minimum_completion_percentage,
            created_at,
        }
    }
}

/// How strongly something is asked for, for people.
pub(super) const fn display(kind: PrerequisiteType) -> &'static str {
    match kind {
        PrerequisiteType::Required => "Required",
        PrerequisiteType::Recommended => "Recommended",
        PrerequisiteType::Corequisite => "Corequisite",
    }
}

/// A course of a chain.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CourseLink)]
pub struct CourseLinkOut {
    id: CourseId,
    #[schema(example = "Introduction to Python")]
    title: String,
    #[schema(example = "introduction-to-python")]
    slug: String,
}

impl From<CourseLink> for CourseLinkOut {
    fn from(link: CourseLink) -> Self {
        let CourseLink { id, title, slug } = link;
        Self { id, title, slug }
    }
}

/// Everything that is required before a course, in the order of study.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PrerequisiteChain)]
pub struct PrerequisiteChainOut {
    course: CourseLinkOut,
    /// Two hundred at most.
    chain: Vec<CourseLinkOut>,
}

/// Another course to be learned before.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePrerequisite {
    /// Its id or slug.
    #[garde(skip)]
    #[schema(value_type = String, example = "introduction-to-python")]
    prerequisite_course: CourseRef,
    /// `REQUIRED` unless said otherwise.
    #[garde(skip)]
    #[schema(inline)]
    prerequisite_type: Option<PrerequisiteType>,
    /// Percent; 100 unless said otherwise.
    #[garde(range(min = 0, max = 100))]
    #[schema(example = 100)]
    minimum_completion_percentage: Option<i16>,
}

/// Changes of a prerequisite. What is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdatePrerequisite {
    /// Cannot be changed: the same one is understood.
    #[garde(skip)]
    #[schema(value_type = Option<String>)]
    prerequisite_course: Option<CourseRef>,
    #[garde(skip)]
    #[schema(inline)]
    prerequisite_type: Option<PrerequisiteType>,
    #[garde(range(min = 0, max = 100))]
    minimum_completion_percentage: Option<i16>,
}

/// List what should be learned before a course. Drafts are for those who run the course.
#[utoipa::path(get, path = "/api/courses/{course}/prerequisites/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug"), Paging),
    responses((status = OK, body = Listing<PrerequisiteOut>)))]
pub async fn list_prerequisites(
    caller: Can<ReadCourses>,
    Path(named): Path<CourseRef>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<PrerequisiteOut>>> {
    let mut conn = db.conn().await?;
    let seen = policy::course(&mut conn, &caller, &named, Action::See).await?;
    Ok(paging.answer(Prerequisite::list(&mut conn, &seen.course, seen.runs, paging.numbered()).await?))
}

/// Ask for another course before this one. What is `REQUIRED` is enforced when learners enroll.
#[utoipa::path(post, path = "/api/courses/{course}/prerequisites/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug")), request_body = CreatePrerequisite,
    responses((status = CREATED, body = PrerequisiteOut), (status = 409, description = "A circle, or there already")))]
pub async fn create_prerequisite(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(named): Path<CourseRef>,
    db: Db,
    Body(body): Body<CreatePrerequisite>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Json<PrerequisiteOut>)> {
    let mut conn = db.conn().await?;
    let seen = policy::course(&mut conn, &caller, &named, Action::Change).await?;
    // A draft of somebody else does not exist for the caller.
    let before = match policy::course(&mut conn, &caller, &body.prerequisite_course, Action::See).await {
        Err(ApiError::NotFound(_)) => return Err(ApiError::field("prerequisite_course", "No such course.")),
        other => other?.course,
    };
    if before.id == seen.course.id {
        return Err(ApiError::field("prerequisite_course", "A course does not come before itself."));
    }
    let new = NewPrerequisite {
        prerequisite_type: body.prerequisite_type.unwrap_or(PrerequisiteType::Required),
        minimum_completion_percentage: body.minimum_completion_percentage.unwrap_or(100),
    };
    let row = Prerequisite::create(&mut conn, &seen.course, &before, new, app.clock.now()).await?;
    let location = format!("/api/courses/{}/prerequisites/{}/", seen.course.id, row.prerequisite.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(row.into())))
}

/// Show everything that is required before a course, directly or by others, in the order of study.
/// Drafts are for those who run the course.
#[utoipa::path(get, path = "/api/courses/{course}/prerequisites/chain/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug")),
    responses((status = OK, body = PrerequisiteChainOut)))]
pub async fn show_prerequisite_chain(
    caller: Can<ReadCourses>,
    Path(named): Path<CourseRef>,
    db: Db,
) -> ApiResult<Json<PrerequisiteChainOut>> {
    let mut conn = db.conn().await?;
    let Seen { course, runs, .. } = policy::course(&mut conn, &caller, &named, Action::See).await?;
    let chain = course.prerequisite_chain(&mut conn, runs).await?;
    let course = CourseLinkOut { id: course.id, title: course.title, slug: course.slug };
    Ok(Json(PrerequisiteChainOut { course, chain: chain.into_iter().map(CourseLinkOut::from).collect() }))
}

/// Tell whether the caller has learned what a course asks for.
#[utoipa::path(get, path = "/api/courses/{course}/prerequisites/check/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug")),
    responses((status = OK, body = PrerequisitesMetOut)))]
pub async fn check_prerequisites(
    caller: Can<ReadCourses>,
    Path(named): Path<CourseRef>,
    db: Db,
) -> ApiResult<Json<PrerequisitesMetOut>> {
    let mut conn = db.conn().await?;
    let seen = policy::course(&mut conn, &caller, &named, Action::See).await?;
    Ok(Json(seen.course.unmet_prerequisites(&mut conn, caller.user, seen.runs).await?.into()))
}

/// Show what should be learned before a course.
#[utoipa::path(get, path = "/api/courses/{course}/prerequisites/{prerequisite}/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug"), ("prerequisite" = PrerequisiteId, Path)),
    responses((status = OK, body = PrerequisiteOut)))]
pub async fn show_prerequisite(
    caller: Can<ReadCourses>,
    Path((named, id)): Path<(CourseRef, PrerequisiteId)>,
    db: Db,
) -> ApiResult<Json<PrerequisiteOut>> {
    let mut conn = db.conn().await?;
    Ok(Json(find(&mut conn, &caller, &named, id, Action::See).await?.into()))
}

async fn find<N>(
    conn: &mut Conn,
    caller: &Can<N>,
    named: &CourseRef,
    id: PrerequisiteId,
    action: Action,
) -> ApiResult<PrerequisiteRow> {
    let Seen { course, runs, .. } = policy::course(conn, caller, named, action).await?;
    Prerequisite::find(conn, &course, id, runs).await?.ok_or(ApiError::NotFound("prerequisite"))
}

/// Change how strongly another course is asked for.
#[utoipa::path(patch, path = "/api/courses/{course}/prerequisites/{prerequisite}/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug"), ("prerequisite" = PrerequisiteId, Path)),
    request_body = UpdatePrerequisite, responses((status = OK, body = PrerequisiteOut)))]
pub async fn update_prerequisite(
    caller: Can<WriteCourses>,
    Path((named, id)): Path<(CourseRef, PrerequisiteId)>,
    db: Db,
    Body(body): Body<UpdatePrerequisite>,
) -> ApiResult<Json<PrerequisiteOut>> {
    let mut conn = db.conn().await?;
    let row = find(&mut conn, &caller, &named, id, Action::Change).await?;
    let same = body.prerequisite_course.is_none_or(|course| match course {
        CourseRef::Id(id) => id == row.prerequisite.prerequisite_course_id,
        CourseRef::Slug(slug) => slug == row.slug,
    });
    if !same {
        return Err(ApiError::field("prerequisite_course", "Delete this one and ask for the other."));
    }
    let changes = PrerequisiteChanges {
        prerequisite_type: body.prerequisite_type,
        minimum_completion_percentage: body.minimum_completion_percentage,
    };
    let prerequisite = row.prerequisite.update(&mut conn, changes).await?;
    Ok(Json(PrerequisiteRow { prerequisite, ..row }.into()))
}

/// Ask for another course no more.
#[utoipa::path(delete, path = "/api/courses/{course}/prerequisites/{prerequisite}/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug"), ("prerequisite" = PrerequisiteId, Path)),
    responses((status = NO_CONTENT)))]
pub async fn delete_prerequisite(
    caller: Can<WriteCourses>,
    Path((named, id)): Path<(CourseRef, PrerequisiteId)>,
    db: Db,
) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    find(&mut conn, &caller, &named, id, Action::Change).await?.prerequisite.delete(&mut conn).await?;
    Ok(StatusCode::NO_CONTENT)
}
