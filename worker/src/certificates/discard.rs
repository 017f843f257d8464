//! Pages that were replaced.

use shared::certificates::Certificate;
use shared::certificates::jobs::DiscardPage;

use crate::context::Ctx;
use crate::registry::Outcome;

/// Idempotent: what is gone is gone. A page that is in use after all is left alone.
pub async fn discard(ctx: Ctx, job: DiscardPage) -> Outcome {
    let certificate = Certificate::find(&mut *ctx.conn().await?, ctx.tenant(), job.certificate_id).await?;
    if certificate.and_then(|certificate| certificate.file_key).is_some_and(|key| key == job.file_key) {
        return Ok(());
    }
    ctx.services().storage.delete(&job.file_key).await?;
    Ok(())
}
