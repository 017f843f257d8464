//! What there is to tell of a reply, and to whom.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::{Reply, Thread};
use crate::db::schema::{courses, discussion_replies, discussion_threads, users};
use crate::db::{Conn, Error};
use crate::ids::{ReplyId, TenantId, UserId};
use crate::users::Person;

/// A reply that everybody in the thread sees.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplyNews {
    pub reply: Reply,
    pub thread: Thread,
    pub author: Person,
    pub course_title: String,
    pub course_slug: String,
}

#[derive(QueryableByName)]
struct Follower {
    #[diesel(sql_type = SqlUuid)]
    id: UserId,
}

impl ReplyNews {
    /// The news of this reply, unless it is not to be seen any more.
    pub async fn find(conn: &mut Conn, tenant: TenantId, id: ReplyId) -> Result<Option<Self>, Error> {
        let reply = discussion_replies::table
            .filter(discussion_replies::tenant_id.eq(tenant))
            .filter(discussion_replies::id.eq(id))
            .filter(discussion_replies::deleted_at.is_null())
            .filter(diesel::dsl::not(discussion_replies::is_hidden))
            .select(Reply::as_select())
            .first(conn)
            .await
            .optional()?;
        let Some(reply) = reply else { return Ok(None) };
        let thread = discussion_threads::table
            .filter(discussion_threads::tenant_id.eq(tenant))
            .filter(discussion_threads::id.eq(reply.thread_id))
            .filter(discussion_threads::deleted_at.is_null())
            .select(Thread::as_select())
            .first(conn)
            .await
            .optional()?;
        let Some(thread) = thread else { return Ok(None) };
        let author = users::table
            .filter(users::tenant_id.eq(tenant))
            .filter(users::id.eq(reply.author_id))
            .select(Person::as_select())
            .first(conn)
            .await?;
        let (course_title, course_slug) = courses::table
            .filter(courses::tenant_id.eq(tenant))
            .filter(courses::id.eq(thread.course_id))
            .select((courses::title, courses::slug))
            .first(conn)
            .await?;
        Ok(Some(Self { reply, thread, author, course_title, course_slug }))
    }

    /// Those who follow the thread and may read it now, by id, `most` of them behind `after`. The
    /// reply's author is none of them.
    pub async fn audience(
        &self,
        conn: &mut Conn,
        after: Option<UserId>,
        most: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<UserId>, Error> {
        let followers: Vec<Follower> = diesel::sql_query(include_str!("sql/audience.sql"))
            .bind::<SqlUuid, _>(self.reply.tenant_id.0)
            .bind::<SqlUuid, _>(self.thread.id)
            .bind::<SqlUuid, _>(self.reply.author_id)
            .bind::<Nullable<SqlUuid>, _>(after)
            .bind::<BigInt, _>(i64::try_from(most).unwrap_or(i64::MAX))
            .bind::<Timestamptz, _>(now)
            .load(conn)
            .await?;
        Ok(followers.into_iter().map(|follower| follower.id).collect())
    }
}
