//! Courses, their modules and content, and what should be learned before them.

mod content_item;
mod course;
mod error;
mod fields;
mod module;
mod policy;
mod prerequisite;

pub(crate) use content_item::display as content_type_display;
pub(crate) use error::capitalised;
pub(crate) use fields::small_object;
pub(crate) use policy::{Action, course as visible_course, key as course_key, may_open};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::needs;
use crate::app::App;

needs! {
    /// Browse courses and what is in them.
    ReadCourses;
    /// Make and change courses.
    WriteCourses;
}

/// The domain's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(course::list_courses, course::create_course))
        .routes(routes!(course::show_course, course::update_course, course::delete_course))
        .routes(routes!(course::publish_course))
        .routes(routes!(course::archive_course))
        .routes(routes!(module::list_modules, module::create_module))
        .routes(routes!(module::reorder_modules))
        .routes(routes!(module::show_module, module::update_module, module::delete_module))
        .routes(routes!(content_item::list_content, content_item::create_content))
        .routes(routes!(content_item::show_content, content_item::update_content, content_item::delete_content))
        .routes(routes!(prerequisite::list_prerequisites, prerequisite::create_prerequisite))
        .routes(routes!(prerequisite::update_prerequisite, prerequisite::delete_prerequisite))
}
