//! Courses over HTTP.

mod answer;
mod body;
pub(super) mod lifecycle;

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use serde_json::Value;
use shared::courses::{
    Course, CourseChanges, CourseFilter, CourseKey, CourseStatus, DifficultyLevel, Module, NewCourse, Prerequisite,
    Viewer,
};
use shared::db::{Conn, Numbered};
use shared::ids::UserId;
use shared::users::UserRole;

use super::module::ModuleOut;
use super::policy::{self, Action};
use super::prerequisite::PrerequisiteOut;
use super::{ReadCourses, WriteCourses};
use crate::access::{Caller, Can};
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, CourseRef, Db, IfMatch, Listing, Paging, Path, Query, Tagged};

use answer::CourseDetailOut;
pub(super) use answer::{CourseOut, InstructorOut, PrerequisitesMetOut, UnmetCourseOut};
use body::{CreateCourse, ListCourses, Teacher, UpdateCourse};

/// List courses: administrators find all of the tenant, instructors their own and the published
/// ones, learners the published ones, and everybody the archived ones that they take part in.
#[utoipa::path(get, path = "/api/courses/", tag = "courses", params(ListCourses, Paging),
    responses((status = OK, body = Listing<CourseOut>)))]
pub async fn list_courses(
    caller: Can<ReadCourses>,
    paging: Paging,
    Query(wanted): Query<ListCourses>,
    db: Db,
) -> ApiResult<Json<Listing<CourseOut>>> {
    let viewer = match caller.role {
        UserRole::Admin => Viewer::Administrator(caller.user),
        UserRole::Instructor => Viewer::Instructor(caller.user),
        UserRole::Learner => Viewer::Learner(caller.user),
    };
    let filter = CourseFilter {
        search: wanted.search,
        status: wanted.status,
        category: wanted.category,
        difficulty_level: wanted.difficulty_level,
        instructor: wanted.instructor.map(|teacher| match teacher {
            Teacher::Me => caller.user,
            Teacher::Somebody(user) => user,
        }),
        enrolled: wanted.enrolled,
        max_duration: wanted.max_duration,
        ordering: wanted.ordering.unwrap_or_default(),
    };
    let mut conn = db.conn().await?;
    let page = Course::list(&mut conn, caller.tenant(), viewer, &filter, paging.numbered()).await?;
    Ok(paging.answer(page.map(|row| CourseOut::at(caller.at, row))))
}

/// Make a course, a draft unless said otherwise. An instructor's is their own.
#[utoipa::path(post, path = "/api/courses/", tag = "courses", request_body = CreateCourse,
    responses((status = CREATED, body = CourseOut)))]
pub async fn create_course(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    db: Db,
    Body(body): Body<CreateCourse>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Tagged<CourseOut>)> {
    let instructor_id = match caller.role {
        UserRole::Admin => body.instructor_id,
        UserRole::Instructor | UserRole::Learner => {
            refuse_giving_away(&caller, body.instructor_id.map(Some))?;
            Some(caller.user)
        }
    };
    let new = NewCourse {
        title: body.title.0,
        description: body.description,
        category: body.category,
        difficulty_level: body.difficulty_level.unwrap_or(DifficultyLevel::Beginner),
        estimated_duration: body.estimated_duration.unwrap_or(1),
        price_cents: body.price.map_or(0, |price| price.0),
        is_free: body.is_free,
        requires_approval: body.requires_approval,
        learning_objectives: body.learning_objectives,
        tags: body.tags,
        thumbnail: body.thumbnail.flatten(),
        instructor_id,
        status: body.status.unwrap_or(CourseStatus::Draft),
    };
    let mut conn = db.conn().await?;
    let course = Course::create(&mut conn, caller.tenant(), new, app.clock.now()).await?;
    let location = [(LOCATION, format!("/api/courses/{}/", course.id))];
    Ok((StatusCode::CREATED, location, shown(&mut conn, &caller, &course).await?))
}

