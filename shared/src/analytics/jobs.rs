//! Jobs of analytics. Counting a day is asked for by the events themselves
//! ([`RollUpDay`](crate::events::jobs::RollUpDay)) and, for what they missed, by the clock.

use serde::{Deserialize, Serialize};

use crate::ids::TenantId;
use crate::jobs::{Job, Queue};

/// Has today and yesterday counted anew in every active tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RollUpRecentDays {}

impl Job for RollUpRecentDays {
    const NAME: &'static str = "analytics.roll_up_recent_days";
    const QUEUE: Queue = Queue::Within1h;
    const MAX_ATTEMPTS: i32 = 5;
    const MAY_BE_SCHEDULED: bool = true;

    fn tenant(&self) -> TenantId {
        TenantId::PLATFORM
    }
}
