//! Prerequisites of modules over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::courses::{ModuleLink, ModulePrerequisite, ModulePrerequisiteRow, PrerequisiteType, UnmetModule};
use shared::db::Conn;
use shared::ids::{ModuleId, ModulePrerequisiteId};
use utoipa::ToSchema;

use super::policy::{self, Action};
use super::prerequisite::display;
use super::{ReadCourses, WriteCourses};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, Listing, Paging, Path};

/// A module that should be done before another.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ModulePrerequisite)]
pub struct ModulePrerequisiteOut {
    id: ModulePrerequisiteId,
    module: ModuleId,
    prerequisite_module: ModuleId,
    #[schema(example = "Functions")]
    prerequisite_module_title: String,
    #[schema(example = 1)]
    prerequisite_module_order: i32,
    #[schema(inline)]
    prerequisite_type: PrerequisiteType,
    #[schema(example = "Required")]
    prerequisite_type_display: &'static str,
    /// Whether the caller has done all that it requires.
    is_met: bool,
    created_at: DateTime<Utc>,
}

impl From<ModulePrerequisiteRow> for ModulePrerequisiteOut {
    fn from(row: ModulePrerequisiteRow) -> Self {
        let is_met = row.is_met();
        let ModulePrerequisiteRow { prerequisite, title, position, in_draft: _, required: _, done: _ } = row;
        let ModulePrerequisite {
            id,
            tenant_id: _,
            course_id: _,
            module_id,
            prerequisite_course_id: _,
            prerequisite_module_id,
            prerequisite_type,
            created_at,
        } = prerequisite;
        Self {
            id,
            module: module_id,
            prerequisite_module: prerequisite_module_id,
            prerequisite_module_title: title,
            prerequisite_module_order: position,
            prerequisite_type,
            prerequisite_type_display: display(prerequisite_type),
            is_met,
            created_at,
        }
    }
}

/// A required module that the caller has not done. One of a draft is required like others, and has no
/// name for those who do not run the course.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = UnmetModule)]
pub struct UnmetModuleOut {
    id: Option<ModuleId>,
    title: Option<String>,
    #[schema(example = "not_completed")]
    reason: &'static str,
    /// Required items that are done.
    completed_items: i64,
    /// Required items in all.
    required_items: i64,
}

impl From<UnmetModule> for UnmetModuleOut {
    fn from(unmet: UnmetModule) -> Self {
        let UnmetModule { module, done, required } = unmet;
        let (id, title) = module.map(|ModuleLink { id, title }| (id, title)).unzip();
        Self { id, title, reason: "not_completed", completed_items: done, required_items: required }
    }
}

/// Whether the caller has done what a module asks for.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ModulePrerequisitesMet)]
pub struct ModulePrerequisitesMetOut {
    met: bool,
    unmet_count: usize,
    unmet_modules: Vec<UnmetModuleOut>,
}

impl FromIterator<UnmetModule> for ModulePrerequisitesMetOut {
    fn from_iter<T: IntoIterator<Item = UnmetModule>>(unmet: T) -> Self {
        let unmet_modules: Vec<_> = unmet.into_iter().map(UnmetModuleOut::from).collect();
        Self { met: unmet_modules.is_empty(), unmet_count: unmet_modules.len(), unmet_modules }
    }
}

/// Another module to be done before.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateModulePrerequisite {
    /// One of the same course, or of a course that the course asks for.
    #[garde(skip)]
    prerequisite_module: ModuleId,
    /// `REQUIRED` unless said otherwise: the module is shut until that one is done.
    #[garde(skip)]
    #[schema(inline)]
    prerequisite_type: Option<PrerequisiteType>,
}

/// Changes of a module's prerequisite.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateModulePrerequisite {
    #[garde(skip)]
    #[schema(inline)]
    prerequisite_type: Option<PrerequisiteType>,
}

/// List what should be done before a module. What is in a draft is for those who run the course.
#[utoipa::path(get, path = "/api/modules/{module}/prerequisites/", tag = "courses",
    params(("module" = ModuleId, Path), Paging), responses((status = OK, body = Listing<ModulePrerequisiteOut>)))]
pub async fn list_module_prerequisites(
    caller: Can<ReadCourses>,
    Path(id): Path<ModuleId>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<ModulePrerequisiteOut>>> {
    let mut conn = db.conn().await?;
    let (module, seen) = policy::module(&mut conn, &caller, id, Action::See).await?;
    let page = paging.numbered();
    Ok(paging.answer(ModulePrerequisite::list(&mut conn, &module, caller.user, seen.runs, page).await?))
}

/// Tell whether the caller has done what a module asks for.
#[utoipa::path(get, path = "/api/modules/{module}/prerequisites/check/", tag = "courses",
    params(("module" = ModuleId, Path)), responses((status = OK, body = ModulePrerequisitesMetOut)))]
