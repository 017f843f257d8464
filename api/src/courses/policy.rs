//! Whose course it is: what a role cannot say.

use shared::courses::{Access, ContentItem, Course, CourseKey, FoundItem, FoundModule, Module, SeenItem, Standing};
use shared::db::Conn;
use shared::ids::{ContentItemId, ModuleId, UserId};

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

/// Whoever runs the course sees and changes all of it. The others see what is not hidden from them.
pub(crate) fn decide(access: &Access, action: Action) -> Decision {
    match action {
        _ if access.runs => Decision::Allowed,
        _ if access.course().hides() => Decision::Hidden,
        Action::See => Decision::Allowed,
        Action::Change => Decision::Refused,
    }
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
    /// How they stand to it.
    pub(crate) standing: Option<Standing>,
    /// Whether they run it.
    pub(crate) runs: bool,
}

impl Seen {
    /// What decides about what is in the course.
    pub(crate) async fn access(&self, conn: &mut Conn, caller: &Caller) -> ApiResult<Access> {
        let person = (caller.user, caller.role);
        Ok(Access::load(conn, &self.course, person, self.standing, caller.at).await?)
    }
}

/// Decides about a course that was loaded.
pub(super) fn settle(
    caller: &Caller,
    course: Course,
    standing: Option<Standing>,
    action: Action,
    what: &'static str,
) -> ApiResult<Seen> {
    let access = Access::of_course(&course, (caller.user, caller.role), standing, caller.at);
    decide(&access, action).or_refuse(what)?;
    Ok(Seen { course, standing, runs: access.runs })
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
    let FoundModule { module, course, standing } = found.ok_or(ApiError::NotFound("module"))?;
    Ok((module, settle(caller, course, standing, action, "module")?))
}

/// An item of a course that the caller sees, and what decides about it.
async fn found_item<N>(
    conn: &mut Conn,
    caller: &Can<N>,
    id: ContentItemId,
) -> ApiResult<(ContentItem, Module, Access)> {
    const WHAT: &str = "content item";
    let found = ContentItem::find(conn, caller.tenant(), id, caller.user).await?;
    let FoundItem { item, module, course, standing } = found.ok_or(ApiError::NotFound(WHAT))?;
    let seen = settle(caller, course, standing, Action::See, WHAT)?;
    Ok((item, module, seen.access(conn, caller).await?))
}

/// The item and its version, as much of it as the caller may see.
pub(super) async fn content_item<N>(conn: &mut Conn, caller: &Can<N>, id: ContentItemId) -> ApiResult<(i32, SeenItem)> {
    let (item, module, access) = found_item(conn, caller, id).await?;
    let version = item.version;
    let item = access.show_item(conn, &module, item).await?;
    Ok((version, item.ok_or(ApiError::NotFound("content item"))?))
}

/// The item with its module's and course's facts, if the caller may change it.
pub(crate) async fn own_content_item<N>(
    conn: &mut Conn,
    caller: &Can<N>,
    id: ContentItemId,
) -> ApiResult<(ContentItem, Module, Access)> {
    const WHAT: &str = "content item";
    let found = ContentItem::find(conn, caller.tenant(), id, caller.user).await?;
    let FoundItem { item, module, course, standing } = found.ok_or(ApiError::NotFound(WHAT))?;
    let access = Access::of_course(&course, (caller.user, caller.role), standing, caller.at);
    // An item that is a draft does not exist for those who may not change it.
    if access.item(module.gate(), item.gate()).hides() {
        return Err(ApiError::NotFound(WHAT));
    }
    decide(&access, Action::Change).or_refuse(WHAT)?;
    Ok((item, module, access))
}

/// Whom the tenant knows as the author of a change: a superuser is nobody of it.
pub(crate) fn author<N>(caller: &Can<N>) -> Option<UserId> {
    (caller.person.tenant_id == Some(caller.tenant())).then_some(caller.user)
}

/// Whether the caller may open this item: for what hangs on it, such as its file.
pub(crate) async fn may_open<N>(conn: &mut Conn, caller: &Can<N>, id: ContentItemId) -> ApiResult<bool> {
    match found_item(conn, caller, id).await {
        Ok((item, module, access)) => Ok(access.item(module.gate(), item.gate()).is_allowed()),
        Err(ApiError::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use shared::courses::CourseStatus;
    use shared::courses::EnrollmentStatus::{self, Active, Cancelled, Completed, Expired, Pending};
    use shared::ids::EnrollmentId;

    use super::*;

    fn access(runs: bool, course_status: CourseStatus, standing: Option<EnrollmentStatus>) -> Access {
        let at = DateTime::<Utc>::UNIX_EPOCH;
        let standing = standing.map(|status| Standing {
            id: EnrollmentId::new(),
            status,
            progress: 0,
            enrolled_at: at,
            started_at: None,
            expires_at: None,
        });
        let (unmet_courses, module_prerequisites) = (Vec::new(), Vec::new());
        Access { runs, course_status, standing, unmet_courses, module_prerequisites, at }
    }

    #[test]
    fn who_may_do_what_with_a_course() {
        use Action::{Change, See};
        use CourseStatus::{Archived, Draft, Published};
        use Decision::{Allowed, Hidden, Refused};
        for (runs, status, standing, see, change) in [
            (true, Draft, None, Allowed, Allowed),
            (true, Published, None, Allowed, Allowed),
            (true, Archived, None, Allowed, Allowed),
            (false, Draft, None, Hidden, Hidden),
            (false, Draft, Some(Active), Hidden, Hidden),
            (false, Published, None, Allowed, Refused),
            (false, Published, Some(Active), Allowed, Refused),
            (false, Archived, None, Hidden, Hidden),
            (false, Archived, Some(Active), Allowed, Refused),
            (false, Archived, Some(Completed), Allowed, Refused),
            (false, Archived, Some(Pending), Hidden, Hidden),
            (false, Archived, Some(Cancelled), Hidden, Hidden),
            (false, Archived, Some(Expired), Hidden, Hidden),
        ] {
            let access = access(runs, status, standing);
            assert_eq!(decide(&access, See), see, "see {runs} {status} {standing:?}");
            assert_eq!(decide(&access, Change), change, "change {runs} {status} {standing:?}");
        }
    }
}
