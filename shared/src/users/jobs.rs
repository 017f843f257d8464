//! Jobs that accounts and groups cause.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::db::{Conn, Error};
use crate::ids::{GroupId, OneTimeTokenId, TenantId, UserId};
use crate::jobs::{self, Backoff, Job, Queue};

/// Somebody waits for these in front of a screen.
const BACKOFF: Backoff = Backoff::exponential(2, 300);

/// Mails the link by which a forgotten password is replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendPasswordReset {
    pub tenant_id: TenantId,
    pub token_id: OneTimeTokenId,
}

impl Job for SendPasswordReset {
    const NAME: &'static str = "users.send_password_reset";
    const QUEUE: Queue = Queue::Within5s;
    const PROVIDER: Option<&'static str> = Some("smtp");
    const MAX_ATTEMPTS: i32 = 8;
    const BACKOFF: Backoff = BACKOFF;
    const TIMEOUT: Duration = Duration::from_secs(20);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.token_id.to_string())
    }
}

/// Mails the link by which an invitation is accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendInvitation {
    pub tenant_id: TenantId,
    pub token_id: OneTimeTokenId,
    /// Who invites.
    pub invited_by: Option<UserId>,
}

impl Job for SendInvitation {
    const NAME: &'static str = "users.send_invitation";
    const QUEUE: Queue = Queue::Within5s;
    const PROVIDER: Option<&'static str> = Some("smtp");
    const MAX_ATTEMPTS: i32 = 8;
    const BACKOFF: Backoff = BACKOFF;
    const TIMEOUT: Duration = Duration::from_secs(20);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.token_id.to_string())
    }
}

/// Tells somebody that their password was changed, in case it was not they who did it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendPasswordChanged {
    pub tenant_id: TenantId,
    pub user_id: UserId,
    pub changed_at: DateTime<Utc>,
}

impl Job for SendPasswordChanged {
    const NAME: &'static str = "users.send_password_changed";
    const QUEUE: Queue = Queue::Within1m;
    const PROVIDER: Option<&'static str> = Some("smtp");
    const MAX_ATTEMPTS: i32 = 8;
    const BACKOFF: Backoff = Backoff::exponential(5, 3_600);
    const TIMEOUT: Duration = Duration::from_secs(20);

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(format!("{} {}", self.user_id, self.changed_at.timestamp_micros()))
    }
}

/// Brings the enrollments of a group's members in step with the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncGroup {
    pub tenant_id: TenantId,
    pub group_id: GroupId,
}

impl Job for SyncGroup {
    const NAME: &'static str = "users.sync_group";
    const QUEUE: Queue = Queue::Within1m;

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    // No unique key: a change that commits while a group is brought in step must be seen by another.

    fn strand(&self) -> Option<String> {
        Some(format!("group {}", self.group_id))
    }
}

impl SyncGroup {
    /// Asks for it: whoever joined or left, joins or leaves what the group learns.
    pub(super) async fn ask(conn: &mut Conn, tenant_id: TenantId, group_id: GroupId) -> Result<(), Error> {
        jobs::enqueue(conn, &Self { tenant_id, group_id }).await?;
        Ok(())
    }
}
