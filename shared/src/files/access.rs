//! Who sees which files, as a condition of queries.

use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Uuid};

use crate::db::schema::{files, folders};
use crate::ids::UserId;
use crate::users::UserRole;

/// Somebody who looks at files. Administrators see all of the tenant; others what they have
/// uploaded, and what lies in folders that are open to their role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    pub user: UserId,
    pub role: UserRole,
}

impl Reader {
    /// The ids of the files that they see.
    pub(super) fn readable(self) -> files::BoxedQuery<'static, Pg, Uuid> {
        let all = files::table.select(files::id).into_boxed();
        if self.role == UserRole::Admin {
            return all;
        }
        let open = folders::table
            .filter(folders::tenant_id.eq(files::tenant_id))
            .filter(folders::id.nullable().eq(files::folder_id))
            .filter(folders::visible_to.ge(self.role));
        all.filter(files::uploaded_by.eq(self.user).or(exists(open).nullable()))
    }

    /// Folders that they see: to read what is in them, or to put something in.
    pub(super) fn may_find(self) -> Box<dyn BoxableExpression<folders::table, Pg, SqlType = Nullable<Bool>>> {
        let is_open = folders::visible_to.ge(self.role).or(folders::writable_by.ge(self.role));
        Box::new(is_open.nullable().or(folders::created_by.eq(self.user)))
    }
}
