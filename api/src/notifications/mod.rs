//! Notifications: what one should know, and by which channels one wants to hear it.

mod notification;
mod preferences;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::needs;
use crate::app::App;

needs! {
    /// See one's own notifications, and say what one wants to hear of.
    ReadNotifications;
}

/// The domain's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(notification::list_notifications))
        .routes(routes!(notification::count_unread_notifications))
        .routes(routes!(notification::show_notification, notification::update_notification))
        .routes(routes!(notification::read_notification))
        .routes(routes!(notification::dismiss_notification))
        .routes(routes!(notification::read_all_notifications))
        .routes(routes!(
            preferences::show_preferences,
            preferences::update_preferences,
            preferences::replace_preferences
        ))
}
