//! How often it happened, day by day.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use shared::analytics::DailyRollup;
use utoipa::{IntoParams, ToSchema};

use super::ReadTenantAnalytics;
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Db, Query, dated};

/// The events of one kind on one day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DailyRollup)]
pub(super) struct DailyRollupOut {
    /// A day of UTC.
    day: NaiveDate,
    #[schema(example = "COURSE_COMPLETED")]
    event_type: String,
    /// How many events.
    events: i64,
    /// By how many people.
    people: i64,
    /// When they were counted.
    updated_at: DateTime<Utc>,
}

impl From<DailyRollup> for DailyRollupOut {
    fn from(DailyRollup { day, event_type, events, people, updated_at }: DailyRollup) -> Self {
        Self { day, event_type, events, people, updated_at }
    }
}

/// The counts of some days.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DailyRollups {
    from: NaiveDate,
    to: NaiveDate,
    /// By day and kind; a kind of which there was nothing on a day is not listed.
    results: Vec<DailyRollupOut>,
}

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListDailyRollups {
    /// The first day; thirty days before the last when left out.
    #[param(example = "2026-01-01")]
    #[serde(default, deserialize_with = "dated")]
    from: Option<NaiveDate>,
    /// The last day; today when left out.
    #[param(example = "2026-01-31")]
    #[serde(default, deserialize_with = "dated")]
    to: Option<NaiveDate>,
}

/// Days at most: a year and a day.
const LONGEST: i64 = 366;

/// List the counts of a stretch of days, at most a year.
#[utoipa::path(get, path = "/api/analytics/daily/", tag = "analytics",
    responses((status = OK, body = DailyRollups)))]
pub async fn list_daily_rollups(
    caller: Can<ReadTenantAnalytics>,
    State(app): State<App>,
    Query(days): Query<ListDailyRollups>,
    db: Db,
) -> ApiResult<Json<DailyRollups>> {
    let to = days.to.unwrap_or_else(|| app.clock.now().date_naive());
    let from = days.from.or_else(|| to.checked_sub_signed(TimeDelta::days(30))).unwrap_or(to);
    if from > to {
        return Err(ApiError::field("from", "Comes after `to`."));
    }
    if to.signed_duration_since(from).num_days() >= LONGEST {
        return Err(ApiError::field("from", "At most 366 days at once."));
    }
    let rollups = DailyRollup::between(&mut *db.conn().await?, caller.tenant(), from, to).await?;
    Ok(Json(DailyRollups { from, to, results: rollups.into_iter().map(Into::into).collect() }))
}
