//! Who may say and change what: what a role cannot say.

use shared::courses::CourseStatus;
use shared::db::Conn;
use shared::discussions::{Branch, CourseStanding, Reader, Reply, Thread, ThreadRow};
use shared::ids::{ReplyId, ThreadId};

use crate::access::{Caller, Can};
use crate::courses::course_key;
use crate::http::{ApiError, ApiResult, CourseRef};

/// What somebody wants with a thread or a reply that they may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Read it, like it, mark it, reply to it.
    Read,
    /// Change its words, or delete it.
    Edit,
    /// Pin, lock, hide, and say that it is an announcement.
    Moderate,
}

/// Everybody edits their own words; whoever runs the course edits and moderates all.
pub(super) fn may(runs: bool, is_own: bool, action: Action) -> bool {
    match action {
        Action::Read => true,
        Action::Edit => runs || is_own,
        Action::Moderate => runs,
    }
}

const REFUSED: ApiError = ApiError::Forbidden(std::borrow::Cow::Borrowed("This is somebody else's to change."));

/// As whom the caller reads.
pub(super) fn reader(caller: &Caller) -> Reader {
    Reader { user: caller.user, role: caller.role, at: caller.at }
}

/// Somebody of the tenant. A superuser acts in one without belonging to it, and does not talk there.
pub(super) fn require_member(caller: &Caller) -> ApiResult<()> {
    if caller.person.tenant_id.is_some() {
        return Ok(());
    }
    Err(ApiError::Conflict {
        code: "not_a_member",
        message: "You belong to no tenant, and so take part in no discussion.".to_owned(),
    })
}

/// The course, if the caller may open threads in it.
pub(super) async fn course<N>(conn: &mut Conn, caller: &Can<N>, named: &CourseRef) -> ApiResult<CourseStanding> {
    let found = reader(caller).standing(conn, caller.tenant(), course_key(named)).await?;
    let missing = || ApiError::field("course", "No such course.");
    let standing = found.ok_or_else(missing)?;
    match standing.status {
        _ if standing.may_talk() => Ok(standing),
        CourseStatus::Published => {
            Err(ApiError::Forbidden("Only those who take part in the course talk in it.".into()))
        }
        CourseStatus::Draft | CourseStatus::Archived => Err(missing()),
    }
}

/// The thread, if the caller may do this with it.
pub(super) async fn thread<N>(conn: &mut Conn, caller: &Can<N>, id: ThreadId, action: Action) -> ApiResult<ThreadRow> {
    let found = Thread::find(conn, caller.tenant(), reader(caller), id).await?;
    let row = found.ok_or(ApiError::NotFound("thread"))?;
    let is_own = row.thread.author_id == caller.user;
    if may(row.runs, is_own, action) { Ok(row) } else { Err(REFUSED) }
}

/// The reply with those below it, if the caller may do this with it.
pub(super) async fn reply<N>(conn: &mut Conn, caller: &Can<N>, id: ReplyId, action: Action) -> ApiResult<Branch> {
    let found = Reply::find(conn, caller.tenant(), reader(caller), id).await?;
    let branch = found.ok_or(ApiError::NotFound("reply"))?;
    let is_own = branch.row.reply.author_id == caller.user;
    if may(branch.row.runs, is_own, action) { Ok(branch) } else { Err(REFUSED) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_their_authors_and_order_is_the_courses() {
        use Action::{Edit, Moderate, Read};
        for (runs, is_own, read, edit, moderate) in [
            (true, true, true, true, true),
            (true, false, true, true, true),
            (false, true, true, true, false),
            (false, false, true, false, false),
        ] {
            assert_eq!(may(runs, is_own, Read), read, "read {runs} {is_own}");
            assert_eq!(may(runs, is_own, Edit), edit, "edit {runs} {is_own}");
            assert_eq!(may(runs, is_own, Moderate), moderate, "moderate {runs} {is_own}");
        }
    }
}