/// An instructor's courses are their own, and only administrators give them to somebody else.
fn refuse_giving_away(caller: &Caller, instructor: Option<Option<UserId>>) -> ApiResult<()> {
    match instructor {
        Some(given) if caller.role != UserRole::Admin && given != Some(caller.user) => {
            Err(ApiError::Forbidden("Only an administrator gives a course to somebody else.".into()))
        }
        _ => Ok(()),
    }
}

/// A course that was changed, as it is now.
async fn shown<N>(conn: &mut Conn, caller: &Can<N>, course: &Course) -> ApiResult<Tagged<CourseOut>> {
    let row = Course::find_row(conn, caller.tenant(), CourseKey::Id(course.id), caller.user).await?;
    let row = row.ok_or(ApiError::NotFound("course"))?;
    Ok(Tagged(row.course.version, CourseOut::at(caller.at, row)))
}

/// Show a course with its modules, items and prerequisites. Texts and links are for those who take
/// part, and those who run it.
#[utoipa::path(get, path = "/api/courses/{course}/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug")), responses((status = OK, body = CourseDetailOut)))]
pub async fn show_course(
    caller: Can<ReadCourses>,
    Path(named): Path<CourseRef>,
    db: Db,
) -> ApiResult<Tagged<CourseDetailOut>> {
    let mut conn = db.conn().await?;
    let row = Course::find_row(&mut conn, caller.tenant(), policy::key(&named), caller.user).await?;
    let row = row.ok_or(ApiError::NotFound("course"))?;
    let seen = policy::settle(&caller, row.course.clone(), row.standing, Action::See, "course")?;
    // A course has no more of them than a page holds.
    let all = Numbered { number: 1, size: Numbered::LARGEST };
    let access = seen.access(&mut conn, &caller).await?;
    let modules = Module::list(&mut conn, &seen.course, &access, all).await?;
    let prerequisites = Prerequisite::list(&mut conn, &seen.course, seen.runs, all).await?;
    let unmet = seen.course.unmet_prerequisites(&mut conn, caller.user, seen.runs).await?;
    let detail = CourseDetailOut {
        course: CourseOut::at(caller.at, row),
        modules: modules.items.into_iter().map(ModuleOut::from).collect(),
        prerequisites_list: prerequisites.items.into_iter().map(PrerequisiteOut::from).collect(),
        prerequisites_met: unmet.into(),
    };
    Ok(Tagged(seen.course.version, detail))
}

/// Change a course.
#[utoipa::path(patch, path = "/api/courses/{course}/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug")), request_body = UpdateCourse,
    responses((status = OK, body = CourseOut), (status = 412, description = "Changed since it was read")))]
pub async fn update_course(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(named): Path<CourseRef>,
    IfMatch(version): IfMatch,
    db: Db,
    Body(body): Body<UpdateCourse>,
) -> ApiResult<Tagged<CourseOut>> {
    let mut conn = db.conn().await?;
    let seen = policy::course(&mut conn, &caller, &named, Action::Change).await?;
    refuse_giving_away(&caller, body.instructor_id)?;
    let changes = CourseChanges {
        title: body.title.map(|title| title.0),
        description: body.description,
        category: body.category,
        difficulty_level: body.difficulty_level,
        estimated_duration: body.estimated_duration,
        price_cents: body.price.map(|price| price.0),
        is_free: body.is_free,
        requires_approval: body.requires_approval,
        learning_objectives: body.learning_objectives.map(Value::from),
        tags: body.tags.map(Value::from),
        thumbnail: body.thumbnail,
        instructor_id: body.instructor_id,
        status: body.status,
    };
    let course = seen.course.update(&mut conn, changes, version, app.clock.now()).await?;
    shown(&mut conn, &caller, &course).await
}

/// Delete a course with all that is in it. One that people take part in is archived instead.
#[utoipa::path(delete, path = "/api/courses/{course}/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug")),
    responses((status = NO_CONTENT), (status = 409, description = "People take part in it")))]
pub async fn delete_course(caller: Can<WriteCourses>, Path(named): Path<CourseRef>, db: Db) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    let seen = policy::course(&mut conn, &caller, &named, Action::Change).await?;
    seen.course.delete(&mut conn).await?;
    Ok(StatusCode::NO_CONTENT)
}
