//! Analytics: what happened, and how often.

mod event;
mod rollup;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::needs;
use crate::app::App;

needs! {
    /// See what happened: in the tenant, or in one's courses.
    ReadAnalytics;
    /// See the counts of the whole tenant.
    ReadTenantAnalytics;
}

/// The domain's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(event::list_events)).routes(routes!(rollup::list_daily_rollups))
}
