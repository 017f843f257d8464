//! Jobs that discussions cause.

use serde::{Deserialize, Serialize};

use crate::ids::{ReplyId, TenantId, UserId};
use crate::jobs::{Job, Queue};

/// Somebody has replied in a thread; notifications tell its followers, in turns of some hundreds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplyPosted {
    pub tenant_id: TenantId,
    pub reply_id: ReplyId,
    /// The last follower who was told in the turn before.
    #[serde(default)]
    pub after: Option<UserId>,
}

impl Job for ReplyPosted {
    const NAME: &'static str = "discussions.reply_posted";
    const QUEUE: Queue = Queue::Within1m;

    fn tenant(&self) -> TenantId {
        self.tenant_id
    }

    fn unique_key(&self) -> Option<String> {
        Some(match self.after {
            None => self.reply_id.to_string(),
            Some(after) => format!("{}:{after}", self.reply_id),
        })
    }
}
