//! Whose course it is: what a role cannot say.

use shared::courses::{ContentItem, Course, CourseKey, CourseStatus, Depth, Module, Standing};
use shared::db::Conn;
use shared::ids::{ContentItemId, ModuleId};
use shared::users::UserRole;

use crate::access::{Caller, Can};
use crate::http::{ApiError, ApiResult, CourseRef};

/// What somebody wants with a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Look at it.
    See,
    /// Change it and what is in it, publish, archive or delete it.
    Change,
}

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It does not exist, as far as they know.
    Hidden,
    /// They see it, but may not.
    Refused,
    /// They may.
    Allowed,
}

/// Administrators and the course's instructor see and change everything. The others see what is
/// published; once archived, only those who take part do.
pub(crate) fn decide(runs: bool, status: CourseStatus, takes_part: bool, action: Action) -> Decision {
    let open = match status {
        CourseStatus::Draft => false,
        CourseStatus::Published => true,
        CourseStatus::Archived => takes_part,
    };
    match action {
        _ if runs => Decision::Allowed,
        Action::See if open => Decision::Allowed,
        Action::Change if open => Decision::Refused,
        Action::See | Action::Change => Decision::Hidden,
    }
}

/// How much of the content they see: outsiders its outline only.
fn depth(runs: bool, takes_part: bool) -> Depth {
    match (runs, takes_part) {
        (true, _) => Depth::Everything,
        (false, true) => Depth::Published,
        (false, false) => Depth::Outline,
    }
}

/// Whether the caller runs a course: it is theirs, or they run the tenant.
pub(crate) fn runs(caller: &Caller, course: &Course) -> bool {
    caller.role == UserRole::Admin || (caller.role == UserRole::Instructor && course.instructor_id == Some(caller.user))
}

impl Decision {
    /// Turns a refusal into its answer.
    pub(crate) fn or_refuse(self, what: &'static str) -> ApiResult<()> {
        match self {
            Self::Allowed => Ok(()),
            Self::Refused => Err(ApiError::Forbidden("This course is somebody else's.".into())),
            Self::Hidden => Err(ApiError::NotFound(what)),
        }
    }
}

/// A course that the caller may do something with.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) course: Course,
    /// How much of its content they see.
    pub(crate) depth: Depth,
    /// Whether they run it.
    pub(crate) runs: bool,
}

/// Decides about a course that was loaded.
pub(super) fn settle(
    caller: &Caller,
    course: Course,
    standing: Option<Standing>,
    action: Action,
    what: &'static str,
) -> ApiResult<Seen> {
    let runs = runs(caller, &course);
    decide(runs, course.status, standing.is_some(), action).or_refuse(what)?;
    Ok(Seen { depth: depth(runs, standing.is_some()), course, runs })
}

/// Names a course for a query.
pub(crate) fn key(course: &CourseRef) -> CourseKey<'_> {
    match course {
        CourseRef::Id(id) => CourseKey::Id(*id),
        CourseRef::Slug(slug) => CourseKey::Slug(slug),
    }
}

/// The course, if the caller may do this with it.
pub(crate) async fn course<N>(conn: &mut Conn, caller: &Can<N>, named: &CourseRef, action: Action) -> ApiResult<Seen> {
    let found = Course::find_with_standing(conn, caller.tenant(), key(named), caller.user).await?;
    let (course, standing) = found.ok_or(ApiError::NotFound("course"))?;
    settle(caller, course, standing, action, "course")
}

/// The module, if the caller may do this with its course.
pub(super) async fn module<N>(
    conn: &mut Conn,
    caller: &Can<N>,
    id: ModuleId,
    action: Action,
) -> ApiResult<(Module, Seen)> {
    let found = Module::find(conn, caller.tenant(), id, caller.user).await?;
    let (module, course, standing) = found.ok_or(ApiError::NotFound("module"))?;
    Ok((module, settle(caller, course, standing, action, "module")?))
}

/// The item, if the caller may do this with its course; as much of it as they may see.
pub(super) async fn content_item<N>(
    conn: &mut Conn,
    caller: &Can<N>,
    id: ContentItemId,
    action: Action,
) -> ApiResult<(ContentItem, Seen)> {
    let found = ContentItem::find(conn, caller.tenant(), id, caller.user).await?;
    let (item, course, standing) = found.ok_or(ApiError::NotFound("content item"))?;
    let seen = settle(caller, course, standing, action, "content item")?;
    let item = item.seen_at(seen.depth).ok_or(ApiError::NotFound("content item"))?;
    Ok((item, seen))
}

/// Whether the caller may open this item: for what hangs on it, such as its file.
pub(crate) async fn may_open<N>(conn: &mut Conn, caller: &Can<N>, id: ContentItemId) -> ApiResult<bool> {
    let Some((item, course, standing)) = ContentItem::find(conn, caller.tenant(), id, caller.user).await? else {
        return Ok(false);
    };
    let Ok(seen) = settle(caller, course, standing, Action::See, "content item") else { return Ok(false) };
    Ok(seen.depth != Depth::Outline && item.seen_at(seen.depth).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_do_what_with_a_course() {
        use Action::{Change, See};
        use CourseStatus::{Archived, Draft, Published};
        use Decision::{Allowed, Hidden, Refused};
        for (runs, status, takes_part, see, change) in [
            (true, Draft, false, Allowed, Allowed),
            (true, Published, false, Allowed, Allowed),
            (true, Archived, false, Allowed, Allowed),
            (false, Draft, false, Hidden, Hidden),
            (false, Draft, true, Hidden, Hidden),
            (false, Published, false, Allowed, Refused),
            (false, Published, true, Allowed, Refused),
            (false, Archived, false, Hidden, Hidden),
            (false, Archived, true, Allowed, Refused),
        ] {
            assert_eq!(decide(runs, status, takes_part, See), see, "see {runs} {status} {takes_part}");
            assert_eq!(decide(runs, status, takes_part, Change), change, "change {runs} {status} {takes_part}");
        }
    }

    #[test]
    fn bodies_are_for_those_who_take_part() {
        assert_eq!(depth(true, false), Depth::Everything);
        assert_eq!(depth(false, true), Depth::Published);
        assert_eq!(depth(false, false), Depth::Outline);
    }
}
