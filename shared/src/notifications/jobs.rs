//! Jobs that notifications cause.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::{DeliveryId, TenantId};
use crate::jobs::{Backoff, Job, Queue};

/// Sends the e-mail of a notification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeliverEmail {
    pub tenant_id: TenantId,
    pub delivery_id: DeliveryId,
}

impl Job for DeliverEmail {
    const NAME: &'static str = "notifications.deliver_email";
    const QUEUE: Queue = Queue::Within1m;
    const PROVIDER: Option<&'static str> = Some("smtp");
    /// Mail servers are away for minutes or for a night.
    const BACKOFF: Backoff = Backoff::Steps(&[5, 300, 1_800, 7_200, 18_000, 36_000]);
    const TIMEOUT: Duration = Duration::from_secs(30);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.delivery_id.to_string())
    }
}
