//! The contents that a file has had.

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::content::discard;
use super::{Content, File, FileError, FileStatus};
use crate::db::schema::{file_contents, file_versions, files, users};
use crate::db::{Conn, Error, Numbered, Page};
use crate::ids::{FileContentId, FileId, FileVersionId, TenantId, UserId};

/// A content that a file has, or had.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = file_versions, treat_none_as_default_value = false)]
pub struct FileVersion {
    pub id: FileVersionId,
    pub tenant_id: TenantId,
    pub file_id: FileId,
    /// From 1, within the file.
    pub number: i32,
    pub content_id: FileContentId,
    pub user_id: Option<UserId>,
    pub comment: String,
    pub created_at: DateTime<Utc>,
}

/// A version with its content and whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    pub version: FileVersion,
    pub content: Content,
    pub user_email: Option<String>,
}

type Found = (FileVersion, Content, Option<String>);

impl From<Found> for VersionRow {
    fn from((version, content, user_email): Found) -> Self {
        Self { version, content, user_email }
    }
}

impl FileVersion {
    /// Numbers of a file's versions go so far.
    pub const MOST: i32 = 1_000;

    /// A file's versions, newest first.
    pub async fn list(conn: &mut Conn, file: &File, page: Numbered) -> Result<Page<VersionRow>, Error> {
        let total = of_file(file).count().get_result(conn).await?;
        let found = of_file(file)
            .inner_join(file_contents::table)
            .left_join(users::table)
            .order(file_versions::number.desc())
            .limit(page.limit())
            .offset(page.offset())
            .select((Self::as_select(), Content::as_select(), users::email.nullable()))
            .load::<Found>(conn)
            .await?;
        Ok(Page::numbered(found.into_iter().map(VersionRow::from).collect(), total))
    }

    /// A file's version of this number.
    pub async fn find(conn: &mut Conn, file: &File, number: i32) -> Result<Option<VersionRow>, Error> {
        let found = of_file(file)
            .inner_join(file_contents::table)
            .left_join(users::table)
            .filter(file_versions::number.eq(number))
            .select((Self::as_select(), Content::as_select(), users::email.nullable()))
            .first::<Found>(conn)
            .await
            .optional()?;
        Ok(found.map(VersionRow::from))
    }

    /// Makes an old version the newest: a version of its own, of the same content, current at once
    /// because it was looked at. Nothing is copied, and no room is taken.
    pub async fn restore(
        conn: &mut Conn,
        file: &File,
        number: i32,
        user: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<Self, FileError> {
        conn.transaction(async |conn| {
            lock(conn, file).await?;
            let old = Self::find(conn, file, number).await?.ok_or(FileError::Gone)?;
            if old.content.status != FileStatus::Available {
                return Err(FileError::VersionNotAvailable);
            }
            let version = Self {
                id: FileVersionId::new(),
                tenant_id: file.tenant_id,
                file_id: file.id,
                number: Self::next_number(conn, file.tenant_id, file.id).await?,
                content_id: old.content.id,
                user_id: user,
                comment: format!("Restored from version {number}"),
                created_at: now,
            };
            diesel::insert_into(file_versions::table).values(&version).execute(conn).await?;
            diesel::update(file)
                .filter(files::tenant_id.eq(file.tenant_id))
                .set((
                    files::content_id.eq(version.content_id),
                    files::version_number.eq(version.number),
                    files::version.eq(files::version + 1),
                    files::updated_at.eq(now),
                ))
                .execute(conn)
                .await?;
            Ok(version)
        })
        .await
    }

    /// Deletes a version that is not the current one, and its content when no other version has it.
    pub async fn delete(conn: &mut Conn, file: &File, number: i32, now: DateTime<Utc>) -> Result<(), FileError> {
        conn.transaction(async |conn| {
            let current = lock(conn, file).await?;
            if number == current {
                return Err(FileError::CurrentVersion);
            }
            let content: FileContentId = diesel::delete(of_file(file).filter(file_versions::number.eq(number)))
                .returning(file_versions::content_id)
                .get_result(conn)
                .await
                .optional()?
                .ok_or(FileError::Gone)?;
            let others: i64 =
                of_file(file).filter(file_versions::content_id.eq(content)).select(count_star()).first(conn).await?;
            if others == 0 {
                discard(conn, file.tenant_id, &[content], now).await?;
            }
            Ok(())
        })
        .await
    }
}

/// Keeps others from making versions of the file; returns the number of the current one.
async fn lock(conn: &mut Conn, file: &File) -> Result<i32, FileError> {
    files::table
        .filter(files::tenant_id.eq(file.tenant_id))
        .filter(files::id.eq(file.id))
        .select(files::version_number)
        .for_no_key_update()
        .first(conn)
        .await
        .optional()?
        .ok_or(FileError::Gone)
}

type OfFile = diesel::dsl::Filter<
    diesel::dsl::Filter<file_versions::table, diesel::dsl::Eq<file_versions::tenant_id, TenantId>>,
    diesel::dsl::Eq<file_versions::file_id, FileId>,
>;

fn of_file(file: &File) -> OfFile {
    file_versions::table.filter(file_versions::tenant_id.eq(file.tenant_id)).filter(file_versions::file_id.eq(file.id))
}
