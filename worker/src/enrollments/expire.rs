//! Ending what is over.

use shared::db::Conn;
use shared::enrollments::Enrollment;
use shared::enrollments::jobs::{ExpireEnrollments, ExpireEnrollmentsEverywhere};

use crate::context::Ctx;
use crate::registry::Outcome;

/// Exactly once, and what has ended already is left alone.
pub async fn expire(conn: &mut Conn, ctx: &Ctx, _: ExpireEnrollments) -> Outcome {
    Enrollment::expire_due(conn, ctx.tenant(), ctx.now()).await?;
    Ok(())
}

/// Idempotent: a tenant that waits to be looked at is not asked for twice.
pub async fn expire_everywhere(conn: &mut Conn, _: &Ctx, _: ExpireEnrollmentsEverywhere) -> Outcome {
    Enrollment::ask_for_expiry(conn).await?;
    Ok(())
}
