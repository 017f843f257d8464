//! Courses over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::courses::{
    Course, CourseChanges, CourseFilter, CourseKey, CourseOrdering, CourseRow, CourseStatus, DifficultyLevel, Module,
    NewCourse, Prerequisite, Viewer,
};
use shared::db::{Conn, Numbered};
use shared::enrollments::UnmetPrerequisite;
use shared::ids::{CourseId, EnrollmentId, TenantId, UserId};
use shared::users::{Person, UserRole};
use utoipa::{IntoParams, ToSchema};

use super::fields::{Price, Title, parsed, web_address};
use super::module::ModuleOut;
use super::policy::{self, Action};
use super::prerequisite::PrerequisiteOut;
use super::{ReadCourses, WriteCourses};
use crate::access::{Caller, Can};
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, CourseRef, Db, IfMatch, Listing, Paging, Path, Query, Tagged, present};

/// Who teaches a course.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Instructor)]
pub struct InstructorOut {
    id: UserId,
    #[schema(example = "John")]
    first_name: String,
    #[schema(example = "Smith")]
    last_name: String,
    #[schema(example = "John Smith")]
    full_name: String,
    avatar_url: Option<String>,
}

impl From<Person> for InstructorOut {
    fn from(person: Person) -> Self {
        let full_name = person.full_name();
        // The e-mail is between the instructor and the tenant's administrators.
        let Person { id, email: _, first_name, last_name, avatar_url } = person;
        Self { id, first_name, last_name, full_name, avatar_url }
    }
}

/// A course, and how the caller takes part in it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Course)]
pub struct CourseOut {
    id: CourseId,
    #[schema(example = "Advanced Python")]
    title: String,
    /// Stands for the id in addresses; stays when the title changes.
    #[schema(example = "advanced-python")]
    slug: String,
    #[schema(example = "Deep dive into Python")]
    description: String,
    #[schema(example = "programming")]
    category: String,
    #[schema(inline)]
    difficulty_level: DifficultyLevel,
    #[schema(example = "Advanced")]
    difficulty_level_display: &'static str,
    /// In hours.
    #[schema(example = 40)]
    estimated_duration: i32,
    /// With two decimals.
    #[schema(value_type = String, example = "49.90")]
    price: Price,
    is_free: bool,
    /// Enrolling oneself waits for an approval.
    requires_approval: bool,
    #[schema(value_type = Vec<String>, example = json!(["Write decorators"]))]
    learning_objectives: Value,
    #[schema(value_type = Vec<String>, example = json!(["python"]))]
    tags: Value,
    thumbnail: Option<String>,
    tenant: TenantId,
    #[schema(example = "Acme Learning")]
    tenant_name: String,
    instructor: Option<InstructorOut>,
    #[schema(inline)]
    status: CourseStatus,
    #[schema(example = "Published")]
    status_display: &'static str,
    /// When it was first published.
    published_at: Option<DateTime<Utc>>,
    module_count: i64,
    /// How many take part: active or completed.
    enrollment_count: i64,
    /// Whether the caller takes part.
    is_enrolled: bool,
    /// The caller's enrollment.
    enrollment_id: Option<EnrollmentId>,
    /// How far the caller is.
    progress_percentage: Option<i16>,
    /// For `If-Match`.
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<CourseRow> for CourseOut {
    fn from(row: CourseRow) -> Self {
        let CourseRow { course, tenant_name, instructor, module_count, enrollment_count, standing } = row;
        let Course {
            id,
            tenant_id,
            title,
            slug,
            description,
            category,
            difficulty_level,
            estimated_duration,
            price_cents,
            is_free,
            requires_approval,
            learning_objectives,
            tags,
            thumbnail,
            instructor_id: _,
            status,
            published_at,
            version,
            created_at,
            updated_at,
        } = course;
        Self {
            id,
            title,
            slug,
            description,
            category,
            difficulty_level,
            difficulty_level_display: match difficulty_level {
                DifficultyLevel::Beginner => "Beginner",
                DifficultyLevel::Intermediate => "Intermediate",
                DifficultyLevel::Advanced => "Advanced",
            },
            estimated_duration,
            price: Price(price_cents),
            is_free,
            requires_approval,
            learning_objectives,
            tags,
            thumbnail,
            tenant: tenant_id,
            tenant_name,
            instructor: instructor.map(InstructorOut::from),
            status,
            status_display: match status {
                CourseStatus::Draft => "Draft",
                CourseStatus::Published => "Published",
                CourseStatus::Archived => "Archived",
            },
            published_at,
            module_count,
            enrollment_count,
            is_enrolled: standing.is_some(),
            enrollment_id: standing.map(|standing| standing.id),
            progress_percentage: standing.map(|standing| standing.progress),
            version,
            created_at,
            updated_at,
        }
    }
}

/// A required course in which the caller is not far enough.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = UnmetCourse)]
pub struct UnmetCourseOut {
    id: CourseId,
    title: String,
    slug: String,
    /// `not_enrolled` or `not_completed`.
    #[schema(example = "not_completed")]
    reason: &'static str,
    current_progress: Option<i16>,
    required_completion: i16,
}

impl From<UnmetPrerequisite> for UnmetCourseOut {
    fn from(unmet: UnmetPrerequisite) -> Self {
        let UnmetPrerequisite { course, title, slug, progress, required } = unmet;
        Self {
            id: course,
            title,
            slug,
            reason: if progress.is_some() { "not_completed" } else { "not_enrolled" },
            current_progress: progress,
            required_completion: required,
        }
    }
}

/// Whether the caller has learned what a course asks for.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PrerequisitesMet)]
pub struct PrerequisitesMetOut {
    met: bool,
    unmet_count: usize,
    unmet_courses: Vec<UnmetCourseOut>,
}

/// A course with what is in it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CourseDetail)]
pub struct CourseDetailOut {
    #[serde(flatten)]
    course: CourseOut,
    /// In order, each with its items.
    modules: Vec<ModuleOut>,
    prerequisites_list: Vec<PrerequisiteOut>,
    prerequisites_met: PrerequisitesMetOut,
}

/// Which courses.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListCourses {
    /// In title, description or category.
    #[param(example = "python")]
    search: Option<String>,
    /// In any case.
    #[param(inline)]
    status: Option<CourseStatus>,
    /// In any case; `-`, `_` and a space are alike.
    category: Option<String>,
    #[param(inline)]
    difficulty_level: Option<DifficultyLevel>,
    /// `me`, or somebody's id.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = Option<String>, example = "me")]
    instructor: Option<Teacher>,
    /// Only those that the caller takes part in.
    #[serde(default, alias = "is_enrolled")]
    #[param(value_type = Option<bool>)]
    enrolled: bool,
    /// Hours at most.
    max_duration: Option<i32>,
    /// `title`, `created_at`, `estimated_duration` or `price`; with a minus the other way round.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = Option<String>, example = "-created_at")]
    ordering: Option<CourseOrdering>,
}

