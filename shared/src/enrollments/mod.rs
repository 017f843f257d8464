//! Enrollments: who takes part in which course, how far they are, and when they are done.
//!
//! An enrollment is pending until somebody approves it, active while the learner learns, completed
//! for ever once every required item was done; it can be cancelled, and come back with what was
//! learned. What happens to a person by it (a welcome, a certificate) are jobs.

mod completion;
mod enroll;
mod enrollment;
mod error;
mod expiry;
mod gate;
mod group_enrollment;
mod group_sync;
mod history;
mod import;
mod item_progress;
pub mod jobs;
mod module_progress;
mod player;
mod progress;
mod record_progress;
mod statement;
mod study;

pub use enroll::{Enrolled, EnrolledBy};
pub use enrollment::{Audience, CourseBrief, Enrollment, EnrollmentFilter, EnrollmentRow};
pub use error::EnrollmentError;
pub use group_enrollment::{GroupEnrollment, GroupEnrollmentFilter, GroupEnrollmentRow};
pub use group_sync::Synced;
pub use history::{EnrollmentCause, EnrollmentChange};
pub use import::{EnrollmentImport, FileError, ImportOutcome, ImportRow, ImportState, ImportUndo, UndoError};
pub use module_progress::ModuleProgress;
pub use progress::{ItemBrief, Progress, ProgressRow, ProgressStatus};
pub use record_progress::{ProgressReport, Recorded};
pub use statement::Statement;
pub use study::{DAYS as STUDY_DAYS, Study, StudyDay};

pub use crate::courses::EnrollmentStatus;
