//! Tenants, counted.

use shared::dashboards::TenantCounts;
use shared::dashboards::jobs::{CountTenant, CountTenants};
use shared::db::Conn;

use crate::context::Ctx;
use crate::registry::Outcome;

/// Idempotent: a tenant that waits to be counted is not asked for twice.
pub async fn count_tenants(conn: &mut Conn, _: &Ctx, _: CountTenants) -> Outcome {
    TenantCounts::request_all(conn).await?;
    Ok(())
}

/// Idempotent: the tenant is counted anew each time.
pub async fn count_tenant(conn: &mut Conn, ctx: &Ctx, _: CountTenant) -> Outcome {
    let counts = TenantCounts::count(conn, ctx.tenant(), ctx.now()).await?;
    counts.keep(conn, ctx.tenant(), ctx.now()).await?;
    Ok(())
}
