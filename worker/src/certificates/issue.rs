//! What is due when a course was completed.

use shared::certificates::{Certificate, Issued};
use shared::db::Conn;
use shared::enrollments::Enrollment;
use shared::enrollments::jobs::CourseCompleted;
use shared::notifications::{NewNotification, Notice, notify};

use crate::context::Ctx;
use crate::registry::Outcome;

/// Exactly once: the certificate, its event and the congratulations are committed with the job's
/// outcome. A second job for the same enrollment finds the certificate and the notification.
pub async fn issue(conn: &mut Conn, ctx: &Ctx, job: CourseCompleted) -> Outcome {
    let Some(row) = Enrollment::find(conn, ctx.tenant(), job.enrollment_id).await? else {
        return Ok(()); // Deleted meanwhile, with the learner or the course.
    };
    // Where certificates are switched off there is none, and the learner is congratulated all the same.
    if Certificate::issue(conn, ctx.tenant(), job.enrollment_id, ctx.now()).await? == Issued::NotEarned {
        return Ok(()); // Not completed after all.
    }
    let congratulations = NewNotification {
        tenant: ctx.tenant(),
        recipient: row.enrollment.user_id,
        notice: Notice::CourseCompletion { course_title: row.course.title, course_slug: row.course.slug },
        dedupe_key: format!("course_completed:{}", job.enrollment_id),
    };
    notify(conn, &congratulations, ctx.now()).await?;
    Ok(())
}
