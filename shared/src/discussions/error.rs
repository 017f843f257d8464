//! What can stand in the way of a word in a discussion.

use crate::db;

/// What can stand in the way of a word in a discussion.
#[derive(Debug, thiserror::Error)]
pub enum DiscussionError {
    /// It is gone, or was never there.
    #[error("it is not there any more")]
    Gone,
    /// Somebody else was faster.
    #[error("it was changed meanwhile")]
    Changed,
    /// Nobody replies in a thread that is locked or archived.
    #[error("the thread is closed to new replies")]
    Closed,
    /// An archived thread is neither locked nor opened.
    #[error("the thread is archived")]
    Archived,
    /// The reply to be answered is not in this thread.
    #[error("there is no such reply in this thread")]
    NoSuchParent,
    /// It would stand too far below the thread.
    #[error("replies go {0} deep at most: answer one further up")]
    TooDeep(i16),
    /// The course is gone.
    #[error("there is no such course")]
    NoSuchCourse,
    /// The course has no such module.
    #[error("the course has no such module")]
    NoSuchModule,
    /// The course has no such item, or not yet.
    #[error("the course has no such item")]
    NoSuchContentItem,
    /// Nothing is left of it when what browsers would run is taken out.
    #[error("there is nothing to read in it")]
    Empty,
    /// The database's.
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl DiscussionError {
    /// Why nothing was changed by a statement that looks for what is there, in the version that was
    /// `seen`.
    pub(super) const fn unchanged(seen: Option<i32>) -> Self {
        if seen.is_some() { Self::Changed } else { Self::Gone }
    }
}
