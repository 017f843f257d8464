//! Content items over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::courses::{ContentItem, ContentItemChanges, ContentType, Depth, NewContentItem};
use shared::ids::{ContentItemId, ModuleId};
use utoipa::ToSchema;

use super::fields::{Title, small_object, web_address};
use super::policy::{self, Action};
use super::{ReadCourses, WriteCourses};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiResult, Body, Db, IfMatch, Listing, Paging, Path, Tagged, present};

/// A text, a video, a link… of a module.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ContentItem)]
pub struct ContentItemOut {
    id: ContentItemId,
    module: ModuleId,
    #[schema(example = "Understanding Decorators")]
    title: String,
    /// Its place in the module.
    #[schema(example = 1)]
    order: i32,
    #[schema(inline)]
    content_type: ContentType,
    #[schema(example = "Text")]
    content_type_display: &'static str,
    /// Markdown, or HTML of which only formatting is kept.
    #[schema(example = "# Decorators\n\nDecorators are...")]
    text_content: Option<String>,
    external_url: Option<String>,
    /// What a player shows.
    file: Option<ItemFileOut>,
    #[schema(value_type = Object)]
    metadata: Value,
    is_published: bool,
    /// Counts towards completion while it is published.
    is_required: bool,
    /// Whether text, links and metadata are kept back, because the caller does not take part in
    /// the course.
    is_locked: bool,
    /// For `If-Match`.
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A file of an item.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ItemFile)]
pub struct ItemFileOut {
    file_url: String,
    #[schema(example = "video/mp4")]
    mime_type: &'static str,
    #[schema(example = "decorators.mp4")]
    original_filename: String,
}

impl ItemFileOut {
    /// Players look for a file only, so what lies elsewhere is shown as one.
    fn elsewhere(kind: ContentType, url: &str) -> Option<Self> {
        let usual = match kind {
            ContentType::Video => "video/mp4",
            ContentType::Audio => "audio/mpeg",
            ContentType::Image => "image/jpeg",
            ContentType::Document => "application/pdf",
            ContentType::Text | ContentType::Url | ContentType::H5p | ContentType::Scorm | ContentType::Quiz => {
                return None;
            }
        };
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        let mime_type = match name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "webm" if kind == ContentType::Video => "video/webm",
            "ogg" if kind == ContentType::Audio => "audio/ogg",
            "wav" if kind == ContentType::Audio => "audio/wav",
            "png" if kind == ContentType::Image => "image/png",
            "gif" if kind == ContentType::Image => "image/gif",
            "svg" if kind == ContentType::Image => "image/svg+xml",
            "webp" if kind == ContentType::Image => "image/webp",
            _ => usual,
        };
        Some(Self { file_url: url.to_owned(), mime_type, original_filename: name.to_owned() })
    }
}

impl ContentItemOut {
    /// An item as it is seen at this depth.
    pub(super) fn seen(item: ContentItem, depth: Depth) -> Self {
        let ContentItem {
            id,
            tenant_id: _,
            course_id: _,
            module_id,
            title,
            content_type,
            position,
            text_content,
            external_url,
            metadata,
            is_published,
            is_required,
            version,
            created_at,
            updated_at,
        } = item;
        Self {
            id,
            module: module_id,
            title,
            order: position,
            content_type,
            content_type_display: display(content_type),
            text_content,
            file: external_url.as_deref().and_then(|url| ItemFileOut::elsewhere(content_type, url)),
            external_url,
            metadata,
            is_published,
            is_required,
            is_locked: depth == Depth::Outline,
            version,
            created_at,
            updated_at,
        }
    }
}

/// The kind of an item, for people.
pub(crate) const fn display(kind: ContentType) -> &'static str {
    match kind {
        ContentType::Text => "Text",
        ContentType::Document => "Document",
        ContentType::Image => "Image",
        ContentType::Video => "Video",
        ContentType::Audio => "Audio",
        ContentType::Url => "External URL",
        ContentType::H5p => "H5P",
        ContentType::Scorm => "SCORM",
        ContentType::Quiz => "Quiz",
    }
}

