//! The queues of the platform.

use axum::Json;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::jobs::Queue;
use shared::jobs::operate::{self, QueueChange, QueueRow};
use utoipa::ToSchema;

use super::super::OperatePlatform;
use crate::access::CanAnywhere;
use crate::http::{ApiError, ApiResult, Body, Path, PlatformDb};

/// A queue: what waits in it, and how it is set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobQueue)]
pub(super) struct QueueOut {
    #[schema(example = "within_1m")]
    queue: String,
    /// Nothing of it starts.
    is_paused: bool,
    /// Due, and not started.
    ready: i64,
    /// Waiting for their time.
    scheduled: i64,
    running: i64,
    dead: i64,
    /// How long the oldest of them is due.
    oldest_due_seconds: f64,
    /// How soon its jobs start, when workers suffice.
    promise_seconds: u64,
    /// Tickets in Redis at most.
    ticket_window: i32,
    /// Jobs of one tenant under way at most.
    tenant_cap: i32,
    /// Jobs waiting at most, before requests for more are refused.
    max_backlog: i32,
}

impl From<QueueRow> for QueueOut {
    fn from(row: QueueRow) -> Self {
        let promise_seconds = row.queue.parse::<Queue>().map_or(0, |queue| queue.promise().as_secs());
        let QueueRow {
            queue,
            is_paused,
            ready,
            scheduled,
            running,
            dead,
            oldest_due_seconds,
            ticket_window,
            tenant_cap,
            max_backlog,
        } = row;
        Self {
            queue,
            is_paused,
            ready,
            scheduled,
            running,
            dead,
            oldest_due_seconds,
            promise_seconds,
            ticket_window,
            tenant_cap,
            max_backlog,
        }
    }
}

/// All queues.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct QueuesOut {
    /// The most urgent first.
    results: Vec<QueueOut>,
}

/// List the queues: what waits, what runs, how long the oldest is due.
#[utoipa::path(get, path = "/api/admin/queues/", tag = "jobs", responses((status = OK, body = QueuesOut)))]
pub async fn list_queues(_: CanAnywhere<OperatePlatform>, db: PlatformDb) -> ApiResult<Json<QueuesOut>> {
    let rows = operate::queues(&mut *db.conn().await?).await?;
    Ok(Json(QueuesOut { results: rows.into_iter().map(QueueOut::from).collect() }))
}

/// How a queue is to be set; what is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateQueue {
    /// Tickets in Redis at most.
    #[garde(range(min = 1, max = 4_000))]
    #[schema(minimum = 1, maximum = 4_000)]
    #[serde(default)]
    ticket_window: Option<i32>,
    /// Jobs of one tenant under way at most.
    #[garde(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    #[serde(default)]
    tenant_cap: Option<i32>,
    /// Jobs waiting at most, before requests for more are refused.
    #[garde(range(min = 1, max = 1_000_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    #[serde(default)]
    max_backlog: Option<i32>,
}

/// Change how a queue is set.
#[utoipa::path(patch, path = "/api/admin/queues/{queue}/", tag = "jobs", request_body = UpdateQueue,
    params(("queue" = String, Path, example = "within_1m")), responses((status = OK, body = QueueOut)))]
pub async fn update_queue(
    _: CanAnywhere<OperatePlatform>,
    Path(queue): Path<Queue>,
    db: PlatformDb,
    Body(UpdateQueue { ticket_window, tenant_cap, max_backlog }): Body<UpdateQueue>,
) -> ApiResult<Json<QueueOut>> {
    let mut conn = db.conn().await?;
    operate::set_queue(&mut conn, queue, &QueueChange { ticket_window, tenant_cap, max_backlog }).await?;
    show(&mut conn, queue).await
}

/// Hold a queue: nothing of it starts. What runs goes on.
#[utoipa::path(post, path = "/api/admin/queues/{queue}/pause/", tag = "jobs",
    params(("queue" = String, Path, example = "within_1m")), responses((status = OK, body = QueueOut)))]
pub async fn pause_queue(
    _: CanAnywhere<OperatePlatform>,
    Path(queue): Path<Queue>,
    db: PlatformDb,
) -> ApiResult<Json<QueueOut>> {
    let mut conn = db.conn().await?;
    operate::pause(&mut conn, queue).await?;
    show(&mut conn, queue).await
}

/// Let a queue go on.
#[utoipa::path(post, path = "/api/admin/queues/{queue}/resume/", tag = "jobs",
    params(("queue" = String, Path, example = "within_1m")), responses((status = OK, body = QueueOut)))]
pub async fn resume_queue(
    _: CanAnywhere<OperatePlatform>,
    Path(queue): Path<Queue>,
    db: PlatformDb,
) -> ApiResult<Json<QueueOut>> {
    let mut conn = db.conn().await?;
    operate::resume(&mut conn, queue).await?;
    show(&mut conn, queue).await
}

async fn show(conn: &mut shared::db::Conn, queue: Queue) -> ApiResult<Json<QueueOut>> {
    let rows = operate::queues(conn).await?;
    let row = rows.into_iter().find(|row| row.queue == queue.name()).ok_or(ApiError::NotFound("queue"))?;
    Ok(Json(row.into()))
}
