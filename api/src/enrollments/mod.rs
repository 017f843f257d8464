//! Who learns what, and how far they are.

mod enrollment;
mod error;
mod group;
mod import;
mod policy;
mod progress;
mod statement;
mod study;
mod term;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::needs;
use crate::app::App;

needs! {
    /// Enroll oneself, and see one's enrollments; instructors see those of their courses.
    UseEnrollments;
    /// Approve enrollments.
    WriteEnrollments;
    /// Tell how far one is.
    RecordProgress;
}

/// The domain's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(enrollment::list_enrollments, enrollment::create_enrollment))
        .routes(routes!(enrollment::list_my_enrollments))
        .routes(routes!(enrollment::show_enrollment, term::update_enrollment))
        .routes(routes!(term::list_history))
        .routes(routes!(enrollment::approve_enrollment))
        .routes(routes!(enrollment::cancel_enrollment))
        .routes(routes!(group::list_group_enrollments, group::create_group_enrollment))
        .routes(routes!(group::show_group_enrollment, group::delete_group_enrollment))
        .routes(routes!(import::list_imports, import::create_import))
        .routes(routes!(import::show_import))
        .routes(routes!(import::download_results))
        .routes(routes!(import::undo_import))
        .routes(routes!(progress::list_progress))
        .routes(routes!(progress::record_progress))
        .routes(routes!(progress::show_progress))
        .routes(routes!(statement::make_statement))
        .routes(routes!(study::list_module_progress))
        .routes(routes!(study::show_study))
        .routes(routes!(study::show_my_study))
}
