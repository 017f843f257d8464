//! Whose certificates one sees.

use shared::enrollments::Audience;
use shared::ids::UserId;
use shared::users::UserRole;

use crate::access::Caller;

/// Administrators see the tenant's, instructors those of their courses, everybody their own.
pub(super) fn audience(caller: &Caller) -> Audience {
    decide(caller.role, caller.user)
}

const fn decide(role: UserRole, user: UserId) -> Audience {
    match role {
        UserRole::Admin => Audience::Tenant,
        UserRole::Instructor => Audience::Instructor(user),
        UserRole::Learner => Audience::Own(user),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sees_what() {
        let user = UserId::new();
        for (role, sees) in [
            (UserRole::Admin, Audience::Tenant),
            (UserRole::Instructor, Audience::Instructor(user)),
            (UserRole::Learner, Audience::Own(user)),
        ] {
            assert_eq!(decide(role, user), sees, "{role}");
        }
    }
}
