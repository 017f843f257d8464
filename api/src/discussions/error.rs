//! How what stands in the way of a word is told.

use shared::discussions::DiscussionError;

use crate::courses::capitalised;
use crate::http::ApiError;

impl From<DiscussionError> for ApiError {
    fn from(error: DiscussionError) -> Self {
        let message = capitalised(&error);
        match error {
            DiscussionError::Gone => Self::NotFound("discussion"),
            DiscussionError::Changed => Self::Changed,
            DiscussionError::Closed => Self::Conflict { code: "thread_closed", message },
            DiscussionError::Archived => Self::Conflict { code: "thread_archived", message },
            DiscussionError::NoSuchParent | DiscussionError::TooDeep(_) => Self::field("parent_reply", message),
            DiscussionError::NoSuchCourse => Self::field("course", message),
            DiscussionError::NoSuchModule => Self::field("module", message),
            DiscussionError::NoSuchContentItem => Self::field("content_item", message),
            DiscussionError::Empty => Self::field("content", message),
            DiscussionError::Database(error) => error.into(),
        }
    }
}
