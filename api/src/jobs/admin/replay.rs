//! The dead get their attempts back.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::ids::{JobId, TenantId};
use shared::jobs::Queue;
use shared::jobs::operate::{self, DeadRow, Filter};
use shared::requests::{Throttle, ThrottleRule};
use utoipa::ToSchema;

use super::super::OperateJobs;
use crate::access::CanAnywhere;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, PlatformDb};

/// Replays of a tenant, or of the platform: each may set thousands of jobs going.
const REPLAYS: ThrottleRule = ThrottleRule { name: "job-replays", burst: 10.0, every: Duration::from_secs(30) };

/// Which of the dead; what is left out does not matter.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayJobs {
    /// Of this kind.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(example = "certificates.render")]
    #[serde(default)]
    kind: Option<String>,
    /// In this queue.
    #[garde(skip)]
    #[schema(value_type = Option<String>, example = "within_1m")]
    #[serde(default)]
    queue: Option<Queue>,
    /// With this class of error.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(example = "timeout")]
    #[serde(default)]
    error_class: Option<String>,
    /// Of this tenant: for superusers who have picked none.
    #[garde(skip)]
    #[schema(value_type = Option<Uuid>)]
    #[serde(default)]
    tenant: Option<TenantId>,
    /// These; all that are meant by the rest when left out.
    #[garde(length(min = 1, max = 1_000))]
    #[serde(default)]
    ids: Option<Vec<JobId>>,
    /// At most so many, the oldest first.
    #[garde(range(min = 1, max = 10_000))]
    #[schema(minimum = 1, maximum = 10_000, example = 1_000)]
    #[serde(default = "usual_limit")]
    limit: i64,
    /// Only tell which they are. Say false to do it.
    #[garde(skip)]
    #[serde(default = "yes")]
    dry_run: bool,
}

const fn usual_limit() -> i64 {
    1_000
}

const fn yes() -> bool {
    true
}

/// Dead jobs of one kind that died of one class of error.
#[derive(Debug, Serialize, ToSchema)]
struct DeadJobs {
    kind: String,
    error_class: Option<String>,
    jobs: i64,
}

impl From<DeadRow> for DeadJobs {
    fn from(DeadRow { kind, error_class, jobs }: DeadRow) -> Self {
        Self { kind, error_class, jobs }
    }
}

/// What a replay does, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReplayOut {
    /// Nothing was done.
    dry_run: bool,
    /// How many jobs were meant before, whatever the limit.
    count: i64,
    /// The same by kind and class of error.
    groups: Vec<DeadJobs>,
    /// How many live again.
    replayed: usize,
}

/// Give dead jobs their attempts back: all that are meant, in one go; their old errors stay. Tells
/// what it would do unless `dry_run` is false. A job that has a living successor stays dead.
#[utoipa::path(post, path = "/api/admin/jobs/replay/", tag = "jobs", request_body = ReplayJobs,
    responses((status = OK, body = ReplayOut)))]
pub async fn replay_jobs(
    caller: CanAnywhere<OperateJobs>,
    State(app): State<App>,
    db: Db,
    platform: PlatformDb,
    Body(body): Body<ReplayJobs>,
) -> ApiResult<Json<ReplayOut>> {
    let ReplayJobs { kind, queue, error_class, tenant, ids, limit, dry_run } = body;
    let filter = Filter { state: None, kind, queue, tenant: caller.tenant.or(tenant), error_class };
    let ids = ids.unwrap_or_default();
    if !dry_run {
        let whose = caller.tenant.unwrap_or(TenantId::PLATFORM).to_string();
        if let Throttle::Wait(time) = REPLAYS.take(&mut *platform.conn().await?, &whose, app.clock.now()).await? {
            return Err(ApiError::TooMany { retry_after_seconds: time.as_secs().max(1) });
        }
    }
    let mut conn = db.conn().await?;
    let groups = operate::dead(&mut conn, &filter, &ids).await?;
    let replayed = if dry_run { Vec::new() } else { operate::replay(&mut conn, &filter, &ids, limit).await? };
    Ok(Json(ReplayOut {
        dry_run,
        count: groups.iter().map(|group| group.jobs).sum(),
        groups: groups.into_iter().map(DeadJobs::from).collect(),
        replayed: replayed.len(),
    }))
}
