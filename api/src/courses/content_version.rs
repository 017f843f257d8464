//! The history of an item over HTTP, for whoever runs its course.

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::courses::{Authorship, ContentType, ContentVersion, ContentVersionBrief, FileThen};
use shared::db::Conn;
use shared::files::{File, Reader};
use shared::ids::{ContentItemId, ContentVersionId, FileId};
use shared::users::Person;
use utoipa::ToSchema;

use super::WriteCourses;
use super::content_item::{ContentItemOut, display, shown};
use super::course::InstructorOut;
use super::policy;
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, IfMatch, Listing, Paging, Path, Tagged};

/// The file that an item showed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = VersionFile)]
pub struct VersionFileOut {
    /// None when it has been deleted since.
    id: Option<FileId>,
    #[schema(example = "slides.pdf")]
    filename: String,
}

/// An item after a change of its content.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ContentVersion)]
pub struct ContentVersionOut {
    id: ContentVersionId,
    /// From 1.
    #[schema(example = 2)]
    version_number: i32,
    /// Who changed it.
    user: Option<InstructorOut>,
    #[schema(example = "Mended the example")]
    comment: String,
    #[schema(example = "Understanding Decorators")]
    title: String,
    #[schema(inline)]
    content_type: ContentType,
    #[schema(example = "Text")]
    content_type_display: &'static str,
    /// What differs from the version before.
    #[schema(value_type = Vec<String>, example = json!(["text_content"]))]
    changed_fields: Value,
    /// Lines of the text that came since the version before.
    #[schema(example = 3)]
    lines_added: i32,
    /// Lines of the text that went since the version before.
    #[schema(example = 1)]
    lines_removed: i32,
    /// The number of the version that was brought back.
    restored_from: Option<i32>,
    /// None also in versions that were made when this was not written down.
    file: Option<VersionFileOut>,
    created_at: DateTime<Utc>,
}

impl From<(ContentVersionBrief, Option<Person>)> for ContentVersionOut {
    fn from((version, author): (ContentVersionBrief, Option<Person>)) -> Self {
        let ContentVersionBrief {
            id,
            number,
            title,
            content_type,
            comment,
            changed_fields,
            lines_added,
            lines_removed,
            restored_from,
            created_at,
            file_id,
            filename,
        } = version;
        Self {
            id,
            version_number: number,
            user: author.map(InstructorOut::from),
            comment,
            title,
            content_type,
            content_type_display: display(content_type),
            changed_fields,
            lines_added,
            lines_removed,
            restored_from,
            file: filename.map(|filename| VersionFileOut { id: file_id, filename }),
            created_at,
        }
    }
}

/// An item after a change of its content, with what was in it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ContentVersionDetail)]
pub struct ContentVersionDetailOut {
    #[serde(flatten)]
    version: ContentVersionOut,
    text_content: Option<String>,
    external_url: Option<String>,
    #[schema(value_type = Object)]
    metadata: Value,
}

impl From<(ContentVersion, Option<Person>)> for ContentVersionDetailOut {
    fn from((version, author): (ContentVersion, Option<Person>)) -> Self {
        let ContentVersion {
            id,
            tenant_id: _,
            course_id: _,
            content_item_id: _,
            number,
            title,
            content_type,
            text_content,
            external_url,
            metadata,
            comment,
            changed_fields,
            lines_added,
            lines_removed,
            restored_from,
            author_id: _,
            created_at,
            knows_file: _,
            file_id,
            filename,
        } = version;
        let brief = ContentVersionBrief {
            id,
            number,
            title,
            content_type,
            comment,
            changed_fields,
            lines_added,
            lines_removed,
            restored_from,
            created_at,
            file_id,
            filename,
        };
        Self { version: (brief, author).into(), text_content, external_url, metadata }
    }
}

/// What is said of a version.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentVersion {
    #[garde(length(chars, max = 1_000))]
    #[serde(default)]
    #[schema(example = "As it was taught in spring")]
    comment: String,
}

/// List an item's versions, newest first, without what was in them. Each change of its content makes
/// one.
#[utoipa::path(get, path = "/api/content/{content_item}/versions/", tag = "courses",
    params(("content_item" = ContentItemId, Path), Paging), responses((status = OK, body = Listing<ContentVersionOut>)))]
