//! Folders renamed, moved, opened and closed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::folder::{broken, depth, height, lock_tree, path};
use super::name::checked_title;
use super::{FileError, Folder};
use crate::db::Conn;
use crate::db::schema::{folders, sql_types};
use crate::ids::FolderId;
use crate::users::UserRole;

/// What changes of a folder. What is none stays.
#[derive(Debug, Clone, Default)]
pub struct FolderChanges {
    pub name: Option<String>,
    pub parent_id: Option<Option<FolderId>>,
    pub visible_to: Option<UserRole>,
    pub writable_by: Option<UserRole>,
}

impl Folder {
    /// Changes it, if `seen` is its version or none is asked for. What is in it is never left more
    /// open than it; a folder that is moved is narrowed to its new place.
    pub async fn update(
        &self,
        conn: &mut Conn,
        changes: FolderChanges,
        seen: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<Self, FileError> {
        let name = changes.name.as_deref().map(checked_title).transpose()?;
        conn.transaction(async |conn| {
            lock_tree(conn, self.tenant_id).await?;
            let mut folder = Self::find(conn, self.tenant_id, self.id).await?.ok_or(FileError::NoSuchFolder)?;
            if seen.is_some_and(|seen| seen != folder.version) {
                return Err(FileError::Changed);
            }
            let before = (folder.visible_to, folder.writable_by);
            folder.name = name.unwrap_or(folder.name);
            if let Some(place) = changes.parent_id.filter(|place| *place != folder.parent_id) {
                folder.move_into(conn, place).await?;
            }
            folder.open_to(conn, changes.visible_to, changes.writable_by).await?;
            let changed: Self = diesel::update(self)
                .filter(folders::tenant_id.eq(self.tenant_id))
                .set((
                    folders::name.eq(&folder.name),
                    folders::parent_id.eq(folder.parent_id),
                    folders::visible_to.eq(folder.visible_to),
                    folders::writable_by.eq(folder.writable_by),
                    folders::version.eq(folders::version + 1),
                    folders::updated_at.eq(now),
                ))
                .returning(Self::as_returning())
                .get_result(conn)
                .await
                .map_err(broken)?;
            if (changed.visible_to, changed.writable_by) != before {
                changed.narrow(conn, now).await?;
            }
            Ok(changed)
        })
        .await
    }

    /// Puts it elsewhere, where it is no more open than what it is in then.
    async fn move_into(&mut self, conn: &mut Conn, place: Option<FolderId>) -> Result<(), FileError> {
        if let Some(parent) = place {
            let around = path(conn, self.tenant_id, parent).await?;
            if around.is_empty() {
                return Err(FileError::NoSuchFolder);
            }
            if around.contains(&self.id) {
                return Err(FileError::FolderCycle);
            }
            if around.len() + height(conn, self).await? > depth(Self::DEEPEST) {
                return Err(FileError::TooDeep(Self::DEEPEST));
            }
            let parent = Self::find(conn, self.tenant_id, parent).await?.ok_or(FileError::NoSuchFolder)?;
            self.visible_to = self.visible_to.min(parent.visible_to);
            self.writable_by = self.writable_by.min(parent.writable_by);
        }
        self.parent_id = place;
        Ok(())
    }

    /// Gives it other rights, if what it is in admits them.
    async fn open_to(
        &mut self,
        conn: &mut Conn,
        visible_to: Option<UserRole>,
        writable_by: Option<UserRole>,
    ) -> Result<(), FileError> {
        let wanted = (visible_to.unwrap_or(self.visible_to), writable_by.unwrap_or(self.writable_by));
        if let Some(parent) = self.parent_id.filter(|_| wanted != (self.visible_to, self.writable_by)) {
            let parent = Self::find(conn, self.tenant_id, parent).await?.ok_or(FileError::NoSuchFolder)?;
            parent.admits(Some(wanted.0), Some(wanted.1))?;
        }
        (self.visible_to, self.writable_by) = wanted;
        Ok(())
    }

    /// Narrows what is in it to its own rights.
    async fn narrow(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<(), FileError> {
        diesel::sql_query(include_str!("narrow_folders.sql"))
            .bind::<SqlUuid, _>(self.tenant_id.0)
            .bind::<SqlUuid, _>(self.id)
            .bind::<sql_types::UserRole, _>(self.visible_to)
            .bind::<sql_types::UserRole, _>(self.writable_by)
            .bind::<Timestamptz, _>(now)
            .execute(conn)
            .await?;
        Ok(())
    }
}
