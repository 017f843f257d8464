//! Jobs that certificates cause.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::{CertificateId, JobId, TenantId, UserId};
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

/// Has the holders of certificates that will expire told of it, in every active tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TellOfExpiries {}

impl Job for TellOfExpiries {
    const NAME: &'static str = "certificates.tell_of_expiries";
    const QUEUE: Queue = Queue::Within1h;
    const MAY_BE_SCHEDULED: bool = true;

    fn tenant(&self) -> TenantId {
        TenantId::PLATFORM
    }
}

/// Tells the holders of a tenant's certificates that will expire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TellOfExpiry {
    pub tenant_id: TenantId,
}

impl Job for TellOfExpiry {
    const NAME: &'static str = "certificates.tell_of_expiry";
    const QUEUE: Queue = Queue::Within1h;

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Draws a person's transcript and stores it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RenderTranscript {
    pub tenant_id: TenantId,
    pub user_id: UserId,
}

impl Job for RenderTranscript {
    const NAME: &'static str = "certificates.render_transcript";
    const QUEUE: Queue = Queue::Within1m;
    const BACKOFF: Backoff = Backoff::exponential(5, 3_600);
    const TIMEOUT: Duration = Duration::from_secs(120);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }
}

/// Removes a transcript: whoever wants it later asks for a new one, which says what is true then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiscardTranscript {
    pub tenant_id: TenantId,
    /// The job that drew it.
    pub job_id: JobId,
}

impl Job for DiscardTranscript {
    const NAME: &'static str = "certificates.discard_transcript";
    const QUEUE: Queue = Queue::Within1h;
    const BACKOFF: Backoff = Backoff::exponential(60, 3_600);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.job_id.to_string())
    }
}
