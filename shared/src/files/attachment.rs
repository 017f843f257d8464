//! Files that courses show. Who may open the item may download its file, whatever folder it is in;
//! that is decided where items are.

use std::collections::HashMap;

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::file::Found;
use super::{Content, File, FileError, FileRow};
use crate::db::schema::{content_items, courses, enrollments, file_attachments, file_contents, files, users};
use crate::db::{Conn, Error, broken_constraint};
use crate::ids::{ContentItemId, FileId, TenantId, UserId};

/// The file of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = file_attachments)]
pub struct Attachment {
    pub content_item_id: ContentItemId,
    pub tenant_id: TenantId,
    pub file_id: FileId,
}

impl Attachment {
    /// Items that are asked when somebody wants a file which they do not see otherwise.
    const MOST_ITEMS: i64 = 50;

    /// Gives an item its file, or takes it away. [`FileError::Gone`] when the tenant has no such
    /// file, [`FileError::NoSuchItem`] when it has no such item. While it is there the file is not
    /// deleted.
    pub async fn set(
        conn: &mut Conn,
        tenant: TenantId,
        item: ContentItemId,
        file: Option<FileId>,
    ) -> Result<(), FileError> {
        let Some(file_id) = file else {
            diesel::delete(file_attachments::table)
                .filter(file_attachments::tenant_id.eq(tenant))
                .filter(file_attachments::content_item_id.eq(item))
                .execute(conn)
                .await?;
            return Ok(());
        };
        diesel::insert_into(file_attachments::table)
            .values(&Self { content_item_id: item, tenant_id: tenant, file_id })
            .on_conflict(file_attachments::content_item_id)
            .do_update()
            .set(file_attachments::file_id.eq(file_id))
            .execute(conn)
            .await
            .map_err(|error| match broken_constraint(&error) {
                Some("file_attachments_file") => FileError::Gone,
                Some("file_attachments_item") => FileError::NoSuchItem,
                _ => FileError::Database(error),
            })?;
        Ok(())
    }

    /// The file of an item, and what it is called.
    pub(crate) async fn of(
        conn: &mut Conn,
        tenant: TenantId,
        item: ContentItemId,
    ) -> Result<Option<(FileId, String)>, Error> {
        file_attachments::table
            .inner_join(files::table)
            .filter(file_attachments::tenant_id.eq(tenant))
            .filter(file_attachments::content_item_id.eq(item))
            .select((files::id, files::filename))
            .first(conn)
            .await
            .optional()
    }

    /// The files of these items, in one query.
    pub async fn files_of(
        conn: &mut Conn,
        tenant: TenantId,
        items: &[ContentItemId],
    ) -> Result<HashMap<ContentItemId, FileRow>, Error> {
        let found = file_attachments::table
            .inner_join(files::table.inner_join(file_contents::table).left_join(users::table))
            .filter(file_attachments::tenant_id.eq(tenant))
            .filter(file_attachments::content_item_id.eq_any(items))
            .select((
                file_attachments::content_item_id,
                (File::as_select(), Content::as_select(), users::email.nullable()),
            ))
            .load::<(ContentItemId, Found)>(conn)
            .await?;
        Ok(found.into_iter().map(|(item, file)| (item, FileRow::from(file))).collect())
    }

    /// The items that show a file and are of somebody's own courses: of those that they are enrolled
    /// in, however that stands, or teach. Whether they may open one is for the courses to say, and
    /// nobody may but in such a course. Newest first, as many as are worth asking: a file goes with
    /// every copy of its course, so there may be many.
    pub async fn items_of(
        conn: &mut Conn,
        tenant: TenantId,
        file: FileId,
        person: UserId,
    ) -> Result<Vec<ContentItemId>, Error> {
        let is_enrolled = exists(
            enrollments::table
                .filter(enrollments::tenant_id.eq(content_items::tenant_id))
                .filter(enrollments::course_id.eq(content_items::course_id))
                .filter(enrollments::user_id.eq(person)),
        );
        let teaches = exists(
            courses::table
                .filter(courses::tenant_id.eq(content_items::tenant_id))
                .filter(courses::id.eq(content_items::course_id))
                .filter(courses::instructor_id.eq(person)),
        );
        file_attachments::table
            .inner_join(content_items::table)
            .filter(file_attachments::tenant_id.eq(tenant))
            .filter(file_attachments::file_id.eq(file))
            .filter(is_enrolled.or(teaches))
            .order(file_attachments::content_item_id.desc())
            .limit(Self::MOST_ITEMS)
            .select(file_attachments::content_item_id)
            .load(conn)
            .await
    }
}
