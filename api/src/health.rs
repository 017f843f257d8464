//! Whether this process lives, whether it can serve, and how it fares.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use shared::db::{Scope, pending_migrations};
use shared::jobs::Queue;
use shared::jobs::operate::{self, Pressure};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::Problem;

/// Set when the process was told to stop: it serves what it has, and asks for nothing more.
pub static STOPPING: AtomicBool = AtomicBool::new(false);

/// The domain's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show_liveness)).routes(routes!(show_readiness))
}

/// A healthy answer.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether the process lives. Asks nobody else: a database that is away is no reason to restart us.
#[utoipa::path(get, path = "/health/live", tag = "health", security(()), responses((status = OK, body = Health)))]
async fn show_liveness() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether requests can be served: the database answers within a second and has the shape that
/// this version wants. Redis is not asked: requests do not need it.
#[utoipa::path(get, path = "/health/ready", tag = "health", security(()), responses((status = OK, body = Health)))]
async fn show_readiness(State(app): State<App>) -> Response {
    if STOPPING.load(Ordering::Relaxed) {
        return not_ready("The server is stopping.");
    }
    let asked = tokio::time::timeout(Duration::from_secs(1), async {
        let mut conn = app.pool.get(Scope::Platform).await?;
        anyhow::Ok(pending_migrations(&mut conn).await?)
    });
    match asked.await {
        Ok(Ok(0)) => Json(Health { status: "ok" }).into_response(),
        Ok(Ok(_)) => not_ready("The database waits for migrations."),
        Ok(Err(_)) | Err(_) => not_ready("The database does not answer."),
    }
}

fn not_ready(why: &str) -> Response {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", why).to_be_tried_again(1)
}

/// What operators see on the internal port.
pub fn internal(app: App, metrics: PrometheusHandle) -> Router {
    let render = async move |State(app): State<App>| {
        let (used, waiting) = app.pool.load();
        metrics::gauge!("db_pool_connections_used").set(f64::from(u32::try_from(used).unwrap_or(u32::MAX)));
        metrics::gauge!("db_pool_callers_waiting").set(f64::from(u32::try_from(waiting).unwrap_or(u32::MAX)));
        metrics.run_upkeep();
        metrics.render()
    };
    Router::new()
        .route("/metrics", get(render))
        .route("/internal/scale/{queue}", get(scale))
        .route("/health/live", get(show_liveness))
        .route("/health/ready", get(show_readiness))
        .with_state(app)
}

/// How hard a queue presses: for an autoscaler, also when it has left no worker to ask.
async fn scale(State(app): State<App>, Path(name): Path<String>) -> Result<Json<Pressure>, StatusCode> {
    let queue: Queue = name.parse().map_err(|_| StatusCode::NOT_FOUND)?;
    let asked = async {
        let mut conn = app.pool.get(Scope::Relay).await?;
        anyhow::Ok(operate::pressure(&mut conn, queue).await?)
    };
    asked.await.ok().flatten().map(Json).ok_or(StatusCode::SERVICE_UNAVAILABLE)
}
