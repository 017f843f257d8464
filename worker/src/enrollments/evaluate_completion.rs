//! Looking whether a learner has done all that a course asks for.

use shared::db::Conn;
use shared::enrollments::Enrollment;
use shared::enrollments::jobs::EvaluateCompletion;

use crate::context::Ctx;
use crate::registry::Outcome;

/// Exactly once: the enrollment is completed in the transaction that ends the job.
///
/// Progress that is written meanwhile is not lost. Both hold the enrollment's row until they
/// commit, so a report either came before, and is counted here, or waits until this job has ended
/// and asks for another.
pub async fn evaluate_completion(conn: &mut Conn, ctx: &Ctx, job: EvaluateCompletion) -> Outcome {
    Enrollment::complete_if_done(conn, ctx.tenant(), job.enrollment_id, ctx.now()).await?;
    Ok(())
}
