//! Jobs of dashboards.

use serde::{Deserialize, Serialize};

use crate::ids::TenantId;
use crate::jobs::{Job, Queue};

/// Has every active tenant counted for the platform's dashboard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CountTenants {}

impl Job for CountTenants {
    const NAME: &'static str = "dashboards.count_tenants";
    const QUEUE: Queue = Queue::Within1h;
    const MAX_ATTEMPTS: i32 = 5;
    const MAY_BE_SCHEDULED: bool = true;

    fn tenant(&self) -> TenantId {
        TenantId::PLATFORM
    }
}

/// Counts a tenant for the platform's dashboard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CountTenant {
    pub tenant_id: TenantId,
}

impl Job for CountTenant {
    const NAME: &'static str = "dashboards.count_tenant";
    const QUEUE: Queue = Queue::Within1h;
    const MAX_ATTEMPTS: i32 = 5;

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}
