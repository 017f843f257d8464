//! Which people somebody may see: administrators all of their tenant, instructors its learners.

use shared::ids::UserId;
use shared::users::{UserRole, UserRow};

use crate::access::Caller;
use crate::http::{ApiError, ApiResult, Db};

/// Whether the caller may see this person.
pub(super) fn may_see(caller: &Caller, role: UserRole) -> bool {
    match caller.role {
        UserRole::Admin => true,
        UserRole::Instructor => role == UserRole::Learner,
        UserRole::Learner => false,
    }
}

/// The person with this id, if the caller may see them.
pub(super) async fn person(db: &Db, caller: &Caller, id: UserId) -> ApiResult<UserRow> {
    let mut conn = db.conn().await?;
    let found = UserRow::find(&mut conn, caller.tenant, id).await?;
    found.filter(|person| may_see(caller, person.user.role)).ok_or(ApiError::NotFound("user"))
}

/// Nobody takes their own standing away: it would be undone by nobody, and is seldom meant.
pub(super) fn not_oneself(caller: &Caller, id: UserId) -> ApiResult<()> {
    if caller.user == id {
        return Err(ApiError::Conflict {
            code: "own_account",
            message: "You cannot take away your own role or access. Ask another administrator.".to_owned(),
        });
    }
    Ok(())
}
