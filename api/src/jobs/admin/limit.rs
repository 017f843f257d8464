//! How often kinds of job may start and providers be called, and how much may wait.

use axum::Json;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::ids::TenantId;
use shared::jobs::Rate;
use shared::jobs::backlog::{self, FullKind};
use shared::jobs::limits::{self, LimitRow, Subject};
use shared::kinds;
use utoipa::ToSchema;

use super::super::OperatePlatform;
use crate::access::CanAnywhere;
use crate::http::{ApiError, ApiResult, Body, Path, PlatformDb};

/// Tenants that are refused more, told at most.
const MOST_FULL: i64 = 1_000;

/// So many starts in so much time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = JobRate)]
struct RateShape {
    #[garde(range(min = 1, max = 1_000_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000_000, example = 100)]
    starts: i32,
    /// In so many seconds.
    #[garde(range(min = 1, max = 31_536_000))]
    #[schema(minimum = 1, maximum = 31_536_000, example = 60)]
    seconds: i32,
    /// So many at once after a pause.
    #[garde(range(min = 1, max = 1_000_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000_000, example = 10)]
    burst: i32,
}

impl From<Rate> for RateShape {
    fn from(Rate { starts, seconds, burst }: Rate) -> Self {
        Self { starts, seconds, burst }
    }
}

impl From<RateShape> for Rate {
    fn from(RateShape { starts, seconds, burst }: RateShape) -> Self {
        Self { starts, seconds, burst }
    }
}

/// A limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobLimit)]
pub(super) struct LimitOut {
    /// A kind of job, or a provider that several kinds call.
    #[schema(example = "provider:smtp")]
    subject: String,
    /// On the whole platform.
    rate: Option<RateShape>,
    /// For each tenant.
    tenant_rate: Option<RateShape>,
    /// How many jobs of the kind may wait of one tenant, instead of the queue's number.
    tenant_backlog: Option<i32>,
    /// An operator has set it: a new release leaves it as it is.
    is_edited: bool,
}

impl From<LimitRow> for LimitOut {
    fn from(row: LimitRow) -> Self {
        Self {
            rate: row.rate().map(RateShape::from),
            tenant_rate: row.tenant_rate().map(RateShape::from),
            tenant_backlog: row.tenant_backlog,
            is_edited: row.is_edited,
            subject: row.subject,
        }
    }
}

/// A kind of which a tenant has so many waiting that it is refused more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FullJobKind)]
struct FullOut {
    tenant: TenantId,
    #[schema(example = "notifications.deliver")]
    kind: String,
    waiting: i64,
    counted_at: DateTime<Utc>,
}

impl From<FullKind> for FullOut {
    fn from(FullKind { tenant_id, kind, waiting, counted_at }: FullKind) -> Self {
        Self { tenant: tenant_id, kind, waiting, counted_at }
    }
}

/// All limits, and who is refused more by one.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LimitsOut {
    /// By subject.
    results: Vec<LimitOut>,
    /// Kinds of which tenants have as many jobs waiting as they may have; nearly always none.
    full: Vec<FullOut>,
}

/// List how often kinds of job may start and providers be called, and which tenants are refused more.
#[utoipa::path(get, path = "/api/admin/limits/", tag = "jobs", responses((status = OK, body = LimitsOut)))]
pub async fn list_limits(_: CanAnywhere<OperatePlatform>, db: PlatformDb) -> ApiResult<Json<LimitsOut>> {
    let mut conn = db.conn().await?;
    let rows = limits::list(&mut conn).await?;
    let full = backlog::full_kinds(&mut conn, MOST_FULL).await?;
    Ok(Json(LimitsOut {
        results: rows.into_iter().map(LimitOut::from).collect(),
        full: full.into_iter().map(FullOut::from).collect(),
    }))
}

/// A limit as it is to be, as a whole.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutLimit {
    /// On the whole platform; no limit when null or left out.
    #[garde(dive)]
    #[serde(default)]
    rate: Option<RateShape>,
    /// For each tenant; no limit when null or left out.
    #[garde(dive)]
    #[serde(default)]
    tenant_rate: Option<RateShape>,
    /// How many jobs of the kind may wait of one tenant, before its requests for more are refused;
    /// as many as the queue says when null or left out. Kinds only.
    #[garde(range(min = 1, max = 1_000_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    #[serde(default)]
    tenant_backlog: Option<i32>,
}

/// Set a limit of a kind or of a provider. Workers keep to it within seconds, and a new release
/// leaves it as it is.
#[utoipa::path(put, path = "/api/admin/limits/{subject}/", tag = "jobs", request_body = PutLimit,
    params(("subject" = String, Path, description = "`kind:<name>` or `provider:<name>`", example = "provider:smtp")),
    responses((status = OK, body = LimitOut)))]
pub async fn put_limit(
    _: CanAnywhere<OperatePlatform>,
    Path(subject): Path<Subject>,
    db: PlatformDb,
    Body(PutLimit { rate, tenant_rate, tenant_backlog }): Body<PutLimit>,
) -> ApiResult<Json<LimitOut>> {
    if tenant_backlog.is_some() && subject.kind().is_none() {
        return Err(ApiError::field("tenant_backlog", "What waits is counted by kind, not by provider."));
    }
    if !kinds::knows(&subject) {
        return Err(ApiError::field("subject", format!("This release knows no {subject}: it would limit nothing.")));
    }
    let (rate, tenant_rate) = (rate.map(Rate::from), tenant_rate.map(Rate::from));
    let row = LimitRow::new(subject.to_string(), rate, tenant_rate, tenant_backlog);
    limits::set(&mut *db.conn().await?, &row).await?;
    Ok(Json(LimitRow { is_edited: true, ..row }.into()))
}

/// Take an operator's limit back: the next start of a worker sets what its release says.
#[utoipa::path(delete, path = "/api/admin/limits/{subject}/", tag = "jobs",
    params(("subject" = String, Path, description = "`kind:<name>` or `provider:<name>`", example = "provider:smtp")),
    responses((status = NO_CONTENT)))]
pub async fn reset_limit(
    _: CanAnywhere<OperatePlatform>,
    Path(subject): Path<Subject>,
    db: PlatformDb,
) -> ApiResult<StatusCode> {
    let is_given_back = limits::give_back(&mut *db.conn().await?, &subject).await?;
    if is_given_back { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("limit")) }
}
