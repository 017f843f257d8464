//! Telling a learner that they take part in a course.

use shared::db::Conn;
use shared::enrollments::jobs::WelcomeLearner;
use shared::enrollments::{Enrollment, EnrollmentStatus};
use shared::notifications::{NewNotification, Notice, notify};
use shared::users::User;

use crate::context::Ctx;
use crate::registry::Outcome;

/// Exactly once: the notification is committed with the job's outcome, and an enrollment has one.
pub async fn welcome(conn: &mut Conn, ctx: &Ctx, job: WelcomeLearner) -> Outcome {
    let Some(row) = Enrollment::find(conn, ctx.tenant(), job.enrollment_id).await? else {
        return Ok(());
    };
    if row.enrollment.status != EnrollmentStatus::Active {
        return Ok(()); // Cancelled meanwhile, or done already: a welcome would be odd.
    }
    let instructor = match row.course.instructor_id {
        Some(id) => User::find(conn, ctx.tenant(), id).await?,
        None => None,
    };
    let welcome = NewNotification {
        tenant: ctx.tenant(),
        recipient: row.enrollment.user_id,
        notice: Notice::CourseEnrollment {
            course_title: row.course.title,
            course_slug: row.course.slug,
            instructor_name: instructor.map(|user| user.full_name()),
        },
        dedupe_key: format!("course_enrolled:{}", job.enrollment_id),
    };
    notify(conn, &welcome, ctx.now()).await?;
    Ok(())
}
