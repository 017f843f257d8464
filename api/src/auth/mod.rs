//! Signing in and out.

mod passwords;
mod session;

pub use passwords::Passwords;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// The domain's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(session::log_in))
}
