//! All addresses: one line for each domain.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::http::ApiError;
use crate::{
    analytics, audit, auth, certificates, courses, dashboards, discussions, enrollments, federation, files, health,
    jobs, notifications, openapi, tenants, users,
};

/// The operations, with their documents.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::base())
        .merge(health::routes())
        .merge(auth::routes())
        .merge(tenants::routes())
        .merge(users::routes())
        .merge(federation::routes())
        .merge(files::routes())
        .merge(courses::routes())
        .merge(enrollments::routes())
        .merge(certificates::routes())
        .merge(discussions::routes())
        .merge(notifications::routes())
        .merge(analytics::routes())
        .merge(jobs::routes())
        .merge(audit::routes())
        .merge(dashboards::routes())
}

/// The pages for people: the documents, readable.
pub fn pages() -> Router<App> {
    Router::new()
        .merge(openapi::pages())
        .route("/", get(async || axum::response::Redirect::temporary("/api/schema/swagger-ui/")))
}

/// The answer to addresses that are nobody's.
pub async fn unknown() -> Response {
    ApiError::NotFound("page").into_response()
}
