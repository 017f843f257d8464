//! Content items over HTTP.

mod answer;
mod body;

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use serde_json::Value;
use shared::courses::{Access, Authorship, ContentItem, ContentItemChanges, Module, NewContentItem, WindowChanges};
use shared::db::{Conn, Numbered};
use shared::ids::{ContentItemId, ModuleId};

use super::policy::{self, Action};
use super::{ReadCourses, WriteCourses};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, IfMatch, Listing, Paging, Path, Tagged};

pub(super) use answer::ContentItemOut;
pub(crate) use answer::display;
use body::{CreateContentItem, ReorderContent, UpdateContentItem};

/// List a module's items.
#[utoipa::path(get, path = "/api/modules/{module}/content/", tag = "courses",
    params(("module" = ModuleId, Path), Paging), responses((status = OK, body = Listing<ContentItemOut>)))]
pub async fn list_content(
    caller: Can<ReadCourses>,
    Path(id): Path<ModuleId>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<ContentItemOut>>> {
    let mut conn = db.conn().await?;
    let (module, seen) = policy::module(&mut conn, &caller, id, Action::See).await?;
    let access = seen.access(&mut conn, &caller).await?;
    Ok(paging.answer(ContentItem::list(&mut conn, &module, &access, paging.numbered()).await?))
}

/// Add an item to a module.
#[utoipa::path(post, path = "/api/modules/{module}/content/", tag = "courses", params(("module" = ModuleId, Path)),
    request_body = CreateContentItem, responses((status = CREATED, body = ContentItemOut)))]
pub async fn create_content(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(id): Path<ModuleId>,
    db: Db,
    Body(body): Body<CreateContentItem>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Tagged<ContentItemOut>)> {
    let mut conn = db.conn().await?;
    let (module, seen) = policy::module(&mut conn, &caller, id, Action::Change).await?;
    let window = body.window();
    let new = NewContentItem {
        title: body.title.0,
        content_type: body.content_type,
        position: body.order,
        text_content: body.text_content,
        external_url: body.external_url.flatten(),
        metadata: Value::Object(body.metadata),
        is_published: body.is_published,
        is_required: body.is_required.unwrap_or(true),
        window,
    };
    let by = Authorship { author: policy::author(&caller), comment: &body.comment };
    let item = ContentItem::create(&mut conn, &module, new, by, app.clock.now()).await?;
    let location = [(LOCATION, format!("/api/content/{}/", item.id))];
    let access = seen.access(&mut conn, &caller).await?;
    Ok((StatusCode::CREATED, location, shown(&mut conn, &access, &module, item).await?))
}

/// An item that was made or changed, as its author sees it.
pub(super) async fn shown(
    conn: &mut Conn,
    access: &Access,
    module: &Module,
    item: ContentItem,
) -> ApiResult<Tagged<ContentItemOut>> {
    let version = item.version;
    let seen = access.show_item(conn, module, item).await?.ok_or(ApiError::NotFound("content item"))?;
    Ok(Tagged(version, seen.into()))
}

/// Put a module's items in another order, all at once.
#[utoipa::path(post, path = "/api/modules/{module}/content/reorder/", tag = "courses",
    params(("module" = ModuleId, Path)), request_body = ReorderContent,
    responses((status = OK, body = [ContentItemOut])))]
pub async fn reorder_content(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(id): Path<ModuleId>,
    db: Db,
    Body(body): Body<ReorderContent>,
) -> ApiResult<Json<Vec<ContentItemOut>>> {
    let mut conn = db.conn().await?;
    let (module, seen) = policy::module(&mut conn, &caller, id, Action::Change).await?;
    ContentItem::reorder(&mut conn, &module, &body.content_items, app.clock.now()).await?;
    // A module has no more of them than a page holds.
    let all = Numbered { number: 1, size: Numbered::LARGEST };
    let access = seen.access(&mut conn, &caller).await?;
    let items = ContentItem::list(&mut conn, &module, &access, all).await?;
    Ok(Json(items.items.into_iter().map(ContentItemOut::from).collect()))
}

/// Show an item.
#[utoipa::path(get, path = "/api/content/{content_item}/", tag = "courses",
    params(("content_item" = ContentItemId, Path)), responses((status = OK, body = ContentItemOut)))]
pub async fn show_content(
    caller: Can<ReadCourses>,
    Path(id): Path<ContentItemId>,
    db: Db,
) -> ApiResult<Tagged<ContentItemOut>> {
    let mut conn = db.conn().await?;
    let (version, item) = policy::content_item(&mut conn, &caller, id).await?;
    Ok(Tagged(version, item.into()))
}

/// Change an item.
#[utoipa::path(patch, path = "/api/content/{content_item}/", tag = "courses",
    params(("content_item" = ContentItemId, Path)), request_body = UpdateContentItem,
    responses((status = OK, body = ContentItemOut), (status = 412, description = "Changed since it was read")))]
pub async fn update_content(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(id): Path<ContentItemId>,
    IfMatch(version): IfMatch,
    db: Db,
    Body(body): Body<UpdateContentItem>,
) -> ApiResult<Tagged<ContentItemOut>> {
    let mut conn = db.conn().await?;
    let (item, module, access) = policy::own_content_item(&mut conn, &caller, id).await?;
    let UpdateContentItem { release_at, release_after_days, available_until, .. } = body;
    let changes = ContentItemChanges {
        title: body.title.map(|title| title.0),
        content_type: body.content_type,
        position: body.order,
        text_content: body.text_content,
        external_url: body.external_url,
        metadata: body.metadata.map(Value::Object),
        is_published: body.is_published,
        is_required: body.is_required,
        window: WindowChanges { release_at, release_after_days, available_until },
    };
    let by = Authorship { author: policy::author(&caller), comment: &body.comment };
    let item = item.update(&mut conn, changes, version, by, app.clock.now()).await?;
    shown(&mut conn, &access, &module, item).await
}

/// Delete an item, and what learners did with it.
#[utoipa::path(delete, path = "/api/content/{content_item}/", tag = "courses",
    params(("content_item" = ContentItemId, Path)), responses((status = NO_CONTENT)))]
pub async fn delete_content(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(id): Path<ContentItemId>,
    db: Db,
) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    let (item, ..) = policy::own_content_item(&mut conn, &caller, id).await?;
    item.delete(&mut conn, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
