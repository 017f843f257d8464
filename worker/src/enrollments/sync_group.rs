//! Bringing enrollments in step with the members of a group.

use shared::courses::jobs::CourseOpened;
use shared::db::Conn;
use shared::enrollments::{Enrollment, GroupEnrollment};
use shared::users::jobs::SyncGroup;

use crate::context::Ctx;
use crate::registry::Outcome;

/// Exactly once, and a second time would find nothing to do. It looks at who is in the group now, so
/// that of two changes it does not matter which comes first.
pub async fn sync_group(conn: &mut Conn, ctx: &Ctx, job: SyncGroup) -> Outcome {
    Enrollment::sync_group(conn, ctx.tenant(), job.group_id, ctx.now()).await?;
    Ok(())
}

/// Exactly once. Whoever joined a group while its course was closed has not been enrolled in that:
/// each of the course's groups is looked at again, in its own turn.
pub async fn sync_groups(conn: &mut Conn, ctx: &Ctx, job: CourseOpened) -> Outcome {
    GroupEnrollment::sync_course(conn, ctx.tenant(), job.course_id).await?;
    Ok(())
}
