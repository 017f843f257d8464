//! Folders: a tree, in which nothing is more open than what it is in.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::name::checked_title;
use super::{FileError, Place, Reader};
use crate::db::schema::folders;
use crate::db::{Conn, Error, Numbered, Page, broken_constraint, containing};
use crate::ids::{FolderId, TenantId, UserId};
use crate::users::UserRole;

/// A folder.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = folders, treat_none_as_default_value = false)]
pub struct Folder {
    pub id: FolderId,
    pub tenant_id: TenantId,
    /// None at the root.
    pub parent_id: Option<FolderId>,
    pub name: String,
    /// The widest role that sees what is in it.
    pub visible_to: UserRole,
    /// The widest role that puts files into it.
    pub writable_by: UserRole,
    pub created_by: Option<UserId>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A folder about to be made. Rights that are left out are those of the folder that it is in.
#[derive(Debug, Clone)]
pub struct NewFolder {
    pub parent_id: Option<FolderId>,
    pub name: String,
    pub visible_to: Option<UserRole>,
    pub writable_by: Option<UserRole>,
    /// None when it is a superuser, who is nobody of the tenant.
    pub created_by: Option<UserId>,
}

/// Which folders are meant; what is left out does not matter.
#[derive(Debug, Clone, Default)]
pub struct FolderFilter {
    /// In this one, or at the root.
    pub parent: Option<Place>,
    /// A part of the name.
    pub search: Option<String>,
}

impl Folder {
    /// Levels of folders in folders.
    pub const DEEPEST: i64 = 10;
    /// Folders of a tenant.
    pub const MOST: i64 = 10_000;

    /// Makes one, no more open than the one it is in.
    pub async fn create(
        conn: &mut Conn,
        tenant: TenantId,
        new: NewFolder,
        now: DateTime<Utc>,
    ) -> Result<Self, FileError> {
        let name = checked_title(&new.name)?;
        conn.transaction(async |conn| {
            lock_tree(conn, tenant).await?;
            let all: i64 = folders::table.filter(folders::tenant_id.eq(tenant)).count().get_result(conn).await?;
            if all >= Self::MOST {
                return Err(FileError::TooMany(Self::MOST));
            }
            let (visible_to, writable_by) = match new.parent_id {
                Some(parent) => {
                    if path(conn, tenant, parent).await?.len() >= depth(Self::DEEPEST) {
                        return Err(FileError::TooDeep(Self::DEEPEST));
                    }
                    let parent = Self::find(conn, tenant, parent).await?.ok_or(FileError::NoSuchFolder)?;
                    parent.admits(new.visible_to, new.writable_by)?
                }
                None => {
                    (new.visible_to.unwrap_or(UserRole::Instructor), new.writable_by.unwrap_or(UserRole::Instructor))
                }
            };
            let folder = Self {
                id: FolderId::new(),
                tenant_id: tenant,
                parent_id: new.parent_id,
                name,
                visible_to,
                writable_by,
                created_by: new.created_by,
                version: 1,
                created_at: now,
                updated_at: now,
            };
            diesel::insert_into(folders::table).values(&folder).execute(conn).await.map_err(broken)?;
            Ok(folder)
        })
        .await
    }

    /// The rights of a folder in this one: those that are wanted, if they are no more open.
    pub(super) fn admits(
        &self,
        visible_to: Option<UserRole>,
        writable_by: Option<UserRole>,
    ) -> Result<(UserRole, UserRole), FileError> {
        let rights = (visible_to.unwrap_or(self.visible_to), writable_by.unwrap_or(self.writable_by));
        let is_open = rights.0 > self.visible_to || rights.1 > self.writable_by;
        if is_open { Err(FileError::MoreOpenThanParent) } else { Ok(rights) }
    }

    /// The tenant's folder with this id.
    pub async fn find(conn: &mut Conn, tenant: TenantId, id: FolderId) -> Result<Option<Self>, Error> {
        folders::table
            .filter(folders::tenant_id.eq(tenant))
            .filter(folders::id.eq(id))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()
    }

    /// The tenant's folders that this person sees, by name.
    pub async fn list(
        conn: &mut Conn,
        tenant: TenantId,
        reader: Reader,
        filter: &FolderFilter,
        page: Numbered,
    ) -> Result<Page<Self>, Error> {
        let matching = || {
            let mut query = folders::table.filter(folders::tenant_id.eq(tenant)).filter(reader.may_find()).into_boxed();
            match filter.parent {
                Some(Place::Root) => query = query.filter(folders::parent_id.is_null()),
                Some(Place::Folder(parent)) => query = query.filter(folders::parent_id.eq(parent)),
                None => {}
            }
            if let Some(search) = &filter.search {
                query = query.filter(folders::name.ilike(containing(search)));
            }
            query
        };
        let total = matching().count().get_result(conn).await?;
        let items = matching()
            .order((folders::name, folders::id))
            .limit(page.limit())
            .offset(page.offset())
            .select(Self::as_select())
            .load(conn)
            .await?;
        Ok(Page::numbered(items, total))
    }

    /// Deletes it, if nothing is in it.
    pub async fn delete(&self, conn: &mut Conn) -> Result<(), FileError> {
        diesel::delete(self).filter(folders::tenant_id.eq(self.tenant_id)).execute(conn).await.map_err(broken)?;
        Ok(())
    }
}

/// Changes of a tenant's tree happen one after the other: two folders moved into each other at
/// once would both be gone from it.
pub(super) async fn lock_tree(conn: &mut Conn, tenant: TenantId) -> Result<(), Error> {
    diesel::sql_query("select pg_advisory_xact_lock(hashtextextended('folders:' || $1, 0))")
        .bind::<Text, _>(tenant.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = SqlUuid)]
    id: FolderId,
}

/// A folder and those around it, from the inside out; nothing when there is no such folder.
pub(super) async fn path(conn: &mut Conn, tenant: TenantId, folder: FolderId) -> Result<Vec<FolderId>, Error> {
    let steps: Vec<Step> = diesel::sql_query(include_str!("folder_path.sql"))
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(folder)
        .load(conn)
        .await?;
    Ok(steps.into_iter().map(|step| step.id).collect())
}

#[derive(QueryableByName)]
struct Height {
    #[diesel(sql_type = diesel::sql_types::Nullable<Integer>)]
    height: Option<i32>,
}

/// How many levels a folder and what is in it have.
pub(super) async fn height(conn: &mut Conn, folder: &Folder) -> Result<usize, Error> {
    let found: Height = diesel::sql_query(include_str!("folder_height.sql"))
        .bind::<SqlUuid, _>(folder.tenant_id.0)
        .bind::<SqlUuid, _>(folder.id)
        .get_result(conn)
        .await?;
    Ok(depth(found.height.unwrap_or(1).into()))
}

pub(super) fn depth(levels: i64) -> usize {
    usize::try_from(levels).unwrap_or(usize::MAX)
}

pub(super) fn broken(error: Error) -> FileError {
    match broken_constraint(&error) {
        Some("folders_name_per_parent") => FileError::FolderNameTaken,
        Some("folders_parent" | "files_folder" | "file_uploads_folder") => FileError::FolderNotEmpty,
        _ => FileError::Database(error),
    }
}
