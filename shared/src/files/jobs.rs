//! Jobs that files cause.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::{FileContentId, TenantId};
use crate::jobs::{Backoff, Job, Queue};

/// Looks at a content, and lets it pass or rejects it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScanContent {
    pub tenant_id: TenantId,
    pub content_id: FileContentId,
}

impl Job for ScanContent {
    const NAME: &'static str = "files.scan";
    const QUEUE: Queue = Queue::Within10m;
    const BACKOFF: Backoff = Backoff::exponential(10, 3_600);
    /// The largest files are read whole, from the store and by the scanner.
    const TIMEOUT: Duration = Duration::from_secs(1_800);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.content_id.to_string())
    }
}

/// Makes the smaller pictures of a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MakeThumbnails {
    pub tenant_id: TenantId,
    pub content_id: FileContentId,
}

impl Job for MakeThumbnails {
    const NAME: &'static str = "files.thumbnail";
    const QUEUE: Queue = Queue::Within10m;
    const MAX_ATTEMPTS: i32 = 5;
    const BACKOFF: Backoff = Backoff::exponential(10, 3_600);
    const TIMEOUT: Duration = Duration::from_secs(120);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.content_id.to_string())
    }
}

/// Removes a content that was discarded from the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PurgeContent {
    pub tenant_id: TenantId,
    pub content_id: FileContentId,
}

impl Job for PurgeContent {
    const NAME: &'static str = "files.purge";
    const QUEUE: Queue = Queue::Within1h;
    const BACKOFF: Backoff = Backoff::exponential(60, 3_600);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.content_id.to_string())
    }
}

/// Gives up a tenant's uploads that nobody finishes, and does again what was left undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CleanUpTenant {
    pub tenant_id: TenantId,
}

impl Job for CleanUpTenant {
    const NAME: &'static str = "files.clean_up";
    const QUEUE: Queue = Queue::Within1h;
    const BACKOFF: Backoff = Backoff::exponential(60, 3_600);
    const TIMEOUT: Duration = Duration::from_secs(900);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Asks for every tenant's cleaning up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CleanUp {}

impl Job for CleanUp {
    const NAME: &'static str = "files.clean_up_tenants";
    const QUEUE: Queue = Queue::Within1h;
    const MAY_BE_SCHEDULED: bool = true;

    fn tenant(&self) -> TenantId {
        TenantId::PLATFORM
    }
}

/// Removes objects from the store that no row speaks of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweepStore {}

impl Job for SweepStore {
    const NAME: &'static str = "files.sweep_store";
    const QUEUE: Queue = Queue::Within1h;
    const TIMEOUT: Duration = Duration::from_secs(3_600);
    const MAY_BE_SCHEDULED: bool = true;

    fn tenant(&self) -> TenantId {
        TenantId::PLATFORM
    }
}
