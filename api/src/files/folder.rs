//! Folders.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, LOCATION};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::files::{Folder, FolderChanges, FolderFilter, NewFolder, Place};
use shared::ids::{FolderId, TenantId, UserId};
use shared::users::UserRole;
use utoipa::{IntoParams, ToSchema};

use super::file::place;
use super::policy::{self, Action};
use super::{ReadFiles, WriteFolders};
use crate::access::Can;
use crate::app::App;
use crate::courses::author;
use crate::http::{ApiError, ApiResult, Body, Db, IfMatch, Listing, Paging, Path, Query, Tagged, present};

/// A folder of files.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Folder)]
pub(super) struct FolderOut {
    id: FolderId,
    #[schema(example = "Course Materials")]
    name: String,
    /// The folder that it is in; null at the root.
    parent_id: Option<FolderId>,
    tenant: TenantId,
    /// The widest role that sees what is in it: `LEARNER` is everybody.
    visible_to: UserRole,
    /// The widest role that puts files into it.
    writable_by: UserRole,
    created_by: Option<UserId>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Folder> for FolderOut {
    fn from(folder: Folder) -> Self {
        let Folder {
            id,
            tenant_id,
            parent_id,
            name,
            visible_to,
            writable_by,
            created_by,
            version: _,
            created_at,
            updated_at,
        } = folder;
        Self { id, name, parent_id, tenant: tenant_id, visible_to, writable_by, created_by, created_at, updated_at }
    }
}

/// Which folders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListFolders {
    /// In this folder, or `root`.
    #[serde(default, deserialize_with = "place")]
    #[param(value_type = Option<String>)]
    parent: Option<Place>,
    /// A part of the name.
    search: Option<String>,
}

/// List the folders that one sees, by name: to read what is in them, or to put something in.
#[utoipa::path(get, path = "/api/files/folders/", tag = "files", params(ListFolders, Paging),
    responses((status = OK, body = Listing<FolderOut>)))]
pub async fn list_folders(
    caller: Can<ReadFiles>,
    Query(query): Query<ListFolders>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<FolderOut>>> {
    let ListFolders { parent, search } = query;
    let filter = FolderFilter { parent, search };
    let mut conn = db.conn().await?;
    let page = Folder::list(&mut conn, caller.tenant(), policy::reader(&caller), &filter, paging.numbered()).await?;
    Ok(paging.answer(page))
}

/// A folder about to be made.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateFolder {
    #[garde(length(chars, min = 1, max = 255))]
    #[schema(example = "Week 1")]
    name: String,
    /// The folder that it is in; left out at the root, where only administrators make folders.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    parent_id: Option<FolderId>,
    /// As the folder around it when left out; `INSTRUCTOR` at the root.
    #[garde(skip)]
    #[serde(default)]
    visible_to: Option<UserRole>,
    /// As the folder around it when left out; `INSTRUCTOR` at the root.
    #[garde(skip)]
    #[serde(default)]
    writable_by: Option<UserRole>,
}

/// Make a folder: an administrator anywhere, an instructor in a folder that they may fill.
#[utoipa::path(post, path = "/api/files/folders/", tag = "files", request_body = CreateFolder,
    responses((status = CREATED, body = FolderOut),
        (status = 409, description = "`name_taken`, `too_deep` or `more_open_than_parent`")))]
pub async fn create_folder(
    caller: Can<WriteFolders>,
    State(app): State<App>,
    db: Db,
    Body(body): Body<CreateFolder>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Tagged<FolderOut>)> {
    let CreateFolder { name, parent_id, visible_to, writable_by } = body;
    if parent_id.is_none() && caller.role != UserRole::Admin {
        return Err(ApiError::Forbidden("Only administrators make folders at the root.".into()));
    }
    let mut conn = db.conn().await?;
    policy::folder_to_fill(&mut conn, &caller, parent_id).await.map_err(named_parent)?;
    let new = NewFolder { parent_id, name, visible_to, writable_by, created_by: author(&caller) };
    let folder = Folder::create(&mut conn, caller.tenant(), new, app.clock.now()).await?;
    let location = format!("/api/files/folders/{}/", folder.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Tagged(folder.version, folder.into())))
}

/// In these bodies the folder is called the parent.
fn named_parent(error: ApiError) -> ApiError {
    match error {
        ApiError::Invalid(_) => ApiError::field("parent_id", "There is no such folder."),
        other => other,
    }
}

/// Show a folder.
#[utoipa::path(get, path = "/api/files/folders/{folder}/", tag = "files", params(("folder" = FolderId, Path)),
    responses((status = OK, body = FolderOut)))]
pub async fn show_folder(caller: Can<ReadFiles>, Path(id): Path<FolderId>, db: Db) -> ApiResult<Tagged<FolderOut>> {
    let folder = policy::folder(&mut *db.conn().await?, &caller, id, Action::See).await?;
    Ok(Tagged(folder.version, folder.into()))
}

/// What may be changed of a folder; what is left out stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateFolder {
    #[garde(length(chars, min = 1, max = 255))]
    #[serde(default)]
    name: Option<String>,
    /// Moves it there with what is in it; null moves it to the root. It is narrowed to its new place.
    #[garde(skip)]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Uuid>)]
    parent_id: Option<Option<FolderId>>,
    /// Narrows what is in it too.
    #[garde(skip)]
    #[serde(default)]
    visible_to: Option<UserRole>,
    /// Narrows what is in it too.
    #[garde(skip)]
    #[serde(default)]
    writable_by: Option<UserRole>,
}

/// Rename, move, open or close a folder: an administrator, or the instructor who made it.
#[utoipa::path(patch, path = "/api/files/folders/{folder}/", tag = "files", params(("folder" = FolderId, Path)),
    request_body = UpdateFolder,
    responses((status = OK, body = FolderOut),
        (status = 409, description = "`name_taken`, `folder_cycle`, `too_deep` or `more_open_than_parent`")))]
pub async fn update_folder(
    caller: Can<WriteFolders>,
    State(app): State<App>,
    Path(id): Path<FolderId>,
    IfMatch(seen): IfMatch,
    db: Db,
    Body(body): Body<UpdateFolder>,
) -> ApiResult<Tagged<FolderOut>> {
    let UpdateFolder { name, parent_id, visible_to, writable_by } = body;
    let mut conn = db.conn().await?;
    let folder = policy::folder(&mut conn, &caller, id, Action::Run).await?;
    if parent_id == Some(None) && caller.role != UserRole::Admin {
        return Err(ApiError::Forbidden("Only administrators move folders to the root.".into()));
    }
    policy::folder_to_fill(&mut conn, &caller, parent_id.flatten()).await.map_err(named_parent)?;
    let changes = FolderChanges { name, parent_id, visible_to, writable_by };
    let folder = folder.update(&mut conn, changes, seen, app.clock.now()).await?;
    Ok(Tagged(folder.version, folder.into()))
}

/// Delete a folder that is empty: an administrator, or the instructor who made it.
#[utoipa::path(delete, path = "/api/files/folders/{folder}/", tag = "files", params(("folder" = FolderId, Path)),
    responses((status = NO_CONTENT), (status = 409, description = "`folder_not_empty`")))]
pub async fn delete_folder(caller: Can<WriteFolders>, Path(id): Path<FolderId>, db: Db) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    let folder = policy::folder(&mut conn, &caller, id, Action::Run).await?;
    folder.delete(&mut conn).await?;
    Ok(StatusCode::NO_CONTENT)
}
