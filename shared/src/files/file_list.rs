//! Lists of files.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::file::Found;
use super::{Content, File, FileRow, FileStatus, Reader};
use crate::db::schema::{file_contents, files, users};
use crate::db::{Conn, Error, Numbered, Page, containing};
use crate::ids::{FolderId, TenantId, UserId};

/// Where files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In no folder.
    Root,
    /// In this one.
    Folder(FolderId),
}

/// Which files are meant; what is left out does not matter.
#[derive(Debug, Clone, Default)]
pub struct FileFilter {
    pub place: Option<Place>,
    pub status: Option<FileStatus>,
    /// A part of the name.
    pub search: Option<String>,
    pub uploaded_by: Option<UserId>,
}

impl File {
    /// The tenant's files that this person sees, newest first.
    pub async fn list(
        conn: &mut Conn,
        tenant: TenantId,
        reader: Reader,
        filter: &FileFilter,
        page: Numbered,
    ) -> Result<Page<FileRow>, Error> {
        let matching = || {
            let mut query = files::table
                .inner_join(file_contents::table)
                .left_join(users::table)
                .filter(files::tenant_id.eq(tenant))
                .filter(files::id.eq_any(reader.readable()))
                .into_boxed::<Pg>();
            match filter.place {
                Some(Place::Root) => query = query.filter(files::folder_id.is_null()),
                Some(Place::Folder(folder)) => query = query.filter(files::folder_id.eq(folder)),
                None => {}
            }
            if let Some(status) = filter.status {
                query = query.filter(file_contents::status.eq(status));
            }
            if let Some(search) = &filter.search {
                query = query.filter(files::filename.ilike(containing(search)));
            }
            if let Some(user) = filter.uploaded_by {
                query = query.filter(files::uploaded_by.eq(user));
            }
            query
        };
        let total = matching().count().get_result(conn).await?;
        let found = matching()
            .order((files::created_at.desc(), files::id.desc()))
            .limit(page.limit())
            .offset(page.offset())
            .select((Self::as_select(), Content::as_select(), users::email.nullable()))
            .load::<Found>(conn)
            .await?;
        Ok(Page::numbered(found.into_iter().map(FileRow::from).collect(), total))
    }
}
