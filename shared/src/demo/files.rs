//! Folders. The demo has no files: their contents would have to be in a store.

use diesel_async::RunQueryDsl;

use super::Seed;
use crate::db::schema::folders;
use crate::db::{Conn, Error};
use crate::files::Folder;
use crate::ids::FolderId;
use crate::users::UserRole;

/// Name, who sees what is in it, who puts files into it.
const FOLDERS: [(&str, UserRole, UserRole); 4] = [
    ("Documents", UserRole::Learner, UserRole::Learner),
    // What lies here is read in the courses that show it, when they let it be read.
    ("Course Materials", UserRole::Instructor, UserRole::Instructor),
    // A letter box: learners hand in what the others do not see.
    ("Assessments", UserRole::Instructor, UserRole::Learner),
    ("Archives", UserRole::Instructor, UserRole::Instructor),
];

impl Seed<'_> {
    /// Four folders at the root.
    pub(super) async fn folders(&self, conn: &mut Conn) -> Result<usize, Error> {
        let rows: Vec<_> = FOLDERS
            .iter()
            .map(|&(name, visible_to, writable_by)| Folder {
                id: FolderId(self.id(&format!("folder {name}"))),
                tenant_id: self.tenant,
                parent_id: None,
                name: name.to_owned(),
                visible_to,
                writable_by,
                created_by: None,
                version: 1,
                created_at: self.days_ago(100),
                updated_at: self.days_ago(100),
            })
            .collect();
        diesel::insert_into(folders::table).values(&rows).execute(conn).await
    }
}
