//! Jobs: how far the work is that a request has asked for, and the whole machinery for those who
//! run it.

mod admin;
mod events;
mod job;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::needs;
use crate::app::App;

needs! {
    /// Watch the jobs that one started, and stop them.
    ReadJobs;
    /// See, stop and replay the tenant's jobs; a superuser those of the whole platform.
    OperateJobs;
    /// Hold queues, change them, and change the work by the clock.
    OperatePlatform;
}

/// The domain's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(job::show_job))
        .routes(routes!(job::cancel_job))
        .routes(routes!(events::watch_job))
        .merge(admin::routes())
}
