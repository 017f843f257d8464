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

/// Declares a verb that likes something, or does not any more; it says which, and how many do.
macro_rules! like {
    ($(#[$doc:meta])* $name:ident($id:ident: $Id:ty) in $likes:ident by $column:ident) => {
        $(#[$doc])*
        pub async fn $name(
            conn: &mut Conn,
            tenant: TenantId,
            $id: $Id,
            user: UserId,
            now: DateTime<Utc>,
        ) -> Result<(bool, i64), Error> {
            use $likes as likes;
            let all = likes::table.filter(likes::tenant_id.eq(tenant)).filter(likes::$column.eq($id));
            let taken_back = diesel::delete(all.filter(likes::user_id.eq(user))).execute(conn).await?;
            if taken_back == 0 {
                diesel::insert_into(likes::table)
                    .values((
                        likes::tenant_id.eq(tenant),
                        likes::$column.eq($id),
                        likes::user_id.eq(user),
                        likes::created_at.eq(now),
                    ))
                    .on_conflict_do_nothing()
                    .execute(conn)
                    .await?;
            }
            Ok((taken_back == 0, all.count().get_result(conn).await?))
        }
    };
}

like! {
    /// Likes a thread, or does not any more; says which, and how many do.
    like_thread(thread: ThreadId) in discussion_thread_likes by thread_id
}
like! {
    /// Likes a reply, or does not any more; says which, and how many do.
    like_reply(reply: ReplyId) in discussion_reply_likes by reply_id
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
