//! What was left undone.

use chrono::TimeDelta;
use shared::db::Conn;
use shared::files::jobs::{CleanUp, CleanUpTenant, SweepStore};
use shared::files::{Content, expired_uploads, request_clean_up, store_prefix};
use shared::ids::{FileContentId, TenantId};
use shared::storage::Stored;

use crate::context::Ctx;
use crate::registry::Outcome;

/// A row is written before its object; still, an object that is younger than this is left alone.
const YOUNG: TimeDelta = TimeDelta::days(1);

/// Exactly once: the tenants' jobs are asked for in the transaction that finishes this one.
pub async fn ask_for_all(conn: &mut Conn, _: &Ctx, _: CleanUp) -> Outcome {
    request_clean_up(conn).await?;
    Ok(())
}

/// Idempotent: each step can be done again, and is found again until it is done.
pub async fn clean_up(ctx: Ctx, _: CleanUpTenant) -> Outcome {
    let uploads = expired_uploads(&mut *ctx.conn().await?, ctx.tenant(), ctx.now()).await?;
    for upload in uploads {
        let is_ours = upload.close(&mut *ctx.conn().await?).await?;
        // One that has arrived meanwhile is a file now.
        if is_ours || upload.is_closing {
            upload.remove_objects(&ctx.services().storage).await?;
            upload.forget(&mut *ctx.conn().await?).await?;
        }
    }
    Content::request_overdue(&mut *ctx.conn().await?, ctx.tenant(), ctx.now()).await?;
    Ok(())
}

/// Idempotent: what is gone is gone. Tenants that are gone have no rows, and lose all their objects.
pub async fn sweep_store(ctx: Ctx, _: SweepStore) -> Outcome {
    for folder in ctx.services().storage.folders(&store_prefix(None)).await? {
        let Ok(tenant) = folder.parse::<TenantId>() else { continue };
        let mut from = None;
        loop {
            let listed = ctx.services().storage.list(&store_prefix(Some(tenant)), from).await?;
            sweep(&ctx, tenant, listed.objects).await?;
            match listed.next {
                Some(next) => from = Some(next),
                None => break,
            }
        }
    }
    Ok(())
}

async fn sweep(ctx: &Ctx, tenant: TenantId, objects: Vec<Stored>) -> anyhow::Result<()> {
    let old = ctx.now() - YOUNG;
    let objects: Vec<_> =
        objects.into_iter().filter(|object| object.changed_at < old).filter_map(|it| Some((owner(&it)?, it))).collect();
    let ids: Vec<_> = objects.iter().map(|(id, _)| *id).collect();
    let known = {
        let mut conn = ctx.services().pool.get(shared::db::Scope::Tenant(tenant)).await?;
        Content::known(&mut conn, tenant, &ids).await?
    };
    for (_, object) in objects.iter().filter(|(id, _)| !known.contains(id)) {
        tracing::info!(tenant.id = %tenant, key = object.key, "Removed an object that no row speaks of");
        ctx.services().storage.delete(&object.key).await?;
    }
    Ok(())
}

/// The content whose object it is: the third part of the key.
fn owner(object: &Stored) -> Option<FileContentId> {
    object.key.split('/').nth(2)?.parse().ok()
}
