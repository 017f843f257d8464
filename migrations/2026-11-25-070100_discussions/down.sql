drop table discussion_followers;
drop table discussion_views;
drop table discussion_bookmarks;
drop table discussion_reply_likes;
drop table discussion_thread_likes;
drop table discussion_replies;
drop table discussion_threads;
drop type thread_status;