/// A new item.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateContentItem {
    #[garde(skip)]
    #[schema(value_type = String, min_length = 1, max_length = 255, example = "Understanding Decorators")]
    title: Title,
    #[garde(skip)]
    #[schema(inline)]
    content_type: ContentType,
    /// Markdown, or HTML of which only formatting is kept.
    #[garde(length(chars, max = 250_000))]
    #[schema(example = "# Decorators\n\nDecorators are...")]
    text_content: Option<String>,
    /// An `http` or `https` address; items of type `URL` need one.
    #[garde(skip)]
    #[serde(default, deserialize_with = "web_address")]
    #[schema(value_type = Option<String>)]
    external_url: Option<Option<String>>,
    /// Whatever a player needs to know.
    #[garde(custom(small_object))]
    #[serde(default)]
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
    /// Its place: the others move on. Behind them when left out.
    #[garde(range(min = 0, max = 1_000_000))]
    #[schema(example = 1)]
    order: Option<i32>,
    /// Learners see it. Not yet, unless said otherwise.
    #[garde(skip)]
    #[serde(default)]
    is_published: bool,
    /// It counts towards completion, unless said otherwise.
    #[garde(skip)]
    is_required: Option<bool>,
}

/// Changes of an item. What is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateContentItem {
    #[garde(skip)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    title: Option<Title>,
    #[garde(skip)]
    #[schema(inline)]
    content_type: Option<ContentType>,
    #[garde(inner(inner(length(chars, max = 250_000))))]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    text_content: Option<Option<String>>,
    #[garde(skip)]
    #[serde(default, deserialize_with = "web_address")]
    #[schema(value_type = Option<String>)]
    external_url: Option<Option<String>>,
    #[garde(inner(custom(small_object)))]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    #[garde(range(min = 0, max = 1_000_000))]
    order: Option<i32>,
    #[garde(skip)]
    is_published: Option<bool>,
    #[garde(skip)]
    is_required: Option<bool>,
}

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
    let page = ContentItem::list(&mut conn, &module, seen.depth, paging.numbered()).await?;
    Ok(paging.answer(page.map(|item| ContentItemOut::seen(item, seen.depth))))
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
    let new = NewContentItem {
        title: body.title.0,
        content_type: body.content_type,
        position: body.order,
        text_content: body.text_content,
        external_url: body.external_url.flatten(),
        metadata: Value::Object(body.metadata),
        is_published: body.is_published,
        is_required: body.is_required.unwrap_or(true),
    };
    let item = ContentItem::create(&mut conn, &module, new, app.clock.now()).await?;
    let location = [(LOCATION, format!("/api/content/{}/", item.id))];
    Ok((StatusCode::CREATED, location, Tagged(item.version, ContentItemOut::seen(item, seen.depth))))
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
    let (item, seen) = policy::content_item(&mut conn, &caller, id, Action::See).await?;
    Ok(Tagged(item.version, ContentItemOut::seen(item, seen.depth)))
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
    let (item, seen) = policy::content_item(&mut conn, &caller, id, Action::Change).await?;
    let changes = ContentItemChanges {
        title: body.title.map(|title| title.0),
        content_type: body.content_type,
        position: body.order,
        text_content: body.text_content,
        external_url: body.external_url,
        metadata: body.metadata.map(Value::Object),
        is_published: body.is_published,
        is_required: body.is_required,
    };
    let item = item.update(&mut conn, changes, version, app.clock.now()).await?;
    Ok(Tagged(item.version, ContentItemOut::seen(item, seen.depth)))
}

/// Delete an item, and what learners did with it.
#[utoipa::path(delete, path = "/api/content/{content_item}/", tag = "courses",
    params(("content_item" = ContentItemId, Path)), responses((status = NO_CONTENT)))]
pub async fn delete_content(caller: Can<WriteCourses>, Path(id): Path<ContentItemId>, db: Db) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    let (item, _) = policy::content_item(&mut conn, &caller, id, Action::Change).await?;
    item.delete(&mut conn).await?;
    Ok(StatusCode::NO_CONTENT)
}
