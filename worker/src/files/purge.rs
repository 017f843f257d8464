//! Contents that nobody has any more.

use shared::files::jobs::PurgeContent;
use shared::files::{Content, ThumbnailSize, thumbnail_key};

use crate::context::Ctx;
use crate::registry::Outcome;

/// Idempotent: what is gone is gone. A content that is in use is left alone.
pub async fn purge(ctx: Ctx, job: PurgeContent) -> Outcome {
    let content = Content::find(&mut *ctx.conn().await?, ctx.tenant(), job.content_id).await?;
    let Some(content) = content.filter(|content| content.discarded_at.is_some()) else { return Ok(()) };
    remove(&ctx, &content).await?;
    content.purged(&mut *ctx.conn().await?, ctx.now()).await?;
    Ok(())
}

/// Removes a content and its smaller pictures from the store.
pub(super) async fn remove(ctx: &Ctx, content: &Content) -> anyhow::Result<()> {
    let storage = &ctx.services().storage;
    storage.delete(&content.key()).await?;
    for size in ThumbnailSize::ALL {
        storage.delete(&thumbnail_key(content.tenant_id, content.id, size)).await?;
    }
    Ok(())
}