/// Whose courses.
#[derive(Debug, Clone, Copy)]
enum Teacher {
    Me,
    Somebody(UserId),
}

impl std::str::FromStr for Teacher {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "me" {
            return Ok(Self::Me);
        }
        text.parse().map(Self::Somebody).map_err(|_| "`me`, or somebody's id.")
    }
}

/// A new course.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCourse {
    #[garde(skip)]
    #[schema(value_type = String, min_length = 1, max_length = 255, example = "Advanced Python")]
    title: Title,
    /// Markdown, or HTML of which only formatting is kept.
    #[garde(length(chars, max = 100_000))]
    #[serde(default)]
    #[schema(example = "Deep dive into Python")]
    description: String,
    #[garde(length(chars, max = 100))]
    #[serde(default)]
    #[schema(example = "programming")]
    category: String,
    /// `beginner` unless said otherwise.
    #[garde(skip)]
    #[schema(inline)]
    difficulty_level: Option<DifficultyLevel>,
    /// In hours.
    #[garde(range(min = 0, max = 100_000))]
    estimated_duration: Option<i32>,
    #[garde(skip)]
    price: Option<Price>,
    /// Whether it has no price, unless said otherwise; a free course's price is zero.
    #[garde(skip)]
    is_free: Option<bool>,
    #[garde(skip)]
    #[serde(default)]
    requires_approval: bool,
    #[garde(length(max = 100), inner(length(chars, max = 500)))]
    #[serde(default)]
    learning_objectives: Vec<String>,
    #[garde(length(max = 100), inner(length(chars, max = 100)))]
    #[serde(default)]
    tags: Vec<String>,
    /// The address of a picture.
    #[garde(skip)]
    #[serde(default, deserialize_with = "web_address")]
    #[schema(value_type = Option<String>)]
    thumbnail: Option<Option<String>>,
    /// Who teaches it: an administrator says, an instructor's courses are their own.
    #[garde(skip)]
    instructor_id: Option<UserId>,
    /// `DRAFT` unless said otherwise.
    #[garde(skip)]
    #[schema(inline)]
    status: Option<CourseStatus>,
}

/// Changes of a course. What is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateCourse {
    #[garde(skip)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255, example = "Advanced Python")]
    title: Option<Title>,
    #[garde(length(chars, max = 100_000))]
    description: Option<String>,
    #[garde(length(chars, max = 100))]
    category: Option<String>,
    #[garde(skip)]
    #[schema(inline)]
    difficulty_level: Option<DifficultyLevel>,
    /// In hours.
    #[garde(range(min = 0, max = 100_000))]
    estimated_duration: Option<i32>,
    #[garde(skip)]
    price: Option<Price>,
    #[garde(skip)]
    is_free: Option<bool>,
    #[garde(skip)]
    requires_approval: Option<bool>,
    #[garde(length(max = 100), inner(inner(length(chars, max = 500))))]
    learning_objectives: Option<Vec<String>>,
    #[garde(length(max = 100), inner(inner(length(chars, max = 100))))]
    tags: Option<Vec<String>>,
    #[garde(skip)]
    #[serde(default, deserialize_with = "web_address")]
    #[schema(value_type = Option<String>)]
    thumbnail: Option<Option<String>>,
    /// Only an administrator gives a course to somebody else.
    #[garde(skip)]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<UserId>)]
    instructor_id: Option<Option<UserId>>,
    #[garde(skip)]
    #[schema(inline)]
    status: Option<CourseStatus>,
}

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
    Ok(paging.answer(page))
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
    Ok(Tagged(row.course.version, row.into()))
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
    let modules = Module::list(&mut conn, &seen.course, seen.depth, all).await?;
    let prerequisites = Prerequisite::list(&mut conn, &seen.course, all).await?;
    let unmet = seen.course.unmet_prerequisites(&mut conn, caller.user).await?;
    let detail = CourseDetailOut {
        course: row.into(),
        modules: modules.items.into_iter().map(|module| ModuleOut::seen(module, seen.depth)).collect(),
        prerequisites_list: prerequisites.items.into_iter().map(PrerequisiteOut::from).collect(),
        prerequisites_met: PrerequisitesMetOut {
            met: unmet.is_empty(),
            unmet_count: unmet.len(),
            unmet_courses: unmet.into_iter().map(UnmetCourseOut::from).collect(),
        },
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
