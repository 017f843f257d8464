//! Bringing enrollments in step with the members of a group.

use shared::db::Conn;
use shared::enrollments::Enrollment;
use shared::users::jobs::SyncGroup;

use crate::context::Ctx;
use crate::registry::Outcome;

/// Exactly once, and a second time would find nothing to do. It looks at who is in the group now, so
/// that of two changes it does not matter which comes first.
pub async fn sync_group(conn: &mut Conn, ctx: &Ctx, job: SyncGroup) -> Outcome {
    Enrollment::sync_group(conn, ctx.tenant(), job.group_id, ctx.now()).await?;
    Ok(())
}
