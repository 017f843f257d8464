//! A reply: written, changed, hidden, deleted.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::jobs::ReplyPosted;
use super::reaction::follow_by_writing;
use super::thread::cleaned;
use super::{DiscussionError, ThreadStatus};
use crate::db::schema::{discussion_replies, discussion_threads};
use crate::db::{Conn, Error};
use crate::ids::{ReplyId, TenantId, ThreadId, UserId};
use crate::jobs;

/// How many replies may stand above another.
pub const MOST_DEPTH: i16 = 3;

/// A reply.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable, QueryableByName)]
#[diesel(table_name = discussion_replies, treat_none_as_default_value = false)]
pub struct Reply {
    pub id: ReplyId,
    pub tenant_id: TenantId,
    pub thread_id: ThreadId,
    /// What it answers; none when that is the thread.
    pub parent_id: Option<ReplyId>,
    /// The reply to the thread at the top of its branch.
    pub root_id: Option<ReplyId>,
    /// How many replies are above it.
    pub depth: i16,
    pub author_id: UserId,
    /// Markdown, without anything that a browser would run.
    pub content: String,
    /// From all but its author and those who moderate.
    pub is_hidden: bool,
    pub hidden_reason: String,
    pub edited_at: Option<DateTime<Utc>>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Goes up with each change.
    pub version: i32,
}

/// A reply about to be written.
#[derive(Debug, Clone)]
pub struct NewReply {
    pub tenant: TenantId,
    pub thread: ThreadId,
    /// What it answers; none when that is the thread.
    pub parent: Option<ReplyId>,
    pub author: UserId,
    pub content: String,
}

/// Where a reply stands.
struct Place {
    parent: Option<ReplyId>,
    root: Option<ReplyId>,
    depth: i16,
}

impl Reply {
    /// Writes a reply in a thread that is open, in which it then follows, and has the thread's
    /// other followers told: all or nothing.
    pub async fn write(conn: &mut Conn, new: NewReply, now: DateTime<Utc>) -> Result<Self, DiscussionError> {
        let content = cleaned(&new.content)?;
        conn.transaction(async |conn| {
            let stirred = diesel::update(discussion_threads::table.find(new.thread))
                .filter(discussion_threads::tenant_id.eq(new.tenant))
                .filter(discussion_threads::deleted_at.is_null())
                .filter(discussion_threads::status.eq(ThreadStatus::Active))
                .set(discussion_threads::last_activity_at.eq(now))
                .execute(conn)
                .await?;
            if stirred == 0 {
                return Err(DiscussionError::Closed);
            }
            let place = place(conn, &new).await?;
            let reply = Self {
                id: ReplyId::new(),
                tenant_id: new.tenant,
                thread_id: new.thread,
                parent_id: place.parent,
                root_id: place.root,
                depth: place.depth,
                author_id: new.author,
                content,
                is_hidden: false,
                hidden_reason: String::new(),
                edited_at: None,
                deleted_at: None,
                created_at: now,
                updated_at: now,
                version: 1,
            };
            diesel::insert_into(discussion_replies::table).values(&reply).execute(conn).await?;
            follow_by_writing(conn, reply.tenant_id, reply.thread_id, reply.author_id, now).await?;
            let news = ReplyPosted { tenant_id: reply.tenant_id, reply_id: reply.id, after: None };
            jobs::enqueue(conn, &news).await?;
            Ok(reply)
        })
        .await
    }

    /// Puts other words in it, if `seen` is its version or none is asked for, and marks that.
    pub async fn edit(
        &self,
        conn: &mut Conn,
        content: &str,
        seen: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<(), DiscussionError> {
        let content = cleaned(content)?;
        let changed = diesel::update(self)
            .filter(discussion_replies::tenant_id.eq(self.tenant_id))
            .filter(discussion_replies::deleted_at.is_null())
            .filter(discussion_replies::version.eq(seen.unwrap_or_default()).or(seen.is_none().into_sql::<Bool>()))
            .set((
                discussion_replies::content.eq(content),
                discussion_replies::edited_at.eq(now),
                discussion_replies::version.eq(discussion_replies::version + 1),
                discussion_replies::updated_at.eq(now),
            ))
            .execute(conn)
            .await?;
        if changed == 0 { Err(DiscussionError::unchanged(seen)) } else { Ok(()) }
    }

    /// Takes its words out of everybody's sight. Those below it stay.
    pub async fn delete(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<(), Error> {
        diesel::update(self)
            .filter(discussion_replies::tenant_id.eq(self.tenant_id))
            .filter(discussion_replies::deleted_at.is_null())
            .set((discussion_replies::deleted_at.eq(now), discussion_replies::updated_at.eq(now)))
            .execute(conn)
            .await?;
        Ok(())
    }
}

async fn place(conn: &mut Conn, new: &NewReply) -> Result<Place, DiscussionError> {
    let Some(parent) = new.parent else { return Ok(Place { parent: None, root: None, depth: 0 }) };
    let (root, depth) = discussion_replies::table
        .filter(discussion_replies::tenant_id.eq(new.tenant))
        .filter(discussion_replies::thread_id.eq(new.thread))
        .filter(discussion_replies::id.eq(parent))
        .filter(discussion_replies::deleted_at.is_null())
        .select((discussion_replies::root_id, discussion_replies::depth))
        .first::<(Option<ReplyId>, i16)>(conn)
        .await
        .optional()?
        .ok_or(DiscussionError::NoSuchParent)?;
    if depth >= MOST_DEPTH {
        return Err(DiscussionError::TooDeep(MOST_DEPTH));
    }
    Ok(Place { parent: Some(parent), root: Some(root.unwrap_or(parent)), depth: depth + 1 })
}
