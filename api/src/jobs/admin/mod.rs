//! What administrators see and do: jobs of their tenant; superusers those of the platform, its
//! queues and limits and its work by the clock.

mod job;
mod limit;
mod queue;
mod replay;
mod schedule;
mod schedule_run;

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
        .routes(routes!(limit::list_limits))
        .routes(routes!(limit::put_limit, limit::reset_limit))
        .routes(routes!(schedule::list_schedules, schedule::create_schedule))
        .routes(routes!(schedule::show_schedule, schedule::update_schedule, schedule::delete_schedule))
        .routes(routes!(schedule::reset_schedule))
        .routes(routes!(schedule::run_schedule))
        .routes(routes!(schedule_run::list_schedule_runs))
}
