//! Contents on their way into the store.
//!
//! An upload is a row before anything is sent, so that what is broken off is found and given up. It
//! takes its room of the tenant's quota while it grows; when it has arrived, the room is the
//! content's.

use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::jobs::ScanContent;
use super::{FileError, FileStatus, FileVersion, Kind, Quota, original_key};
use crate::db::schema::{file_contents, file_uploads, file_versions, files, users};
use crate::db::{Conn, Error, broken_constraint};
use crate::ids::{FileContentId, FileId, FileVersionId, FolderId, TenantId, UserId};
use crate::jobs;
use crate::storage::Storage;

/// A content on its way.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = file_uploads, treat_none_as_default_value = false)]
pub struct Upload {
    /// Of the content that it becomes.
    pub id: FileContentId,
    pub tenant_id: TenantId,
    pub user_id: UserId,
    pub filename: String,
    pub folder_id: Option<FolderId>,
    /// The file that gets a new version.
    pub file_id: Option<FileId>,
    pub comment: String,
    /// Announced by a client that sends to the store itself.
    pub promised_bytes: Option<i64>,
    pub promised_sha256: Option<Vec<u8>>,
    pub reserved_bytes: i64,
    pub part_bytes: Option<i64>,
    /// What the store calls the upload in parts.
    pub store_upload: Option<String>,
    pub is_closing: bool,
    pub expires_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

/// An upload about to begin.
#[derive(Debug, Clone)]
pub struct NewUpload {
    pub user: UserId,
    pub filename: String,
    pub folder: Option<FolderId>,
    /// The file that gets a new version.
    pub file: Option<FileId>,
    pub comment: String,
    pub expires_at: DateTime<Utc>,
}

/// What has arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub size_bytes: i64,
    /// As it was counted, or as the client promised it.
    pub sha256: Option<Vec<u8>>,
}

impl Upload {
    /// Uploads that a person may have open at once, of those that go to the store directly.
    pub const MOST: i64 = 50;

    /// An upload of this person, not yet kept: its id is what the store is told.
    pub fn new(tenant: TenantId, new: NewUpload, now: DateTime<Utc>) -> Self {
        Self {
            id: FileContentId::new(),
            tenant_id: tenant,
            user_id: new.user,
            filename: new.filename,
            folder_id: new.folder,
            file_id: new.file,
            comment: new.comment,
            promised_bytes: None,
            promised_sha256: None,
            reserved_bytes: 0,
            part_bytes: None,
            store_upload: None,
            is_closing: false,
            expires_at: new.expires_at,
            created_at: now,
        }
    }

    /// Where its content will lie.
    pub fn key(&self) -> String {
        original_key(self.tenant_id, self.id)
    }

    /// Begins it, with the room that is known to be needed.
    pub async fn begin(&self, conn: &mut Conn, usual_quota: i64) -> Result<(), FileError> {
        conn.transaction(async |conn| {
            if self.promised_bytes.is_some() {
                let open: i64 = file_uploads::table
                    .filter(file_uploads::tenant_id.eq(self.tenant_id))
                    .filter(file_uploads::user_id.eq(self.user_id))
                    .filter(file_uploads::promised_bytes.is_not_null())
                    .count()
                    .get_result(conn)
                    .await?;
                if open >= Self::MOST {
                    return Err(FileError::TooMany(Self::MOST));
                }
            }
            if self.reserved_bytes > 0 {
                Quota::take(conn, self.tenant_id, self.reserved_bytes, usual_quota).await?;
            }
            diesel::insert_into(file_uploads::table).values(self).execute(conn).await.map_err(broken)?;
            Ok(())
        })
        .await
    }

    /// Notes what the store calls it.
    pub async fn goes_in_parts(&self, conn: &mut Conn, store_upload: &str) -> Result<(), Error> {
        diesel::update(self)
            .filter(file_uploads::tenant_id.eq(self.tenant_id))
            .set(file_uploads::store_upload.eq(store_upload))
            .execute(conn)
            .await?;
        Ok(())
    }

    /// Takes room for so many bytes more, and time until `expires_at`.
    pub async fn grow(
        &self,
        conn: &mut Conn,
        bytes: i64,
        usual_quota: i64,
        expires_at: DateTime<Utc>,
    ) -> Result<(), FileError> {
        conn.transaction(async |conn| {
            let grown = diesel::update(self)
                .filter(file_uploads::tenant_id.eq(self.tenant_id))
                .filter(file_uploads::is_closing.eq(false))
                .set((
                    file_uploads::reserved_bytes.eq(file_uploads::reserved_bytes + bytes),
                    file_uploads::expires_at.eq(expires_at),
                ))
                .execute(conn)
                .await?;
            if grown == 0 {
                return Err(FileError::Gone);
            }
            Quota::take(conn, self.tenant_id, bytes, usual_quota).await
        })
        .await
    }

    /// This person's upload with this id, while it is open.
    pub async fn find(
        conn: &mut Conn,
        tenant: TenantId,
        id: FileContentId,
        user: UserId,
    ) -> Result<Option<Self>, Error> {
        file_uploads::table
            .filter(file_uploads::tenant_id.eq(tenant))
            .filter(file_uploads::id.eq(id))
            .filter(file_uploads::user_id.eq(user))
            .filter(file_uploads::is_closing.eq(false))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()
    }

