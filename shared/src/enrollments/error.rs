//! What can stand in the way of learning.

use crate::courses::{Reason, UnmetPrerequisite};
use crate::db;

/// What can stand in the way of learning.
#[derive(Debug, thiserror::Error)]
pub enum EnrollmentError {
    /// Nobody can be enrolled in a draft or an archived course.
    #[error("the course is not open: it is not published")]
    CourseNotOpen,
    /// The course is gone.
    #[error("no such course")]
    NoSuchCourse,
    /// The person is not one of the tenant, or may not come in.
    #[error("no such person")]
    NoSuchUser,
    /// Others come first.
    #[error("first complete: {}", .0.iter().map(UnmetPrerequisite::name).collect::<Vec<_>>().join(", "))]
    PrerequisitesUnmet(Vec<UnmetPrerequisite>),
    /// There is no such group.
    #[error("no such group")]
    NoSuchGroup,
    /// What is over for another reason has no end any more.
    #[error("only a pending, active or expired enrollment has an end")]
    NoEnd,
    /// Only what is pending can be approved.
    #[error("the enrollment does not wait for an approval")]
    NotPending,
    /// Only what is pending or active can be cancelled.
    #[error("only a pending or active enrollment can be cancelled")]
    NotCancellable,
    /// The item is not there for learners.
    #[error("no such item")]
    NoSuchItem,
    /// One has to take part.
    #[error("enroll in the course first")]
    NotEnrolled,
    /// One took part, or will.
    #[error("the enrollment is {0}: progress counts while it is active")]
    NotActive(super::EnrollmentStatus),
    /// The item is there, and something stands before it.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Locked(Vec<Reason>),
    /// A player tells something that its name does not promise.
    #[error("`{word}` is {wanted}")]
    OddDetail { word: &'static str, wanted: String },
    /// Details add up to more than is kept.
    #[error("the details of one item may have 64 KiB in all")]
    DetailsTooLarge,
    /// The database's.
    #[error(transparent)]
    Database(#[from] db::Error),
}
