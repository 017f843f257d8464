//! Whether this worker lives, whether it can work, and how it fares.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Value, json};
use shared::db::{Scope, pending_migrations};
use shared::jobs::Queue;
use shared::jobs::operate::{self, Pressure, QueueRow};
use tokio::net::TcpListener;

use crate::ops;
use crate::run::Machine;

/// A process whose tasks have not run for so long hangs.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);

/// Serves the probes, the metrics and the page for operators.
pub(crate) async fn serve(listener: TcpListener, machine: Machine, metrics: PrometheusHandle) {
    let render = async move |State(machine): State<Machine>| {
        gauge(&machine).await;
        metrics.run_upkeep();
        metrics.render()
    };
    let router = Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/internal/scale/{queue}", get(scale))
        .route("/metrics", get(render))
        .with_state(machine.clone())
        .merge(ops::router(machine.operators.clone()));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    if let Err(error) = axum::serve(listener, service).await {
        tracing::error!(error = %error, "The probes are not answered any more: {error}");
    }
}

/// Whether the process lives: its tasks run, and every queue is being served or about to be again.
/// A database or a Redis that is away is no reason to restart us.
async fn live(State(machine): State<Machine>) -> (StatusCode, Json<Value>) {
    let is_broken = machine.pulse.is_broken.load(Ordering::Relaxed);
    let is_silent = machine.executor.pulse() > LONGEST_SILENCE;
    let status = if is_broken || is_silent { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let consumers = machine.pulse.consumers.load(Ordering::Relaxed);
    (
        status,
        Json(json!({
            "status": if status == StatusCode::OK { "ok" } else { "broken" },
            "queues_served": consumers,
            "redis": machine.pulse.has_redis.load(Ordering::Relaxed),
        })),
    )
}

/// Whether it can work: the database answers within a second and has the shape that this release
/// wants. Redis is told but not asked for: without it jobs are taken from the database.
async fn ready(State(machine): State<Machine>) -> (StatusCode, Json<Value>) {
    if machine.pulse.is_stopping.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "stopping" })));
    }
    let asked = tokio::time::timeout(Duration::from_secs(1), async {
        let mut conn = machine.control.get(Scope::Relay).await?;
        anyhow::Ok(pending_migrations(&mut conn).await?)
    });
    let (status, word) = match asked.await {
        Ok(Ok(0)) => (StatusCode::OK, "ok"),
        Ok(Ok(_)) => (StatusCode::SERVICE_UNAVAILABLE, "the database waits for migrations"),
        Ok(Err(_)) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer"),
    };
    (status, Json(json!({ "status": word, "redis": machine.pulse.has_redis.load(Ordering::Relaxed) })))
}

/// How hard a queue presses: for KEDA, or a horizontal autoscaler.
async fn scale(State(machine): State<Machine>, Path(name): Path<String>) -> Result<Json<Pressure>, StatusCode> {
    let queue: Queue = name.parse().map_err(|_| StatusCode::NOT_FOUND)?;
    let asked = async {
        let mut conn = machine.operators.get(Scope::Relay).await?;
        anyhow::Ok(operate::pressure(&mut conn, queue).await?)
    };
    asked.await.ok().flatten().map(Json).ok_or(StatusCode::SERVICE_UNAVAILABLE)
}

async fn rows(machine: &Machine) -> anyhow::Result<Vec<QueueRow>> {
    let mut conn = machine.operators.get(Scope::Relay).await?;
    Ok(operate::queues(&mut conn).await?)
}

async fn gauge(machine: &Machine) {
    metrics::gauge!("jobs_running_here").set(whole(machine.executor.running()));
    metrics::gauge!("queues_served").set(whole(machine.pulse.consumers.load(Ordering::Relaxed)));
    let (used, waiting) = machine.executor.pool_load();
    metrics::gauge!("db_pool_connections_used").set(whole(used));
    metrics::gauge!("db_pool_callers_waiting").set(whole(waiting));
    let Ok(rows) = rows(machine).await else { return };
    for row in rows {
        let queue = row.queue.clone();
        metrics::gauge!("jobs_ready", "queue" => queue.clone()).set(number(row.ready));
        metrics::gauge!("jobs_scheduled", "queue" => queue.clone()).set(number(row.scheduled));
        metrics::gauge!("jobs_running", "queue" => queue.clone()).set(number(row.running));
        metrics::gauge!("jobs_dead", "queue" => queue.clone()).set(number(row.dead));
        metrics::gauge!("queue_paused", "queue" => queue.clone()).set(if row.is_paused { 1.0 } else { 0.0 });
        metrics::gauge!("jobs_oldest_due_age_seconds", "queue" => queue).set(row.oldest_due_seconds);
    }
}

fn whole(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

fn number(count: i64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