    /// Makes a file of it, or a new version of one, and has it looked at. The upload is no more;
    /// [`FileError::Gone`] when it was no more before.
    pub async fn arrive(&self, conn: &mut Conn, arrived: Arrived, now: DateTime<Utc>) -> Result<FileId, FileError> {
        let kind = Kind::of(&self.filename).ok_or(super::NameError::UnknownKind)?;
        conn.transaction(async |conn| {
            let taken = diesel::delete(self)
                .filter(file_uploads::tenant_id.eq(self.tenant_id))
                .filter(file_uploads::is_closing.eq(false))
                .returning(file_uploads::reserved_bytes)
                .get_result::<i64>(conn)
                .await
                .optional()?;
            let reserved = taken.ok_or(FileError::Gone)?;
            Quota::give_back(conn, self.tenant_id, reserved - arrived.size_bytes).await?;
            diesel::insert_into(file_contents::table)
                .values((
                    file_contents::id.eq(self.id),
                    file_contents::tenant_id.eq(self.tenant_id),
                    file_contents::size_bytes.eq(arrived.size_bytes),
                    file_contents::media_type.eq(kind.media_type),
                    file_contents::sha256.eq(&arrived.sha256),
                    file_contents::status.eq(FileStatus::Processing),
                    file_contents::created_at.eq(now),
                ))
                .execute(conn)
                .await?;
            let author = self.author(conn).await?;
            let (file, number) = match self.file_id {
                Some(file) => (file, self.next_number(conn, file, kind).await?),
                None => (self.new_file(conn, author, now).await?, 1),
            };
            let version = FileVersion {
                id: FileVersionId::new(),
                tenant_id: self.tenant_id,
                file_id: file,
                number,
                content_id: self.id,
                user_id: author,
                comment: self.comment.clone(),
                created_at: now,
            };
            diesel::insert_into(file_versions::table).values(&version).execute(conn).await?;
            jobs::enqueue(conn, &ScanContent { tenant_id: self.tenant_id, content_id: self.id }).await?;
            Ok(file)
        })
        .await
    }

    /// Whose it is as the tenant knows them: a superuser is nobody of it.
    async fn author(&self, conn: &mut Conn) -> Result<Option<UserId>, Error> {
        users::table
            .filter(users::tenant_id.eq(self.tenant_id))
            .filter(users::id.eq(self.user_id))
            .select(users::id)
            .first(conn)
            .await
            .optional()
    }

    async fn new_file(&self, conn: &mut Conn, author: Option<UserId>, now: DateTime<Utc>) -> Result<FileId, FileError> {
        let id = FileId::new();
        diesel::insert_into(files::table)
            .values((
                files::id.eq(id),
                files::tenant_id.eq(self.tenant_id),
                files::folder_id.eq(self.folder_id),
                files::uploaded_by.eq(author),
                files::filename.eq(&self.filename),
                files::content_id.eq(self.id),
                files::created_at.eq(now),
                files::updated_at.eq(now),
            ))
            .execute(conn)
            .await
            .map_err(broken)?;
        Ok(id)
    }

    /// The number of the file's next version; the file is locked, so that no other gets it.
    async fn next_number(&self, conn: &mut Conn, file: FileId, kind: &Kind) -> Result<i32, FileError> {
        let filename = files::table
            .filter(files::tenant_id.eq(self.tenant_id))
            .filter(files::id.eq(file))
            .select(files::filename)
            .for_no_key_update()
            .first::<String>(conn)
            .await
            .optional()?
            .ok_or(FileError::Gone)?;
        if Kind::of(&filename).is_none_or(|before| before.media_type != kind.media_type) {
            return Err(FileError::KindDiffers);
        }
        FileVersion::next_number(conn, self.tenant_id, file).await
    }

    /// Gives it up: from now on nothing completes it. What it has stored must be removed before it
    /// is forgotten. False when it was given up or has arrived before.
    pub async fn close(&self, conn: &mut Conn) -> Result<bool, Error> {
        let closed = diesel::update(self)
            .filter(file_uploads::tenant_id.eq(self.tenant_id))
            .filter(file_uploads::is_closing.eq(false))
            .set(file_uploads::is_closing.eq(true))
            .execute(conn)
            .await?;
        Ok(closed == 1)
    }

    /// Removes from the store what has come of it. Again and again does no harm.
    ///
    /// # Errors
    /// The store's.
    pub async fn remove_objects(&self, storage: &Storage) -> anyhow::Result<()> {
        if let Some(name) = &self.store_upload {
            storage.abort_parts(&self.key(), name).await?;
        }
        storage.delete(&self.key()).await
    }

    /// Forgets one that was given up and whose objects are removed; its room is free.
    pub async fn forget(&self, conn: &mut Conn) -> Result<(), Error> {
        conn.transaction(async |conn| {
            let freed = diesel::delete(self)
                .filter(file_uploads::tenant_id.eq(self.tenant_id))
                .filter(file_uploads::is_closing)
                .returning(file_uploads::reserved_bytes)
                .get_result::<i64>(conn)
                .await
                .optional()?;
            Quota::give_back(conn, self.tenant_id, freed.unwrap_or_default()).await
        })
        .await
    }
}

impl FileVersion {
    /// The number after the last of a file that is locked.
    pub(super) async fn next_number(conn: &mut Conn, tenant: TenantId, file: FileId) -> Result<i32, FileError> {
        let last: Option<i32> = file_versions::table
            .filter(file_versions::tenant_id.eq(tenant))
            .filter(file_versions::file_id.eq(file))
            .select(max(file_versions::number))
            .first(conn)
            .await?;
        let next = last.unwrap_or(0).saturating_add(1);
        if next > Self::MOST { Err(FileError::TooMany(Self::MOST.into())) } else { Ok(next) }
    }
}

fn broken(error: Error) -> FileError {
    match broken_constraint(&error) {
        Some("files_folder" | "file_uploads_folder") => FileError::NoSuchFolder,
        Some("file_uploads_file") => FileError::Gone,
        _ => FileError::Database(error),
    }
}
