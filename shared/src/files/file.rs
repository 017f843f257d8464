//! A file: a name and a place for contents.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::content::discard;
use super::{Content, FileError, FileStatus, Kind, Reader, checked_name};
use crate::db::schema::{file_contents, file_uploads, file_versions, files, users};
use crate::db::{Conn, Error, broken_constraint};
use crate::ids::{FileContentId, FileId, FolderId, TenantId, UserId};

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable)]
#[diesel(table_name = files)]
pub struct File {
    pub id: FileId,
    pub tenant_id: TenantId,
    /// In no folder it is its uploader's and the administrators'.
    pub folder_id: Option<FolderId>,
    pub uploaded_by: Option<UserId>,
    pub filename: String,
    pub description: String,
    /// The current version's.
    pub content_id: FileContentId,
    pub version_number: i32,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A file with its current content and whoever uploaded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    pub file: File,
    pub content: Content,
    pub uploaded_by_email: Option<String>,
}

pub(super) type Found = (File, Content, Option<String>);

impl From<Found> for FileRow {
    fn from((file, content, uploaded_by_email): Found) -> Self {
        Self { file, content, uploaded_by_email }
    }
}

/// A file that people get: what others than this domain need of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvailableFile {
    pub id: FileId,
    pub filename: String,
    pub media_type: &'static str,
    pub size_bytes: i64,
    /// Where it lies in the store.
    pub key: String,
}

/// What changes of a file. What is none stays.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = files)]
pub struct FileChanges {
    pub filename: Option<String>,
    pub description: Option<String>,
    pub folder_id: Option<Option<FolderId>>,
}

impl FileRow {
    /// The file, if people get it.
    pub fn available(&self) -> Option<AvailableFile> {
        let Self { file, content, .. } = self;
        if content.status != FileStatus::Available {
            return None;
        }
        Some(AvailableFile {
            id: file.id,
            filename: file.filename.clone(),
            media_type: content.kind()?.media_type,
            size_bytes: content.size_bytes,
            key: content.key(),
        })
    }
}

impl File {
    /// The tenant's file with this id, whoever may read it.
    pub async fn find(conn: &mut Conn, tenant: TenantId, id: FileId) -> Result<Option<FileRow>, Error> {
        let found = files::table
            .inner_join(file_contents::table)
            .left_join(users::table)
            .filter(files::tenant_id.eq(tenant))
            .filter(files::id.eq(id))
            .select((Self::as_select(), Content::as_select(), users::email.nullable()))
            .first::<Found>(conn)
            .await
            .optional()?;
        Ok(found.map(FileRow::from))
    }

    /// The tenant's file with this id, if this person sees it in its folder.
    pub async fn find_visible(
        conn: &mut Conn,
        tenant: TenantId,
        id: FileId,
        reader: Reader,
    ) -> Result<Option<FileRow>, Error> {
        let found = files::table
            .inner_join(file_contents::table)
            .left_join(users::table)
            .filter(files::tenant_id.eq(tenant))
            .filter(files::id.eq(id))
            .filter(files::id.eq_any(reader.readable()))
            .select((Self::as_select(), Content::as_select(), users::email.nullable()))
            .first::<Found>(conn)
            .await
            .optional()?;
        Ok(found.map(FileRow::from))
    }

    /// The tenant's file with this id, if it was let pass, for whoever decides elsewhere who gets it.
    pub async fn find_available(conn: &mut Conn, tenant: TenantId, id: FileId) -> Result<Option<AvailableFile>, Error> {
        Ok(Self::find(conn, tenant, id).await?.and_then(|row| row.available()))
    }

    /// Changes it, if `seen` is its version or none is asked for. Whether the folder is for this
    /// person has been decided.
    pub async fn update(
        &self,
        conn: &mut Conn,
        mut changes: FileChanges,
        seen: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<(), FileError> {
        if let Some(given) = &changes.filename {
            let (name, kind) = checked_name(given)?;
            if Kind::of(&self.filename).is_none_or(|before| before.media_type != kind.media_type) {
                return Err(FileError::KindDiffers);
            }
            changes.filename = Some(name);
        }
        let changed = diesel::update(files::table)
            .filter(files::tenant_id.eq(self.tenant_id))
            .filter(files::id.eq(self.id))
            .filter(files::version.eq(seen.unwrap_or_default()).or(seen.is_none().into_sql::<Bool>()))
            .set((&changes, files::version.eq(files::version + 1), files::updated_at.eq(now)))
            .execute(conn)
            .await
            .map_err(broken)?;
        if changed == 1 { Ok(()) } else { Err(FileError::Changed) }
    }

    /// Deletes it with all its versions, unless a course shows it. What they had leaves the store.
    pub async fn delete(&self, conn: &mut Conn, seen: Option<i32>, now: DateTime<Utc>) -> Result<(), FileError> {
        conn.transaction(async |conn| {
            let version = files::table
                .filter(files::tenant_id.eq(self.tenant_id))
                .filter(files::id.eq(self.id))
                .select(files::version)
                .for_update()
                .first::<i32>(conn)
                .await
                .optional()?
                .ok_or(FileError::Gone)?;
            if seen.is_some_and(|seen| seen != version) {
                return Err(FileError::Changed);
            }
            // New versions on their way come too late; the next cleaning up gives them up.
            diesel::update(file_uploads::table)
                .filter(file_uploads::tenant_id.eq(self.tenant_id))
                .filter(file_uploads::file_id.eq(self.id))
                .set((file_uploads::is_closing.eq(true), file_uploads::file_id.eq(None::<FileId>)))
                .execute(conn)
                .await?;
            let contents: Vec<FileContentId> = file_versions::table
                .filter(file_versions::tenant_id.eq(self.tenant_id))
                .filter(file_versions::file_id.eq(self.id))
                .select(file_versions::content_id)
                .distinct()
                .load(conn)
                .await?;
            diesel::delete(self).filter(files::tenant_id.eq(self.tenant_id)).execute(conn).await.map_err(broken)?;
            Ok(discard(conn, self.tenant_id, &contents, now).await?)
        })
        .await
    }
}

fn broken(error: Error) -> FileError {
    match broken_constraint(&error) {
        Some("files_folder") => FileError::NoSuchFolder,
        Some("file_attachments_file") => FileError::InUse,
        _ => FileError::Database(error),
    }
}
