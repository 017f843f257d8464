//! Jobs that notifications cause.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{AnnouncementId, DeliveryId, DigestId, TenantId, UserId};
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

/// Sends a notification to a person's devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeliverPush {
    pub tenant_id: TenantId,
    pub delivery_id: DeliveryId,
}

impl Job for DeliverPush {
    const NAME: &'static str = "notifications.deliver_push";
    const QUEUE: Queue = Queue::Within1m;
    /// Within a day, as long as a push service keeps what it cannot hand on.
    const BACKOFF: Backoff = Backoff::Steps(&[5, 60, 600, 3_600, 21_600, 43_200]);
    /// As many devices as a person may have, one after the other.
    const TIMEOUT: Duration = Duration::from_secs(300);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.delivery_id.to_string())
    }
}

/// Sends the mail that sums up what could wait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendDigest {
    pub tenant_id: TenantId,
    pub digest_id: DigestId,
}

impl Job for SendDigest {
    const NAME: &'static str = "notifications.send_digest";
    const QUEUE: Queue = Queue::Within10m;
    /// As that of [`DeliverEmail`].
    const BACKOFF: Backoff = Backoff::Steps(&[5, 300, 1_800, 7_200, 18_000, 36_000]);
    const TIMEOUT: Duration = Duration::from_secs(30);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.digest_id.to_string())
    }
}

/// Begins to send an announcement whose time has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendScheduledAnnouncement {
    pub tenant_id: TenantId,
    pub announcement_id: AnnouncementId,
    /// For when it was scheduled: it may be for another time by now.
    pub scheduled_at: DateTime<Utc>,
}

impl Job for SendScheduledAnnouncement {
    const NAME: &'static str = "notifications.send_scheduled_announcement";
    const QUEUE: Queue = Queue::Within1m;

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(format!("{}:{}", self.announcement_id, self.scheduled_at.timestamp_micros()))
    }
}

/// Tells the next thousand people of an announcement, and asks for the turn after that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FanOutAnnouncement {
    pub tenant_id: TenantId,
    pub announcement_id: AnnouncementId,
    /// The last person who was told in the turn before.
    #[serde(default)]
    pub after: Option<UserId>,
}

impl Job for FanOutAnnouncement {
    const NAME: &'static str = "notifications.fan_out_announcement";
    const QUEUE: Queue = Queue::Within10m;
    const TIMEOUT: Duration = Duration::from_secs(120);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(match self.after {
            None => self.announcement_id.to_string(),
            Some(after) => format!("{}:{after}", self.announcement_id),
        })
    }
}
