//! Discussions: threads of a course, and the replies in them.
//!
//! Those who take part in a course talk in it; its instructor and the tenant's administrators
//! moderate. Counts are counted, never kept. What is deleted keeps its place while others stand
//! below it. Whoever writes in a thread follows it, and is told of replies by a job.

mod bookmark;
mod error;
mod hidden;
pub mod jobs;
mod news;
mod reaction;
mod reader;
mod reply;
mod reply_list;
mod thread;
mod thread_list;

pub use bookmark::BookmarkRow;
pub use error::DiscussionError;
pub use news::ReplyNews;
pub use reaction::{like_reply, like_thread, look_at};
pub use reader::{CourseStanding, Reader};
pub use reply::{MOST_DEPTH, NewReply, Reply};
pub use reply_list::{Branch, RepliesWanted, ReplyRow};
pub use thread::{NewThread, Thread, ThreadChanges, ThreadStatus};
pub use thread_list::{ThreadFilter, ThreadOrdering, ThreadRow};
