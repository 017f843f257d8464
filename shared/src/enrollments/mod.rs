//! Enrollments: who takes part in which course, how far they are, and when they are done.
//!
//! An enrollment is pending until somebody approves it, active while the learner learns, completed
//! for ever once every required item was done; it can be cancelled, and come back with what was
//! learned. What happens to a person by it (a welcome, a certificate) are jobs.

mod completion;
mod enroll;
mod enrollment;
mod error;
pub mod jobs;
mod progress;
mod record_progress;

pub use enroll::{Enrolled, EnrolledBy};
pub use enrollment::{Audience, CourseBrief, Enrollment, EnrollmentFilter, EnrollmentRow};
pub use error::EnrollmentError;
pub use progress::{ItemBrief, Progress, ProgressRow, ProgressStatus};
pub use record_progress::{ProgressReport, Recorded};

pub use crate::courses::EnrollmentStatus;
