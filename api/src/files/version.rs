//! The contents that a file has had: for those who see the file where files are, and not for those
//! who only see it in a course.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::db::Conn;
use shared::files::{File, FileError, FileRow, FileStatus, FileVersion, ScanResult, VersionRow};
use shared::ids::{FileId, FileVersionId};
use utoipa::ToSchema;

use super::{ReadFiles, WriteFiles, download, policy, shape};
use crate::access::Can;
use crate::app::App;
use crate::courses::author;
use crate::http::{ApiError, ApiResult, Db, Listing, Paging, Path, Query};

/// A content that a file has, or had.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FileVersion)]
pub(super) struct VersionOut {
    id: FileVersionId,
    file_id: FileId,
    /// From 1, within the file.
    version_number: i32,
    /// Whether it is what people get.
    is_current: bool,
    /// In bytes.
    file_size: i64,
    mime_type: String,
    status: FileStatus,
    scan_result: Option<ScanResult>,
    /// Why it was rejected.
    error_message: Option<String>,
    comment: String,
    user_email: Option<String>,
    created_at: DateTime<Utc>,
}

impl VersionOut {
    fn new(row: VersionRow, file: &File) -> Self {
        let VersionRow { version, content, user_email } = row;
        let FileVersion { id, tenant_id: _, file_id, number, content_id: _, user_id: _, comment, created_at } = version;
        Self {
            id,
            file_id,
            version_number: number,
            is_current: number == file.version_number,
            file_size: content.size_bytes,
            error_message: shape::rejection(&content),
            mime_type: content.media_type,
            status: content.status,
            scan_result: content.scan_result,
            comment,
            user_email,
            created_at,
        }
    }
}

/// List the versions of a file, newest first. Who only sees the file in a course gets the current one.
#[utoipa::path(get, path = "/api/files/{file}/versions/", tag = "files", params(("file" = FileId, Path), Paging),
    responses((status = OK, body = Listing<VersionOut>)))]
pub async fn list_file_versions(
    caller: Can<ReadFiles>,
    Path(id): Path<FileId>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<VersionOut>>> {
    let mut conn = db.conn().await?;
    let FileRow { file, .. } = policy::readable_back(&mut conn, &caller, id).await?;
    let page = FileVersion::list(&mut conn, &file, paging.numbered()).await?;
    Ok(paging.answer(page.map(|row| VersionOut::new(row, &file))))
}

async fn found<N>(conn: &mut Conn, caller: &Can<N>, id: FileId, number: i32) -> ApiResult<(File, VersionRow)> {
    let FileRow { file, .. } = policy::readable_back(conn, caller, id).await?;
    let row = FileVersion::find(conn, &file, number).await?.ok_or(ApiError::NotFound("file"))?;
    Ok((file, row))
}

/// Show a version of a file, by its number.
#[utoipa::path(get, path = "/api/files/{file}/versions/{version}/", tag = "files",
    params(("file" = FileId, Path), ("version" = i32, Path)), responses((status = OK, body = VersionOut)))]
pub async fn show_file_version(
    caller: Can<ReadFiles>,
    Path((id, number)): Path<(FileId, i32)>,
    db: Db,
) -> ApiResult<Json<VersionOut>> {
    let (file, row) = found(&mut *db.conn().await?, &caller, id, number).await?;
    Ok(Json(VersionOut::new(row, &file)))
}

/// Get the link by which a version of a file is downloaded, good for five minutes.
#[utoipa::path(get, path = "/api/files/{file}/versions/{version}/download/", tag = "files",
    params(("file" = FileId, Path), ("version" = i32, Path), download::DownloadFile),
    responses((status = OK, body = download::FileLink), (status = 409, description = "`not_ready` or `rejected`")))]
pub async fn download_file_version(
    caller: Can<ReadFiles>,
    State(app): State<App>,
    Path((id, number)): Path<(FileId, i32)>,
    Query(query): Query<download::DownloadFile>,
    db: Db,
) -> ApiResult<Response> {
    let (file, row) = found(&mut *db.conn().await?, &caller, id, number).await?;
    download::answer(&app, &file, &row.content, query.inline()).await
}

/// Make an old version the newest: its content becomes a version of its own, and the current one.
#[utoipa::path(post, path = "/api/files/{file}/versions/{version}/restore/", tag = "files",
    params(("file" = FileId, Path), ("version" = i32, Path)),
    responses((status = CREATED, body = VersionOut), (status = 409, description = "`version_not_available`")))]
pub async fn restore_file_version(
    caller: Can<WriteFiles>,
    State(app): State<App>,
    Path((id, number)): Path<(FileId, i32)>,
    db: Db,
) -> ApiResult<(StatusCode, Json<VersionOut>)> {
    let mut conn = db.conn().await?;
    let FileRow { file, .. } = policy::changeable(&mut conn, &caller, id).await?;
    let restored = FileVersion::restore(&mut conn, &file, number, author(&caller), app.clock.now()).await?;
    let file = File { version_number: restored.number, ..file };
    let row = FileVersion::find(&mut conn, &file, restored.number).await?.ok_or(FileError::Gone)?;
    Ok((StatusCode::CREATED, Json(VersionOut::new(row, &file))))
}

/// Delete a version of a file that is not the current one.
#[utoipa::path(delete, path = "/api/files/{file}/versions/{version}/", tag = "files",
    params(("file" = FileId, Path), ("version" = i32, Path)),
    responses((status = NO_CONTENT), (status = 409, description = "`current_version`")))]
pub async fn delete_file_version(
    caller: Can<WriteFiles>,
    State(app): State<App>,
    Path((id, number)): Path<(FileId, i32)>,
    db: Db,
) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    let FileRow { file, .. } = policy::changeable(&mut conn, &caller, id).await?;
    FileVersion::delete(&mut conn, &file, number, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
