//! Signing in and out, and what people do with their own account: profile, password, devices.

mod device;
mod doors;
mod link;
mod password;
mod passwords;
mod profile;
mod registration;
mod session;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Need, Permission, needs};
use crate::app::App;

pub use passwords::Passwords;
pub use session::KeepsItsToken;

needs! {
    /// See and change oneself.
    UseOwnAccount;
}

/// See and change oneself, whatever tenant the request names: a client asks who it is before it
/// knows where.
#[derive(Debug, Clone, Copy)]
pub struct UseOwnProfile;

impl Need for UseOwnProfile {
    const PERMISSION: Permission = Permission::UseOwnAccount;
    const ANY_TENANT_NAME: bool = true;
}

/// The domain's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(session::log_in))
        .routes(routes!(session::refresh_tokens))
        .routes(routes!(session::log_out))
        .routes(routes!(session::list_sessions))
        .routes(routes!(session::delete_session))
        .routes(routes!(profile::show_me, profile::update_me, profile::replace_me))
        .routes(routes!(password::change_password))
        .routes(routes!(password::ask_for_reset))
        .routes(routes!(link::confirm_reset))
        .routes(routes!(link::accept_invitation))
        .routes(routes!(registration::register))
}
