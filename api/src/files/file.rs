//! Files, listed, described, moved, deleted.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use serde::{Deserialize, Deserializer};
use shared::files::{File, FileChanges, FileError, FileFilter, FileStatus, Place};
use shared::ids::{FileId, FolderId, UserId};
use utoipa::{IntoParams, ToSchema};

use super::shape::FileOut;
use super::{ReadFiles, WriteFiles, policy};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, IfMatch, Listing, Paging, Path, Query, Tagged, present};

/// Which files.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListFiles {
    /// In this folder, or `root` for those in none.
    #[serde(default, alias = "folder_id", deserialize_with = "place")]
    #[param(value_type = Option<String>)]
    folder: Option<Place>,
    /// In this state.
    status: Option<FileStatus>,
    /// A part of the name.
    search: Option<String>,
    /// Uploaded by this person.
    #[param(value_type = Option<Uuid>)]
    uploaded_by: Option<UserId>,
}

/// A folder by its id, or `root`.
pub(super) fn place<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Place>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    if text == "root" {
        return Ok(Some(Place::Root));
    }
    let id = FolderId::from_str(&text);
    id.map(|id| Some(Place::Folder(id))).map_err(|_| serde::de::Error::custom("neither an id nor `root`"))
}

/// List the files that one sees, newest first: one's own, those in folders that are open to one's
/// role, all for an administrator.
#[utoipa::path(get, path = "/api/files/", tag = "files", params(ListFiles, Paging),
    responses((status = OK, body = Listing<FileOut>)))]
pub async fn list_files(
    caller: Can<ReadFiles>,
    State(app): State<App>,
    Query(query): Query<ListFiles>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<FileOut>>> {
    let ListFiles { folder, status, search, uploaded_by } = query;
    let filter = FileFilter { place: folder, status, search, uploaded_by };
    let mut conn = db.conn().await?;
    let page = File::list(&mut conn, caller.tenant(), policy::reader(&caller), &filter, paging.numbered()).await?;
    Ok(paging.answer(page.map(|row| FileOut::new(row, &app.config.platform.public_url))))
}

/// Show a file.
#[utoipa::path(get, path = "/api/files/{file}/", tag = "files", params(("file" = FileId, Path)),
    responses((status = OK, body = FileOut)))]
pub async fn show_file(
    caller: Can<ReadFiles>,
    State(app): State<App>,
    Path(id): Path<FileId>,
    db: Db,
) -> ApiResult<Tagged<FileOut>> {
    let row = policy::readable(&mut *db.conn().await?, &caller, id).await?;
    Ok(Tagged(row.file.version, FileOut::new(row, &app.config.platform.public_url)))
}

/// What may be changed of a file; what is left out stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateFile {
    /// A file stays of its kind: the end of the name says it.
    #[garde(length(chars, min = 1, max = 255))]
    #[serde(default)]
    original_filename: Option<String>,
    #[garde(length(chars, max = 2000))]
    #[serde(default)]
    description: Option<String>,
    /// Moves it there; null takes it out of its folder.
    #[garde(skip)]
    #[serde(default, alias = "folder", deserialize_with = "present")]
    #[schema(value_type = Option<Uuid>)]
    folder_id: Option<Option<FolderId>>,
}

/// Change a file's name, description or place: its uploader, or an administrator.
#[utoipa::path(patch, path = "/api/files/{file}/", tag = "files", params(("file" = FileId, Path)),
    request_body = UpdateFile,
    responses((status = OK, body = FileOut), (status = 409, description = "`kind_differs`")))]
pub async fn update_file(
    caller: Can<WriteFiles>,
    State(app): State<App>,
    Path(id): Path<FileId>,
    IfMatch(seen): IfMatch,
    db: Db,
    Body(body): Body<UpdateFile>,
) -> ApiResult<Tagged<FileOut>> {
    let UpdateFile { original_filename, description, folder_id } = body;
    let mut conn = db.conn().await?;
    let row = policy::changeable(&mut conn, &caller, id).await?;
    policy::folder_to_fill(&mut conn, &caller, folder_id.flatten()).await?;
    let changes = FileChanges { filename: original_filename, description, folder_id };
    row.file.update(&mut conn, changes, seen, app.clock.now()).await.map_err(|error| match error {
        FileError::Name(_) => ApiError::field("original_filename", crate::courses::capitalised(&error)),
        error => error.into(),
    })?;
    let row = File::find(&mut conn, caller.tenant(), id).await?.ok_or(ApiError::NotFound("file"))?;
    Ok(Tagged(row.file.version, FileOut::new(row, &app.config.platform.public_url)))
}

/// Delete a file with all its versions: its uploader, or an administrator. A file that a course
/// shows stays until the course does not.
#[utoipa::path(delete, path = "/api/files/{file}/", tag = "files", params(("file" = FileId, Path)),
    responses((status = NO_CONTENT), (status = 409, description = "`file_in_use`")))]
pub async fn delete_file(
    caller: Can<WriteFiles>,
    State(app): State<App>,
    Path(id): Path<FileId>,
    IfMatch(seen): IfMatch,
    db: Db,
) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    let row = policy::changeable(&mut conn, &caller, id).await?;
    row.file.delete(&mut conn, seen, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
