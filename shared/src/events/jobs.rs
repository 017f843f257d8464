//! Jobs that events cause; analytics answers them.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::TenantId;
use crate::jobs::{Backoff, Job, Queue};

/// Counts the events of a day in a tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RollUpDay {
    pub tenant_id: TenantId,
    /// A day of UTC.
    pub day: NaiveDate,
    /// The stretch of time whose events asked for it; none when the clock did.
    pub since: Option<DateTime<Utc>>,
}

impl Job for RollUpDay {
    const NAME: &'static str = "analytics.roll_up_day";
    const QUEUE: Queue = Queue::Within1h;
    const MAX_ATTEMPTS: i32 = 5;
    const BACKOFF: Backoff = Backoff::exponential(60, 3_600);
    const TIMEOUT: Duration = Duration::from_secs(600);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        let stretch = self.since.map_or(0, |at| at.timestamp());
        Some(format!("{} {stretch}", self.day))
    }
}
