//! Modules over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::courses::{Depth, Module, ModuleChanges, ModuleWithItems, NewModule};
use shared::db::{Conn, Numbered};
use shared::ids::{CourseId, ModuleId};
use utoipa::ToSchema;

use super::content_item::ContentItemOut;
use super::fields::Title;
use super::policy::{self, Action};
use super::{ReadCourses, WriteCourses};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, CourseRef, Db, IfMatch, Listing, Paging, Path, Tagged};

/// A chapter of a course with its items.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Module)]
pub struct ModuleOut {
    id: ModuleId,
    course: CourseId,
    #[schema(example = "Decorators and Metaclasses")]
    title: String,
    #[schema(example = "Advanced Python patterns")]
    description: String,
    /// Its place in the course.
    #[schema(example = 1)]
    order: i32,
    /// In order. Learners see the published ones, and their texts and links once they take part.
    content_items: Vec<ContentItemOut>,
    /// For `If-Match`.
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl ModuleOut {
    /// A module as it is seen at this depth.
    pub(super) fn seen(module: ModuleWithItems, depth: Depth) -> Self {
        let ModuleWithItems { module, items } = module;
        let Module { id, tenant_id: _, course_id, title, description, position, version, created_at, updated_at } =
            module;
        Self {
            id,
            course: course_id,
            title,
            description,
            order: position,
            content_items: items.into_iter().map(|item| ContentItemOut::seen(item, depth)).collect(),
            version,
            created_at,
            updated_at,
        }
    }
}

/// A new module.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateModule {
    #[garde(skip)]
    #[schema(value_type = String, min_length = 1, max_length = 255, example = "Decorators and Metaclasses")]
    title: Title,
    #[garde(length(chars, max = 100_000))]
    #[serde(default)]
    #[schema(example = "Advanced Python patterns")]
    description: String,
    /// Its place: the others move on. Behind them when left out.
    #[garde(range(min = 0, max = 1_000_000))]
    #[schema(example = 1)]
    order: Option<i32>,
}

/// Changes of a module. What is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateModule {
    #[garde(skip)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    title: Option<Title>,
    #[garde(length(chars, max = 100_000))]
    description: Option<String>,
    #[garde(range(min = 0, max = 1_000_000))]
    order: Option<i32>,
}

/// A new order.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReorderModules {
    /// The modules as they should follow each other. Those that are left out stay, behind them.
    #[garde(length(min = 1, max = 200), custom(no_doubles))]
    modules: Vec<ModuleId>,
}

fn no_doubles(modules: &[ModuleId], (): &()) -> garde::Result {
    let different: std::collections::HashSet<_> = modules.iter().collect();
    if different.len() == modules.len() { Ok(()) } else { Err(garde::Error::new("A module is named twice.")) }
}

/// List a course's modules with their items.
#[utoipa::path(get, path = "/api/courses/{course}/modules/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug"), Paging),
    responses((status = OK, body = Listing<ModuleOut>)))]
pub async fn list_modules(
    caller: Can<ReadCourses>,
    Path(named): Path<CourseRef>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<ModuleOut>>> {
    let mut conn = db.conn().await?;
    let seen = policy::course(&mut conn, &caller, &named, Action::See).await?;
    let page = Module::list(&mut conn, &seen.course, seen.depth, paging.numbered()).await?;
    Ok(paging.answer(page.map(|module| ModuleOut::seen(module, seen.depth))))
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
    let new = NewModule { title: body.title.0, description: body.description, position: body.order };
    let module = Module::create(&mut conn, &seen.course, new, app.clock.now()).await?;
    let location = [(LOCATION, format!("/api/modules/{}/", module.id))];
    let made = ModuleWithItems { module, items: Vec::new() };
    Ok((StatusCode::CREATED, location, Tagged(made.module.version, ModuleOut::seen(made, seen.depth))))
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
) -> ApiResult<Json<Vec<ModuleOut>>> {
    let mut conn = db.conn().await?;
    let seen = policy::course(&mut conn, &caller, &named, Action::Change).await?;
    Module::reorder(&mut conn, &seen.course, &body.modules, app.clock.now()).await?;
    let all = Numbered { number: 1, size: Numbered::LARGEST };
    let modules = Module::list(&mut conn, &seen.course, seen.depth, all).await?;
    Ok(Json(modules.items.into_iter().map(|module| ModuleOut::seen(module, seen.depth)).collect()))
}

async fn shown(conn: &mut Conn, module: Module, depth: Depth) -> ApiResult<Tagged<ModuleOut>> {
    let mut with_items = Module::with_items(conn, vec![module], depth).await?;
    let module = with_items.pop().ok_or(ApiError::NotFound("module"))?;
    Ok(Tagged(module.module.version, ModuleOut::seen(module, depth)))
}

/// Show a module with its items.
#[utoipa::path(get, path = "/api/modules/{module}/", tag = "courses", params(("module" = ModuleId, Path)),
    responses((status = OK, body = ModuleOut)))]
pub async fn show_module(caller: Can<ReadCourses>, Path(id): Path<ModuleId>, db: Db) -> ApiResult<Tagged<ModuleOut>> {
    let mut conn = db.conn().await?;
    let (module, seen) = policy::module(&mut conn, &caller, id, Action::See).await?;
    shown(&mut conn, module, seen.depth).await
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
    let UpdateModule { title, description, order } = body;
    let changes = ModuleChanges { title: title.map(|title| title.0), description, position: order };
    let module = module.update(&mut conn, changes, version, app.clock.now()).await?;
    shown(&mut conn, module, seen.depth).await
}

/// Delete a module with its items, and what learners did with them.
#[utoipa::path(delete, path = "/api/modules/{module}/", tag = "courses", params(("module" = ModuleId, Path)),
    responses((status = NO_CONTENT)))]
pub async fn delete_module(caller: Can<WriteCourses>, Path(id): Path<ModuleId>, db: Db) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    let (module, _) = policy::module(&mut conn, &caller, id, Action::Change).await?;
    module.delete(&mut conn).await?;
    Ok(StatusCode::NO_CONTENT)
}
