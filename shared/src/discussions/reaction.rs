//! What readers do with threads and replies: like, mark, follow, look at. Each is on or off, and
//! done twice at once it is done once.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Thread;
use crate::db::schema::{
    discussion_bookmarks, discussion_followers, discussion_reply_likes, discussion_thread_likes, discussion_views,
};
use crate::db::{Conn, Error};
use crate::ids::{BookmarkId, ReplyId, TenantId, ThreadId, UserId};

/// Likes a thread, or does not any more; says which, and how many do.
pub async fn like_thread(
    conn: &mut Conn,
    tenant: TenantId,
    thread: ThreadId,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(bool, i64), Error> {
    use discussion_thread_likes as likes;
    let ours = likes::table.filter(likes::tenant_id.eq(tenant)).filter(likes::thread_id.eq(thread));
    let taken_back = diesel::delete(ours.filter(likes::user_id.eq(user))).execute(conn).await?;
    if taken_back == 0 {
        diesel::insert_into(likes::table)
            .values((
                likes::tenant_id.eq(tenant),
                likes::thread_id.eq(thread),
                likes::user_id.eq(user),
                likes::created_at.eq(now),
            ))
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
    }
    Ok((taken_back == 0, ours.count().get_result(conn).await?))
}

/// Likes a reply, or does not any more; says which, and how many do.
pub async fn like_reply(
    conn: &mut Conn,
    tenant: TenantId,
    reply: ReplyId,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(bool, i64), Error> {
    use discussion_reply_likes as likes;
    let ours = likes::table.filter(likes::tenant_id.eq(tenant)).filter(likes::reply_id.eq(reply));
    let taken_back = diesel::delete(ours.filter(likes::user_id.eq(user))).execute(conn).await?;
    if taken_back == 0 {
        diesel::insert_into(likes::table)
            .values((
                likes::tenant_id.eq(tenant),
                likes::reply_id.eq(reply),
                likes::user_id.eq(user),
                likes::created_at.eq(now),
            ))
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
    }
    Ok((taken_back == 0, ours.count().get_result(conn).await?))
}

/// Notes that somebody has looked at a thread. Returns how many people have.
pub async fn look_at(
    conn: &mut Conn,
    tenant: TenantId,
    thread: ThreadId,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    use discussion_views as views;
    diesel::insert_into(views::table)
        .values((
            views::tenant_id.eq(tenant),
            views::thread_id.eq(thread),
            views::user_id.eq(user),
            views::last_viewed_at.eq(now),
        ))
        .on_conflict((views::thread_id, views::user_id))
        .do_update()
        .set(views::last_viewed_at.eq(now))
        .execute(conn)
        .await?;
    views::table.filter(views::tenant_id.eq(tenant)).filter(views::thread_id.eq(thread)).count().get_result(conn).await
}

/// Who writes in a thread follows it, unless they have said that they do not want to.
pub(super) async fn follow_by_writing(
    conn: &mut Conn,
    tenant: TenantId,
    thread: ThreadId,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    use discussion_followers as followers;
    diesel::insert_into(followers::table)
        .values((
            followers::tenant_id.eq(tenant),
            followers::thread_id.eq(thread),
            followers::user_id.eq(user),
            followers::is_following.eq(true),
            followers::created_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(())
}

impl Thread {
    /// Marks it for `user`, or takes the mark away; says which.
    pub async fn toggle_bookmark(&self, conn: &mut Conn, user: UserId, now: DateTime<Utc>) -> Result<bool, Error> {
        use discussion_bookmarks as bookmarks;
        let own = bookmarks::table
            .filter(bookmarks::tenant_id.eq(self.tenant_id))
            .filter(bookmarks::thread_id.eq(self.id))
            .filter(bookmarks::user_id.eq(user));
        if diesel::delete(own).execute(conn).await? > 0 {
            return Ok(false);
        }
        diesel::insert_into(bookmarks::table)
            .values((
                bookmarks::id.eq(BookmarkId::new()),
                bookmarks::tenant_id.eq(self.tenant_id),
                bookmarks::thread_id.eq(self.id),
                bookmarks::user_id.eq(user),
                bookmarks::created_at.eq(now),
            ))
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
        Ok(true)
    }

    /// Has `user` told of replies, or not any more; says which.
    pub async fn toggle_follow(&self, conn: &mut Conn, user: UserId, now: DateTime<Utc>) -> Result<bool, Error> {
        use discussion_followers as followers;
        diesel::insert_into(followers::table)
            .values((
                followers::tenant_id.eq(self.tenant_id),
                followers::thread_id.eq(self.id),
                followers::user_id.eq(user),
                followers::is_following.eq(true),
                followers::created_at.eq(now),
            ))
            .on_conflict((followers::thread_id, followers::user_id))
            .do_update()
            .set(followers::is_following.eq(diesel::dsl::not(followers::is_following)))
            .returning(followers::is_following)
            .get_result(conn)
            .await
    }
}
