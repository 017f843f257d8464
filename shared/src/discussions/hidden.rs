//! Hiding: a reply, or a thread with all replies in it, from all but its author and those who
//! moderate.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{DiscussionError, Reply, Thread};
use crate::db::Conn;
use crate::db::schema::{discussion_replies, discussion_threads};

macro_rules! hides {
    ($hidden:ident in $rows:ident) => {
        impl $hidden {
            /// Hides it for this reason, or shows it again; says which.
            pub async fn toggle_hidden(
                &self,
                conn: &mut Conn,
                reason: &str,
                now: DateTime<Utc>,
            ) -> Result<(bool, String), DiscussionError> {
                let turn = |from: bool| {
                    let reason = if from { "" } else { reason };
                    diesel::update(self)
                        .filter($rows::tenant_id.eq(self.tenant_id))
                        .filter($rows::deleted_at.is_null())
                        .filter($rows::is_hidden.eq(from))
                        .set((
                            $rows::is_hidden.eq(!from),
                            $rows::hidden_reason.eq(reason.to_owned()),
                            $rows::version.eq($rows::version + 1),
                            $rows::updated_at.eq(now),
                        ))
                };
                if turn(false).execute(conn).await? == 1 {
                    return Ok((true, reason.to_owned()));
                }
                if turn(true).execute(conn).await? == 1 {
                    Ok((false, String::new()))
                } else {
                    Err(DiscussionError::Gone)
                }
            }
        }
    };
}

hides!(Thread in discussion_threads);
hides!(Reply in discussion_replies);
