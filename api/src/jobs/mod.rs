//! Jobs: how far the work is that a request has asked for.

mod job;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::needs;
use crate::app::App;

needs! {
    /// Watch the jobs that one started.
    ReadJobs;
}

/// The domain's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(job::show_job))
}
