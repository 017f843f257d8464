//! Counting anew how far the learners of a course are, after its author has changed it.

use shared::courses::jobs::RecountProgress;
use shared::db::Conn;
use shared::enrollments::Enrollment;

use crate::context::Ctx;
use crate::registry::Outcome;

/// Exactly once, and counting twice would do no harm. Whoever is done by the change, because the
/// last thing to do was taken away, is looked at by a job of their own.
pub async fn recount_progress(conn: &mut Conn, ctx: &Ctx, job: RecountProgress) -> Outcome {
    Enrollment::recount_course(conn, ctx.tenant(), job.course_id, ctx.now()).await?;
    Ok(())
}
