//! Smaller pictures of pictures.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, LOCATION};
use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::files::jobs::MakeThumbnails;
use shared::files::{FileRow, FileStatus, ThumbnailSize, thumbnail_key};
use shared::ids::FileId;
use shared::jobs::enqueue_with;
use shared::storage::inline;
use utoipa::ToSchema;

use super::download::LINK_LIFETIME;
use super::{ReadFiles, WriteFiles, policy};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Db, Path};

/// Links to the smaller pictures of a picture.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Thumbnails {
    file_id: FileId,
    original_filename: String,
    /// By size: `small` fits into 150 × 150 pixels, `medium` into 300 × 300, `large` into 600 × 600.
    /// Empty while they are being made.
    thumbnails: BTreeMap<&'static str, String>,
    /// Of the links.
    expires_at: DateTime<Utc>,
}

/// Pictures that were let pass have thumbnails.
fn picture(row: &FileRow) -> ApiResult<()> {
    if !row.content.is_picture() {
        return Err(ApiError::Conflict { code: "not_a_picture", message: "This file is not a picture.".to_owned() });
    }
    if row.content.status != FileStatus::Available {
        return Err(ApiError::Conflict { code: "not_ready", message: "This file is not available.".to_owned() });
    }
    Ok(())
}

/// Get links to the smaller pictures of a picture, good for five minutes.
#[utoipa::path(get, path = "/api/files/{file}/thumbnails/", tag = "files", params(("file" = FileId, Path)),
    responses((status = OK, body = Thumbnails), (status = 409, description = "`not_a_picture` or `not_ready`")))]
pub async fn show_thumbnails(
    caller: Can<ReadFiles>,
    State(app): State<App>,
    Path(id): Path<FileId>,
    db: Db,
) -> ApiResult<Json<Thumbnails>> {
    let row = policy::readable(&mut *db.conn().await?, &caller, id).await?;
    picture(&row)?;
    let mut thumbnails = BTreeMap::new();
    if row.content.thumbnails_at.is_some() {
        for size in ThumbnailSize::ALL {
            let key = thumbnail_key(caller.tenant(), row.content.id, size);
            let name = format!("{}-{}.jpg", row.file.filename, size.name());
            let url = app.storage.signed_link(&key, inline(&name), "image/jpeg", LINK_LIFETIME).await?;
            thumbnails.insert(size.name(), url);
        }
    }
    let expires_at = app.clock.now() + LINK_LIFETIME;
    Ok(Json(Thumbnails { file_id: id, original_filename: row.file.filename, thumbnails, expires_at }))
}

/// Have the smaller pictures of a picture made again. `Location` names the job that does it.
#[utoipa::path(post, path = "/api/files/{file}/thumbnails/", tag = "files", params(("file" = FileId, Path)),
    responses((status = ACCEPTED), (status = 409, description = "`not_a_picture` or `not_ready`")))]
pub async fn remake_thumbnails(
    caller: Can<WriteFiles>,
    Path(id): Path<FileId>,
    db: Db,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1])> {
    let mut conn = db.conn().await?;
    let row = policy::changeable(&mut conn, &caller, id).await?;
    picture(&row)?;
    let job = MakeThumbnails { tenant_id: caller.tenant(), content_id: row.content.id };
    let job = enqueue_with(&mut conn, &job, caller.asks()).await?;
    Ok((StatusCode::ACCEPTED, [(LOCATION, format!("/api/jobs/{}/", job.id()))]))
}
