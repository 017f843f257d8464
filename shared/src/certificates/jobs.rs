//! Jobs that certificates cause.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::{CertificateId, TenantId};
use crate::jobs::{Backoff, Job, Queue};

/// Draws a certificate's page and stores it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RenderCertificate {
    pub tenant_id: TenantId,
    pub certificate_id: CertificateId,
}

impl Job for RenderCertificate {
    const NAME: &'static str = "certificates.render";
    const QUEUE: Queue = Queue::Within1m;
    const BACKOFF: Backoff = Backoff::exponential(5, 3_600);
    const TIMEOUT: Duration = Duration::from_secs(60);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.certificate_id.to_string())
    }
}

/// Removes a page that a later one has replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiscardPage {
    pub tenant_id: TenantId,
    pub certificate_id: CertificateId,
    /// Where it lies in the store.
    pub file_key: String,
}

impl Job for DiscardPage {
    const NAME: &'static str = "certificates.discard_page";
    const QUEUE: Queue = Queue::Within1h;
    const BACKOFF: Backoff = Backoff::exponential(60, 3_600);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.file_key.clone())
    }
}

/// A certificate can be downloaded; notifications tell of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CertificateReady {
    pub tenant_id: TenantId,
    pub certificate_id: CertificateId,
}

impl Job for CertificateReady {
    const NAME: &'static str = "certificates.ready";
    const QUEUE: Queue = Queue::Within1m;

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.certificate_id.to_string())
    }
}
