//! Working files of enrollments off, and taking them back.

use shared::enrollments::EnrollmentImport;
use shared::enrollments::jobs::{RunImport, UndoImport};

use crate::context::Ctx;
use crate::registry::Outcome;

/// At least once: each batch is one transaction that says how far it came, and the next begins there.
pub async fn run_import(ctx: Ctx, job: RunImport) -> Outcome {
    loop {
        let mut conn = ctx.conn().await?;
        let batch = EnrollmentImport::run_batch(&mut conn, job.tenant_id, job.import_id, ctx.now()).await?;
        drop(conn);
        let Some(import) = batch else { return Ok(()) };
        ctx.progress(percent(import.rows_done, import.rows_total), None).await?;
    }
}

/// At least once: a row that was taken back says so, and is not looked at again.
pub async fn undo_import(ctx: Ctx, job: UndoImport) -> Outcome {
    loop {
        let mut conn = ctx.conn().await?;
        let batch = EnrollmentImport::undo_batch(&mut conn, job.tenant_id, job.import_id, ctx.now()).await?;
        drop(conn);
        let Some((import, last)) = batch else { return Ok(()) };
        ctx.progress(percent(last, import.rows_total), None).await?;
    }
}

fn percent(done: i32, total: i32) -> u8 {
    let percent = i64::from(done).saturating_mul(100) / i64::from(total.max(1));
    u8::try_from(percent.clamp(0, 100)).unwrap_or(100)
}
