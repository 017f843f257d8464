//! Whose certificates one sees.

use shared::certificates::Visible;
use shared::ids::UserId;
use shared::users::UserRole;

use crate::access::Caller;

/// Administrators see the tenant's, instructors those of their courses, everybody their own.
pub(super) fn visible(caller: &Caller) -> Visible {
    decide(caller.role, caller.user)
}

const fn decide(role: UserRole, user: UserId) -> Visible {
    match role {
        UserRole::Admin => Visible::All,
        UserRole::Instructor => Visible::OwnAndTaught(user),
        UserRole::Learner => Visible::Own(user),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sees_what() {
        let user = UserId::new();
        for (role, sees) in [
            (UserRole::Admin, Visible::All),
            (UserRole::Instructor, Visible::OwnAndTaught(user)),
            (UserRole::Learner, Visible::Own(user)),
        ] {
            assert_eq!(decide(role, user), sees, "{role}");
        }
    }
}
