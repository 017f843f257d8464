//! The ways of a course over HTTP.

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use shared::courses::Copied;

use super::answer::CourseOut;
use super::body::CloneCourse;
use super::shown;
use crate::access::Can;
use crate::app::App;
use crate::courses::WriteCourses;
use crate::courses::policy::{self, Action};
use crate::http::{ApiResult, Body, CourseRef, Db, Path, Tagged};

/// Open a course to learners.
#[utoipa::path(post, path = "/api/courses/{course}/publish/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug")),
    responses((status = OK, body = CourseOut), (status = 409, description = "Published already")))]
pub async fn publish_course(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(named): Path<CourseRef>,
    db: Db,
) -> ApiResult<Tagged<CourseOut>> {
    let mut conn = db.conn().await?;
    let seen = policy::course(&mut conn, &caller, &named, Action::Change).await?;
    let course = seen.course.publish(&mut conn, app.clock.now()).await?;
    shown(&mut conn, &caller, &course).await
}

/// Close a course to those who do not take part yet.
#[utoipa::path(post, path = "/api/courses/{course}/archive/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug")),
    responses((status = OK, body = CourseOut), (status = 409, description = "Archived already")))]
pub async fn archive_course(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(named): Path<CourseRef>,
    db: Db,
) -> ApiResult<Tagged<CourseOut>> {
    let mut conn = db.conn().await?;
    let seen = policy::course(&mut conn, &caller, &named, Action::Change).await?;
    let course = seen.course.archive(&mut conn, app.clock.now()).await?;
    shown(&mut conn, &caller, &course).await
}

/// Open an archived course again: published if it ever was, else a draft.
#[utoipa::path(post, path = "/api/courses/{course}/unarchive/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug")),
    responses((status = OK, body = CourseOut), (status = 409, description = "Not archived")))]
pub async fn unarchive_course(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(named): Path<CourseRef>,
    db: Db,
) -> ApiResult<Tagged<CourseOut>> {
    let mut conn = db.conn().await?;
    let seen = policy::course(&mut conn, &caller, &named, Action::Change).await?;
    let course = seen.course.unarchive(&mut conn, app.clock.now()).await?;
    shown(&mut conn, &caller, &course).await
}

/// Copy a course with its modules, items and prerequisites: a draft of the caller's own.
///
/// What is in a very large course follows in the background; the answer is 202 then.
#[utoipa::path(post, path = "/api/courses/{course}/clone/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug")), request_body = CloneCourse,
    responses((status = CREATED, body = CourseOut),
        (status = ACCEPTED, description = "It is there, and what is in it follows", body = CourseOut)))]
pub async fn clone_course(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(named): Path<CourseRef>,
    db: Db,
    body: Option<Body<CloneCourse>>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Tagged<CourseOut>)> {
    let body = body.map(|Body(body)| body).unwrap_or_default();
    let mut conn = db.conn().await?;
    let seen = policy::course(&mut conn, &caller, &named, Action::Change).await?;
    let title = body.title.map(|title| title.0);
    let copied = seen.course.copy(&mut conn, title, policy::author(&caller), app.clock.now()).await?;
    let (status, course) = match copied {
        Copied::Whole(course) => (StatusCode::CREATED, course),
        Copied::Begun(course) => (StatusCode::ACCEPTED, course),
    };
    let location = [(LOCATION, format!("/api/courses/{}/", course.id))];
    Ok((status, location, shown(&mut conn, &caller, &course).await?))
}