pub async fn check_module_prerequisites(
    caller: Can<ReadCourses>,
    Path(id): Path<ModuleId>,
    db: Db,
) -> ApiResult<Json<ModulePrerequisitesMetOut>> {
    let mut conn = db.conn().await?;
    let (module, seen) = policy::module(&mut conn, &caller, id, Action::See).await?;
    let access = seen.access(&mut conn, &caller).await?;
    Ok(Json(access.unmet_modules(module.id).collect()))
}

/// Ask for another module before this one. What is `REQUIRED` keeps this one shut.
#[utoipa::path(post, path = "/api/modules/{module}/prerequisites/", tag = "courses",
    params(("module" = ModuleId, Path)), request_body = CreateModulePrerequisite,
    responses((status = CREATED, body = ModulePrerequisiteOut), (status = 409, description = "A circle, or there already")))]
pub async fn create_module_prerequisite(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(id): Path<ModuleId>,
    db: Db,
    Body(body): Body<CreateModulePrerequisite>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Json<ModulePrerequisiteOut>)> {
    let mut conn = db.conn().await?;
    let (module, _) = policy::module(&mut conn, &caller, id, Action::Change).await?;
    let before = match policy::module(&mut conn, &caller, body.prerequisite_module, Action::See).await {
        Err(ApiError::NotFound(_)) => return Err(ApiError::field("prerequisite_module", "No such module.")),
        other => other?.0,
    };
    if before.id == module.id {
        return Err(ApiError::field("prerequisite_module", "A module does not come before itself."));
    }
    let kind = body.prerequisite_type.unwrap_or(PrerequisiteType::Required);
    let now = app.clock.now();
    let row = ModulePrerequisite::create(&mut conn, &module, &before, kind, caller.user, now).await?;
    let location = format!("/api/modules/{}/prerequisites/{}/", module.id, row.prerequisite.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(row.into())))
}

async fn find<N>(
    conn: &mut Conn,
    caller: &Can<N>,
    (module, id): (ModuleId, ModulePrerequisiteId),
    action: Action,
) -> ApiResult<ModulePrerequisiteRow> {
    let (module, seen) = policy::module(conn, caller, module, action).await?;
    let row = ModulePrerequisite::find(conn, &module, id, caller.user).await?;
    row.filter(|row| seen.runs || !row.in_draft).ok_or(ApiError::NotFound("prerequisite"))
}

/// Show what should be done before a module.
#[utoipa::path(get, path = "/api/modules/{module}/prerequisites/{module_prerequisite}/", tag = "courses",
    params(("module" = ModuleId, Path), ("module_prerequisite" = ModulePrerequisiteId, Path)),
    responses((status = OK, body = ModulePrerequisiteOut)))]
pub async fn show_module_prerequisite(
    caller: Can<ReadCourses>,
    Path(ids): Path<(ModuleId, ModulePrerequisiteId)>,
    db: Db,
) -> ApiResult<Json<ModulePrerequisiteOut>> {
    let mut conn = db.conn().await?;
    Ok(Json(find(&mut conn, &caller, ids, Action::See).await?.into()))
}

/// Change how strongly another module is asked for.
#[utoipa::path(patch, path = "/api/modules/{module}/prerequisites/{module_prerequisite}/", tag = "courses",
    params(("module" = ModuleId, Path), ("module_prerequisite" = ModulePrerequisiteId, Path)),
    request_body = UpdateModulePrerequisite, responses((status = OK, body = ModulePrerequisiteOut)))]
pub async fn update_module_prerequisite(
    caller: Can<WriteCourses>,
    Path(ids): Path<(ModuleId, ModulePrerequisiteId)>,
    db: Db,
    Body(body): Body<UpdateModulePrerequisite>,
) -> ApiResult<Json<ModulePrerequisiteOut>> {
    let mut conn = db.conn().await?;
    let row = find(&mut conn, &caller, ids, Action::Change).await?;
    let kind = body.prerequisite_type.unwrap_or(row.prerequisite.prerequisite_type);
    let prerequisite = row.prerequisite.update(&mut conn, kind).await?;
    Ok(Json(ModulePrerequisiteRow { prerequisite, ..row }.into()))
}

/// Ask for another module no more.
#[utoipa::path(delete, path = "/api/modules/{module}/prerequisites/{module_prerequisite}/", tag = "courses",
    params(("module" = ModuleId, Path), ("module_prerequisite" = ModulePrerequisiteId, Path)),
    responses((status = NO_CONTENT)))]
pub async fn delete_module_prerequisite(
    caller: Can<WriteCourses>,
    Path(ids): Path<(ModuleId, ModulePrerequisiteId)>,
    db: Db,
) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    find(&mut conn, &caller, ids, Action::Change).await?.prerequisite.delete(&mut conn).await?;
    Ok(StatusCode::NO_CONTENT)
}
