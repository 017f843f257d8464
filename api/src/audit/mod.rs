//! The audit log, for those who answer for a tenant or the platform.

mod entry;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::needs;
use crate::app::App;

needs! {
    /// See who changed what.
    ReadAuditLog;
}

/// The domain's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(entry::list_audit_log))
}