pub async fn list_versions(
    caller: Can<WriteCourses>,
    Path(id): Path<ContentItemId>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<ContentVersionOut>>> {
    let mut conn = db.conn().await?;
    let (item, ..) = policy::own_content_item(&mut conn, &caller, id).await?;
    Ok(paging.answer(ContentVersion::list(&mut conn, &item, paging.numbered()).await?))
}

/// Keep an item as it is now as a version of its own.
#[utoipa::path(post, path = "/api/content/{content_item}/versions/", tag = "courses",
    params(("content_item" = ContentItemId, Path)), request_body = CommentVersion,
    responses((status = CREATED, body = ContentVersionDetailOut)))]
pub async fn create_version(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(id): Path<ContentItemId>,
    db: Db,
    Body(body): Body<CommentVersion>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Json<ContentVersionDetailOut>)> {
    let mut conn = db.conn().await?;
    let (item, ..) = policy::own_content_item(&mut conn, &caller, id).await?;
    let by = Authorship { author: policy::author(&caller), comment: &body.comment };
    let made = ContentVersion::keep(&mut conn, &item, by, app.clock.now()).await?;
    let location = format!("/api/content/{}/versions/{}/", item.id, made.id);
    let version = ContentVersion::find(&mut conn, &item, made.id).await?.ok_or(ApiError::NotFound("version"))?;
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(version.into())))
}

/// Show a version with what was in the item, and how it differs from the version before.
#[utoipa::path(get, path = "/api/content/{content_item}/versions/{content_version}/", tag = "courses",
    params(("content_item" = ContentItemId, Path), ("content_version" = ContentVersionId, Path)),
    responses((status = OK, body = ContentVersionDetailOut)))]
pub async fn show_version(
    caller: Can<WriteCourses>,
    Path((id, version)): Path<(ContentItemId, ContentVersionId)>,
    db: Db,
) -> ApiResult<Json<ContentVersionDetailOut>> {
    let mut conn = db.conn().await?;
    let (item, ..) = policy::own_content_item(&mut conn, &caller, id).await?;
    let version = ContentVersion::find(&mut conn, &item, version).await?;
    Ok(Json(version.ok_or(ApiError::NotFound("version"))?.into()))
}

/// What the item shows after this version was brought back. A file that is gone cannot be shown, and
/// one that the caller does not see among the files is not theirs to show to others.
async fn file_then<N>(conn: &mut Conn, caller: &Can<N>, version: &ContentVersion) -> ApiResult<FileThen> {
    let Some(file) = version.file_id else {
        let showed_none = version.knows_file && version.filename.is_none();
        return Ok(if showed_none { FileThen::AsBefore(None) } else { FileThen::AsNow });
    };
    let reader = Reader { user: caller.user, role: caller.role };
    let seen = File::find_visible(conn, caller.tenant(), file, reader).await?;
    Ok(if seen.is_some() { FileThen::AsBefore(Some(file)) } else { FileThen::AsNow })
}

/// Bring an item back to what it was, by a new version. With it comes the file that it showed, if
/// that is still there and among the caller's files; otherwise the item shows what it shows now.
#[utoipa::path(post, path = "/api/content/{content_item}/versions/{content_version}/restore/", tag = "courses",
    params(("content_item" = ContentItemId, Path), ("content_version" = ContentVersionId, Path)),
    request_body = CommentVersion,
    responses((status = OK, body = ContentItemOut), (status = 412, description = "Changed since it was read")))]
pub async fn restore_version(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path((id, version)): Path<(ContentItemId, ContentVersionId)>,
    IfMatch(seen): IfMatch,
    db: Db,
    body: Option<Body<CommentVersion>>,
) -> ApiResult<Tagged<ContentItemOut>> {
    let body = body.map(|Body(body)| body).unwrap_or_default();
    let mut conn = db.conn().await?;
    let (item, module, access) = policy::own_content_item(&mut conn, &caller, id).await?;
    let version = ContentVersion::find(&mut conn, &item, version).await?;
    let (version, _) = version.ok_or(ApiError::NotFound("version"))?;
    let by = Authorship { author: policy::author(&caller), comment: &body.comment };
    let file = file_then(&mut conn, &caller, &version).await?;
    let item = version.restore(&mut conn, &item, file, seen, by, app.clock.now()).await?;
    shown(&mut conn, &access, &module, item).await
}
