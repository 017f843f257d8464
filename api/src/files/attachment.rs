//! The file of a course's item over HTTP: whoever may open the item may download it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::courses::{Authorship, ContentVersion, CourseError};
use shared::db::Conn;
use shared::files::{Attachment, FileError, FileRow, FileStatus};
use shared::ids::{ContentItemId, FileId};
use utoipa::ToSchema;

use super::{ReadFiles, policy};
use crate::access::Can;
use crate::app::App;
use crate::courses::{self, WriteCourses};
use crate::http::{ApiError, ApiResult, Body, Db, Path};

/// The file of an item.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ItemAttachment)]
pub(super) struct AttachmentOut {
    file: FileId,
    #[schema(example = "slides.pdf")]
    filename: String,
    #[schema(example = "application/pdf")]
    mime_type: String,
    size_bytes: i64,
    #[schema(inline)]
    status: FileStatus,
    /// Where a link to it is had.
    #[schema(example = "/api/files/0192f3a4-1111-7000-8000-000000000001/download/")]
    download_url: String,
}

impl From<FileRow> for AttachmentOut {
    fn from(FileRow { file, content, uploaded_by_email: _ }: FileRow) -> Self {
        Self {
            file: file.id,
            filename: file.filename,
            mime_type: content.media_type,
            size_bytes: content.size_bytes,
            status: content.status,
            download_url: format!("/api/files/{}/download/", file.id),
        }
    }
}

/// Which file an item gets.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AttachFile {
    /// One that the caller may read.
    #[garde(skip)]
    file: FileId,
}

async fn file_of<N>(conn: &mut Conn, caller: &Can<N>, item: ContentItemId) -> ApiResult<AttachmentOut> {
    let file = Attachment::files_of(conn, caller.tenant(), &[item]).await?.remove(&item);
    file.map(AttachmentOut::from).ok_or(ApiError::NotFound("file"))
}

/// Show the file of an item that the caller may open.
#[utoipa::path(get, path = "/api/content/{content_item}/file/", tag = "files",
    params(("content_item" = ContentItemId, Path)), responses((status = OK, body = AttachmentOut)))]
pub async fn show_item_file(
    caller: Can<ReadFiles>,
    Path(item): Path<ContentItemId>,
    db: Db,
) -> ApiResult<Json<AttachmentOut>> {
    let mut conn = db.conn().await?;
    if !courses::may_open(&mut conn, &caller, item).await? {
        return Err(ApiError::NotFound("content item"));
    }
    Ok(Json(file_of(&mut conn, &caller, item).await?))
}

/// Give an item its file: from then on it is downloaded by those who may open the item, and is not
/// deleted. Another file makes a version of the item.
#[utoipa::path(put, path = "/api/content/{content_item}/file/", tag = "files",
    params(("content_item" = ContentItemId, Path)), request_body = AttachFile,
    responses((status = OK, body = AttachmentOut)))]
pub async fn attach_file(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(item): Path<ContentItemId>,
    db: Db,
    Body(body): Body<AttachFile>,
) -> ApiResult<Json<AttachmentOut>> {
    let missing = || ApiError::field("file", "There is no such file.");
    let mut conn = db.conn().await?;
    let (found, ..) = courses::own_content_item(&mut conn, &caller, item).await?;
    match policy::readable(&mut conn, &caller, body.file).await {
        Err(ApiError::NotFound(_)) => return Err(missing()),
        other => other?,
    };
    let by = Authorship { author: courses::author(&caller), comment: "" };
    let attached = ContentVersion::attach(&mut conn, &found, Some(body.file), by, app.clock.now()).await;
    attached.map_err(|error| match error {
        CourseError::File(FileError::Gone) => missing(),
        error => error.into(),
    })?;
    Ok(Json(file_of(&mut conn, &caller, item).await?))
}

/// Take an item's file away, which makes a version of the item. The file stays where it is.
#[utoipa::path(delete, path = "/api/content/{content_item}/file/", tag = "files",
    params(("content_item" = ContentItemId, Path)), responses((status = NO_CONTENT)))]
pub async fn detach_file(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(item): Path<ContentItemId>,
    db: Db,
) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    let (item, ..) = courses::own_content_item(&mut conn, &caller, item).await?;
    let by = Authorship { author: courses::author(&caller), comment: "" };
    ContentVersion::attach(&mut conn, &item, None, by, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
