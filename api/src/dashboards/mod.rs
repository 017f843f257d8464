//! Dashboards, in the words that the web client reads. `docs/dashboards.md` states the formula of each figure.

mod admin;
mod alerts;
mod instructor;
mod learner;
mod recommendation;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::needs;
use crate::app::App;

needs! {
    /// See how far one is.
    UseEnrollments;
    /// See one's courses in numbers.
    ReadAnalytics;
    /// See the tenant in numbers, or the platform.
    ReadTenantAnalytics;
}

/// The domain's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(learner::show_learner_dashboard))
        .routes(routes!(recommendation::list_recommendations))
        .routes(routes!(instructor::show_instructor_dashboard))
        .routes(routes!(admin::show_admin_dashboard))
}

/// A day as people write it, where they are: the client prints it as it comes.
fn day(at: DateTime<Utc>, zone: &str) -> String {
    at.with_timezone(&zone.parse().unwrap_or(Tz::UTC)).format("%b %d, %Y").to_string()
}

/// With one decimal.
fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
