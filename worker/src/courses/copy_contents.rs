//! Filling the copy of a course that is too large to be waited for.

use shared::courses::jobs::CopyContents;
use shared::courses::{Course, copy_contents as copy};
use shared::db::Conn;

use crate::context::Ctx;
use crate::registry::Outcome;

/// Exactly once: what is copied is committed with the job's outcome. One of the courses may have been
/// deleted meanwhile; then there is nothing to do.
pub async fn copy_contents(conn: &mut Conn, ctx: &Ctx, job: CopyContents) -> Outcome {
    let CopyContents { tenant_id: _, from, to, by } = job;
    let Some(from) = Course::find(conn, ctx.tenant(), from).await? else { return Ok(()) };
    let Some(to) = Course::find(conn, ctx.tenant(), to).await? else { return Ok(()) };
    copy(conn, &from, &to, by, ctx.now()).await?;
    Ok(())
}
