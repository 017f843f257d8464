//! Modules over HTTP.

mod answer;
mod body;

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use shared::courses::{Module, ModuleChanges, NewModule, WantedModule, WindowChanges};
use shared::db::{Conn, Numbered};
use shared::ids::ModuleId;

use super::policy::{self, Action, Seen};
use super::{ReadCourses, WriteCourses};
use crate::access::{Caller, Can};
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, CourseRef, Db, IfMatch, Listing, Paging, Path, Tagged};

pub(super) use answer::ModuleOut;
use body::{CreateModule, ReorderModules, ReplaceModules, UpdateModule};

/// List a course's modules with their items. The tag is that of all of them, for who replaces them.
#[utoipa::path(get, path = "/api/courses/{course}/modules/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug"), Paging),
    responses((status = OK, body = Listing<ModuleOut>)))]
pub async fn list_modules(
    caller: Can<ReadCourses>,
    Path(named): Path<CourseRef>,
    paging: Paging,
    db: Db,
) -> ApiResult<Tagged<Listing<ModuleOut>>> {
    let mut conn = db.conn().await?;
    let seen = policy::course(&mut conn, &caller, &named, Action::See).await?;
    let access = seen.access(&mut conn, &caller).await?;
    // Asked first: what changes meanwhile is newer than the tag, which is then no good.
    let version = seen.course.outline_version(&mut conn).await?;
    let Json(page) = paging.answer(Module::list(&mut conn, &seen.course, &access, paging.numbered()).await?);
    Ok(Tagged(version, page))
}

/// Add a module to a course.
#[utoipa::path(post, path = "/api/courses/{course}/modules/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug")), request_body = CreateModule,
    responses((status = CREATED, body = ModuleOut)))]
pub async fn create_module(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(named): Path<CourseRef>,
    db: Db,
    Body(body): Body<CreateModule>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Tagged<ModuleOut>)> {
    let mut conn = db.conn().await?;
    let seen = policy::course(&mut conn, &caller, &named, Action::Change).await?;
    let window = body.window();
    let new = NewModule { title: body.title.0, description: body.description, position: body.order, window };
    let module = Module::create(&mut conn, &seen.course, new, app.clock.now()).await?;
    let location = [(LOCATION, format!("/api/modules/{}/", module.id))];
    let made = seen.access(&mut conn, &caller).await?.show_module(module, Vec::new());
    Ok((StatusCode::CREATED, location, Tagged(made.module.version, made.into())))
}

/// Put a course's modules in another order, all at once.
#[utoipa::path(post, path = "/api/courses/{course}/modules/reorder/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug")), request_body = ReorderModules,
    responses((status = OK, body = [ModuleOut])))]
pub async fn reorder_modules(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(named): Path<CourseRef>,
    db: Db,
    Body(body): Body<ReorderModules>,
) -> ApiResult<Tagged<Vec<ModuleOut>>> {
    let mut conn = db.conn().await?;
    let seen = policy::course(&mut conn, &caller, &named, Action::Change).await?;
    Module::reorder(&mut conn, &seen.course, &body.modules, app.clock.now()).await?;
    all(&mut conn, &caller, &seen).await
}

/// All modules of a course, which has no more of them than a page holds.
async fn all(conn: &mut Conn, caller: &Can<WriteCourses>, seen: &Seen) -> ApiResult<Tagged<Vec<ModuleOut>>> {
    let all = Numbered { number: 1, size: Numbered::LARGEST };
    let access = seen.access(conn, caller).await?;
    let version = seen.course.outline_version(conn).await?;
    let modules = Module::list(conn, &seen.course, &access, all).await?;
    Ok(Tagged(version, modules.items.into_iter().map(ModuleOut::from).collect()))
}

/// Replace a course's modules, all at once: make, rename, reorder and delete modules, move and delete
/// items. With the tag of their list in `If-Match`, nothing is deleted that one has not seen.
#[utoipa::path(put, path = "/api/courses/{course}/modules/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug")), request_body = ReplaceModules,
    responses((status = OK, body = [ModuleOut]), (status = 412, description = "Changed since it was read")))]
pub async fn replace_modules(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(named): Path<CourseRef>,
    IfMatch(version): IfMatch,
    db: Db,
    Body(body): Body<ReplaceModules>,
) -> ApiResult<Tagged<Vec<ModuleOut>>> {
    let mut conn = db.conn().await?;
    let seen = policy::course(&mut conn, &caller, &named, Action::Change).await?;
    let wanted = body.modules.into_iter().map(WantedModule::from).collect();
    Module::replace_all(&mut conn, &seen.course, wanted, version, app.clock.now()).await?;
    all(&mut conn, &caller, &seen).await
}

async fn shown(conn: &mut Conn, caller: &Caller, module: Module, seen: &Seen) -> ApiResult<Tagged<ModuleOut>> {
    let access = seen.access(conn, caller).await?;
    let mut with_items = Module::with_items(conn, vec![module], &access).await?;
    let module = with_items.pop().ok_or(ApiError::NotFound("module"))?;
    Ok(Tagged(module.module.version, module.into()))
}

/// Show a module with its items.
#[utoipa::path(get, path = "/api/modules/{module}/", tag = "courses", params(("module" = ModuleId, Path)),
    responses((status = OK, body = ModuleOut)))]
pub async fn show_module(caller: Can<ReadCourses>, Path(id): Path<ModuleId>, db: Db) -> ApiResult<Tagged<ModuleOut>> {
    let mut conn = db.conn().await?;
    let (module, seen) = policy::module(&mut conn, &caller, id, Action::See).await?;
    shown(&mut conn, &caller, module, &seen).await
}

/// Change a module.
#[utoipa::path(patch, path = "/api/modules/{module}/", tag = "courses", params(("module" = ModuleId, Path)),
    request_body = UpdateModule,
    responses((status = OK, body = ModuleOut), (status = 412, description = "Changed since it was read")))]
pub async fn update_module(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(id): Path<ModuleId>,
    IfMatch(version): IfMatch,
    db: Db,
    Body(body): Body<UpdateModule>,
) -> ApiResult<Tagged<ModuleOut>> {
    let mut conn = db.conn().await?;
    let (module, seen) = policy::module(&mut conn, &caller, id, Action::Change).await?;
    let UpdateModule { title, description, order, release_at, release_after_days, available_until } = body;
    let window = WindowChanges { release_at, release_after_days, available_until };
    let changes = ModuleChanges { title: title.map(|title| title.0), description, position: order, window };
    let module = module.update(&mut conn, changes, version, app.clock.now()).await?;
    shown(&mut conn, &caller, module, &seen).await
}

/// Delete a module with its items, and what learners did with them.
#[utoipa::path(delete, path = "/api/modules/{module}/", tag = "courses", params(("module" = ModuleId, Path)),
    responses((status = NO_CONTENT)))]
pub async fn delete_module(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(id): Path<ModuleId>,
    db: Db,
) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    let (module, _) = policy::module(&mut conn, &caller, id, Action::Change).await?;
    module.delete(&mut conn, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
