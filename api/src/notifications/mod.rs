//! Notifications: what one should know, and by which channels one wants to hear it.

mod announcement;
mod device;
mod email_template;
mod notification;
mod preferences;
mod stream;
mod target;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Can, needs};
use crate::app::App;
use crate::http::{ApiError, ApiResult};

needs! {
    /// See one's own notifications, and say what one wants to hear of.
    ReadNotifications;
    /// Write announcements.
    WriteAnnouncements;
    /// Word the tenant's mails.
    WriteEmailTemplates;
}

/// Somebody of the tenant. A superuser acts in one without belonging to it; nobody there tells
/// them anything.
fn require_member<N>(caller: &Can<N>) -> ApiResult<()> {
    if caller.person.tenant_id.is_some() {
        return Ok(());
    }
    Err(ApiError::Conflict {
        code: "not_a_member",
        message: "You belong to no tenant, and so are not notified of anything.".to_owned(),
    })
}

/// The domain's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(notification::list_notifications))
        .routes(routes!(notification::count_unread_notifications))
        .routes(routes!(stream::watch_notifications))
        .routes(routes!(notification::show_notification, notification::update_notification))
        .routes(routes!(notification::read_notification))
        .routes(routes!(notification::dismiss_notification))
        .routes(routes!(notification::read_all_notifications))
        .routes(routes!(
            preferences::show_preferences,
            preferences::update_preferences,
            preferences::replace_preferences
        ))
        .routes(routes!(device::show_push_key))
        .routes(routes!(device::list_devices, device::register_device))
        .routes(routes!(device::show_device, device::update_device, device::delete_device))
        .routes(routes!(device::activate_device))
        .routes(routes!(device::deactivate_device))
        .routes(routes!(announcement::list_announcements, announcement::create_announcement))
        .routes(routes!(
            announcement::show_announcement,
            announcement::update_announcement,
            announcement::delete_announcement
        ))
        .routes(routes!(announcement::send_announcement))
        .routes(routes!(announcement::cancel_announcement))
        .routes(routes!(announcement::count_announcement))
        .routes(routes!(email_template::list_email_templates))
        .routes(routes!(
            email_template::show_email_template,
            email_template::put_email_template,
            email_template::reset_email_template
        ))
        .routes(routes!(email_template::preview_email_template))
}
