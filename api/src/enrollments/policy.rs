//! Whose enrollment it is: what a role cannot say.

use shared::db::Conn;
use shared::enrollments::{Enrollment, EnrollmentRow};
use shared::ids::EnrollmentId;
use shared::users::UserRole;

use crate::access::{Caller, Can};
use crate::http::{ApiError, ApiResult};

/// What somebody wants with an enrollment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Look at it and its progress.
    See,
    /// Let the learner in.
    Approve,
    /// End it.
    Cancel,
}

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// It does not exist, as far as they know.
    Hidden,
    /// They see it, but may not.
    Refused,
    /// They may.
    Allowed,
}

/// Whoever runs the course decides; learners see and cancel their own.
pub(super) fn decide(runs: bool, is_own: bool, action: Action) -> Decision {
    match action {
        _ if runs => Decision::Allowed,
        Action::See | Action::Cancel if is_own => Decision::Allowed,
        Action::Approve if is_own => Decision::Refused,
        Action::See | Action::Approve | Action::Cancel => Decision::Hidden,
    }
}

fn runs(caller: &Caller, row: &EnrollmentRow) -> bool {
    caller.role == UserRole::Admin
        || (caller.role == UserRole::Instructor && row.course.instructor_id == Some(caller.user))
}

/// The enrollment, if the caller may do this with it.
pub(super) async fn enrollment<N>(
    conn: &mut Conn,
    caller: &Can<N>,
    id: EnrollmentId,
    action: Action,
) -> ApiResult<EnrollmentRow> {
    let row = Enrollment::find(conn, caller.tenant(), id).await?.ok_or(ApiError::NotFound("enrollment"))?;
    match decide(runs(caller, &row), row.enrollment.user_id == caller.user, action) {
        Decision::Allowed => Ok(row),
        Decision::Refused => Err(ApiError::Forbidden("Nobody approves their own enrollment.".into())),
        Decision::Hidden => Err(ApiError::NotFound("enrollment")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_do_what_with_an_enrollment() {
        use Decision::{Allowed, Hidden, Refused};
        for (runs, is_own, see, approve, cancel) in [
            (true, false, Allowed, Allowed, Allowed),
            (true, true, Allowed, Allowed, Allowed),
            (false, true, Allowed, Refused, Allowed),
            (false, false, Hidden, Hidden, Hidden),
        ] {
            assert_eq!(decide(runs, is_own, Action::See), see, "see {runs} {is_own}");
            assert_eq!(decide(runs, is_own, Action::Approve), approve, "approve {runs} {is_own}");
            assert_eq!(decide(runs, is_own, Action::Cancel), cancel, "cancel {runs} {is_own}");
        }
    }
}
