//! Courses, their modules and content, and what should be learned before them.

mod access;
mod content_item;
mod content_version;
mod course;
mod error;
mod fields;
mod module;
mod module_prerequisite;
mod policy;
mod prerequisite;

pub(crate) use access::ReasonOut;
pub(crate) use content_item::display as content_type_display;
use course::lifecycle;
pub(crate) use error::capitalised;
pub(crate) use fields::small_object;
pub(crate) use policy::{Action, author, course as visible_course, key as course_key, may_open, own_content_item};
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
        .routes(routes!(lifecycle::publish_course))
        .routes(routes!(lifecycle::archive_course))
        .routes(routes!(lifecycle::unarchive_course))
        .routes(routes!(lifecycle::clone_course))
        .routes(routes!(access::show_access))
        .routes(routes!(module::list_modules, module::create_module, module::replace_modules))
        .routes(routes!(module::reorder_modules))
        .routes(routes!(module::show_module, module::update_module, module::delete_module))
        .routes(routes!(content_item::list_content, content_item::create_content))
        .routes(routes!(content_item::reorder_content))
        .routes(routes!(content_item::show_content, content_item::update_content, content_item::delete_content))
        .routes(routes!(content_version::list_versions, content_version::create_version))
        .routes(routes!(content_version::show_version))
        .routes(routes!(content_version::restore_version))
        .routes(routes!(prerequisite::list_prerequisites, prerequisite::create_prerequisite))
        .routes(routes!(prerequisite::show_prerequisite_chain))
        .routes(routes!(prerequisite::check_prerequisites))
        .routes(routes!(
            prerequisite::show_prerequisite,
            prerequisite::update_prerequisite,
            prerequisite::delete_prerequisite
        ))
        .routes(routes!(
            module_prerequisite::list_module_prerequisites,
            module_prerequisite::create_module_prerequisite
        ))
        .routes(routes!(module_prerequisite::check_module_prerequisites))
        .routes(routes!(
            module_prerequisite::show_module_prerequisite,
            module_prerequisite::update_module_prerequisite,
            module_prerequisite::delete_module_prerequisite
        ))
}
