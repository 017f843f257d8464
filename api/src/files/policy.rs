//! Whose files and folders they are.

use shared::db::Conn;
use shared::files::{Attachment, File, FileRow, Folder, Reader};
use shared::ids::{FileId, FolderId, UserId};
use shared::users::UserRole;

use crate::access::{Caller, Can};
use crate::courses;
use crate::http::{ApiError, ApiResult};

/// What somebody wants with a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Know of it.
    See,
    /// Put something in.
    Fill,
    /// Rename, move, open, close and delete it.
    Run,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Hidden,
    Refused,
    Allowed,
}

/// For the queries: what the caller sees.
pub(super) fn reader(caller: &Caller) -> Reader {
    Reader { user: caller.user, role: caller.role }
}

/// Administrators run all folders; an instructor runs those that they made. Others see what is open
/// to their role, and fill what is open to it for writing.
fn decide_folder(role: UserRole, user: UserId, folder: &Folder, action: Action) -> Decision {
    let is_own = folder.created_by == Some(user) && role <= UserRole::Instructor;
    let runs = role == UserRole::Admin || is_own;
    let fills = runs || role <= folder.writable_by;
    let sees = fills || role <= folder.visible_to;
    let may = match action {
        Action::See => sees,
        Action::Fill => fills,
        Action::Run => runs,
    };
    match (sees, may) {
        (false, _) => Decision::Hidden,
        (true, false) => Decision::Refused,
        (true, true) => Decision::Allowed,
    }
}

fn refused() -> ApiError {
    ApiError::Forbidden("This folder is not yours to change.".into())
}

/// The folder of an address, if the caller may do this with it.
pub(super) async fn folder<N>(conn: &mut Conn, caller: &Can<N>, id: FolderId, action: Action) -> ApiResult<Folder> {
    let hidden = || ApiError::NotFound("folder");
    let folder = Folder::find(conn, caller.tenant(), id).await?.ok_or_else(hidden)?;
    match decide_folder(caller.role, caller.user, &folder, action) {
        Decision::Allowed => Ok(folder),
        Decision::Refused => Err(refused()),
        Decision::Hidden => Err(hidden()),
    }
}

/// A folder that a body names, into which the caller may put something. At the root everybody may.
pub(super) async fn folder_to_fill<N>(conn: &mut Conn, caller: &Can<N>, id: Option<FolderId>) -> ApiResult<()> {
    let Some(id) = id else { return Ok(()) };
    match folder(conn, caller, id, Action::Fill).await {
        Ok(_) => Ok(()),
        Err(ApiError::NotFound(_)) => Err(ApiError::field("folder", "There is no such folder.")),
        Err(error) => Err(error),
    }
}

/// The file as it is now, if the caller may read it: by its folder, as its uploader, or because it
/// hangs on an item of a course that they may open.
pub(super) async fn readable<N>(conn: &mut Conn, caller: &Can<N>, id: FileId) -> ApiResult<FileRow> {
    match File::find_visible(conn, caller.tenant(), id, reader(caller)).await? {
        Some(row) => Ok(row),
        None => of_an_item(conn, caller, id).await,
    }
}

/// The file, if the caller may also read what it was before. An item shows its file as it is now:
/// what an author has replaced is kept from those who may only open the item.
pub(super) async fn readable_back<N>(conn: &mut Conn, caller: &Can<N>, id: FileId) -> ApiResult<FileRow> {
    if let Some(row) = File::find_visible(conn, caller.tenant(), id, reader(caller)).await? {
        return Ok(row);
    }
    of_an_item(conn, caller, id).await?;
    Err(ApiError::Forbidden("A course shows this file as it is now, and not its older versions.".into()))
}

/// The file, if an item shows it that the caller may open: without the e-mail of whoever uploaded
/// it, which courses keep from those who learn.
async fn of_an_item<N>(conn: &mut Conn, caller: &Can<N>, id: FileId) -> ApiResult<FileRow> {
    // Nearly always one item, and seldom more than a few: each asks the courses' own decision.
    for item in Attachment::items_of(conn, caller.tenant(), id, caller.user).await? {
        if courses::may_open(conn, caller, item).await? {
            let row = File::find(conn, caller.tenant(), id).await?.ok_or(ApiError::NotFound("file"))?;
            return Ok(FileRow { uploaded_by_email: None, ..row });
        }
    }
    Err(ApiError::NotFound("file"))
}

/// Who uploaded a file changes it, and administrators do.
fn changes(role: UserRole, user: UserId, uploaded_by: Option<UserId>) -> bool {
    role == UserRole::Admin || uploaded_by == Some(user)
}

/// The file, if the caller may change it.
pub(super) async fn changeable<N>(conn: &mut Conn, caller: &Can<N>, id: FileId) -> ApiResult<FileRow> {
    let row = readable(conn, caller, id).await?;
    if changes(caller.role, caller.user, row.file.uploaded_by) {
        Ok(row)
    } else {
        Err(ApiError::Forbidden("This file is somebody else's.".into()))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use shared::ids::TenantId;

    use super::*;

    #[test]
    fn who_may_do_what_with_a_folder() {
        use Action::{Fill, Run, See};
        use Decision::{Allowed, Hidden, Refused};
        use UserRole::{Admin, Instructor, Learner};
        let user = UserId::new();
        for (visible_to, writable_by, role, is_own, see, fill, run) in [
            (Learner, Learner, Learner, false, Allowed, Allowed, Refused),
            (Learner, Instructor, Learner, false, Allowed, Refused, Refused),
            (Instructor, Learner, Learner, false, Allowed, Allowed, Refused),
            (Instructor, Instructor, Learner, false, Hidden, Hidden, Hidden),
            (Instructor, Instructor, Instructor, false, Allowed, Allowed, Refused),
            (Admin, Admin, Instructor, false, Hidden, Hidden, Hidden),
            (Admin, Admin, Instructor, true, Allowed, Allowed, Allowed),
            (Admin, Admin, Admin, false, Allowed, Allowed, Allowed),
            // Somebody who was an instructor once.
            (Admin, Admin, Learner, true, Hidden, Hidden, Hidden),
        ] {
            let folder = Folder {
                id: FolderId::new(),
                tenant_id: TenantId::new(),
                parent_id: None,
                name: "Folder".to_owned(),
                visible_to,
                writable_by,
                created_by: is_own.then_some(user),
                version: 1,
                created_at: DateTime::UNIX_EPOCH,
                updated_at: DateTime::UNIX_EPOCH,
            };
            for (action, decision) in [(See, see), (Fill, fill), (Run, run)] {
                assert_eq!(
                    decide_folder(role, user, &folder, action),
                    decision,
                    "{role} {action:?} {visible_to} {writable_by} own: {is_own}"
                );
            }
        }
    }

    #[test]
    fn a_file_is_changed_by_who_uploaded_it_and_by_administrators() {
        let user = UserId::new();
        for (role, uploaded_by, may) in [
            (UserRole::Learner, Some(user), true),
            (UserRole::Learner, None, false),
            (UserRole::Instructor, Some(UserId::new()), false),
            (UserRole::Admin, Some(UserId::new()), true),
            (UserRole::Admin, None, true),
        ] {
            assert_eq!(changes(role, user, uploaded_by), may, "{role} {uploaded_by:?}");
        }
    }
}
