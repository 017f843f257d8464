//! Whom a tenant trusts: identity providers and learning platforms, as records.

mod lti_platform;
mod sso_configuration;

use shared::federation::FederationError;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::needs;
use crate::app::App;
use crate::http::ApiError;

needs! {
    /// Change whom one's tenant trusts.
    WriteTenant;
}

/// The domain's addresses.
pub fn routes() -> OpenApiRouter<App> {
    use {lti_platform as lti, sso_configuration as sso};
    OpenApiRouter::new()
        .routes(routes!(sso::list_sso_configurations, sso::create_sso_configuration))
        .routes(routes!(sso::list_provider_types))
        .routes(routes!(sso::show_sso_configuration, sso::update_sso_configuration, sso::delete_sso_configuration))
        .routes(routes!(sso::toggle_sso_configuration))
        .routes(routes!(sso::set_default_sso_configuration))
        .routes(routes!(lti::list_lti_platforms, lti::create_lti_platform))
        .routes(routes!(lti::show_lti_platform, lti::update_lti_platform, lti::delete_lti_platform))
        .routes(routes!(lti::toggle_lti_platform))
        .routes(routes!(lti::regenerate_lti_keys))
        .routes(routes!(lti::show_lti_keys))
}

impl From<FederationError> for ApiError {
    fn from(error: FederationError) -> Self {
        let message = error.to_string();
        match error {
            FederationError::Missing(field) => Self::field(field, message),
            FederationError::NameTaken => Self::Conflict { code: "name_taken", message },
            FederationError::PlatformTaken => Self::Conflict { code: "platform_taken", message },
            FederationError::NotActive => Self::Conflict { code: "not_active", message },
            FederationError::Changed => Self::Changed,
            FederationError::Database(error) => error.into(),
        }
    }
}

/// An address of the web that people's browsers and our servers go to; empty for none.
fn https_or_empty(value: &str, (): &()) -> garde::Result {
    let is_web = value.len() <= 500 && url::Url::parse(value).is_ok_and(|url| url.scheme() == "https");
    if value.is_empty() || is_web { Ok(()) } else { Err(garde::Error::new("Not an https address.")) }
}
