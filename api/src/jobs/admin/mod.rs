//! What administrators see and do: jobs of their tenant; superusers those of the platform, its
//! queues and its work by the clock.

mod job;
mod queue;
mod replay;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// The addresses.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(job::list_jobs))
        .routes(routes!(job::show_any_job))
        .routes(routes!(job::cancel_any_job))
        .routes(routes!(replay::replay_jobs))
        .routes(routes!(queue::list_queues))
        .routes(routes!(queue::update_queue))
        .routes(routes!(queue::pause_queue))
        .routes(routes!(queue::resume_queue))
}
