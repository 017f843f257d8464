//! Drawing a person's transcript, storing it, and removing it later.

use anyhow::Context;
use serde_json::json;
use shared::certificates::jobs::{DiscardTranscript, RenderTranscript};
use shared::certificates::{TRANSCRIPT_KEPT_FOR, TranscriptLine, transcript_key};
use shared::enrollments::EnrollmentStatus;
use shared::jobs::{JobOptions, enqueue_with};
use shared::tenants::Tenant;
use shared::users::User;

use super::render::{Outcome as CourseOutcome, TranscriptEntry, TranscriptView, render_transcript};
use crate::context::Ctx;
use crate::registry::{Failure, Outcome};

/// Idempotent: the document lies under the job's own name.
pub async fn render(ctx: Ctx, job: RenderTranscript) -> Outcome {
    let mut conn = ctx.conn().await?;
    let Some(learner) = User::find(&mut conn, ctx.tenant(), job.user_id).await? else {
        return Err(Failure::GiveUp("The person is gone.".to_owned()));
    };
    let tenant = Tenant::find(&mut conn, ctx.tenant()).await?.context("the tenant is gone")?;
    let lines = TranscriptLine::of(&mut conn, ctx.tenant(), job.user_id).await?;
    drop(conn);
    ctx.progress(20, Some("Drawing")).await?;

    let verify_url = format!("{}/api/certificates/verify/", ctx.services().platform.public_url);
    let (today, courses) = (ctx.now().date_naive(), lines.len());
    let learner_name = format!("{} {}", learner.first_name, learner.last_name);
    let drawn = tokio::task::spawn_blocking(move || {
        let theme = |name: &str| tenant.theme_config.get(name)?.as_str();
        render_transcript(&TranscriptView {
            tenant_name: &tenant.name,
            primary_color: theme("primary_color").unwrap_or_default(),
            accent_color: theme("accent_color"),
            learner_name: &learner_name,
            as_of: today,
            lines: lines.into_iter().map(entry).collect(),
            verify_url: &verify_url,
            locale: &learner.language,
        })
    })
    .await?;
    // The same names give the same error.
    let (pdf, pages) = drawn.map_err(|error| Failure::GiveUp(error.to_string()))?;
    ctx.progress(70, Some("Storing")).await?;
    ctx.services().storage.put(&transcript_key(ctx.tenant(), ctx.job()), "application/pdf", pdf).await?;
    let discard = DiscardTranscript { tenant_id: ctx.tenant(), job_id: ctx.job() };
    let later = JobOptions { run_at: Some(ctx.now() + TRANSCRIPT_KEPT_FOR), ..JobOptions::default() };
    enqueue_with(&mut *ctx.conn().await?, &discard, later).await?;
    ctx.set_result(json!({
        "courses": courses, "pages": pages, "download": format!("/api/certificates/transcripts/{}/download/", ctx.job()),
    }));
    Ok(())
}

fn entry(line: TranscriptLine) -> TranscriptEntry {
    let code = line.code();
    let TranscriptLine { course_title, hours, status, progress, enrolled_at, completed_at, certificate: _ } = line;
    TranscriptEntry {
        course_title,
        hours,
        enrolled_on: enrolled_at.date_naive(),
        completed_on: completed_at.map(|at| at.date_naive()),
        outcome: match status {
            EnrollmentStatus::Completed => CourseOutcome::Completed,
            EnrollmentStatus::Expired => CourseOutcome::Ended(progress),
            _ => CourseOutcome::InProgress(progress),
        },
        code,
    }
}

/// Idempotent: what is gone is gone.
pub async fn discard(ctx: Ctx, job: DiscardTranscript) -> Outcome {
    ctx.services().storage.delete(&transcript_key(ctx.tenant(), job.job_id)).await?;
    Ok(())
}
