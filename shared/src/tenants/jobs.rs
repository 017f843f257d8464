//! Trying a tenant's settings out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::TenantId;
use crate::jobs::{Job, Queue};

/// Sends a mail by the tenant's own server, and tells how that went. To whom it goes stands beside
/// the job, in [`EmailTest`](super::EmailTest).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestEmailSettings {
    pub tenant_id: TenantId,
}

impl Job for TestEmailSettings {
    const NAME: &'static str = "tenants.test_email_settings";
    const QUEUE: Queue = Queue::Within5s;
    const MAX_ATTEMPTS: i32 = 1;
    const TIMEOUT: Duration = Duration::from_secs(30);
    /// The first one carried the recipient, and its workers want that.
    const VERSION: i16 = 2;

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }
}

/// Writes an object to the tenant's own bucket and removes it, and tells how that went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestStorageSettings {
    pub tenant_id: TenantId,
}

impl Job for TestStorageSettings {
    const NAME: &'static str = "tenants.test_storage_settings";
    const QUEUE: Queue = Queue::Within5s;
    const MAX_ATTEMPTS: i32 = 1;
    const TIMEOUT: Duration = Duration::from_secs(30);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }
}
